/* explain_test.c - what is told of a message, line by line. */
#include "ops/explain.h"

#include "cunit_main.h"

#include "base/buf.h"

#include <errno.h>
#include <unistd.h>

#define WALL_S UINT64_C(1700000000)

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static struct settings set;
static struct token_pen *pen;
static struct buf told;

/* Every line but the rules that had no objection; those are counted. */
static unsigned passed;

static void tell(enum explain_part part, struct slice name, struct slice text,
		 void *arg)
{
	static const char *const words[EXPLAIN_PARTS] = {
		[EXPLAIN_READ] = "read", [EXPLAIN_FACT] = "fact",
		[EXPLAIN_RULE] = "rule", [EXPLAIN_VERDICT] = "verdict",
		[EXPLAIN_HOP] = "hop",	 [EXPLAIN_CHANGE] = "change",
		[EXPLAIN_NOTE] = "note",
	};

	(void)arg;
	if (part == EXPLAIN_RULE && slice_eq(text, SLICE("pass"))) {
		passed++;
		return;
	}
	buf_puts(&told, words[part]);
	buf_puts(&told, " ");
	buf_add(&told, name);
	buf_puts(&told, "=");
	buf_add(&told, text);
	buf_puts(&told, "\n");
}

static void we_are(void)
{
	static char *domains[] = {TEXT("example.com")};
	static char *methods[] = {TEXT("INVITE"), TEXT("ACK"), TEXT("BYE")};
	static char *room[] = {TEXT("sip:room1@example.com")};
	static char *blocked[] = {TEXT("bad.example")};
	static char *listed[] = {TEXT("partner.example")};
	static struct host_port dirs[] = {{TEXT("dir01.internal.example"), 0}};
	static struct device_settings device[] = {
		{.name = TEXT("room1"), .calls_per_s = 2, .line_bytes = 1024}};
	static struct partner_settings partner[] = {
		{.kind = PARTNER_ALLOWED, .line = 12}};

	device[0].identities = (struct name_list){room, 1};
	device[0].methods = (struct name_list){methods, 3};
	partner[0].domains = (struct name_list){listed, 1};
	set = (struct settings){
		.sip_domains = {domains, 1},
		.directors = {dirs, 1},
		.users_enabled = true,
		.users_require_registration = true,
		.devices_enabled = true,
		.device = device,
		.devices = 1,
		.federation = {.enabled = true,
			       .partner = partner,
			       .partners = 1,
			       .blocked = {blocked, 1}},
		.limits = {.message_bytes = 65536,
			   .device_message_bytes = 65536,
			   .header_bytes = 65536,
			   .line_bytes = 8192,
			   .headers = 256,
			   .vias = 70,
			   .routes = 20,
			   .contacts = 10,
			   .dialog_token_s = 28800},
	};
	set.leg[LEG_OUTSIDE].fqdn = TEXT("sip.example.com");
	set.leg[LEG_OUTSIDE].tls_port = 5061;
	set.leg[LEG_INSIDE].fqdn = TEXT("edge01.internal.example");
	set.leg[LEG_INSIDE].tls_port = 5061;
}

static void begin(void)
{
	char folder[] = "/tmp/explain_test.XXXXXX", file[64], why[WHY_MAX];
	const struct token_keys *keys = NULL;

	we_are();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL_FATAL(
		token_keys_open(&keys, folder, WALL_S, 28800, why), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&pen, keys), 0);
	token_keys_unref(&keys);
	snprintf(file, sizeof(file), "%s/token-keys", folder);
	unlink(file);
	rmdir(folder);
}

static void end(void)
{
	token_pen_destroy(&pen);
	buf_fini(&told);
}

static int walk(struct verdict *v, struct origin o, const char *text)
{
	struct explain_ask ask = {
		.settings = &set,
		.pen = pen,
		.wall_s = WALL_S,
		.origin = o,
		.bytes = slice_of(text),
	};

	if (!o.conn)
		ask.origin.conn = UINT64_MAX;
	*v = (struct verdict){0};
	passed = 0;
	buf_reset(&told);
	return explain_walk(v, &ask, tell, NULL);
}

