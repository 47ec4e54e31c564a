/*
 * cert_stub.c: `edgectl cert plan --stub`: what a reverse proxy beside the
 * edge needs to serve the web names of the plan. We proxy no web ourselves.
 *
 * Outside it shows the certificate of the plan on port 443. Inside it goes to
 * port 4443 of the machine that serves the name, which has to show a
 * certificate of the internal authority for its name inside.
 */
#include "cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSIDE_PORT 4443

/* Where a stub is written, and for what. */
struct stub {
	FILE *to;
	const struct settings *s;
	const struct cert_plan *web; /* the names; borrowed */
	const char *word;	     /* of the profile: its certificate */
	char *other; /* machine for names that are nobody's own; owned */
};

static void nginx_begin(const struct stub *b)
{
	fprintf(b->to,
		"# nginx 1.19.4 or later; goes into http { }.\n"
		"#\n"
		"# FILL IN, or put there:\n"
		"#   /etc/nginx/tls/%s.chain  the certificate of this plan, "
		"then its intermediates\n"
		"#   /etc/nginx/tls/%s.key    its key, 0600\n"
		"#   /etc/nginx/tls/internal-ca.crt  the authority of the "
		"servers inside\n"
		"# and after each \"listen\" an address that is not the "
		"edge's: \"192.0.2.20:443\".\n"
		"\n"
		"# Names that are not ours.\n"
		"server {\n"
		"\tlisten 443 ssl default_server;\n"
		"\tssl_reject_handshake on;\n"
		"}\n",
		b->word, b->word);
}

static void nginx_name(const struct stub *b, const char *name,
		       const char *inside)
{
	fprintf(b->to,
		"\n"
		"server {\n"
		"\tlisten 443 ssl;\n"
		"\tserver_name %s;\n"
		"\tssl_certificate     /etc/nginx/tls/%s.chain;\n"
		"\tssl_certificate_key /etc/nginx/tls/%s.key;\n"
		"\tssl_protocols       TLSv1.2 TLSv1.3;\n"
		"\tclient_max_body_size 0;\n"
		"\n",
		name, b->word, b->word);
	fprintf(b->to,
		"\tlocation / {\n"
		"\t\tproxy_pass https://%s:%d;\n"
		"\t\tproxy_http_version 1.1;\n"
		"\t\tproxy_set_header Host $host;\n"
		"\t\tproxy_set_header Connection \"\";\n"
		"\t\tproxy_set_header X-Forwarded-For $remote_addr;\n"
		"\t\tproxy_read_timeout 900s;\n",
		inside, INSIDE_PORT);
	fprintf(b->to,
		"\t\tproxy_ssl_verify on;\n"
		"\t\tproxy_ssl_verify_depth 4;\n"
		"\t\tproxy_ssl_trusted_certificate "
		"/etc/nginx/tls/internal-ca.crt;\n"
		"\t\tproxy_ssl_name %s;\n"
		"\t\tproxy_ssl_server_name on;\n"
		"\t}\n"
		"}\n",
		inside);
}

static void haproxy_begin(const struct stub *b)
{
	fprintf(b->to,
		"# haproxy 2.2 or later; goes behind global and defaults.\n"
		"#\n"
		"# FILL IN, or put there:\n"
		"#   /etc/haproxy/tls/%s.pem  the certificate of this plan, "
		"its intermediates, its key; 0600\n"
		"#   /etc/haproxy/tls/internal-ca.crt  the authority of the "
		"servers inside\n"
		"# and after \"bind\" an address that is not the edge's: "
		"\"192.0.2.20:443\".\n"
		"\n"
		"frontend web_outside\n"
		"\tmode http\n"
		"\tbind :443 ssl crt /etc/haproxy/tls/%s.pem ssl-min-ver "
		"TLSv1.2 strict-sni\n"
		"\ttimeout client 900s\n"
		"\toption forwardfor\n"
		"\t# Names that are not ours have no backend: 503.\n",
		b->word, b->word);
	for (size_t i = 0; i < b->web->n; i++) {
		const char *name = b->web->name[i].name;

		fprintf(b->to,
			"\tacl %s hdr(host),field(1,:) -i %s\n"
			"\tuse_backend %s if %s\n",
			name, name, name, name);
	}
}

