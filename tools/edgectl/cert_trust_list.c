/*
 * cert_trust_list.c: servers to pre-trust, as a list, a policy value and a
 * file for regedit.
 */
#include "cert_trust.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

/* Two generations of the client; each reads its own key. */
static const char *const versions[] = {"15.0", "16.0"};

#define VERSIONS (sizeof(versions) / sizeof(*versions))
#define VALUE	 "TrustModelData"

/* What the client believes without this value, and no more once it is set. */
#define BUILT_IN                                                               \
	"lync.com, outlook.com, lync.glbdns.microsoft.com, "                   \
	"microsoftonline.com"

void pretrust_add(struct trust *t, const char *host, const char *domain)
{
	struct pretrust *more;

	for (size_t i = 0; i < t->pretrusts; i++) {
		if (!strcmp(t->pretrust[i].host, host) &&
		    !strcmp(t->pretrust[i].domain, domain))
			return;
	}
	more = realloc(t->pretrust, (t->pretrusts + 1) * sizeof(*more));
	if (!more) {
		t->blind = true;
		return;
	}
	t->pretrust = more;
	more += t->pretrusts++;
	snprintf(more->host, sizeof(more->host), "%s", host);
	more->domain = domain;
}

/* Has an earlier pair the same server? */
static bool is_first(const struct trust *t, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (!strcmp(t->pretrust[j].host, t->pretrust[i].host))
			return false;
	}
	return true;
}

/* Servers, as the value has them: apart by ", ". */
static void join_hosts(const struct trust *t, struct buf *out)
{
	for (size_t i = 0; i < t->pretrusts; i++) {
		if (!is_first(t, i))
			continue;
		buf_puts(out, out->n ? ", " : "");
		buf_puts(out, t->pretrust[i].host);
	}
}

static void report_server(struct trust *t, size_t i)
{
	struct buf who = {0};

	buf_puts(&who, "for users of ");
	for (size_t j = i; j < t->pretrusts; j++) {
		if (strcmp(t->pretrust[j].host, t->pretrust[i].host))
			continue;
		buf_puts(&who, j == i ? "" : ", ");
		buf_puts(&who, t->pretrust[j].domain);
	}
	report_line(t->r, slice_of(t->pretrust[i].host), buf_slice(&who));
	buf_fini(&who);
}

/* As an administrative template would set it. */
static void report_policy(struct trust *t, const char *version,
			  struct slice data)
{
	char name[32];

	snprintf(name, sizeof(name), "policy_%s", version);
	report_section(t->r, name);
	report_say(t->r, "class", "User (HKEY_CURRENT_USER)");
	report_say(t->r, "key",
		   "Software\\Policies\\Microsoft\\Office\\%s\\Lync", version);
	report_say(t->r, "value", VALUE);
	report_say(t->r, "type", "REG_SZ");
	report_line(t->r, SLICE("data"), data);
}

void pretrust_report(struct trust *t, const struct trust_ask *ask)
{
	struct buf hosts = {0};

	report_section(t->r, "pre_trust");
	if (!t->pretrusts)
		report_say(t->r, "nothing",
			   "no strict client is sent out of its domain");
	for (size_t i = 0; i < t->pretrusts; i++) {
		if (is_first(t, i))
			report_server(t, i);
	}
	join_hosts(t, &hosts);
	if (t->pretrusts) {
		report_line(t->r, SLICE(VALUE), buf_slice(&hosts));
		report_say(t->r, "replaces",
			   "the client's built-in list; if you use that cloud "
			   "as well, add: " BUILT_IN);
	}
	if (t->pretrusts && (ask->json || ask->form == TRUST_POLICY)) {
		for (size_t i = 0; i < VERSIONS; i++)
			report_policy(t, versions[i], buf_slice(&hosts));
	}
	buf_fini(&hosts);
}

/* Little-endian UTF-16, as regedit itself writes; host names are ASCII. */
static void put(const char *text)
{
	for (; *text; text++) {
		putchar(*text);
		putchar('\0');
	}
}

/*
 * "Windows Registry Editor Version 5.00" is the header of files in UTF-16 with
 * a byte order mark; read as 8-bit text it depends on the code page of the
 * machine that reads. A group policy's own file would take the same value.
 */
void pretrust_reg(const struct trust *t)
{
	struct buf hosts = {0};

	if (!t->pretrusts) {
		fputs("edgectl: nothing to pre-trust: no file is written\n",
		      stderr);
		return;
	}
	join_hosts(t, &hosts);
	buf_add(&hosts, (struct slice){"", 1});
	fputs("\xff\xfe", stdout);
	put("Windows Registry Editor Version 5.00\r\n");
	for (size_t i = 0; i < VERSIONS && !hosts.failed; i++) {
		put("\r\n[HKEY_CURRENT_USER\\Software\\Policies\\Microsoft\\"
		    "Office\\");
		put(versions[i]);
		put("\\Lync]\r\n\"" VALUE "\"=\"");
		put(hosts.p);
		put("\"\r\n");
	}
	put("\r\n");
	buf_fini(&hosts);
}
