/* SPDX-License-Identifier: Apache-2.0 */
/* digest_test.c: a device that has to know a secret. */
#include "proxy_talk.h"

#include "devices.h"

#include <openssl/evp.h>

/* printf %s room:example.com:secret | md5sum */
#define HA1    "b6cb8486d2ad1024c02e51674b8d012d"
#define MINUTE 60000

static struct conn *room, *other;
static struct heard h;
static char nonce[64];

/* clang-format off */
#define SECRET_DEVICES                                                         \
	"devices: { enabled = true; leg = \"inside\"; tcp_port = 5060;\n"      \
	"  device = ( { name = \"room\"; address = [ \"10.0.5.20\" ];\n"       \
	"    identities = [ \"sip:room@example.com\" ]; register = true;\n"    \
	"    calls_per_s = 3; digest = \"" HA1 "\"; },\n"                       \
	"    { name = \"hall\"; address = [ \"10.0.5.21\" ];\n"                \
	"      identities = [ \"sip:hall@example.com\" ]; } ); };\n"
/* clang-format on */

static void begin(void)
{
	STAGE_OPEN(.devices = SECRET_DEVICES);
	room = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:5060", NULL);
}

static void md5(char out[33], const char *text)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	CU_ASSERT_EQUAL_FATAL(
		EVP_Digest(text, strlen(text), raw, &n, EVP_md5(), NULL), 1);
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

/* What somebody who knows ha1 writes, for a method and target. */
static const char *proof(const char *ha1, const char *method, const char *uri)
{
	static char line[1024];
	char text[512], ha2[33], response[33];

	snprintf(text, sizeof(text), "%s:%s", method, uri);
	md5(ha2, text);
	snprintf(text, sizeof(text), "%s:%s:00000001:c1:auth:%s", ha1, nonce,
		 ha2);
	md5(response, text);
	snprintf(line, sizeof(line),
		 "Contact: <sip:room@10.0.5.20>\r\n"
		 "Proxy-Authorization: Digest username=\"room\", "
		 "realm=\"example.com\", nonce=\"%s\", uri=\"%s\", "
		 "response=\"%s\", algorithm=MD5, qop=auth, nc=00000001, "
		 "cnonce=\"c1\"\r\n",
		 nonce, uri, response);
	return line;
}

static const char *right(void)
{
	return proof(HA1, "INVITE", "sip:bob@example.com");
}

static const char *wrong(void)
{
	return proof("00000000000000000000000000000000", "INVITE",
		     "sip:bob@example.com");
}

/* It is asked; the nonce is kept. */
static void is_asked(struct conn *c, bool stale)
{
	struct slice v;
	const char *at;

	hear(c, "SIP/2.0 407 Proxy Authentication Required", &h);
	v = value(&h, FIELD_PROXY_AUTHENTICATE, 0);
	CU_ASSERT_FATAL(v.n > 0);
	CU_ASSERT_TRUE(says(&h, "Digest realm=\"example.com\", nonce=\""));
	CU_ASSERT_TRUE(says(&h, "algorithm=MD5, qop=\"auth\""));
	CU_ASSERT_EQUAL(says(&h, "stale=true"), stale);
	at = strstr(h.text, "nonce=\"") + 7;
	snprintf(nonce, sizeof(nonce), "%.*s", (int)strcspn(at, "\""), at);
	CU_ASSERT_EQUAL(strlen(nonce), TOKEN_NONCE_LEN);
}

/* Asked, as each call begins. */
static void begins(struct conn *c, const char *branch)
{
	ask(c, .from = "room", .branch = branch);
	is_asked(c, false);
}

static void calls(struct conn *c, const char *branch, const char *lines)
{
	ask(c, .from = "room", .branch = branch, .cseq = 2, .more = lines);
}