/* Does what was told hold these lines, in this order? */
static bool tells(const char *lines)
{
	struct slice have = buf_slice(&told), rest = slice_of(lines);

	while (rest.n) {
		size_t n = slice_index(rest, '\n') + 1;
		const char *at = memmem(have.p, have.n, rest.p, n);

		if (!at) {
			printf("# no %.*s# in\n%.*s", (int)n, rest.p,
			       SLICE_ARG(buf_slice(&told)));
			return false;
		}
		have.n -= (size_t)(at - have.p) + n;
		have.p = at + n;
		rest.p += n;
		rest.n -= n;
	}
	return true;
}

static bool silent_on(const char *text)
{
	return !memmem(told.p, told.n, text, strlen(text));
}

#define HEAD(method, uri, from, to)                                            \
	method " " uri " SIP/2.0\r\n"                                          \
	       "Via: SIP/2.0/TLS 192.0.2.1:4242;branch=z9hG4bKa1\r\n"          \
	       "Max-Forwards: 70\r\n"                                          \
	       "From: <" from ">;tag=f1\r\n"                                   \
	       "To: <" to ">\r\n"                                              \
	       "Call-ID: one@192.0.2.1\r\n"                                    \
	       "CSeq: 7 " method "\r\n"
#define END "Content-Length: 0\r\n\r\n"

#define ALICE "sip:alice@example.com"
#define BOB   "sip:bob@example.com"

static void a_registration_is_told_from_bytes_to_headers(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(
		walk(&v, (struct origin){0},
		     HEAD("REGISTER", "sip:example.com", ALICE,
			  ALICE) "Contact: <sip:alice@192.0.2.1:4242>\r\n"
				 "p-asserted-identity: "
				 "<sip:ceo@example.com>\r\n" END),
		0);
	CU_ASSERT_EQUAL(v.kind, VERDICT_FORWARD);
	CU_ASSERT_EQUAL(v.to, TO_HOME);
	CU_ASSERT_TRUE(tells(
		"read framer=pass\n"
		"read our reader=pass\n"
		"fact leg=outside\n"
		"fact class=stranger\n"
		"fact method=REGISTER\n"
		"fact request-uri=sip:example.com (a domain of ours)\n"
		"fact from=" ALICE " (a domain of ours)\n"
		"fact call-id=one@192.0.2.1\n"
		"fact dialog=outside of any\n"
		"rule registration_contact=forward register\n"
		"read both readers=pass\n"
		"verdict decision=forward\n"
		"verdict rule=register\n"
		"hop director=dir01.internal.example\n"
		"change added=Via: ours, its branch signed\n"
		"change Max-Forwards=69\n"
		"change added=Path: ours, with a token of this connection\n"));
	CU_ASSERT_TRUE(!silent_on("change p-asserted-identity=removed"));
	CU_ASSERT_TRUE(!silent_on("change added=X-Edge-Source: "));
	CU_ASSERT(passed >= 5);
	end();
}

static void a_stranger_is_refused_and_nothing_changes(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0},
			     HEAD("INVITE", BOB, ALICE, BOB) END),
			0);
	CU_ASSERT_EQUAL(v.status, 403);
	CU_ASSERT_TRUE(tells("rule admission_stranger=refuse 403 stranger\n"
			     "verdict decision=refuse\n"
			     "verdict status=403 Forbidden\n"
			     "verdict rule=stranger\n"));
	CU_ASSERT_TRUE(silent_on("change ") && silent_on("hop "));
	/* What is refused is not read a second time. */
	CU_ASSERT_TRUE(silent_on("both readers"));
	end();
}

