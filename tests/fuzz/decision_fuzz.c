/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision_fuzz.c - a message in, a verdict out, whoever it comes from.
 *
 * The same bytes are shown by every class of peer: stranger, user, device,
 * partners with certificates good and bad, servers. What must never be decided
 * never is; what goes inward carries our mark once and nobody else's.
 *
 * The last byte chooses settings; it may stand behind the message. "~T~" stands for the token of a dialog with
 * Call-ID "c" and tag "t" that each of these connections may show, "~U~" for
 * one of another connection, "~C~" for the Contact of that dialog, "~F~" for
 * the token of a flow.
 */
#include "fuzz_kit.h"
#include "policy/boundary.h"
#include "policy/policy.h"
#include "sip/headers.h"
#include "sip/sanity.h"

#define HERE	  UINT64_C(9)
#define ELSEWHERE UINT64_C(10)
#define WORDS	  4

/* Who shows the message. */
static const struct peer {
	enum peer_class class;
	enum leg leg;
	const char *names[3];
	bool unchained, asked; /* DNS was asked who serves the From domain */
	const char *served_by; /* and said this */
	bool secure;
} peers[] = {
	{.class = PEER_STRANGER},
	{.class = PEER_STRANGER, .leg = LEG_INSIDE},
	{.class = PEER_USER},
	{.class = PEER_DEVICE},
	{.class = PEER_SERVER, .leg = LEG_INSIDE},
	{.class = PEER_PARTNER, .names = {"partner.example"}},
	{.class = PEER_PARTNER,
	 .names = {"partner.example"},
	 .unchained = true},
	{.class = PEER_PARTNER, .names = {"example.com", "sip.example.com"}},
	{.class = PEER_PARTNER, .names = {"evil.example", "partner.example"}},
	{.class = PEER_PARTNER, .names = {"edge.provider.example"}},
	{.class = PEER_PARTNER, .names = {"sip.partner.example"}},
	{.class = PEER_PARTNER,
	 .names = {"sip.partner.example"},
	 .asked = true,
	 .served_by = "sip.partner.example"},
	{.class = PEER_PARTNER,
	 .names = {"hub.example.net"},
	 .asked = true,
	 .served_by = "hub.example.net"},
	{.class = PEER_PARTNER,
	 .names = {"hub.example.net"},
	 .asked = true,
	 .served_by = "hub.example.net",
	 .secure = true},
};

#define PEERS (sizeof(peers) / sizeof(*peers))

static struct settings settings;
static struct facts_self self;
static struct kit_word words[WORDS];
static struct cert_names *certificates[PEERS];
static struct resolve_service services[PEERS];
static uint64_t alice;
static union addr somewhere;

static void list_partners(void)
{
	static char *one[] = {KIT_TEXT("partner.example")};
	static char *two[] = {KIT_TEXT("one.example"), KIT_TEXT("two.example")};
	static char *bad[] = {KIT_TEXT("evil.example")};
	static struct partner_settings partner[2];

	partner[0] = (struct partner_settings){.domains = {one, 1}};
	partner[1] = (struct partner_settings){
		.domains = {two, 2},
		.kind = PARTNER_PROVIDER,
		.proxy = {KIT_TEXT("edge.provider.example"), 0},
	};
	settings.federation.partner = partner;
	settings.federation.partners = 2;
	settings.federation.blocked = (struct name_list){bad, 1};
}

static void enrol_device(void)
{
	static char *methods[] = {KIT_TEXT("INVITE"), KIT_TEXT("ACK"),
				  KIT_TEXT("BYE"), KIT_TEXT("OPTIONS")};
	static char *room[] = {KIT_TEXT("sip:room@example.com")};
	static struct device_settings device;

	device = (struct device_settings){.name = KIT_TEXT("room"),
					  .identities = {room, 1},
					  .methods = {methods, 4},
					  .may_register = true};
	settings.device = &device;
	settings.devices = 1;
}

