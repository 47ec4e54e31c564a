/*
 * facts.c - all that policy and proxy may know of a message.
 *
 * sanity_check() has read most of it; here it is set against who we are: our
 * domains, our names, our signatures.
 */
#include "sip/facts.h"

#include "facts_private.h"

#include "chars.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

/* Zero the members from one up to another, the large arrays left alone. */
#define ZERO(out, from, to)                                                    \
	memset((char *)(out) + offsetof(struct facts, from), 0,                \
	       offsetof(struct facts, to) - offsetof(struct facts, from))

static void clear(struct facts *out)
{
	ZERO(out, origin, from_aor);
	out->from_aor[0] = out->to_aor[0] = out->ruri_aor[0] = '\0';
	out->preferred_aor[0] = '\0';
	ZERO(out, from_ours, target_uri);
	ZERO(out, target_fits, route);
	ZERO(out, token, sealed);
	ZERO(out, contacts, contact);
	memset((char *)out + offsetof(struct facts, expires), 0,
	       sizeof(*out) - offsetof(struct facts, expires));
}

static bool is_sip(const struct uri_facts *uri)
{
	return uri->scheme == URI_SIP || uri->scheme == URI_SIPS;
}

static bool our_domain(const struct facts_self *self,
		       const struct uri_facts *uri)
{
	return is_sip(uri) && settings_our_domain(self->settings, uri->host);
}

static bool leg_has_address(const struct leg_settings *leg, struct slice host)
{
	union addr a;

	if (addr_parse(&a, host, 0))
		return false;
	for (size_t i = 0; i < leg->addresses; i++) {
		if (addr_same_host(&a, &leg->address[i]))
			return true;
	}
	return false;
}

static bool leg_has_port(const struct settings *s, enum leg leg,
			 const struct uri_facts *uri)
{
	const struct leg_settings *l = &s->leg[leg];

	if (uri->bad_port)
		return false;
	return uri->port == 0 || uri->port == l->tls_port ||
	       uri->port == l->users_port ||
	       (s->devices_enabled && s->device_leg == leg &&
		uri->port == s->device_port);
}

bool facts_names_us(const struct facts_self *self, const struct origin *by,
		    const struct uri_facts *uri)
{
	if (!is_sip(uri))
		return false;
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		const struct leg_settings *l = &self->settings->leg[leg];

		/* Nobody else is told what we are called on the other leg. */
		if (by->peer != PEER_SERVER && by->leg != (enum leg)leg)
			continue;
		/* A port is soon compared; most of them are not ours. */
		if (!leg_has_port(self->settings, (enum leg)leg, uri))
			continue;
		if (uri->literal
			    ? leg_has_address(l, uri->host)
			    : slice_same_host(uri->host, slice_of(l->fqdn)))
			return true;
	}
	return false;
}

static void read_parties(struct facts *out, const struct said *s,
			 const struct facts_self *self)
{
	out->from = s->from_uri;
	out->to = s->to_uri;
	out->from_tag = s->from.tag;
	out->to_tag = s->to.tag;
	out->from_ours = our_domain(self, &out->from);
	out->to_ours = our_domain(self, &out->to);
}

static void read_target(struct facts *out, const struct said *s,
			const struct facts_self *self)
{
	out->ruri = s->ruri;
	out->ruri_ours = our_domain(self, &out->ruri);
	out->ruri_self = facts_names_us(self, &out->origin, &out->ruri);
}

/* The AOR of a SIP URI, and its name in our tokens. */
static int read_aor(char aor[FACTS_AOR_MAX], uint64_t *who,
		    const struct uri_facts *uri, const struct facts_self *self)
{
	if (!is_sip(uri))
		return 0;
	if (facts_aor(aor, uri))
		return EBADMSG;
	*who = token_who(self->pen, slice_of(aor));
	return 0;
}

