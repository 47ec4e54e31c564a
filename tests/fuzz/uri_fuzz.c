/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri_fuzz.c - a URI, a name-addr, a Via, and all that is made of them.
 *
 * Whatever the bytes are, every piece lies within them; an address of record
 * is its own canonical form, and is the same for spellings that mean the same.
 */
#include "fuzz_kit.h"
#include "parts.h"
#include "sip/facts.h"
#include "sip/headers.h"

#include <ctype.h>

static struct settings settings;
static struct token_pen *pen;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct host_port home = {KIT_TEXT("home.internal"), 0};

	(void)argc;
	(void)argv;
	kit_edge(&settings);
	settings.home_servers = (struct host_list){&home, 1};
	pen = kit_pen();
	return 0;
}

static bool has_byte(struct slice s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(set, s.p[i]))
			return true;
	return false;
}

static void pieces_within(const struct uri_facts *u, struct slice text)
{
	MUST(kit_within(u->raw, text) && kit_within(u->user, text));
	MUST(kit_within(u->host, text) && kit_within(u->transport, text));
	MUST(!u->bad_port || u->port == 0);
	MUST(!has_byte(u->host, "@;?<>\r\n\" "));
	MUST(!has_byte(u->user, "@<>\r\n\" "));
}

/* Canonical is what does not change any more. */
static void aor_is_canonical(const char *aor)
{
	struct uri_facts u;
	char again[FACTS_AOR_MAX];

	MUST(strncmp(aor, "sip:", 4) == 0 && strlen(aor) < FACTS_AOR_MAX);
	for (const char *p = aor; *p; p++)
		MUST((unsigned char)*p > ' ' && *p != '<' && *p != '>');
	MUST(facts_uri(&u, slice_of(aor)) == 0);
	MUST(facts_aor(again, &u) == 0);
	MUST(strcmp(aor, again) == 0);
	MUST(token_who(pen, slice_of(aor)) == token_who(pen, slice_of(again)));
}

/* Another spelling of the same host means the same everywhere. */
static void host_in_any_spelling(struct slice host)
{
	struct buf loud = {0};
	struct slice s;

	for (size_t i = 0; i < host.n; i++) {
		char c = (char)toupper((unsigned char)host.p[i]);

		buf_add(&loud, (struct slice){&c, 1});
	}
	s = buf_slice(&loud);
	MUST(slice_same_host(host, s) || !host.n);
	MUST(settings_our_domain(&settings, host) ==
	     settings_our_domain(&settings, s));
	MUST(settings_inside_host(&settings, host) ==
	     settings_inside_host(&settings, s));
	MUST(facts_domain_who(pen, host) == facts_domain_who(pen, s));
	buf_fini(&loud);
}

static void read_uri(struct slice text)
{
	char aor[FACTS_AOR_MAX];
	struct uri_facts u;
	union addr a;

	if (facts_uri(&u, text))
		return;
	pieces_within(&u, text);
	host_in_any_spelling(u.host);
	MUST(!u.literal || addr_parse(&a, u.host, 0) == 0);
	if (facts_aor(aor, &u))
		return;
	MUST(u.scheme == URI_SIP || u.scheme == URI_SIPS);
	aor_is_canonical(aor);
}

static void read_params(struct slice params, struct slice text)
{
	struct part_param p;
	struct slice rest = params;

	while (parts_param(&rest, &p) == 0) {
		MUST(kit_within(p.whole, text) && kit_within(p.value, text));
		MUST(kit_within(p.name, p.whole) && p.whole.n > 0);
	}
}

static void read_values(struct slice text)
{
	struct slice rest = text, one;
	struct part_addr a;
	struct part_via v;
	size_t left;

	while (rest.p) {
		left = rest.n;
		one = frame_list_next(&rest);
		MUST(kit_within(one, text) && (!rest.p || rest.n < left));
		MUST(kit_within(headers_uri(one), one));
		if (parts_addr(&a, one) == 0) {
			MUST(kit_within(a.uri, one) && kit_within(a.tag, one));
			read_params(a.params, one);
			read_uri(a.uri);
		}
		if (parts_via(&v, one) == 0) {
			MUST(kit_within(v.host, v.sent_by) && v.host.n);
			MUST(kit_within(v.branch, one));
			MUST(kit_within(v.port, v.sent_by));
			read_params(v.params, one);
		}
	}
}

/* A whole message: its Request-URI and the values of its fields. */
static void read_message(struct slice text)
{
	static struct frame f;
	struct framer fr = {0};
	struct verdict v;
	struct slice uri;
	size_t used = 0, end;

	if (framer_next(&fr, &kit_limits, text, &used, &f, &v) !=
	    FRAMER_MESSAGE)
		return;
	uri = (struct slice){text.p, f.start_end};
	end = slice_index(uri, ' ');
	if (end != SIZE_MAX) {
		uri = (struct slice){uri.p + end + 1, uri.n - end - 1};
		end = slice_index(uri, ' ');
		uri.n = end == SIZE_MAX ? uri.n : end;
		read_uri(uri);
	}
	for (unsigned i = 0; i < f.lines; i++)
		read_values(frame_value(&f, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As long as it is, so that a step too far is seen. */
	char *copy = malloc(size ? size : 1);
	struct slice text = {copy, size};

	MUST(copy);
	if (size)
		memcpy(copy, data, size);
	read_uri(text);
	read_values(text);
	read_message(text);
	free(copy);
	return 0;
}
