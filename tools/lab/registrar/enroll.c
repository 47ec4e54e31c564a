/*
 * Answers REGISTER (RFC 3261 §10.3) with Path (RFC 3327) and outbound
 * (RFC 5626 §6).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg_header.h>

#include "kit/message.h"
#include "registrar/registrar.h"

#define DEFAULT_EXPIRES_S 600

/* What one REGISTER is about. */
struct enrolment {
	struct registrar *r;
	const sip_t *sip;
	char aor[320];
	char *path;    /* Route values, or NULL */
	bool outbound; /* the client asked and the first hop can */
};

static bool is_served(const struct registrar *r, const url_t *url)
{
	return users_serve(&r->users, url->url_host);
}

static void add_url(struct text *out, const url_t *url)
{
	char uri[2048];

	url_e(uri, sizeof(uri), url);
	text_add(out, "%s", uri);
}

static char *path_of(const sip_t *sip)
{
	struct text out = {0};

	for (const sip_path_t *p = sip->sip_path; p; p = p->r_next) {
		text_add(&out, "%s<", out.len ? ", " : "");
		add_url(&out, p->r_url);
		text_add(&out, ">");
	}
	return out.data;
}

static unsigned reg_id_of(const sip_contact_t *c)
{
	const char *value = msg_params_find(c->m_params, "reg-id=");

	return value ? (unsigned)atoi(value) : 0;
}

static bool wants_outbound(const sip_t *sip)
{
	const sip_contact_t *c = sip->sip_contact;

	return c && reg_id_of(c) &&
	       msg_params_find(c->m_params, "+sip.instance=") &&
	       message_has_option(sip->sip_supported, "outbound");
}

/* RFC 5626 §6: the first hop is the last Path value. */
static bool first_hop_can(const sip_t *sip)
{
	const sip_path_t *p = sip->sip_path;

	if (!p)
		return !sip->sip_via->v_next;
	while (p->r_next)
		p = p->r_next;
	return url_has_param(p->r_url, "ob");
}

static unsigned expires_of(const struct enrolment *e, const sip_contact_t *c)
{
	unsigned s = DEFAULT_EXPIRES_S;

	if (e->sip->sip_expires)
		s = (unsigned)e->sip->sip_expires->ex_delta;
	if (c->m_expires)
		s = (unsigned)atoi(c->m_expires);
	return s < e->r->max_expires_s ? s : e->r->max_expires_s;
}

static void take_contact(struct enrolment *e, const sip_contact_t *c)
{
	unsigned expires_s = expires_of(e, c);
	struct text contact = {0};
	struct binding b = {
		.aor = e->aor,
		.path = e->path,
		.instance = text_copy(
			msg_params_find(c->m_params, "+sip.instance=")),
		.reg_id = reg_id_of(c),
		.until_ms = hub_now_ms() + expires_s * 1000LL,
	};

	add_url(&contact, c->m_url);
	b.contact = contact.data;
	if (expires_s) {
		bindings_put(&e->r->bindings, &b);
		e->r->registered++;
	} else {
		bindings_remove(&e->r->bindings, &b);
		e->r->unregistered++;
	}
	free(b.instance);
	text_fini(&contact);
}

static void take_contacts(struct enrolment *e)
{
	const sip_contact_t *c = e->sip->sip_contact;

	if (c && c->m_url->url_type == url_any) {
		bindings_clear(&e->r->bindings, e->aor);
		e->r->unregistered++;
		return;
	}
	for (; c; c = c->m_next)
		take_contact(e, c);
}

static void add_contacts(struct text *out, const struct enrolment *e)
{
	const struct binding *found[BINDINGS_PER_AOR];
	long long now_ms = hub_now_ms();
	size_t n = bindings_find(&e->r->bindings, e->aor, now_ms, found);

	for (size_t i = 0; i < n; i++) {
		text_add(out, "Contact: <%s>;expires=%lld", found[i]->contact,
			 (found[i]->until_ms - now_ms + 999) / 1000);
		if (found[i]->instance)
			text_add(out, ";+sip.instance=%s", found[i]->instance);
		if (found[i]->reg_id)
			text_add(out, ";reg-id=%u", found[i]->reg_id);
		text_add(out, "\r\n");
	}
}

static void accept_it(struct enrolment *e, struct link *from)
{
	struct text headers = {0};

	e->path = path_of(e->sip);
	take_contacts(e);
	add_contacts(&headers, e);
	if (e->path)
		text_add(&headers, "Path: %s\r\n", e->path);
	if (e->outbound)
		text_add(&headers, "Require: outbound\r\n");
	if (e->outbound && e->r->flow_timer_s)
		text_add(&headers, "Flow-Timer: %u\r\n", e->r->flow_timer_s);
	if (e->r->service_route)
		text_add(&headers, "Service-Route: <%s>\r\n",
			 e->r->service_route);
	message_answer(from, e->sip, 200, headers.data);
	text_fini(&headers);
	free(e->path);
}

static bool is_proved(struct enrolment *e, struct link *from)
{
	struct registrar *r = e->r;
	const struct user *user =
		users_find(&r->users, e->sip->sip_to->a_url->url_user);
	struct text challenge = {0};

	if (!r->users.count)
		return true;
	if (!user) {
		r->not_found++;
		message_answer(from, e->sip, 404, NULL);
		return false;
	}
	if (users_proved(&r->users, user, e->sip, false, &challenge))
		return true;
	r->challenges++;
	message_answer(from, e->sip, 401, challenge.data);
	text_fini(&challenge);
	return false;
}

void enroll_answer(struct registrar *r, struct link *from, const sip_t *sip)
{
	const url_t *to = sip->sip_to->a_url;
	struct enrolment e = {.r = r, .sip = sip};

	if (!is_served(r, to) || !to->url_user) {
		message_answer(from, sip, 404, NULL);
		return;
	}
	snprintf(e.aor, sizeof(e.aor), "%s@%s", to->url_user, to->url_host);
	if (!is_proved(&e, from))
		return;
	/* RFC 5626 §6: 439 when the first hop does not keep flows */
	if (wants_outbound(sip) && !first_hop_can(sip)) {
		message_answer(from, sip, 439, NULL);
		return;
	}
	e.outbound = wants_outbound(sip);
	accept_it(&e, from);
}
