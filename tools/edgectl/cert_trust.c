/*
 * cert_trust.c: `edgectl cert trust`: would a client of each SIP domain warn
 * that the server's name does not fit it, and what to pre-trust if so.
 *
 * A client that is strict takes a server for its domain's only when the name
 * it connects to lies in that domain; the name is the SRV record's target, or
 * sip.DOMAIN and the like where there is none.
 */
#include "cert_trust.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_MAX 700

static void step(struct trust *t, bool good, const char *name, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));

static void step(struct trust *t, bool good, const char *name, const char *fmt,
		 ...)
{
	char text[STEP_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->findings = t->findings || !good;
	if (t->r)
		report_step(t->r, good, name, "%s", text);
}

static void cannot_look(struct trust *t, const char *name, const char *what,
			int err)
{
	t->blind = true;
	step(t, false, name, "%s: %s", what,
	     err == ETIMEDOUT ? "no DNS server answers"
			      : "the DNS server fails, or DNSSEC says that the "
				"answer is forged");
}

static void read_one(struct trust *t, const char *path)
{
	int err = shown_names(&t->shown[t->n], path);

	if (!err) {
		t->n++;
		return;
	}
	t->blind = true;
	step(t, false, "certificate", "%s: %s", path,
	     err == EACCES ? "its extended key usage forbids SIP"
			   : "no certificate in PEM to read");
}

/* All that the leg may show: clients say whom they want (SNI). */
static int read_shown(struct trust *t)
{
	const struct leg_settings *leg = &t->s->leg[LEG_OUTSIDE];

	t->shown = calloc(leg->alsos + 1, sizeof(*t->shown));
	if (!t->shown)
		return no_look("out of memory");
	if (t->r)
		report_section(t->r, "certificates");
	read_one(t, leg->certificate);
	for (size_t i = 0; i < leg->alsos; i++)
		read_one(t, leg->also[i].certificate);
	if (t->n)
		step(t, true, "certificate", "%zu read, by %s", t->n,
		     "outside.tls");
	return 0;
}

static bool proven(const struct trust *t, const char *host)
{
	for (size_t i = 0; i < t->n; i++) {
		if (cert_names_match(t->shown[i], slice_of(host)))
			return true;
	}
	return false;
}

static void has_address(struct trust *t, const char *host, uint16_t port)
{
	struct resolved list;
	int err =
		t->dns ? dns_addresses(t->dns, slice_of(host), port, &list) : 0;

	if (err == ENOENT)
		step(t, false, "address",
		     "%s has none that this edge's "
		     "networks can reach",
		     host);
	else if (err)
		cannot_look(t, "address", host, err);
}

/* A server that clients of a domain are sent to; by is how. */
static void judge_client(struct trust *t, const char *domain, const char *by,
			 const char *host, uint16_t port)
{
	bool fits = slice_host_within(slice_of(host), slice_of(domain));
	bool named = proven(t, host);

	if (!fits) {
		step(t, false, "name",
		     "%s: %s lies outside of %s, so strict clients warn or "
		     "refuse: let it name sip.%s, or pre-trust %s",
		     by, host, domain, domain, host);
		pretrust_add(t, host, domain);
	}
	if (!named)
		step(t, false, "certificate",
		     "%s: our certificate does not name %s, so every client "
		     "refuses it",
		     by, host);
	if (fits && named)
		step(t, true, "name",
		     "%s: %s lies in %s, and our certificate names it", by,
		     host, domain);
	has_address(t, host, port);
}

/* Partners go by the same names, but have no list to pre-trust (RFC 5922
 * §4). */
static void judge_partner(struct trust *t, const char *domain, const char *by,
			  const char *host, uint16_t port)
{
	bool fits = slice_host_within(slice_of(host), slice_of(domain));

	if (proven(t, domain) || (fits && proven(t, host)))
		step(t, true, "partners",
		     "%s: %s, which our certificate ties to %s", by, host,
		     domain);
	else
		step(t, false, "partners",
		     "%s: %s, %s: partners cannot tie it to %s", by, host,
		     fits ? "which our certificate does not name"
			  : "which lies outside of the domain, and our "
			    "certificate does not name the domain itself",
		     domain);
	has_address(t, host, port);
}

typedef void judge_fn(struct trust *t, const char *domain, const char *by,
		      const char *host, uint16_t port);

/* One service; true when a record names a server. */
static bool judge_service(struct trust *t, const char *domain,
			  const char *service, judge_fn *judge)
{
	struct srv_record record[SRV_MAX];
	char name[300];
	size_t n;
	bool any = false;
	int err;

	snprintf(name, sizeof(name), "%s.%s", service, domain);
	err = srv_ask(t->srv, name, record, &n);
	if (err && err != ENOENT)
		cannot_look(t, "srv", name, err);
	for (size_t i = 0; i < n; i++) {
		if (!record[i].host[0])
			continue; /* RFC 2782: decidedly not here */
		judge(t, domain, name, record[i].host, record[i].port);
		any = true;
	}
	return any;
}

/* Where there is no record clients try these; true when one exists. */
static bool judge_fallbacks(struct trust *t, const char *domain)
{
	static const char *const prefixes[] = {"sipinternal", "sip",
					       "sipexternal"};
	struct resolved list;
	char name[300];
	bool any = false;
	int err;

	for (size_t i = 0;
	     i < sizeof(prefixes) / sizeof(*prefixes) && !t->blind; i++) {
		snprintf(name, sizeof(name), "%s.%s", prefixes[i], domain);
		err = dns_addresses(t->dns, slice_of(name), 5061, &list);
		if (err && err != ENOENT)
			cannot_look(t, "address", name, err);
		if (err)
			continue;
		judge_client(t, domain, "no SRV record", name, 5061);
		any = true;
	}
	return any;
}

/* The server that a domain should be sent to: in it, if we are that. */
static const char *own_server(const struct trust *t, const char *domain,
			      char room[300])
{
	const char *fqdn = t->s->leg[LEG_OUTSIDE].fqdn;

	snprintf(room, 300, "sip.%s", domain);
	if (slice_host_within(slice_of(fqdn), slice_of(domain)))
		return fqdn;
	return proven(t, room) ? room : fqdn;
}

static void by_dns(struct trust *t, const char *domain)
{
	const struct leg_settings *leg = &t->s->leg[LEG_OUTSIDE];
	bool before = t->blind, found;
	char room[300];

	t->blind = false;
	found = judge_service(t, domain, "_sip._tls", judge_client);
	if (!t->blind && judge_service(t, domain, "_sips._tcp", judge_client))
		found = true;
	if (!found && !t->blind)
		found = judge_fallbacks(t, domain);
	if (!found && !t->blind)
		step(t, false, "srv",
		     "clients of %s find no server: write "
		     "_sip._tls.%s SRV 0 0 %u %s",
		     domain, domain,
		     leg->users_port ? leg->users_port : leg->tls_port,
		     own_server(t, domain, room));
	if (t->s->federation.enabled && !t->blind &&
	    !judge_service(t, domain, "_sipfederationtls._tcp",
			   judge_partner) &&
	    !t->blind)
		step(t, false, "partners",
		     "there is no _sipfederationtls._tcp.%s: partners that "
		     "look for us in DNS find nothing",
		     domain);
	t->blind = t->blind || before;
}

static void by_settings(struct trust *t, const char *domain)
{
	const struct leg_settings *leg = &t->s->leg[LEG_OUTSIDE];
	char room[300];

	judge_client(t, domain, "by the settings", own_server(t, domain, room),
		     leg->tls_port);
}

static int open_dns(struct trust *t, bool offline)
{
	char why[WHY_MAX] = "out of memory";

	if (offline)
		return 0;
	if (srv_open(&t->srv, &t->s->leg[LEG_OUTSIDE], why) ||
	    dns_open(&t->dns, t->s, why))
		return no_look("%s", why);
	return 0;
}

static int look(struct trust *t, bool offline)
{
	if (read_shown(t) || open_dns(t, offline))
		return EXIT_NO_LOOK;
	for (size_t i = 0; i < t->s->sip_domains.n; i++) {
		const char *domain = t->s->sip_domains.v[i];

		if (t->r)
			report_section(t->r, domain);
		if (offline)
			by_settings(t, domain);
		else
			by_dns(t, domain);
	}
	if (t->blind)
		return EXIT_NO_LOOK;
	return t->findings ? EXIT_FINDINGS : EXIT_FINE;
}

static void trust_fini(struct trust *t)
{
	srv_close(&t->srv);
	dns_close(&t->dns);
	for (size_t i = 0; i < t->n; i++)
		cert_names_destroy(&t->shown[i]);
	free(t->shown);
	free(t->pretrust);
	settings_unref(&t->s);
}

static int trust_config(const char *config, const struct trust_ask *ask)
{
	struct trust t = {0};
	int status = settings_get_planned(&t.s, config);

	if (status)
		return status;
	if (ask->form != TRUST_REG) {
		t.r = report_begin(ask->json);
		if (!t.r)
			status = no_look("out of memory");
	}
	if (!status)
		status = look(&t, ask->offline);
	if (t.r) {
		pretrust_report(&t, ask);
		status = report_end(&t.r, status);
	} else if (ask->form == TRUST_REG) {
		pretrust_reg(&t);
	}
	trust_fini(&t);
	return status;
}

int cert_trust_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"offline", no_argument, NULL, 'o'},
		{"reg", no_argument, NULL, TRUST_REG},
		{"policy", no_argument, NULL, TRUST_POLICY},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	struct trust_ask ask = {.form = TRUST_TEXT};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?')
			return no_look("cert trust: wrong option; see edgectl "
				       "cert -h");
		ask.offline = ask.offline || opt == 'o';
		ask.json = ask.json || opt == 'j';
		if (opt == TRUST_REG || opt == TRUST_POLICY)
			ask.form = opt;
	}
	if (argc - optind != 1 || (ask.json && ask.form == TRUST_REG))
		return no_look("cert trust CONFIG [--offline] [--reg | "
			       "--policy | --json]");
	return trust_config(argv[optind], &ask);
}
