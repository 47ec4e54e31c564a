/*
 * boundary.c: the table of header fields, and the few lines of our own.
 */
#include "policy/boundary.h"

#include "rules.h"

/*
 * Inward from user, partner, device; outward to user, partner, device. One who
 * did not register yet is a user here. Every field that has a name has a row;
 * all others cross untouched.
 */
#define BOUNDARY_TABLE(ROW)                                                         \
	/* RFC 3261 §16.6, §16.7, §18.2.1: Via is ours on top, inward with     \
	 * what the socket says below it, outward alone. */ \
	ROW(VIA, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE)              \
	ROW(MAX_FORWARDS, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE,              \
	    REWRITE)                                                                \
	/* RFC 3261 §16.6 step 4: route sets hold the edge's URIs only; the    \
	 * rest is sealed in its token, and comes back out of it. */   \
	ROW(ROUTE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE)            \
	ROW(RECORD_ROUTE, ADD, ADD, ADD, ADD, ADD, ADD)                             \
	/* RFC 3327 §5, RFC 3608 §6: only the edge says how to come back. */      \
	ROW(PATH, ADD, DROP, ADD, DROP, DROP, DROP)                                 \
	ROW(SERVICE_ROUTE, DROP, DROP, DROP, DROP, DROP, DROP)                      \
	/* RFC 5626 §4.4: a promise that only edge and registrar may make. */      \
	ROW(FLOW_TIMER, DROP, DROP, DROP, KEEP, DROP, KEEP)                         \
	/* Where the inside is named, a word of ours stands for it. */              \
	ROW(CONTACT, KEEP, KEEP, KEEP, REWRITE, REWRITE, REWRITE)                   \
	ROW(CALL_ID, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE)          \
	ROW(REPLACES, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE)         \
	ROW(JOIN, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE)             \
	ROW(IN_REPLY_TO, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE, REWRITE)      \
	ROW(REASON, KEEP, KEEP, KEEP, REWRITE, REWRITE, REWRITE)                    \
	ROW(SERVER, KEEP, KEEP, KEEP, DROP, DROP, DROP)                             \
	ROW(USER_AGENT, KEEP, KEEP, KEEP, DROP, DROP, DROP)                         \
	ROW(WARNING, KEEP, KEEP, KEEP, DROP, DROP, DROP)                            \
	ROW(MS_DIAGNOSTICS, KEEP, KEEP, KEEP, DROP, DROP, DROP)                     \
	/* RFC 3261 §20.4, §20.9, §20.18: URIs to fetch, of servers inside;    \
	 * and nobody else's rings our phones. */ \
	ROW(ALERT_INFO, KEEP, DROP, KEEP, DROP, DROP, DROP)                         \
	ROW(CALL_INFO, KEEP, KEEP, KEEP, DROP, DROP, DROP)                          \
	ROW(ERROR_INFO, KEEP, KEEP, KEEP, DROP, DROP, DROP)                         \
	/* RFC 3325 §5, §7: an identity asserted by nobody we trust; ours for  \
	 * a user. What boundary_spare() says crosses: a partner's of its own  \
	 * domain, and outward where nobody asked for privacy. */  \
	ROW(P_ASSERTED_IDENTITY, ADD, DROP, DROP, DROP, DROP, DROP)                 \
	ROW(P_PREFERRED_IDENTITY, DROP, DROP, DROP, DROP, DROP, DROP)               \
	ROW(REMOTE_PARTY_ID, DROP, DROP, DROP, DROP, DROP, DROP)                    \
	ROW(DIVERSION, DROP, DROP, DROP, DROP, DROP, DROP)                          \
	ROW(HISTORY_INFO, DROP, DROP, DROP, DROP, DROP, DROP)                       \
	/* RFC 3892 §4: unsigned, it is anybody's word. */                         \
	ROW(REFERRED_BY, DROP, DROP, DROP, KEEP, DROP, KEEP)                        \
	/* RFC 7315 §5: between networks that trust each other only. */            \
	ROW(P_CHARGING, DROP, DROP, DROP, DROP, DROP, DROP)                         \
	ROW(P_ACCESS_NETWORK_INFO, DROP, DROP, DROP, DROP, DROP, DROP)              \
	ROW(P_NETWORK, DROP, DROP, DROP, DROP, DROP, DROP)                          \
	/* The source mark is ours alone to make; a partner is told what we    \
	 * verified. MS_TRUST is written with boundary.ms_mark. */    \
	ROW(EDGE_MARK, ADD, ADD, ADD, DROP, ADD, DROP)                              \
	ROW(MS_TRUST, ADD, ADD, ADD, DROP, DROP, DROP)                              \
	/* RFC 3261 §22.3, §26: passwords are between our servers and those    \
	 * who register with them. A partner is neither asked nor answers. */  \
	ROW(AUTHORIZATION, KEEP, DROP, KEEP, KEEP, DROP, DROP)                      \
	ROW(PROXY_AUTHORIZATION, KEEP, DROP, KEEP, DROP, DROP, DROP)                \
	ROW(WWW_AUTHENTICATE, KEEP, DROP, KEEP, KEEP, DROP, KEEP)                   \
	ROW(PROXY_AUTHENTICATE, KEEP, DROP, KEEP, KEEP, DROP, KEEP)                 \
	ROW(AUTHENTICATION_INFO, KEEP, DROP, KEEP, KEEP, DROP, KEEP)                \
	/* What a message is about. */                                              \
	ROW(FROM, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                               \
	ROW(TO, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                                 \
	ROW(CSEQ, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                               \
	ROW(CONTENT_LENGTH, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                     \
	ROW(CONTENT_TYPE, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                       \
	ROW(EXPIRES, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                            \
	ROW(REQUIRE, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                            \
	ROW(PROXY_REQUIRE, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                      \
	ROW(SUPPORTED, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                          \
	ROW(RETRY_AFTER, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                        \
	ROW(PRIVACY, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                            \
	ROW(ORGANIZATION, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                       \
	ROW(DATE, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)                               \
	ROW(TIMESTAMP, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)

enum column { COLUMN_USER, COLUMN_PARTNER, COLUMN_DEVICE, COLUMNS };
enum { WAYS = BOUNDARY_OUTWARD + 1 };

/* Is the field that came left out? */
#define LEAVES_KEEP    0
#define LEAVES_DROP    1
#define LEAVES_REWRITE 0
#define LEAVES_ADD     1

#define BIT(f, act)			 FIELD_BIT(FIELD_##f) * LEAVES_##act |
#define IN_USER(f, a, ...)		 BIT(f, a)
#define IN_PARTNER(f, a, b, ...)	 BIT(f, b)
#define IN_DEVICE(f, a, b, c, ...)	 BIT(f, c)
#define OUT_USER(f, a, b, c, d, ...)	 BIT(f, d)
#define OUT_PARTNER(f, a, b, c, d, e, g) BIT(f, e)
#define OUT_DEVICE(f, a, b, c, d, e, g)	 BIT(f, g)

static const uint64_t drops[WAYS][COLUMNS] = {
	{BOUNDARY_TABLE(IN_USER) 0, BOUNDARY_TABLE(IN_PARTNER) 0,
	 BOUNDARY_TABLE(IN_DEVICE) 0},
	{BOUNDARY_TABLE(OUT_USER) 0, BOUNDARY_TABLE(OUT_PARTNER) 0,
	 BOUNDARY_TABLE(OUT_DEVICE) 0},
};

#define ACTS(f, a, b, c, d, e, g)                                              \
	[FIELD_##f] = {{BOUNDARY_##a, BOUNDARY_##b, BOUNDARY_##c},             \
		       {BOUNDARY_##d, BOUNDARY_##e, BOUNDARY_##g}},

static const uint8_t acts[FIELD_COUNT][WAYS][COLUMNS] = {BOUNDARY_TABLE(ACTS)};

#define ONE(...) +1
_Static_assert(BOUNDARY_TABLE(ONE) == FIELD_COUNT - 1,
	       "each field but FIELD_OTHER has one row");

static enum column column_of(enum peer_class far)
{
	if (far == PEER_PARTNER)
		return COLUMN_PARTNER;
	return far == PEER_DEVICE ? COLUMN_DEVICE : COLUMN_USER;
}

uint64_t boundary_drop(enum boundary_way way, enum peer_class far)
{
	/* Between servers there is no boundary. */
	return far == PEER_SERVER ? 0 : drops[way][column_of(far)];
}

enum boundary_act boundary_act(enum boundary_way way, enum peer_class far,
			       enum field field)
{
	return far == PEER_SERVER
		       ? BOUNDARY_KEEP
		       : (enum boundary_act)acts[field][way][column_of(far)];
}

static bool is_proved(const struct proof *proof)
{
	return proof && proof->by != PROOF_NONE && proof->by != PROOF_ASK;
}

uint64_t boundary_spare(const struct facts *f, const struct proof *proof)
{
	const uint64_t identity = FIELD_BIT(FIELD_P_ASSERTED_IDENTITY);

	/* RFC 3325 §7: whatever kind of privacy was asked for. */
	if (is_near(f))
		return f->has_privacy ? 0 : identity;
	if (f->origin.peer != PEER_PARTNER || !is_proved(proof) ||
	    f->asserted_ours)
		return 0;
	return slice_same_host(f->asserted, f->from.host) ? identity : 0;
}

uint64_t boundary_taken(const struct facts *f)
{
	const struct device_settings *d = f->origin.device;

	return d && d->digest ? FIELD_BIT(FIELD_PROXY_AUTHORIZATION) : 0;
}

/* RFC 3261 §25.1 quoted-string; control bytes are left out. */
static void put_quoted(struct buf *out, struct slice text)
{
	buf_puts(out, "\"");
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_puts(out, "\\");
		if ((unsigned char)c >= ' ' && c != 0x7f)
			buf_add(out, (struct slice){&text.p[i], 1});
	}
	buf_puts(out, "\"");
}

/* A source as inside servers are told of it. */
struct source {
	const char *class;
	struct slice peer; /* absent when nothing proved it */
	bool verified;
	const char *network, *ms_type;
};

/* Inside a dialog its token says that the sender was known when it began. */
static void tell_user(struct source *src, const struct facts *f)
{
	bool registered = is_registered_here(f);

	*src = (struct source){
		.class = "class=user",
		.verified = registered || (f->token.kind == TOKEN_DIALOG &&
					   f->origin.peer == PEER_USER),
		.network = ";network=internet",
		.ms_type = "ms-source-type=InternetUser",
	};
	if (registered)
		src->peer = slice_of(f->from_aor);
}

/* Enrolled means known, not trusted. */
static void tell_device(struct source *src, const struct facts *f)
{
	const struct device_settings *d = f->origin.device;

	*src = (struct source){
		.class = "class=device",
		.peer = slice_of(d ? d->name : NULL),
		.network = ";network=site",
		.ms_type = "ms-source-type=InternetUser",
	};
}

static void tell_partner(struct source *src, const struct facts *f,
			 const struct proof *proof)
{
	static const struct source kinds[] = {
		[PARTNER_ALLOWED] = {.class = "class=partner;kind=allowed",
				     .ms_type =
					     "ms-source-type=AutoFederation"},
		[PARTNER_DIRECT] = {.class = "class=partner;kind=direct",
				    .ms_type = "ms-source-type=DirectPartner"},
		[PARTNER_PROVIDER] =
			{.class = "class=partner;kind=provider",
			 .ms_type = "ms-source-type=AuthorizedServer"},
		[PARTNER_DISCOVERED] =
			{.class = "class=partner;kind=discovered",
			 .ms_type = "ms-source-type=AutoFederation"},
	};
	bool proved = is_proved(proof);

	*src = kinds[proved ? proof->kind : PARTNER_DISCOVERED];
	src->network = ";network=federation";
	if (!proved)
		return;
	src->peer = proof->peer;
	src->verified = federation_verified(proof, f);
	if (proof->kind == PARTNER_PROVIDER)
		src->network = ";network=publiccloud";
}

static void put_mark(struct buf *out, const struct source *src)
{
	buf_puts(out, "X-Edge-Source: ");
	buf_puts(out, src->class);
	if (src->peer.n) {
		buf_puts(out, ";peer=");
		put_quoted(out, src->peer);
	}
	buf_puts(out, src->verified ? ";verified=yes" : ";verified=no");
	buf_puts(out, src->network);
	buf_puts(out, "\r\n");
}

/* [MS-SIPRE] §2.2.15: the same in the words of other makers' servers. */
static void put_ms_mark(struct buf *out, const struct settings *s,
			const struct facts *f, const struct source *src)
{
	buf_puts(out, "ms-edge-proxy-message-trust: ");
	buf_puts(out, src->ms_type);
	buf_puts(out, ";ms-ep-fqdn=");
	buf_puts(out, s->leg[LEG_INSIDE].fqdn);
	buf_puts(out, src->verified ? ";ms-source-verified-user=verified"
				    : ";ms-source-verified-user=unverified");
	if (f->origin.peer == PEER_PARTNER) {
		buf_puts(out, ";ms-source-");
		buf_puts(out, src->network + 1);
		if (src->peer.n) {
			buf_puts(out, ";ms-remote-fqdn=");
			buf_add(out, src->peer);
		}
	}
	buf_puts(out, "\r\n");
}

static bool is_preferred_here(const struct facts *f)
{
	for (size_t i = 0; f->preferred_who && i < f->origin.whos; i++)
		if (f->origin.who[i] == f->preferred_who)
			return true;
	return false;
}

/* RFC 3325 §5, §9.1: of the identities registered on this flow the one that it
 * prefers, else the one in From; not with methods that have none. */
static void put_identity(struct buf *out, const struct facts *f)
{
	const char *aor = is_preferred_here(f)	  ? f->preferred_aor
			  : is_registered_here(f) ? f->from_aor
						  : NULL;

	if (!aor || f->method == METHOD_REGISTER || f->method == METHOD_ACK ||
	    f->method == METHOD_CANCEL)
		return;
	buf_puts(out, "P-Asserted-Identity: <");
	buf_puts(out, aor);
	buf_puts(out, ">\r\n");
}

/* A partner believes what it likes of it. */
static void tell_partner_of_ours(struct buf *out, const struct facts *f)
{
	buf_puts(out, f->from_ours ? "X-Edge-Source: verified=yes\r\n"
				   : "X-Edge-Source: verified=no\r\n");
}

void boundary_assert(struct buf *out, const struct settings *s,
		     const struct facts *f, const struct proof *proof)
{
	struct source src;

	if (is_near(f)) {
		tell_partner_of_ours(out, f);
		return;
	}
	if (f->origin.peer == PEER_PARTNER)
		tell_partner(&src, f, proof);
	else if (f->origin.peer == PEER_DEVICE)
		tell_device(&src, f);
	else
		tell_user(&src, f);
	put_mark(out, &src);
	if (s->boundary.ms_mark)
		put_ms_mark(out, s, f, &src);
	if (f->origin.peer == PEER_USER)
		put_identity(out, f);
}
