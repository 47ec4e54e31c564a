/*
 * veil.c: hides the inside from the far side, and finds it again.
 */
#include "veil.h"

#include "register.h"
#include "route.h"
#include "txn.h"

#include "base/hash.h"
#include "policy/boundary.h"

#include <errno.h>

void veil_fini(struct veil *v)
{
	buf_fini(&v->vias);
	buf_fini(&v->call_id);
	buf_fini(&v->contact);
}

/* Does a Call-ID say where it was made, and is that inside? RFC 3261 §8.1.1.4
 * has it be word@host; some write the host alone. */
static bool names_inside(const struct settings *s, struct slice call_id)
{
	const char *at = memrchr(call_id.p, '@', call_id.n);
	struct slice host = call_id;

	if (at)
		host = (struct slice){
			.p = at + 1,
			.n = (size_t)(call_id.p + call_id.n - at) - 1,
		};
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){.p = host.p + 1, .n = host.n - 2};
	/* A name inside has a dot in it, an address that or a colon. */
	return host.n &&
	       (at || memchr(host.p, '.', host.n) ||
		memchr(host.p, ':', host.n)) &&
	       settings_inside_host(s, host);
}

/* Append the hidden form of a Call-ID; false: nothing was appended. */
static bool hide(struct proxy *p, struct slice call_id, struct buf *out)
{
	char text[TOKEN_MAX];
	size_t n = token_hide(p->pen, call_id, text);

	buf_add(out, (struct slice){.p = text, .n = n});
	return n > 0;
}

/* Another dialog's Call-ID as the receiver knows it; false: as it stands. */
static bool translate(struct proxy *p, struct slice call_id, bool outward,
		      struct buf *out)
{
	const struct settings *s = p->w->settings;
	char scratch[TOKEN_SEALED_MAX];
	struct slice shown;

	if (outward)
		return s->boundary.hide_call_id && names_inside(s, call_id) &&
		       hide(p, call_id, out);
	if (!token_is_hidden(call_id) ||
	    token_show(p->pen, &shown, call_id, scratch))
		return false;
	buf_add(out, shown);
	return true;
}

/* One value of Replaces, Join (RFC 3891, RFC 3911: the Call-ID, and what goes
 * with it) or In-Reply-To. True when it was changed. */
static bool add_translated(struct proxy *p, struct slice value, bool outward,
			   struct buf *out)
{
	size_t end = slice_index(value, ';');
	struct slice call_id = value, rest = {0};
	bool changed;

	if (end != SIZE_MAX) {
		call_id.n = end;
		rest = (struct slice){.p = value.p + end, .n = value.n - end};
	}
	call_id = slice_trim(call_id);
	changed = translate(p, call_id, outward, out);
	if (!changed)
		buf_add(out, call_id);
	buf_add(out, rest);
	return changed;
}

/* Every line of a field anew, at the end, when any of it changes. */
static void translate_field(struct txn *t, const struct frame *f,
			    enum field field, struct rewrite *rw)
{
	struct buf *out = &t->p->end;
	size_t start = out->n;
	bool changed = false;
	int i = -1;

	while ((i = frame_find(f, field, (unsigned)(i + 1))) >= 0) {
		struct slice list = frame_value(f, (unsigned)i);
		const struct frame_line *l = &f->line[i];

		buf_add(out, (struct slice){.p = f->bytes.p + l->start,
					    .n = l->value - l->start});
		while (list.n) {
			changed |= add_translated(t->p, frame_list_next(&list),
						  t->outward, out);
			buf_puts(out, list.n ? ", " : "");
		}
		buf_puts(out, "\r\n");
	}
	if (changed)
		rw->drop |= FIELD_BIT(field);
	else
		out->n = start;
}

/* Fields that name other dialogs stand in what begins one. */
static void translate_others(struct txn *t, struct job *j, struct rewrite *rw)
{
	const struct frame *f = wire_frame(j->msg);
	uint64_t present = 0;

	if (j->f->to_tag.n || j->f->method == METHOD_REGISTER)
		return;
	for (unsigned i = 0; i < f->lines; i++)
		present |= FIELD_BIT(f->line[i].field);
	if (present & FIELD_BIT(FIELD_REPLACES))
		translate_field(t, f, FIELD_REPLACES, rw);
	if (present & FIELD_BIT(FIELD_JOIN))
		translate_field(t, f, FIELD_JOIN, rw);
	if (present & FIELD_BIT(FIELD_IN_REPLY_TO))
		translate_field(t, f, FIELD_IN_REPLY_TO, rw);
}

