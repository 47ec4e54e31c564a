/* verbs_test.c - what is asked at the control socket, and the JSON of it. */
#include "ops/verbs.h"

#include "cunit_main.h"
#include "proxy/proxy_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static uv_loop_t loop;
static struct control *control;
static struct verbs verbs;
static char path[64], heard[4096];
static int reload_err;

static int on_reload(const char **rule, char *why, void *arg)
{
	*rule = "settings-must-be-valid";
	CU_ASSERT_PTR_EQUAL(arg, &verbs);
	snprintf(why, WHY_MAX, "edge.cfg:7: \"x\" is no port");
	return reload_err;
}

static void turn(void)
{
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static void begin(void)
{
	char why[WHY_MAX];

	memset(&proxy_fake, 0, sizeof(proxy_fake));
	reload_err = 0;
	verbs = (struct verbs){.reload = on_reload, .arg = &verbs};
	snprintf(path, sizeof(path), "/tmp/verbs_test.%d", (int)getpid());
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
	CU_ASSERT_EQUAL_FATAL(control_create(&control, &loop, path, verbs_ask,
					     &verbs, why),
			      0);
}

static void end(void)
{
	control_destroy(&control);
	turn();
	CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
}

/* Ask, and leave what came in `heard`. */
static void ask(const char *line)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ssize_t n;

	memcpy(to.sun_path, path, strlen(path));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof(to)),
			      0);
	CU_ASSERT(send(fd, line, strlen(line), MSG_NOSIGNAL) > 0);
	turn();
	if (proxy_fake.fn) {
		proxy_fake_recall();
		turn();
	}
	n = recv(fd, heard, sizeof(heard) - 1, 0);
	heard[n > 0 ? n : 0] = '\0';
	close(fd);
	turn();
}

static bool says(const char *text)
{
	if (strstr(heard, text))
		return true;
	printf("# no %s in %s", text, heard);
	return false;
}

static void counters_are_numbers_by_name(void)
{
	begin();
	proxy_fake.counters.requests = 12;
	proxy_fake.counters.revoked = 2;
	proxy_fake.counters.flows = UINT64_C(5000000000);
	ask("counters\n");
	CU_ASSERT_TRUE(says("{\"ok\":true,\"counters\":{\"requests\":12,"));
	CU_ASSERT_TRUE(says("\"flows\":5000000000,"));
	CU_ASSERT_TRUE(says("\"revocation\":{\"outside\":\"off\","
			    "\"inside\":\"off\"}}\n"));
	CU_ASSERT_TRUE(says("\"revoked\":2,\"distrusted\":0}"));
	ask("ping\n");
	CU_ASSERT_STRING_EQUAL(heard, "{\"ok\":true}\n");
	end();
}

static void connections_come_behind_their_sums(void)
{
	struct connections_entry e = {
		.name = "w0c3",
		.peer = "203.0.113.7:40000",
		.class = PEER_PARTNER,
		.tls = true,
		.names = "sip.partner.example",
		.fingerprint = "aa",
		.shown = {.since_s = 1700000000,
			  .ours = "bb",
			  .ends_s = 1800000000,
			  .old = true},
	};

	begin();
	proxy_fake.told = (struct connections_told){
		.n = 2,
		.plain = 1,
		.old = 1,
		.ours = {{.fingerprint = "bb",
			  .ends_s = 1800000000,
			  .old = true,
			  .n = 1}},
		.n_ours = 1,
		.entry = &e,
		.n_entry = 1,
		.untold = 1,
	};
	ask("connections\n");
	CU_ASSERT_FALSE(proxy_fake.old_only);
	CU_ASSERT_TRUE(says("{\"ok\":true,\"open\":2,\"plain\":1,\"old\":1,"
			    "\"certificates\":[{\"leg\":\"outside\",\"sha256\":"
			    "\"bb\",\"ends\":\"2027-01-15T08:00:00Z\",\"old\":"
			    "true,\"connections\":1}],\"other\":0,"));
	CU_ASSERT_TRUE(says("{\"id\":\"w0c3\",\"leg\":\"outside\",\"door\":"
			    "\"tls\",\"peer\":\"203.0.113.7:40000\",\"tls\":"
			    "true,\"class\":\"partner\",\"since\":\"2023-11-14T"
			    "22:13:20Z\",\"names\":\"sip.partner.example\","
			    "\"sha256\":\"aa\",\"ours\":\"bb\","));
	CU_ASSERT_TRUE(says("\"old\":true,\"retired\":false}],\"untold\":1}"));
	ask("connections old\n");
	CU_ASSERT_TRUE(proxy_fake.old_only);
	ask("connections all\n");
	CU_ASSERT_TRUE(says("\"error\":\"connections, or connections old"));
	end();
}