static void answers_and_is_let_through(void)
{
	const char *tag;
	char said[32];

	begin();
	begins(room, "z9hG4bKa");
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	/* The ACK of what we said is no news; any other is. */
	tag = strstr(strstr(h.text, "\r\nTo: "), ";tag=") + 5;
	snprintf(said, sizeof(said), "%.*s", (int)strcspn(tag, "\r;"), tag);
	ask(room, .method = "ACK", .from = "room", .branch = "z9hG4bKa",
	    .to_tag = said);
	CU_ASSERT_EQUAL(stage_counters().dropped, 0);
	ask(room, .method = "ACK", .from = "room", .branch = "z9hG4bKa",
	    .to_tag = "0123456789abcdef");
	CU_ASSERT_EQUAL(stage_counters().dropped, 1);
	calls(room, "z9hG4bKb", right());
	hear(at(DIR01), "INVITE sip:bob@example.com", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_PROXY_AUTHORIZATION), 0);
	CU_ASSERT_FALSE(says(&h, nonce));
	/* One question is enough for some minutes. */
	fake_pass(4 * MINUTE);
	calls(room, "z9hG4bKc", right());
	hear(at(DIR01), "INVITE sip:bob@example.com", NULL);
	stage_close();
}

static void registers_with_both_secrets(void)
{
	char lines[2048];

	begin();
	ask(room, .method = "REGISTER", .from = "room",
	    .more = "Contact: <sip:room@10.0.5.20>\r\n");
	is_asked(room, false);
	snprintf(lines, sizeof(lines), "%sAuthorization: Digest a=b\r\n",
		 proof(HA1, "REGISTER", "sip:example.com"));
	ask(room, .method = "REGISTER", .from = "room", .branch = "z9hG4bK2",
	    .more = lines);
	hear(at(DIR01), "REGISTER", &h);
	/* The registrar's own is none of ours. */
	CU_ASSERT_TRUE(says(&h, "\r\nAuthorization: Digest a=b\r\n"));
	CU_ASSERT_FALSE(says(&h, "Proxy-Authorization"));
	/* Not even with a To tag. */
	ask(room, .method = "REGISTER", .from = "room", .branch = "z9hG4bK3",
	    .to_tag = "t1");
	is_asked(room, false);
	stage_close();
}

static void old_question_is_asked_again(void)
{
	begin();
	begins(room, "z9hG4bKa");
	fake_pass(5 * MINUTE + 1000);
	calls(room, "z9hG4bKb", right());
	is_asked(room, true);
	calls(room, "z9hG4bKc", right());
	hear(at(DIR01), "INVITE", NULL);
	stage_close();
}

static void answer_of_another_connection_is_none(void)
{
	begin();
	begins(room, "z9hG4bKa");
	other = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:5061", NULL);
	calls(other, "z9hG4bKb", right());
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	is_asked(other, true);
	calls(other, "z9hG4bKc", right());
	hear(at(DIR01), "INVITE", NULL);
	stage_close();
}

static void answer_is_for_one_target(void)
{
	static char copy[1024];

	begin();
	begins(room, "z9hG4bKa");
	calls(room, "z9hG4bKb", proof(HA1, "INVITE", "sip:carol@example.com"));
	is_asked(room, false);
	calls(room, "z9hG4bKc", proof(HA1, "INVITE", "sip:bob@example.org"));
	is_asked(room, false);
	calls(room, "z9hG4bKd", proof(HA1, "BYE", "sip:bob@example.com"));
	is_asked(room, false);
	snprintf(copy, sizeof(copy), "%s", right());
	strstr(copy, "username=\"room\"")[10] = 'b';
	calls(room, "z9hG4bKe", copy);
	is_asked(room, false);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	/* Of the same user and host, whatever is said of the way there. */
	calls(room, "z9hG4bKf",
	      proof(HA1, "INVITE", "sip:bob@EXAMPLE.com:5060;transport=tcp"));
	hear(at(DIR01), "INVITE", NULL);
	stage_close();
}

static void nonce_that_we_never_wrote_is_no_attempt(void)
{
	begin();
	snprintf(nonce, sizeof(nonce), "0123456789abcdef");
	for (unsigned i = 0; i < 2 * DEVICES_WRONG_MAX; i++) {
		char branch[32];

		snprintf(branch, sizeof(branch), "z9hG4bKx%u", i);
		snprintf(nonce, sizeof(nonce), "0123456789abcdef");
		calls(room, branch, wrong());
		is_asked(room, false);
	}
	calls(room, "z9hG4bKb", right());
	hear(at(DIR01), "INVITE", NULL);
	stage_close();
}