/* The first Contact that is not an address in a domain of ours. False: there
 * is none. An unreadable one has no URI. */
static bool find_contact(const struct frame *f, const struct settings *s,
			 struct uri_facts *out)
{
	int i = -1;

	while ((i = frame_find(f, FIELD_CONTACT, (unsigned)(i + 1))) >= 0) {
		struct slice list = frame_value(f, (unsigned)i);

		while (list.n) {
			struct slice uri = headers_uri(frame_list_next(&list));

			if (facts_uri(out, uri) ||
			    !settings_our_domain(s, out->host))
				return true;
		}
	}
	return false;
}

void veil_look(struct txn *t, struct job *j)
{
	struct proxy *p = t->p;

	p->contact_found =
		p->w->settings->boundary.hide_contact &&
		find_contact(wire_frame(j->msg), p->w->settings, &p->contact);
}

static uint64_t contact_hash(const struct txn *t, enum far_door door)
{
	return hash_bytes((uint64_t)door, t->p->contact.raw);
}

/* The URI by which it is reached; user absent: the edge itself. */
static int show_contact(struct txn *t, enum far_door door, struct slice user)
{
	struct buf *out = &t->veil.contact;
	bool sips = t->p->contact.scheme == URI_SIPS;

	buf_reset(out);
	route_contact(out, t->p->w->settings, door, user,
		      sips && !route_to_device(door));
	t->veil.contact_of = contact_hash(t, door);
	return out->failed ? ENOMEM : 0;
}

/* Not another one than before: who keeps the route set of a 18x would be led
 * to the Contact of that. And not for a partner: its edge seals our Record-Route
 * in its own, that once more in what a client of it sees, and so it grows. */
struct slice veil_to_seal(const struct txn *t, enum far_door door)
{
	const struct proxy *p = t->p;

	if (!p->contact_found || door == FAR_PARTNER ||
	    slice_index(p->contact.raw, '\t') != SIZE_MAX ||
	    slice_index(p->contact.raw, '\n') != SIZE_MAX)
		return (struct slice){0};
	if (t->veil.contact.n && t->veil.contact_of != contact_hash(t, door))
		return (struct slice){0};
	return p->contact.raw;
}

void veil_sealed(struct txn *t, enum far_door door)
{
	if (!t->veil.contact.n)
		show_contact(t, door, SLICE(FACTS_SEALED_USER));
}

/* A token that seals the URI, for requests of this dialog; none outside of
 * dialogs, where the edge itself is named. 0 or ENOMEM. */
static int make_contact(struct txn *t, enum far_door door)
{
	struct token tok = {
		.kind = TOKEN_CONTACT,
		.door = (uint8_t)door,
		.dialog = t->talk,
		.issued_s = t->p->w->wall_s,
		.sealed = t->p->contact.raw,
	};
	char text[TOKEN_MAX];
	struct slice token = {.p = text};

	token.n = t->talk ? token_mint(t->p->pen, &tok, text) : 0;
	if (t->talk && !token.n)
		return ENOMEM;
	return show_contact(t, door, token);
}

/* RFC 3261 §8.1.1.8 wants a Contact that leads here: by way of the edge it
 * does. Made once for 18x and 2xx alike. */
int veil_contact(struct txn *t, enum far_door door, struct rewrite *rw)
{
	const struct proxy *p = t->p;
	const struct veil *v = &t->veil;

	if (!p->contact_found)
		return 0;
	if (!p->contact.raw.n) {
		rw->drop |= FIELD_BIT(FIELD_CONTACT);
		return 0;
	}
	if ((!v->contact.n || v->contact_of != contact_hash(t, door)) &&
	    make_contact(t, door))
		return ENOMEM;
	rw->contact = buf_slice(&v->contact);
	return t->line_bytes && rw->contact.n >= t->line_bytes ? EBADMSG : 0;
}

static void slim_down(struct veil *v, const struct device_settings *d,
		      struct rewrite *rw)
{
	v->slim = (struct rewrite_slim){
		.unsent = &d->unsent,
		.line_bytes = d->line_bytes,
	};
	rw->slim = &v->slim;
}

/* From far: to the one whom the Request-URI stands for, in the words of the
 * inside. */
