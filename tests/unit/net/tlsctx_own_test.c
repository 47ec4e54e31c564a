/*
 * tlsctx_own_test.c - which certificate a door shows to whom, and what is
 * written about it.
 *
 * Handshakes run in memory, between a session of ours and a peer made here.
 */
#include "../cunit_main.h"
#include "net_pair.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

enum { ORG, WILD, NET, RSA_COM, ALSOS };

static const char *const san_of[ALSOS] = {
	[ORG] = "DNS:sip.example.org,DNS:av.example.org",
	[WILD] = "DNS:*.example.net",
	[NET] = "DNS:sip.example.net",
	[RSA_COM] = "DNS:sip.example.com",
};

static struct cert middle, also[ALSOS];
static struct certificate_settings also_settings[ALSOS];
static char files[2 * ALSOS][96];
static size_t alsos;
static bool key_logged, other_client;
static char log_file[96], client_file[96], client_key[96];
static struct cert client;

static void make_also(struct lab *l, size_t i)
{
	struct cert rsa = {.key = i == RSA_COM ? EVP_RSA_gen(2048) : NULL};
	char name[16];

	cert_make(&also[i],
		  &(struct cert_order){.cn = "also",
				       .san = san_of[i],
				       .same_key = rsa.key ? &rsa : NULL},
		  i == ORG ? &middle : &l->outer);
	EVP_PKEY_free(rsa.key);
	snprintf(name, sizeof(name), "also%zu", i);
	cert_save(&also[i], i == ORG ? &middle : NULL, l->dir, name);
	snprintf(files[2 * i], sizeof(files[0]), "%s/%s.pem", l->dir, name);
	snprintf(files[2 * i + 1], sizeof(files[0]), "%s/%s.key", l->dir, name);
	also_settings[i].certificate = files[2 * i];
	also_settings[i].key = files[2 * i + 1];
}

static void arrange(struct lab *l)
{
	struct leg_settings *out = &l->s->leg[LEG_OUTSIDE];

	cert_make(&middle,
		  &(struct cert_order){.cn = "middle", .authority = true},
		  &l->outer);
	for (size_t i = 0; i < ALSOS; i++)
		make_also(l, i);
	out->also = also_settings;
	out->alsos = alsos;
	snprintf(log_file, sizeof(log_file), "%s/keys.log", l->dir);
	if (key_logged)
		l->s->key_log = log_file;
	cert_make(&client, &(struct cert_order){.cn = "client"}, &l->outer);
	cert_save(&client, NULL, l->dir, "client");
	snprintf(client_file, sizeof(client_file), "%s/client.pem", l->dir);
	snprintf(client_key, sizeof(client_key), "%s/client.key", l->dir);
	if (!other_client)
		return;
	out->client_certificate = client_file;
	out->client_key = client_key;
}

static void begin_with(size_t n)
{
	alsos = n;
	lab_arrange = arrange;
	lab_open(&lab);
}

static void finish(void)
{
	struct leg_settings *out = &lab.s->leg[LEG_OUTSIDE];

	/* They are not the snapshot's to free. */
	out->also = NULL;
	out->alsos = 0;
	out->client_certificate = out->client_key = NULL;
	lab.s->key_log = NULL;
	ERR_clear_error();
	lab_close(&lab);
	for (size_t i = 0; i < ALSOS; i++)
		cert_free(&also[i]);
	cert_free(&middle);
	cert_free(&client);
	key_logged = other_client = false;
}

/** What a client asks for, and what it is shown. */
struct asked {
	enum tls_door door;
	int version;
	const char *sni; /* NULL: none */
	const char *cipher;
};

/* The certificate that is shown; its chain's length. NULL: no handshake. */
static const X509 *shown_to(const struct asked *a, int *chain)
{
	const X509 *shown = NULL;
	struct pair p;

	pair_open(&p, a->door, NULL);
	SSL_set_max_proto_version(p.peer, a->version);
	if (a->sni)
		SSL_set_tlsext_host_name(p.peer, a->sni);
	if (a->cipher)
		CU_ASSERT_EQUAL(SSL_set_cipher_list(p.peer, a->cipher), 1);
	if (shake(&p)) {
		shown = SSL_get0_peer_certificate(p.peer);
		*chain = sk_X509_num(SSL_get_peer_cert_chain(p.peer));
	}
	for (int i = 0; shown && i < ALSOS; i++) {
		if (X509_cmp(shown, also[i].x509) == 0) {
			pair_close(&p);
			return also[i].x509;
		}
	}
	if (shown && X509_cmp(shown, lab.out.x509) == 0)
		shown = lab.out.x509;
	else if (shown)
		CU_FAIL("an unknown certificate is shown");
	pair_close(&p);
	return shown;
}

static const struct asked doors[] = {
	{TLS_OUTSIDE, TLS1_2_VERSION, NULL, NULL},
	{TLS_OUTSIDE, TLS1_3_VERSION, NULL, NULL},
	{TLS_USERS, TLS1_2_VERSION, NULL, NULL},
	{TLS_USERS, TLS1_3_VERSION, NULL, NULL},
};