static void a_registered_user_calls(void)
{
	uint64_t who;
	struct verdict v;

	begin();
	who = token_who(pen, SLICE("sip:alice@example.com"));
	CU_ASSERT_EQUAL(
		walk(&v,
		     (struct origin){.peer = PEER_USER, .who = &who, .whos = 1},
		     HEAD("INVITE", BOB, ALICE,
			  BOB) "X-Edge-Source : class=server\r\n" END),
		0);
	CU_ASSERT_EQUAL(v.to, TO_HOME);
	CU_ASSERT_TRUE(
		tells("fact class=user\n"
		      "fact registered=1 on this connection\n"
		      "rule routing_target=forward home\n"
		      "change added=Record-Route: ours, one a leg\n"
		      "change X-Edge-Source=removed, ours takes its place\n"));
	end();
}

static void a_broken_file_names_its_line(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0},
			     "OPTIONS " BOB " SIP/2.0\r\nVia: x\nTo: y\r\n"
			     "\r\n"),
			0);
	CU_ASSERT_EQUAL(v.kind, VERDICT_REFUSE);
	CU_ASSERT_TRUE(tells("read framer=refuse 400 bare-lf\n"
			     "note line=line 2 does not end in CR LF\n"
			     "verdict rule=bare-lf\n"));
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0}, ""), EBADMSG);
	CU_ASSERT_TRUE(tells("note message=there is no message\n"));
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0}, "INVITE x SIP/2.0\r\n"),
			EBADMSG);
	CU_ASSERT_TRUE(tells("note message=no empty line ends the head\n"));
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0},
			     "INVITE x SIP/2.0\r\nContent-Length: 9\r\n\r\nb"),
			EBADMSG);
	CU_ASSERT_TRUE(tells(
		"note message=the body is shorter than Content-Length\n"));
	end();
}

static void what_no_honest_peer_sends_is_told_before_any_fact(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0},
			     HEAD("INVITE", BOB, ALICE,
				  BOB) "To: <sip:again@example.com>\r\n" END),
			0);
	CU_ASSERT_EQUAL(v.status, 400);
	CU_ASSERT_TRUE(!silent_on("read our reader=refuse 400 "));
	CU_ASSERT_TRUE(silent_on("fact ") && silent_on("rule "));
	end();
}

static void a_device_does_what_its_entry_lists(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(
		walk(&v,
		     (struct origin){.peer = PEER_DEVICE, .device = set.device},
		     HEAD("MESSAGE", BOB, "sip:room1@example.com", BOB) END),
		0);
	CU_ASSERT_TRUE(tells("fact class=device\nfact device=room1\n"
			     "rule device_method=refuse 403 device-method\n"));
	CU_ASSERT_EQUAL(
		walk(&v,
		     (struct origin){.leg = LEG_INSIDE, .peer = PEER_SERVER},
		     HEAD("INVITE", "sip:room1@example.com", ALICE,
			  "sip:room1@example.com") END),
		0);
	CU_ASSERT_TRUE(tells("fact class=server\n"
			     "rule device_target=forward device\n"
			     "hop device=room1, by its connection\n"
			     "change added=Record-Route: ours, the rest of the "
			     "set sealed in it\n"));
	end();
}

static void a_device_that_needs_a_digest_is_told_of_it(void)
{
	static struct device_settings secret;
	struct verdict v;

	begin();
	secret = set.device[0];
	secret.digest = TEXT("939e7578ed9e3c518a452acee763bce9");
	CU_ASSERT_EQUAL(
		walk(&v,
		     (struct origin){.peer = PEER_DEVICE, .device = &secret},
		     HEAD("INVITE", BOB, "sip:room1@example.com", BOB) END),
		0);
	CU_ASSERT_TRUE(tells("fact device=room1\n"
			     "fact digest=no answer to a question of ours\n"
			     "rule device_digest=refuse 407 device-digest\n"));
	end();
}