static void haproxy_name(const struct stub *b, const char *name,
			 const char *inside)
{
	fprintf(b->to,
		"\n"
		"backend %s\n"
		"\tmode http\n"
		"\ttimeout connect 10s\n"
		"\ttimeout server 900s\n"
		"\tserver %s %s:%d ssl verify required ca-file "
		"/etc/haproxy/tls/internal-ca.crt verifyhost %s sni str(%s) "
		"init-addr last,libc,none\n",
		name, inside, inside, INSIDE_PORT, inside, inside);
}

static const struct kind {
	const char *word;
	void (*begin)(const struct stub *b);
	void (*name)(const struct stub *b, const char *name,
		     const char *inside);
} kinds[] = {
	{"nginx", nginx_begin, nginx_name},
	{"haproxy", haproxy_begin, haproxy_name},
	{NULL, NULL, NULL},
};

static const struct kind *kind_of(const char *word)
{
	const struct kind *k = kinds;

	while (k->word && strcmp(k->word, word))
		k++;
	return k->word ? k : NULL;
}

/* The first director by name, or else the first pool or server; NULL: none. */
static char *first_inside(const struct settings *s)
{
	static const enum cert_profile order[] = {CERT_DIRECTOR, CERT_POOL};
	struct cert_plan *plan = NULL;
	char *name = NULL, why[WHY_MAX];

	for (size_t i = 0; i < 2 && !name; i++) {
		if (!cert_plan_make(&plan, s, order[i], 0, why))
			name = strdup(plan->common_name);
		cert_plan_destroy(&plan);
	}
	return name;
}

/* The machine that serves a web name. */
static const char *inside_of(const struct stub *b, const char *name)
{
	const struct services_settings *sv = &b->s->services;
	struct slice web = slice_of(name);

	if (sv->director_web &&
	    slice_same_host(web, slice_of(sv->director_web)))
		return b->other;
	for (size_t i = 0; i < sv->pools; i++) {
		const char *own = sv->pool[i].web;

		if (own && slice_same_host(web, slice_of(own)))
			return sv->pool[i].name;
	}
	return b->other;
}

static void write_all(const struct stub *b, const struct kind *k)
{
	k->begin(b);
	for (size_t i = 0; i < b->web->n; i++) {
		const char *name = b->web->name[i].name;

		k->name(b, name, inside_of(b, name));
	}
}

static int say_json(const struct stub *b, const struct kind *k,
		    const char *text)
{
	json_t *all = json_pack("{ss ss ss si}", "profile", b->word, "stub",
				k->word, "text", text, "exit", EXIT_FINE);

	if (!all)
		return no_look("out of memory");
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return EXIT_FINE;
}

static int say(struct stub *b, const struct kind *k, bool json)
{
	char *text = NULL;
	size_t n;
	int status;

	b->to = open_memstream(&text, &n);
	if (!b->to)
		return no_look("out of memory");
	write_all(b, k);
	if (fclose(b->to))
		status = no_look("out of memory");
	else if (json)
		status = say_json(b, k, text);
	else
		status = fputs(text, stdout) < 0 ? EXIT_NO_LOOK : EXIT_FINE;
	free(text);
	return status;
}

static int lacks(const char *why)
{
	no_look("%s", why);
	return EXIT_FINDINGS;
}

static int stub_say(const struct settings *s, enum cert_profile profile,
		    const struct kind *k, bool json)
{
	struct cert_plan *web = NULL;
	struct stub b = {.s = s, .word = cert_profile_word(profile)};
	char why[WHY_MAX];
	int status;

	/* Hybrid: the same names, behind its certificate. */
	if (cert_plan_make(&web, s, CERT_REVERSE_PROXY, 0, why))
		return lacks(why);
	b.web = web;
	b.other = first_inside(s);
	status = b.other ? say(&b, k, json)
			 : lacks("cert plan: no machine inside has a name: "
				 "routing.directors, services.pools or "
				 "routing.home_servers says which there are");
	free(b.other);
	cert_plan_destroy(&web);
	return status;
}

int stub_print(const char *config, int profile, const char *word, bool json)
{
	const struct settings *s = NULL;
	const struct kind *k = kind_of(word);
	int status;

	if (!k)
		return no_look("cert plan: --stub is nginx or haproxy");
	if (profile != CERT_REVERSE_PROXY && profile != CERT_HYBRID)
		return no_look("cert plan: --stub goes with --profile "
			       "reverse-proxy or hybrid");
	status = settings_get_planned(&s, config);
	if (!status)
		status = stub_say(s, (enum cert_profile)profile, k, json);
	settings_unref(&s);
	return status;
}