/* At both doors of the outside, in both versions. */
static void each_shows(const char *sni, const struct cert *wanted, int chain)
{
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		struct asked a = doors[i];
		int n = 0;

		a.sni = sni;
		if (shown_to(&a, &n) != wanted->x509)
			printf("# %s at %d\n", sni ? sni : "(none)", a.door);
		CU_ASSERT_PTR_EQUAL(shown_to(&a, &n), wanted->x509);
		CU_ASSERT_EQUAL(n, chain);
	}
}

static void a_client_is_shown_what_it_asks_for_with_its_own_chain(void)
{
	begin_with(NET + 1);
	each_shows("sip.example.org", &also[ORG], 2);
	each_shows("AV.example.ORG", &also[ORG], 2);
	each_shows("sip.example.com", &lab.out, 1);
	finish();
}

static void an_exact_name_comes_before_a_wildcard(void)
{
	begin_with(NET + 1);
	each_shows("meet.example.net", &also[WILD], 1);
	each_shows("sip.example.net", &also[NET], 1);
	finish();
}

static void a_wildcard_stands_for_one_label(void)
{
	begin_with(NET + 1);
	each_shows("example.net", &lab.out, 1);
	each_shows("a.b.example.net", &lab.out, 1);
	finish();
}

/* No alert either: it would tell which names there are. */
static void who_asks_for_another_name_or_none_is_shown_the_default(void)
{
	begin_with(NET + 1);
	each_shows(NULL, &lab.out, 1);
	each_shows("nobody.example", &lab.out, 1);
	each_shows("org", &lab.out, 1);
	each_shows("x", &lab.out, 1);
	finish();
}

static void a_name_of_the_inside_is_as_unknown_as_any(void)
{
	begin_with(NET + 1);
	each_shows("edge01.internal.example", &lab.out, 1);
	finish();
	begin_with(0);
	each_shows("edge01.internal.example", &lab.out, 1);
	each_shows("sip.example.org", &lab.out, 1);
	finish();
}

static void of_one_name_there_may_be_a_key_of_each_kind(void)
{
	struct asked a = {TLS_OUTSIDE, TLS1_2_VERSION, "sip.example.com", NULL};
	int n;

	begin_with(ALSOS);
	CU_ASSERT_PTR_EQUAL(shown_to(&a, &n), lab.out.x509);
	a.cipher = "ECDHE-RSA-AES128-GCM-SHA256";
	CU_ASSERT_PTR_EQUAL(shown_to(&a, &n), also[RSA_COM].x509);
	a.cipher = "ECDHE-ECDSA-AES128-GCM-SHA256";
	CU_ASSERT_PTR_EQUAL(shown_to(&a, &n), lab.out.x509);
	finish();
}

static int create_again(void)
{
	const struct tlsctx *t = NULL;
	int err = tlsctx_create(&t, lab.s, NULL, why);

	CU_ASSERT_EQUAL(err == 0, t != NULL);
	tlsctx_unref(&t);
	return err;
}

static void a_further_certificate_that_is_none_is_named(void)
{
	begin_with(2);
	snprintf(files[2], sizeof(files[2]), "%s/none.pem", lab.dir);
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "none.pem"));
	snprintf(files[2], sizeof(files[2]), "%s/also0.pem", lab.dir);
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "also1.key"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not this certificate's key"));
	snprintf(files[2], sizeof(files[2]), "%s/client.pem", lab.dir);
	snprintf(files[3], sizeof(files[3]), "%s/client.key", lab.dir);
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no DNS name"));
	finish();
}

/* What a server of the peer's is shown by us. */
static bool shows_as_client(enum tls_door door, const struct cert *by,
			    const struct cert *wanted)
{
	struct cert server;
	struct pair p;
	bool same;

	cert_make(&server, &(struct cert_order){.san = "DNS:s.example"}, by);
	pair_open(&p, door, "s.example");
	show(p.peer, &server);
	SSL_set_verify(p.peer, SSL_VERIFY_PEER, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(p.ctx), lab.outer.x509);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(p.ctx), lab.inner.x509);
	X509_VERIFY_PARAM_set_purpose(SSL_get0_param(p.peer), X509_PURPOSE_ANY);
	CU_ASSERT_TRUE(shake(&p));
	same = SSL_get0_peer_certificate(p.peer) &&
	       X509_cmp(SSL_get0_peer_certificate(p.peer), wanted->x509) == 0;
	pair_close(&p);
	cert_free(&server);
	return same;
}