static int read_to_aor(struct facts *out, const struct facts_self *self)
{
	if (!slice_eq(out->from.raw, out->to.raw))
		return read_aor(out->to_aor, &out->to_who, &out->to, self);
	memcpy(out->to_aor, out->from_aor, sizeof(out->to_aor));
	out->to_who = out->from_who;
	return 0;
}

/* Where a token says it goes, nobody asks who is called; nor who calls, when
 * it is a server of ours that sends it on. */
static int read_aors(struct facts *out, const struct facts_self *self)
{
	bool near = out->origin.peer == PEER_SERVER;
	bool settled = out->token.kind && (near || out->dialog_fits);

	if (settled && near)
		return 0;
	if (read_aor(out->from_aor, &out->from_who, &out->from, self))
		return EBADMSG;
	if (settled)
		return 0;
	return read_to_aor(out, self) || read_aor(out->ruri_aor, &out->ruri_who,
						  &out->ruri, self)
		       ? EBADMSG
		       : 0;
}

static void read_via(struct facts *out, const struct said *s)
{
	static const struct slice cookie = {"z9hG4bK", 7};
	struct slice branch = s->via.branch;

	out->vias = s->vias;
	out->branch = branch;
	out->sent_by = s->via.sent_by;
	/* RFC 3261 §8.1.1.7 */
	out->branch_rfc3261 = branch.n > cookie.n &&
			      memcmp(branch.p, cookie.p, cookie.n) == 0;
}

/* RFC 3261 §20: a number too large means the largest (RFC 4475 §3.1.2.4). */
uint32_t facts_seconds(struct slice digits)
{
	uint32_t v = 0;
	int error = slice_to_u32(&v, digits);

	if (error == EINVAL)
		return UINT32_MAX;
	return error || v == UINT32_MAX ? UINT32_MAX - 1 : v;
}

/* Is an option tag listed in any line of the field? */
static bool lists_tag(const struct msg *m, enum field field, struct slice tag)
{
	int i = said_has(&m->said, field) ? m->said.first[field] : -1;
	struct slice rest;

	while (i >= 0) {
		rest = frame_value(m->frame, (unsigned)i);
		while (rest.p) {
			if (slice_ieq(frame_list_next(&rest), tag))
				return true;
		}
		i = frame_find(m->frame, field, (unsigned)i + 1);
	}
	return false;
}

static struct slice value_of(const struct msg *m, enum field field)
{
	if (!said_has(&m->said, field))
		return (struct slice){0};
	return frame_value(m->frame, m->said.first[field]);
}

/* What only a registration, or a redirect, is asked for. */
static int read_bindings(struct facts *out, const struct msg *m)
{
	bool redirect = out->status >= 300 && out->status < 400;

	out->expires = UINT32_MAX;
	if (out->method != METHOD_REGISTER && !redirect)
		return 0;
	out->expires = facts_seconds(value_of(m, FIELD_EXPIRES));
	out->supports_outbound =
		lists_tag(m, FIELD_SUPPORTED, SLICE("outbound"));
	out->requires_outbound = lists_tag(m, FIELD_REQUIRE, SLICE("outbound"));
	return facts_read_contacts(out, m);
}

static void read_extensions(struct facts *out, const struct msg *m)
{
	const struct said *s = &m->said;
	struct slice type = value_of(m, FIELD_CONTENT_TYPE);
	size_t end = slice_index(type, ';');

	out->has_record_route = said_has(s, FIELD_RECORD_ROUTE);
	out->has_path = said_has(s, FIELD_PATH);
	out->has_flow_timer = said_has(s, FIELD_FLOW_TIMER);
	out->has_privacy = said_has(s, FIELD_PRIVACY);
	if (end < type.n)
		type.n = end;
	out->content_type = slice_trim(type);
}

/* RFC 3261 §12: Call-ID and the tag of the party that began it, which is in
 * From or To depending on who speaks. */
static bool of_dialog(const struct facts *f, uint64_t dialog,
		      const struct facts_self *self)
{
	return token_dialog(self->pen, f->call_id, f->from_tag) == dialog ||
	       (f->to_tag.n &&
		token_dialog(self->pen, f->call_id, f->to_tag) == dialog);
}