static void a_forged_route_is_told_as_such(void)
{
	uint64_t who;
	struct verdict v;

	begin();
	who = token_who(pen, SLICE("sip:alice@example.com"));
	CU_ASSERT_EQUAL(
		walk(&v,
		     (struct origin){.peer = PEER_USER, .who = &who, .whos = 1},
		     HEAD("INVITE", BOB, ALICE,
			  BOB) "Route: "
			       "<sip:guess@sip.example.com:5061;lr>\r\n" END),
		0);
	CU_ASSERT_TRUE(tells("fact route=sip:guess@sip.example.com:5061;lr "
			     "(names us, and was not signed by us)\n"
			     "rule dialog_route=refuse 403 route-forged\n"));
	end();
}

/* The Route of a dialog that alice has on connection 5. */
static void dialog_route(char out[TOKEN_MAX + 64])
{
	struct token t = {
		.kind = TOKEN_DIALOG,
		.conn = 5,
		.who = token_who(pen, SLICE("sip:alice@example.com")),
		.dialog =
			token_dialog(pen, SLICE("one@192.0.2.1"), SLICE("f1")),
		.issued_s = WALL_S,
		.sealed = SLICE("home01.internal.example 5061"),
	};
	char text[TOKEN_MAX];
	size_t n = token_mint(pen, &t, text);

	snprintf(out, TOKEN_MAX + 64, "Route: <sip:%.*s@sip.example.com;lr>",
		 (int)n, text);
}

static void inside_a_dialog_its_token_decides(void)
{
	char route[TOKEN_MAX + 64], text[TOKEN_MAX + 512];
	struct verdict v;

	begin();
	dialog_route(route);
	snprintf(text, sizeof(text),
		 "BYE sip:alice@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS 192.0.2.1:4242;branch=z9hG4bKa1\r\n"
		 "Max-Forwards: 70\r\n%s\r\n"
		 "From: <" ALICE ">;tag=f1\r\nTo: <" BOB ">;tag=t1\r\n"
		 "Call-ID: one@192.0.2.1\r\nCSeq: 8 BYE\r\n" END,
		 route);
	CU_ASSERT_EQUAL(walk(&v, (struct origin){.conn = 5}, text), 0);
	CU_ASSERT_EQUAL(v.kind, VERDICT_REFUSE);
	CU_ASSERT_TRUE(tells("rule admission_stranger=refuse 403 stranger\n"));
	CU_ASSERT_EQUAL(walk(&v,
			     (struct origin){.leg = LEG_INSIDE,
					     .peer = PEER_SERVER,
					     .conn = 9},
			     text),
			0);
	CU_ASSERT_EQUAL(v.to, TO_FLOW);
	CU_ASSERT_TRUE(tells("fact dialog=inside one\n"
			     "fact token=dialog, worker 0, connection 0, of "
			     "this dialog\n"
			     "verdict decision=forward\n"
			     "hop flow=worker 0, connection 0\n"
			     "change Route=ours is taken off\n"));
	/* What was signed needs no second reader. */
	CU_ASSERT_TRUE(silent_on("both readers"));
	CU_ASSERT_TRUE(silent_on("Record-Route"));
	end();
}