static void partners_come_in_their_order(void)
{
	begin();
	proxy_fake.partners = 2;
	proxy_fake.partner[0] = (struct partner_account){
		.domain = SLICE("busy.example"),
		.discovered = true,
		.slow = true,
		.requests = 70,
		.addresses = 3,
	};
	proxy_fake.partner[1].domain = SLICE("b\xff\"d.example");
	ask("partners\n");
	CU_ASSERT_TRUE(says("{\"ok\":true,\"partners\":[{\"domain\":\"busy."
			    "example\",\"discovered\":true,\"slow\":true,"
			    "\"watched\":false,\"requests\":70,"));
	CU_ASSERT_TRUE(says("\"addresses\":3,"));
	CU_ASSERT_TRUE(says("{\"domain\":\"b?\\\"d.example\","));
	proxy_fake.partners_err = ENOMEM;
	ask("partners\n");
	CU_ASSERT_STRING_EQUAL(heard,
			       "{\"ok\":false,\"error\":\"out of memory\"}\n");
	end();
}

static void reload_says_ok_or_why_not(void)
{
	begin();
	ask("reload\n");
	CU_ASSERT_STRING_EQUAL(heard, "{\"ok\":true}\n");
	reload_err = EINVAL;
	ask("reload\n");
	CU_ASSERT_STRING_EQUAL(
		heard, "{\"ok\":false,\"rule\":\"settings-must-be-valid\","
		       "\"error\":\"edge.cfg:7: "
		       "\\\"x\\\" is no port\"}\n");
	end();
}

static void a_call_is_recalled(void)
{
	struct recall_entry *e = proxy_fake.entry;

	begin();
	proxy_fake.entries = 1;
	*e = (struct recall_entry){
		.wall_ms = 1700000000123,
		.call_id = "one@host",
		.from = "sip:alice@example.com",
		.uri = "sip:p@partner.example",
		.method = "INVITE",
		.peer = "10.0.0.3:5061",
		.leg = LEG_INSIDE,
		.class = PEER_SERVER,
		.kind = VERDICT_FORWARD,
		.to = TO_PARTNER,
		.answered = 504,
		.rule = "partner-way",
		.ended = "partner-no-service",
		.tries = 1,
		.target = {{.target = "sip.partner.example",
			    .reason = "connect"}},
	};
	ask("recall one@host\n");
	CU_ASSERT_STRING_EQUAL(proxy_fake.asked, "one@host");
	CU_ASSERT_TRUE(says("{\"ok\":true,\"requests\":[{\"wall_ms\":"
			    "1700000000123,\"final_ms\":0,\"method\":"
			    "\"INVITE\",\"from\":\"sip:alice@example.com\","));
	CU_ASSERT_TRUE(says("\"leg\":\"inside\",\"class\":\"server\","
			    "\"decision\":\"forward\",\"to\":\"partner\","
			    "\"status\":0,\"rule\":\"partner-way\","
			    "\"answered\":504,\"ended\":\"partner-no-service\","
			    "\"tries\":[{\"target\":\"sip.partner.example\","
			    "\"status\":0,\"reason\":\"connect\"}]}]}\n"));
	end();
}

static void a_refusal_is_recalled_and_what_is_unknown(void)
{
	begin();
	proxy_fake.entries = 1;
	proxy_fake.entry[0] = (struct recall_entry){
		.method = "INVITE",
		.kind = VERDICT_REFUSE,
		.status = 403,
		.rule = "stranger",
	};
	ask("recall x\n");
	CU_ASSERT_TRUE(says("\"decision\":\"refuse\",\"to\":null,\"status\":"
			    "403,\"rule\":\"stranger\",\"answered\":0,"
			    "\"ended\":null,\"tries\":[]}"));
	proxy_fake.entries = 0;
	ask("recall nobody\n");
	CU_ASSERT_STRING_EQUAL(heard, "{\"ok\":true,\"requests\":[]}\n");
	proxy_fake.fn = NULL;
	proxy_fake.recall_err = ENOENT;
	ask("recall\n");
	CU_ASSERT_TRUE(says("recall which Call-ID?"));
	end();
}

static void what_is_not_understood_is_told_what_is(void)
{
	begin();
	ask("recal x\n");
	CU_ASSERT_TRUE(says("{\"ok\":false,\"error\":\"ping, counters, "));
	ask("\n");
	CU_ASSERT_TRUE(says("{\"ok\":false,"));
	end();
}

TEST_MAIN("ops/verbs",
	  {"counters are numbers by name", counters_are_numbers_by_name},
	  {"connections come behind their sums",
	   connections_come_behind_their_sums},
	  {"partners come in their order", partners_come_in_their_order},
	  {"reload says ok, or why not", reload_says_ok_or_why_not},
	  {"a call is recalled", a_call_is_recalled},
	  {"a refusal is recalled, and what is unknown",
	   a_refusal_is_recalled_and_what_is_unknown},
	  {"what is not understood is told what is",
	   what_is_not_understood_is_told_what_is})
