/*
 * credentials.c - "Digest name=value, name="value", ..." (RFC 3261 §25.1).
 */
#include "credentials.h"

#include "chars.h"

#include <errno.h>

#define NC_LEN 8

/* All that is looked at; others are passed over. */
struct credentials {
	struct digest_claim claim;
	struct slice algorithm;
};

/* An escape in it has no business in a digest, which is of the bare text. */
static int quoted(struct slice *s, struct slice *out)
{
	struct slice rest = slice_from(*s, 1);
	size_t end = slice_index(rest, '"');

	if (end == SIZE_MAX)
		return EBADMSG;
	*out = (struct slice){rest.p, end};
	if (slice_index(*out, '\\') != SIZE_MAX)
		return EBADMSG;
	*s = slice_from(rest, end + 1);
	return 0;
}

static int word(struct slice *s, struct slice *out)
{
	size_t n = chars_span(*s, CHAR_TOKEN);

	*out = (struct slice){s->p, n};
	*s = slice_from(*s, n);
	return n ? 0 : EBADMSG;
}

/* name EQUAL (token / quoted-string), and the comma behind it. */
static int pair(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice s = slice_skip_space(*rest);

	if (word(&s, name))
		return EBADMSG;
	s = slice_skip_space(s);
	if (!s.n || s.p[0] != '=')
		return EBADMSG;
	s = slice_skip_space(slice_from(s, 1));
	if (s.n && s.p[0] == '"' ? quoted(&s, value) : word(&s, value))
		return EBADMSG;
	s = slice_skip_space(s);
	if (s.n && s.p[0] != ',')
		return EBADMSG;
	*rest = s.n ? slice_from(s, 1) : s;
	/* A comma promises another one. */
	return s.n && !slice_skip_space(*rest).n ? EBADMSG : 0;
}

static struct slice *place_of(struct credentials *c, struct slice name)
{
	const struct {
		const char *name;
		struct slice *at;
	} places[] = {
		{"username", &c->claim.username},
		{"realm", &c->claim.realm},
		{"nonce", &c->claim.nonce},
		{"uri", &c->claim.uri},
		{"response", &c->claim.response},
		{"qop", &c->claim.qop},
		{"nc", &c->claim.nc},
		{"cnonce", &c->claim.cnonce},
		{"algorithm", &c->algorithm},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (slice_ieq(name, slice_of(places[i].name)))
			return places[i].at;
	return NULL;
}

/* RFC 7616 §3.4: what belongs to qop comes with it, and only with it. */
static bool is_whole(const struct digest_claim *c)
{
	if (!c->username.p || !c->realm.p || !c->nonce.n || !c->uri.n ||
	    c->response.n != DIGEST_HEX_LEN)
		return false;
	if (!c->qop.p)
		return !c->nc.p && !c->cnonce.p;
	return slice_ieq(c->qop, SLICE("auth")) && c->cnonce.n &&
	       c->nc.n == NC_LEN && chars_span(c->nc, CHAR_HEX) == NC_LEN;
}

static int read_scheme(struct slice *s)
{
	struct slice scheme;

	*s = slice_skip_space(*s);
	if (word(s, &scheme))
		return EBADMSG;
	if (!slice_ieq(scheme, SLICE("Digest")))
		return ENOENT;
	return s->n && char_is_space(s->p[0]) ? 0 : EBADMSG;
}

int credentials_read(struct digest_claim *out, struct slice value)
{
	struct credentials c = {0};
	struct slice rest = slice_trim(value), name, text, *place;
	int err = read_scheme(&rest);

	while (!err && slice_skip_space(rest).n) {
		err = pair(&rest, &name, &text);
		place = err ? NULL : place_of(&c, name);
		if (place && place->p)
			err = EBADMSG;
		if (place)
			*place = text;
	}
	if (err)
		return err;
	if (c.algorithm.p && !slice_ieq(c.algorithm, SLICE("MD5")))
		return ENOENT;
	*out = c.claim;
	return is_whole(out) ? 0 : EBADMSG;
}