static void know_peers(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		const struct peer *p = &peers[i];
		struct cert_names *names =
			calloc(1, sizeof(*names) + 3 * sizeof(names->name[0]));

		MUST(names);
		names->chained = !p->unchained;
		while (names->n < 3 && p->names[names->n]) {
			names->name[names->n].text =
				KIT_TEXT(p->names[names->n]);
			names->name[names->n++].kind = CERT_NAME_DNS;
		}
		certificates[i] = names;
		services[i].secure = p->secure;
		services[i].n = p->served_by != NULL;
		snprintf(services[i].edge[0].host,
			 sizeof(services[i].edge[0].host), "%s",
			 p->served_by ? p->served_by : "");
	}
}

static void mint(size_t i, const char *word, const struct token *t)
{
	static char text[WORDS][TOKEN_MAX];

	words[i] = (struct kit_word){
		word, {text[i], token_mint(self.pen, t, text[i])}};
	MUST(words[i].text.n > 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct token t = {.kind = TOKEN_DIALOG,
			  .conn = HERE,
			  .issued_s = WALL_S,
			  .sealed = SLICE("home01.internal 5061")};

	(void)argc;
	(void)argv;
	kit_edge(&settings);
	list_partners();
	enrol_device();
	know_peers();
	addr_parse(&somewhere, SLICE("198.51.100.7"), 4242);
	self = (struct facts_self){&settings, kit_pen(), WALL_S};
	alice = token_who(self.pen, SLICE("sip:alice@example.com"));
	t.who = facts_domain_who(self.pen, SLICE("partner.example"));
	t.dialog = token_dialog(self.pen, SLICE("c"), SLICE("t"));
	mint(0, "~T~", &t);
	t.conn = ELSEWHERE;
	t.who = alice;
	mint(1, "~U~", &t);
	t.kind = TOKEN_CONTACT;
	t.sealed = SLICE("sip:bob@10.0.0.31");
	mint(2, "~C~", &t);
	t.kind = TOKEN_FLOW;
	t.dialog = 0;
	mint(3, "~F~", &t);
	return 0;
}

static void choose_settings(uint8_t how)
{
	settings.users_enabled = !(how & 1);
	settings.users_require_registration = !(how & 2);
	settings.devices_enabled = !(how & 4);
	settings.federation.enabled = !(how & 8);
	settings.federation.discovery = how & 16;
	settings.boundary.hide_contact = !(how & 32);
	settings.boundary.ms_mark = how & 64;
	settings.federation.route.host =
		how & 128 ? KIT_TEXT("hub.example.net") : NULL;
}

static bool is_far(const struct facts *f)
{
	return f->origin.peer != PEER_SERVER;
}

static bool in_dialog(const struct facts *f)
{
	return f->token.kind == TOKEN_DIALOG && f->dialog_fits && f->to_tag.n;
}

/* Its owner alone shows a token. */
static bool owns_token(const struct facts *f)
{
	return f->token.conn == HERE ||
	       (f->origin.peer == PEER_USER && f->token.who == alice) ||
	       (f->origin.peer == PEER_PARTNER &&
		f->token.who == f->from_domain_who);
}

static void stranger(const struct facts *f, const struct verdict *v)
{
	MUST(f->origin.leg == LEG_OUTSIDE && settings.users_enabled);
	if (v->to == TO_SELF || !settings.users_require_registration)
		return;
	if (f->method == METHOD_REGISTER)
		MUST(v->to == TO_HOME && f->ruri_ours && f->to_ours);
	else
		MUST(!"a stranger got through");
}

static void user(const struct facts *f, const struct verdict *v)
{
	if (v->to != TO_HOME || f->method == METHOD_REGISTER)
		return;
	MUST(f->from_ours);
	MUST(f->from_who == alice || !settings.users_require_registration);
	if (f->ruri_ours)
		return;
	MUST(settings.federation.enabled && f->from_who == alice);
	MUST(!settings_inside_host(&settings, f->ruri.host));
	MUST(!settings_blocked(&settings, f->ruri.host));
}

static void device(const struct facts *f, const struct verdict *v)
{
	const struct device_settings *d = f->origin.device;

	MUST(f->method == METHOD_REGISTER ||
	     slice_eq(f->method_name, SLICE("INVITE")) ||
	     slice_eq(f->method_name, SLICE("ACK")) ||
	     slice_eq(f->method_name, SLICE("BYE")) ||
	     slice_eq(f->method_name, SLICE("OPTIONS")));
	if (v->to != TO_HOME)
		return;
	MUST(f->ruri_ours);
	MUST(settings_device_is(d, slice_of(f->method == METHOD_REGISTER
						    ? f->to_aor
						    : f->from_aor)));
}

/* By the names alone, in other words than the rule's. */
static bool may_speak(const struct facts *f, const struct peer *p)
{
	struct slice host = f->from.host, name;
	const struct partner_settings *listed =
		settings_partner(&settings, host);

	if (p->unchained || (!listed && !settings.federation.discovery))
		return false;
	for (size_t i = 0; i < 3 && p->names[i]; i++) {
		name = slice_of(p->names[i]);
		if (slice_same_host(name, host) ||
		    (listed && listed->proxy.host &&
		     slice_same_host(name, slice_of(listed->proxy.host))))
			return true;
		if (p->served_by &&
		    slice_same_host(name, slice_of(p->served_by)))
			return p->secure || slice_host_within(name, host);
	}
	return false;
}

static void partner(const struct facts *f, const struct verdict *v,
		    const struct peer *p)
{
	MUST(settings.federation.enabled && f->method != METHOD_REGISTER);
	MUST(!f->asserted_ours && !settings_blocked(&settings, f->from.host));
	for (size_t i = 0; i < 3 && p->names[i]; i++)
		MUST(!settings_blocked(&settings, slice_of(p->names[i])));
	if (in_dialog(f) && f->token.conn == HERE &&
	    f->token.who == f->from_domain_who)
		return;
	MUST(!settings_our_domain(&settings, f->from.host));
	MUST(may_speak(f, p));
	if (v->to == TO_HOME)
		MUST(settings_our_domain(&settings, f->ruri.host));
}

static void from_far(const struct facts *f, const struct verdict *v)
{
	MUST(v->to == TO_HOME || v->to == TO_HOP || v->to == TO_SELF);
	for (unsigned i = 0; i < f->routes; i++)
		MUST(f->route[i].mark == ROUTE_OURS ||
		     f->route[i].mark == ROUTE_SIGNED);
	MUST(f->token.kind == 0 || f->token.kind == TOKEN_DIALOG);
	if (v->to == TO_HOP) {
		MUST(in_dialog(f) && owns_token(f));
		MUST(f->method != METHOD_REGISTER);
		MUST(!settings.boundary.hide_contact || f->target_fits ||
		     f->ruri_ours);
	}
	if (v->to == TO_HOME && f->method != METHOD_REGISTER)
		MUST(f->to_tag.n == 0);
	MUST(!f->ruri.maddr || v->to == TO_SELF || f->target_fits ||
	     !settings.boundary.hide_contact);
}

static void server(const struct facts *f, const struct verdict *v)
{
	const struct partner_settings *listed;

	MUST(v->to != TO_HOME && v->to != TO_HOP);
	MUST(f->method != METHOD_REGISTER || f->token.kind);
	if (v->to != TO_PARTNER)
		return;
	MUST(settings.federation.enabled && !f->ruri_ours && !f->ruri_self);
	MUST(!f->ruri.literal && !f->ruri.maddr);
	MUST(!settings_blocked(&settings, f->ruri.host));
	MUST(!settings_inside_host(&settings, f->ruri.host));
	MUST(federation_way(&listed, &settings, f->ruri.host) > WAY_BLOCKED);
}

/* Inward: one mark, ours, and none of what only we may say. */
static void crosses_marked(const struct frame *in, const struct facts *f,
			   const struct proof *proof)
{
	static struct frame out_frame;
	uint64_t drop = boundary_drop(BOUNDARY_INWARD, f->origin.peer) &
			~boundary_spare(f, proof);
	struct buf mark = {0}, out = {0};
	unsigned marks = 0;
	int ms = -1;

	boundary_assert(&mark, &settings, f, proof);
	if (in->lines > 240)
		goto out;
	MUST(headers_write(&out, in,
			   &(struct rewrite){.drop = drop,
					     .add_end = buf_slice(&mark)},
			   NULL) == 0);
	MUST(framer_index(&out_frame, buf_slice(&out)) == 0);
	for (unsigned i = 0; i < out_frame.lines; i++) {
		enum field field = out_frame.line[i].field;
		bool added = i >= out_frame.lines - 3u;

		marks += field == FIELD_EDGE_MARK;
		ms = field == FIELD_MS_TRUST ? (int)i : ms;
		MUST(added || !(drop & FIELD_BIT(field)));
	}
	MUST(marks == 1);
	MUST((ms >= 0) == settings.boundary.ms_mark);
	if (f->origin.peer == PEER_DEVICE)
		MUST(frame_find(&out_frame, FIELD_P_ASSERTED_IDENTITY, 0) < 0);
	MUST(frame_find(&out_frame, FIELD_DIVERSION, 0) < 0);
	MUST(frame_find(&out_frame, FIELD_P_PREFERRED_IDENTITY, 0) < 0);
out:
	buf_fini(&out);
	buf_fini(&mark);
}

static void forwarded(const struct frame *in, const struct facts *f,
		      const struct verdict *v, const struct peer *p)
{
	struct proof proof;

	MUST(v->to != TO_NOWHERE);
	if (!is_far(f)) {
		server(f, v);
		return;
	}
	from_far(f, v);
	if (f->origin.peer == PEER_STRANGER)
		stranger(f, v);
	if (f->origin.peer == PEER_USER)
		user(f, v);
	if (f->origin.peer == PEER_DEVICE)
		device(f, v);
	if (f->origin.peer == PEER_PARTNER) {
		partner(f, v, p);
		federation_prove(&proof, &settings, f);
		crosses_marked(in, f, &proof);
	} else {
		crosses_marked(in, f, NULL);
	}
}

static void decide(const struct msg *m, size_t who)
{
	static struct facts f;
	const struct peer *p = &peers[who];
	struct verdict v;
	struct origin from = {.leg = p->leg,
			      .peer = p->class,
			      .source = &somewhere,
			      .conn = HERE};

	if (p->class == PEER_USER) {
		from.who = &alice;
		from.whos = 1;
	}
	if (p->class == PEER_DEVICE)
		from.device = settings.device;
	if (p->class == PEER_PARTNER)
		from.names = certificates[who];
	if (p->asked)
		from.service = &services[who];
	if (facts_read(&f, m, &from, &self))
		return;
	v = policy_decide(&settings, &f);
	MUST(v.kind != VERDICT_PASS && v.rule);
	MUST(v.kind != VERDICT_REFUSE || (v.status >= 400 && v.status < 700));
	if (v.kind == VERDICT_ASK)
		MUST(p->class == PEER_PARTNER && !p->asked && !f.from_ours &&
		     !settings_blocked(&settings, f.from.host));
	if (v.kind == VERDICT_FORWARD)
		forwarded(wire_frame(m), &f, &v, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sanity_limits counts = {70, 20, 10};
	static struct frame frame;
	struct slice in = {(const char *)data, size};
	struct framer fr = {0};
	struct buf text = {0};
	struct msg *m = NULL;
	struct verdict v;
	size_t used = 0;

	choose_settings(size ? data[size - 1] : 0);
	kit_expand(&text, in, words, WORDS);
	if (framer_next(&fr, &kit_limits, buf_slice(&text), &used, &frame,
			&v) == FRAMER_MESSAGE &&
	    !frame.response) {
		MUST(wire_adopt(&m, &frame) == 0);
		if (sanity_check(m, &counts).kind == VERDICT_PASS)
			for (size_t i = 0; i < PEERS; i++)
				decide(m, i);
		wire_destroy(&m);
	}
	buf_fini(&text);
	return 0;
}