static void to_servers_the_legs_client_certificate_is_shown(void)
{
	other_client = true;
	begin_with(1);
	CU_ASSERT_TRUE(shows_as_client(TLS_TO_OUTSIDE, &lab.outer, &client));
	CU_ASSERT_TRUE(shows_as_client(TLS_TO_INSIDE, &lab.inner, &lab.in));
	each_shows(NULL, &lab.out, 1);
	snprintf(client_key, sizeof(client_key), "%s/none.key", lab.dir);
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "none.key"));
	finish();
	begin_with(1);
	CU_ASSERT_TRUE(shows_as_client(TLS_TO_OUTSIDE, &lab.outer, &lab.out));
	finish();
}

/* The contexts go; a handshake that is under way does not. */
static void who_shakes_hands_during_a_reload_is_shown_the_old(void)
{
	struct pair p;

	begin_with(1);
	pair_open(&p, TLS_OUTSIDE, NULL);
	SSL_set_tlsext_host_name(p.peer, "sip.example.org");
	tlsctx_unref(&lab.tls);
	CU_ASSERT_TRUE(shake(&p));
	CU_ASSERT_EQUAL(
		X509_cmp(SSL_get0_peer_certificate(p.peer), also[ORG].x509), 0);
	pair_close(&p);
	finish();
}

static size_t lines_of(const char *file)
{
	FILE *f = fopen(file, "r");
	size_t lines = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		/* "LABEL 64-hex-digits secret" */
		CU_ASSERT_PTR_NOT_NULL_FATAL(strchr(line, ' '));
		CU_ASSERT_EQUAL(strspn(strchr(line, ' ') + 1,
				       "0123456789abcdefABCDEF"),
				64);
		lines++;
	}
	if (f)
		fclose(f);
	return lines;
}

static void secrets_are_written_only_when_that_is_asked_for(void)
{
	struct asked a = doors[1];
	struct stat st;
	size_t lines;
	int n;

	begin_with(0);
	shown_to(&a, &n);
	CU_ASSERT_EQUAL(access(log_file, F_OK), -1);
	finish();
	key_logged = true;
	begin_with(0);
	CU_ASSERT_EQUAL(access(log_file, F_OK), -1);
	shown_to(&a, &n);
	lines = lines_of(log_file);
	CU_ASSERT_TRUE(lines >= 4);
	CU_ASSERT_EQUAL(stat(log_file, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	a.version = TLS1_2_VERSION;
	shown_to(&a, &n);
	CU_ASSERT_TRUE(lines_of(log_file) > lines);
	finish();
}

/* Nobody is locked out by it, and nothing is written through a link. */
static void a_key_log_that_cannot_be_is_none(void)
{
	struct asked a = doors[1];
	char target[128];
	int n;

	key_logged = true;
	begin_with(0);
	snprintf(target, sizeof(target), "%s/target", lab.dir);
	CU_ASSERT_EQUAL(symlink(target, log_file), 0);
	CU_ASSERT_PTR_EQUAL(shown_to(&a, &n), lab.out.x509);
	CU_ASSERT_PTR_EQUAL(shown_to(&a, &n), lab.out.x509);
	CU_ASSERT_EQUAL(access(target, F_OK), -1);
	finish();
}

static void count_shown(X509 *cert, void *arg)
{
	const X509 **seen = arg;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cert);
	for (; *seen; seen++)
		CU_ASSERT_NOT_EQUAL(X509_cmp(*seen, cert), 0);
	*seen = cert;
}

static void each_certificate_of_ours_is_gone_through_once(void)
{
	const X509 *seen[8] = {NULL};
	size_t n = 0;

	other_client = true;
	begin_with(ALSOS);
	tlsctx_each_shown(lab.tls, count_shown, seen);
	while (seen[n])
		n++;
	CU_ASSERT_EQUAL(n, 3 + ALSOS); /* both legs', and the client's */
	finish();
}

TEST_MAIN("net/tlsctx_own",
	  {"each certificate of ours is gone through once",
	   each_certificate_of_ours_is_gone_through_once},
	  {"a client is shown what it asks for, with its own chain",
	   a_client_is_shown_what_it_asks_for_with_its_own_chain},
	  {"an exact name comes before a wildcard",
	   an_exact_name_comes_before_a_wildcard},
	  {"a wildcard stands for one label", a_wildcard_stands_for_one_label},
	  {"who asks for another name, or none, is shown the default",
	   who_asks_for_another_name_or_none_is_shown_the_default},
	  {"a name of the inside is as unknown as any",
	   a_name_of_the_inside_is_as_unknown_as_any},
	  {"of one name there may be a key of each kind",
	   of_one_name_there_may_be_a_key_of_each_kind},
	  {"a further certificate that is none is named",
	   a_further_certificate_that_is_none_is_named},
	  {"to servers the leg's client certificate is shown",
	   to_servers_the_legs_client_certificate_is_shown},
	  {"who shakes hands during a reload is shown the old",
	   who_shakes_hands_during_a_reload_is_shown_the_old},
	  {"secrets are written only when that is asked for",
	   secrets_are_written_only_when_that_is_asked_for},
	  {"a key log that cannot be is none",
	   a_key_log_that_cannot_be_is_none})