static struct cert_names *named(const char *name)
{
	struct cert_names *n = calloc(1, sizeof(*n) + sizeof(struct cert_name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	n->chained = true;
	n->n = 1;
	n->name[0].kind = CERT_NAME_DNS;
	n->name[0].text = slice_dup(slice_of(name));
	return n;
}

static void a_partner_is_proved_or_dns_is_asked_first(void)
{
	struct resolve_service sv = {.n = 1};
	struct cert_names *names;
	struct origin o;
	struct verdict v;

	begin();
	names = named("sip.partner.example");
	o = (struct origin){.peer = PEER_PARTNER, .names = names};
	CU_ASSERT_EQUAL(walk(&v, o,
			     HEAD("INVITE", BOB, "sip:p@partner.example", BOB)
				     END),
			0);
	CU_ASSERT_EQUAL(v.kind, VERDICT_ASK);
	CU_ASSERT_TRUE(tells("fact class=partner\n"
			     "fact certificate=DNS:sip.partner.example\n"
			     "verdict decision=ask\n"
			     "note dns=the edge asks DNS now for the SRV "
			     "records of partner.example, then decides\n"));
	snprintf(sv.edge[0].host, sizeof(sv.edge[0].host),
		 "sip.partner.example");
	sv.edge[0].port = 5061;
	o.service = &sv;
	CU_ASSERT_EQUAL(walk(&v, o,
			     HEAD("INVITE", BOB, "sip:p@partner.example", BOB)
				     END),
			0);
	CU_ASSERT_EQUAL(v.kind, VERDICT_FORWARD);
	CU_ASSERT_TRUE(
		tells("fact from.srv=sip.partner.example:5061\n"
		      "fact partner.proof=its certificate names an SRV target\n"
		      "fact partner.kind=allowed\n"
		      "fact partner.entry=line 12 of the settings\n"
		      "verdict decision=forward\n"));
	CU_ASSERT_EQUAL(walk(&v, o,
			     HEAD("INVITE", BOB, "sip:p@bad.example", BOB) END),
			0);
	CU_ASSERT_EQUAL(v.status, 403);
	CU_ASSERT_TRUE(!silent_on("fact partner.proof=nothing proves it: "));
	cert_names_destroy(&names);
	end();
}

static void a_call_to_a_partner_says_how_it_goes(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(
		walk(&v,
		     (struct origin){.leg = LEG_INSIDE, .peer = PEER_SERVER},
		     HEAD("INVITE", "sip:p@partner.example", ALICE,
			  "sip:p@partner.example") END),
		0);
	CU_ASSERT_EQUAL(v.to, TO_PARTNER);
	CU_ASSERT_TRUE(tells("hop partner=the targets of SRV "
			     "_sipfederationtls._tcp.partner.example, else "
			     "_sips._tcp.partner.example\n"
			     "hop must prove=partner.example\n"));
	end();
}

static void a_response_and_a_cancel_meet_no_rule(void)
{
	struct verdict v;

	begin();
	CU_ASSERT_EQUAL(
		walk(&v, (struct origin){0},
		     "SIP/2.0 200 OK\r\n"
		     "Via: SIP/2.0/TLS 192.0.2.1:4242;branch=z9hG4bKa1\r\n"
		     "From: <" ALICE ">;tag=f1\r\nTo: <" BOB ">;tag=t\r\n"
		     "Call-ID: one@192.0.2.1\r\nCSeq: 7 INVITE\r\n" END),
		0);
	CU_ASSERT_EQUAL(v.kind, VERDICT_PASS);
	CU_ASSERT_TRUE(!silent_on("note response=") && silent_on("rule "));
	CU_ASSERT_EQUAL(walk(&v, (struct origin){0},
			     HEAD("CANCEL", BOB, ALICE, BOB) END),
			0);
	CU_ASSERT_EQUAL(v.status, 481);
	CU_ASSERT_TRUE(!silent_on("note cancel=") && silent_on("rule "));
	end();
}

TEST_MAIN("ops/explain",
	  {"a registration is told from bytes to headers",
	   a_registration_is_told_from_bytes_to_headers},
	  {"a stranger is refused, and nothing changes",
	   a_stranger_is_refused_and_nothing_changes},
	  {"a registered user calls", a_registered_user_calls},
	  {"a broken file names its line", a_broken_file_names_its_line},
	  {"what no honest peer sends is told before any fact",
	   what_no_honest_peer_sends_is_told_before_any_fact},
	  {"a device does what its entry lists",
	   a_device_does_what_its_entry_lists},
	  {"a device that needs a digest is told of it",
	   a_device_that_needs_a_digest_is_told_of_it},
	  {"a forged route is told as such", a_forged_route_is_told_as_such},
	  {"inside a dialog its token decides",
	   inside_a_dialog_its_token_decides},
	  {"a partner is proved, or DNS is asked first",
	   a_partner_is_proved_or_dns_is_asked_first},
	  {"a call to a partner says how it goes",
	   a_call_to_a_partner_says_how_it_goes},
	  {"a response and a CANCEL meet no rule",
	   a_response_and_a_cancel_meet_no_rule})