static void read_dialog(struct facts *out, const struct facts_self *self)
{
	const struct token *route = &out->token, *target = &out->target;

	if (route->kind == TOKEN_DIALOG)
		out->dialog_fits = of_dialog(out, route->dialog, self);
	if (!target->kind)
		return;
	/* Most often both are of one dialog, and that has been answered. */
	if (route->kind == TOKEN_DIALOG && route->dialog == target->dialog)
		out->target_fits = out->dialog_fits;
	else
		out->target_fits = of_dialog(out, target->dialog, self);
}

static bool is_sealed_user(const struct facts *f)
{
	return slice_eq(f->ruri.user, SLICE(FACTS_SEALED_USER));
}

/* The Contact that the dialog began with lies in its token. */
static void read_sealed_target(struct facts *out)
{
	struct slice line = out->token.sealed;
	size_t end = slice_index(line, '\n'), tab;

	if (!out->ruri_self || !is_sealed_user(out) || !out->dialog_fits)
		return;
	if (end < line.n)
		line.n = end;
	tab = slice_index(line, '\t');
	if (tab >= line.n)
		return;
	line = slice_from(line, tab + 1);
	memcpy(out->target_uri, line.p, line.n);
	out->target = (struct token){
		.kind = TOKEN_CONTACT,
		.dialog = out->token.dialog,
		.issued_s = out->token.issued_s,
		.sealed = {out->target_uri, line.n},
	};
	out->target_fits = true;
}

/* A Contact that we wrote in place of an inside one, come back to us. */
static void read_contact_token(struct facts *out, const struct facts_self *self)
{
	struct token token;

	if (!out->ruri_self || !out->ruri.user.n || is_sealed_user(out))
		return;
	if (!token_check(self->pen, &token, out->ruri.user, self->wall_s,
			 self->settings->limits.dialog_token_s,
			 out->target_uri) &&
	    token.kind == TOKEN_CONTACT)
		out->target = token;
}

static int read_request(struct facts *out, const struct msg *m,
			const struct facts_self *self)
{
	const struct said *s = &m->said;

	out->method_name = s->method;
	out->max_forwards = s->max_forwards;
	read_parties(out, s, self);
	read_target(out, s, self);
	if (facts_read_routes(out, m, self))
		return EBADMSG;
	read_contact_token(out, self);
	read_dialog(out, self);
	read_sealed_target(out);
	if (read_aors(out, self))
		return EBADMSG;
	facts_read_loop(out, m, self);
	facts_read_claims(out, m, self);
	if (out->origin.device && out->origin.device->digest)
		facts_read_digest(out, m, self);
	return 0;
}

/* A dialog has one Call-ID, the one that our servers know. */
static void read_call_id(struct facts *out, const struct said *s,
			 const struct facts_self *self)
{
	out->call_id = s->call_id;
	if (out->origin.peer == PEER_SERVER || !token_is_hidden(s->call_id) ||
	    token_show(self->pen, &out->call_id, s->call_id, out->shown))
		return;
	out->call_id_far = s->call_id;
}

int facts_read(struct facts *out, const struct msg *m,
	       const struct origin *from, const struct facts_self *self)
{
	const struct said *s = &m->said;
	int error;

	assert(s->checked);
	clear(out);
	out->origin = *from;
	out->origin.wall_s = self->wall_s;
	out->response = m->frame->response;
	out->status = s->status;
	out->method_name = s->cseq_method;
	out->method = facts_method(s->cseq_method);
	out->cseq = s->cseq;
	read_call_id(out, s, self);
	out->max_forwards = -1;
	read_via(out, s);
	read_extensions(out, m);
	error = read_bindings(out, m);
	/* An answer is matched by its branch: nobody asks whose it is. */
	if (error || out->response)
		return error;
	return read_request(out, m, self);
}