static void lift_request(struct txn *t, struct job *j, struct rewrite *rw)
{
	const struct facts *f = j->f;

	if (f->target.kind && f->target_fits)
		rw->request_uri = f->target.sealed;
	if (!f->call_id_far.p)
		return;
	rw->call_id = f->call_id;
	t->hides = !f->to_tag.n;
}

/* The Call-ID: inside a dialog as it was at its begin. */
static int veil_call_id(struct txn *t, struct job *j, struct rewrite *rw)
{
	const struct facts *f = j->f;
	const struct settings *s = t->p->w->settings;
	struct buf *word = &t->p->word;

	if (!f->token.kind || f->token.kind == TOKEN_FLOW)
		t->hides =
			s->boundary.hide_call_id && names_inside(s, f->call_id);
	else
		t->hides = f->token.door & FAR_HIDES;
	if (!t->hides)
		return 0;
	buf_reset(word);
	if (!hide(t->p, f->call_id, word) || word->failed)
		return ENOMEM;
	rw->call_id = buf_slice(word);
	return 0;
}

static int veil_outward(struct txn *t, struct job *j,
			const struct device_settings *device,
			struct rewrite *rw)
{
	if (t->method != METHOD_ACK)
		headers_vias(&t->veil.vias, wire_frame(j->msg), j->mark);
	rw->no_vias = true;
	rw->via_mark = (struct slice){0};
	rw->no_reason_text = true;
	if (device)
		slim_down(&t->veil, device, rw);
	return veil_call_id(t, j, rw) || t->veil.vias.failed ? ENOMEM : 0;
}

int veil_request(struct txn *t, struct job *j,
		 const struct device_settings *device, struct rewrite *rw)
{
	const struct facts *f = j->f;
	struct buf *end = &t->p->end;
	int err = 0;

	buf_reset(end);
	if (!t->from_near)
		lift_request(t, j, rw);
	if (t->outward)
		err = veil_outward(t, j, device, rw);
	/* Inward who it is, and to a partner whether we know. */
	if (!t->outward || (t->from_near && t->asked == PEER_PARTNER))
		boundary_assert(end, t->p->w->settings, f, j->proof);
	translate_others(t, j, rw);
	if (rw->call_id.p && t->method != METHOD_ACK)
		buf_add(&t->veil.call_id,
			f->call_id_far.p ? f->call_id_far : f->call_id);
	rw->add_end = buf_slice(end);
	return err ? err : end->failed || t->veil.call_id.failed ? ENOMEM : 0;
}

/* Outward: what the answer says of the inside. */
static int veil_answer_outward(struct txn *t, struct job *j, struct rewrite *rw)
{
	const struct settings *s = t->p->w->settings;
	const struct device_settings *d = NULL;
	uint16_t status = j->f->status;

	rw->no_reason_text = true;
	if (t->asker == PEER_DEVICE)
		d = settings_device_at(s, &t->up->conn->peer);
	if (d)
		slim_down(&t->veil, d, rw);
	if (status >= 300) {
		rw->reason = slice_of(verdict_reason(status));
		if (s->boundary.hide_contact)
			rw->drop |= FIELD_BIT(FIELD_CONTACT);
		return 0;
	}
	if (t->method == METHOD_REGISTER) {
		rw->no_contacts = register_inside(t, j->f);
		/* Nobody read those behind. */
		rw->few_contacts = j->f->contacts == FACTS_CONTACTS_MAX;
		return 0;
	}
	return veil_contact(t, flow_door(t->up), rw);
}

int veil_answer(struct txn *t, struct job *j, struct rewrite *rw)
{
	struct veil *v = &t->veil;

	if (veil_took_vias(v))
		rw->vias = buf_slice(&v->vias);
	if (v->call_id.n)
		rw->call_id = buf_slice(&v->call_id);
	return t->from_near ? 0 : veil_answer_outward(t, j, rw);
}

int veil_own_answer(const struct veil *v, struct buf *answer)
{
	static _Thread_local struct frame frame;
	struct buf out = {0};
	struct rewrite rw = {0};
	int err;

	if (!veil_took_vias(v) && !v->call_id.n)
		return 0;
	if (veil_took_vias(v)) {
		rw.pop_via = true;
		rw.vias = buf_slice(&v->vias);
	}
	if (v->call_id.n)
		rw.call_id = buf_slice(&v->call_id);
	err = framer_index(&frame, buf_slice(answer));
	if (!err)
		err = headers_write(&out, &frame, &rw, NULL);
	buf_fini(answer);
	*answer = out;
	return err;
}
