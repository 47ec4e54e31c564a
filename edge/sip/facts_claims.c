/*
 * facts_claims.c - who a sender says it is, in other words than From.
 *
 * RFC 3325 §9: nothing of it is believed here; policy sets it against what
 * was proved.
 */
#include "facts_private.h"

/* No address of record begins like it. */
#define DOMAIN_PREFIX "domain:"

uint64_t facts_domain_who(struct token_pen *pen, struct slice host)
{
	char text[FACTS_AOR_MAX] = DOMAIN_PREFIX;
	size_t n = sizeof(DOMAIN_PREFIX) - 1;

	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n > sizeof(text) - n)
		return 0;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		text[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return token_who(pen, (struct slice){text, n});
}

/* One value; a host that differs from those before leaves none to name. */
static void add_asserted(struct facts *out, struct slice value,
			 const struct facts_self *self)
{
	struct part_addr addr;
	struct uri_facts uri;

	if (parts_addr(&addr, value) || facts_uri(&uri, addr.uri)) {
		out->asserted = SLICE("");
		out->asserted_ours = true;
		return;
	}
	if (settings_our_domain(self->settings, uri.host))
		out->asserted_ours = true;
	if (!out->asserted.p)
		out->asserted = uri.host.p ? uri.host : SLICE("");
	else if (!slice_same_host(out->asserted, uri.host))
		out->asserted = SLICE("");
}

static void read_asserted(struct facts *out, const struct msg *m,
			  const struct facts_self *self)
{
	int i = m->said.first[FIELD_P_ASSERTED_IDENTITY];

	for (; i >= 0; i = frame_find(m->frame, FIELD_P_ASSERTED_IDENTITY,
				      (unsigned)i + 1)) {
		struct slice rest = frame_value(m->frame, (unsigned)i);

		while (rest.p)
			add_asserted(out, frame_list_next(&rest), self);
	}
}

static struct slice first_of(const struct msg *m, enum field field)
{
	return said_has(&m->said, field)
		       ? frame_value(m->frame, m->said.first[field])
		       : (struct slice){0};
}

/* A wish that cannot be read is none. */
static void read_preferred(struct facts *out, const struct facts_self *self)
{
	struct part_addr addr;
	struct uri_facts uri;

	if (parts_addr(&addr, out->preferred) || facts_uri(&uri, addr.uri) ||
	    facts_aor(out->preferred_aor, &uri))
		return;
	out->preferred_who = token_who(self->pen, slice_of(out->preferred_aor));
}

void facts_read_claims(struct facts *out, const struct msg *m,
		       const struct facts_self *self)
{
	if (out->origin.peer == PEER_SERVER)
		return;
	if (said_has(&m->said, FIELD_P_ASSERTED_IDENTITY))
		read_asserted(out, m, self);
	out->preferred = first_of(m, FIELD_P_PREFERRED_IDENTITY);
	if (out->preferred.p && out->origin.peer == PEER_USER)
		read_preferred(out, self);
	out->mark = first_of(m, FIELD_EDGE_MARK);
	if (out->origin.peer == PEER_PARTNER)
		out->from_domain_who =
			facts_domain_who(self->pen, out->from.host);
}
