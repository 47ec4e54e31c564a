/* class_test.c - who is at the other end, by door, leg and certificate. */
#include "proxy/class.h"

#include "cunit_main.h"

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static const struct class_row {
	const char *says;
	enum leg leg;
	enum conn_door door;
	bool tls, certificate, listed, federation_off;
	enum peer_class is;
} table[] = {
	{"outside, nothing shown", LEG_OUTSIDE, DOOR_TLS, true, false, false,
	 false, PEER_STRANGER},
	{"outside, a certificate shown", LEG_OUTSIDE, DOOR_TLS, true, true,
	 false, false, PEER_PARTNER},
	{"outside, one of our servers' names", LEG_OUTSIDE, DOOR_TLS, true,
	 true, true, false, PEER_PARTNER},
	{"outside, while there is no federation", LEG_OUTSIDE, DOOR_TLS, true,
	 true, false, true, PEER_STRANGER},
	{"the users' door", LEG_OUTSIDE, DOOR_USERS, true, true, false, false,
	 PEER_STRANGER},
	{"opened by us, outside", LEG_OUTSIDE, DOOR_OUT, true, true, false,
	 false, PEER_PARTNER},
	{"opened by us to a device", LEG_OUTSIDE, DOOR_OUT, false, false, false,
	 false, PEER_DEVICE},
	{"the device door", LEG_INSIDE, DOOR_DEVICE, false, false, false, false,
	 PEER_DEVICE},
	{"inside, a listed name", LEG_INSIDE, DOOR_TLS, true, true, true, false,
	 PEER_SERVER},
	{"inside, another name", LEG_INSIDE, DOOR_TLS, true, true, false, false,
	 PEER_STRANGER},
	{"inside, no certificate", LEG_INSIDE, DOOR_TLS, true, false, false,
	 false, PEER_STRANGER},
	{"opened by us, inside", LEG_INSIDE, DOOR_OUT, true, true, false, false,
	 PEER_SERVER},
	{"opened by us, inside, and believed no longer", LEG_INSIDE, DOOR_OUT,
	 true, false, false, false, PEER_STRANGER},
};

static struct cert_names *names_of(const struct class_row *r)
{
	struct cert_names *n = calloc(1, sizeof(*n) + sizeof(struct cert_name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	n->n = 1;
	n->name[0].kind = CERT_NAME_DNS;
	n->name[0].text = slice_dup(slice_of(
		r->listed ? "home01.internal.example" : "x.partner.example"));
	return n;
}

static void door_leg_and_certificate_say_who_it_is(void)
{
	static char *listed[] = {TEXT("home01.internal.example")};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct class_row *r = &table[i];
		struct settings s = {
			.trusted_servers = {listed, 1},
			.federation = {.enabled = !r->federation_off},
		};
		struct conn c = {.leg = r->leg, .door = r->door, .tls = r->tls};

		if (r->certificate)
			c.names = names_of(r);
		if (class_of(&s, &c) != r->is)
			printf("# %s: %d\n", r->says, class_of(&s, &c));
		CU_ASSERT_EQUAL(class_of(&s, &c), r->is);
		CU_ASSERT_EQUAL(class_is_device_side(&c), r->is == PEER_DEVICE);
		cert_names_destroy(&c.names);
	}
}

TEST_MAIN("proxy/class", {"door, leg and certificate say who it is",
			  door_leg_and_certificate_say_who_it_is})