static void other_realms_credentials_are_passed_over(void)
{
	char lines[2048];

	begin();
	begins(room, "z9hG4bKa");
	snprintf(lines, sizeof(lines),
		 "Proxy-Authorization: Digest username=\"room\", "
		 "realm=\"elsewhere\", nonce=\"n\", uri=\"sip:x\", "
		 "response=\"0123456789abcdef0123456789abcdef\"\r\n%s",
		 right());
	calls(room, "z9hG4bKb", lines);
	hear(at(DIR01), "INVITE", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_PROXY_AUTHORIZATION), 0);
	stage_close();
}

static void guesses(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		char branch[32];

		snprintf(branch, sizeof(branch), "z9hG4bKg%u", i);
		calls(room, branch, wrong());
		is_asked(room, false);
	}
}

static void who_guesses_is_shut_out_for_a_minute(void)
{
	begin();
	begins(room, "z9hG4bKa");
	/* A right one in between clears its name. */
	guesses(DEVICES_WRONG_MAX - 1);
	calls(room, "z9hG4bKr", right());
	hear(at(DIR01), "INVITE", NULL);
	guesses(DEVICES_WRONG_MAX - 1);
	calls(room, "z9hG4bKw", wrong());
	hear(room, "SIP/2.0 403", NULL);
	/* Now the right one does not help, on whatever connection. */
	calls(room, "z9hG4bKs", right());
	hear(room, "SIP/2.0 403", NULL);
	other = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:5061", NULL);
	ask(other, .from = "room");
	hear(other, "SIP/2.0 403", NULL);
	other = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.21:5061", NULL);
	ask(other, .from = "hall");
	hear(at(DIR01), "INVITE", NULL);
	fake_pass(MINUTE);
	calls(room, "z9hG4bKt", right());
	hear(at(DIR01), "INVITE", NULL);
	stage_close();
}

static void questions_do_not_count_as_calls(void)
{
	char branch[32];

	begin();
	for (unsigned i = 0; i < 3; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKq%u", i);
		begins(room, branch);
		snprintf(branch, sizeof(branch), "z9hG4bKc%u", i);
		calls(room, branch, right());
		hear(at(DIR01), "INVITE", NULL);
	}
	begins(room, "z9hG4bKq4");
	calls(room, "z9hG4bKc4", right());
	hear(room, "SIP/2.0 503", NULL);
	stage_close();
}

/* Its dialogs go on without a question, and CANCEL and ACK cannot be asked. */
static void dialogs_are_not_asked(void)
{
	char route[2048];

	begin();
	begins(room, "z9hG4bKa");
	calls(room, "z9hG4bKb", right());
	hear(at(DIR01), "INVITE", &h);
	answer(&h, 200, "Contact: <sip:bob@10.0.0.31>\r\n");
	hear(room, "SIP/2.0 200", &h);
	route_line(route, value(&h, FIELD_RECORD_ROUTE, 0));
	ask(room, .method = "ACK", .from = "room", .branch = "z9hG4bKk",
	    .cseq = 2, .to_tag = "t1", .more = route);
	hear(at(DIR01), "ACK", NULL);
	ask(room, .method = "BYE", .from = "room", .branch = "z9hG4bKe",
	    .cseq = 3, .to_tag = "t1", .more = route);
	hear(at(DIR01), "BYE", NULL);
	calls(room, "z9hG4bKn", right());
	hear(at(DIR01), "INVITE", &h);
	call_rings(room, &h);
	ask(room, .method = "CANCEL", .from = "room", .branch = "z9hG4bKn",
	    .cseq = 2);
	hear(room, "SIP/2.0 200", NULL);
	hear(at(DIR01), "CANCEL", NULL);
	stage_close();
}

TEST_MAIN("proxy/digest",
	  {"a device answers, and is let through", answers_and_is_let_through},
	  {"it registers, with the registrar's secret too",
	   registers_with_both_secrets},
	  {"an old question is asked again", old_question_is_asked_again},
	  {"another connection's answer is none",
	   answer_of_another_connection_is_none},
	  {"an answer is for one method, target and name",
	   answer_is_for_one_target},
	  {"a nonce that we never wrote is no attempt",
	   nonce_that_we_never_wrote_is_no_attempt},
	  {"other realms' credentials are passed over",
	   other_realms_credentials_are_passed_over},
	  {"who guesses is shut out for a minute",
	   who_guesses_is_shut_out_for_a_minute},
	  {"questions do not count as calls", questions_do_not_count_as_calls},
	  {"dialogs are not asked", dialogs_are_not_asked})
