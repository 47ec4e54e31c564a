/*
 * facts_digest.c - does a device know the secret of its entry?
 *
 * RFC 3261 §22.3. Of several credentials those for our realm count.
 */
#include "facts_private.h"

#include "chars.h"
#include "credentials.h"

#include <errno.h>

/* The first credentials for our realm; what cannot be read is none. */
static bool find_claim(struct digest_claim *out, const struct msg *m,
		       const struct facts_self *self)
{
	struct slice realm = slice_of(self->settings->sip_domains.v[0]);
	int i = said_has(&m->said, FIELD_PROXY_AUTHORIZATION)
			? m->said.first[FIELD_PROXY_AUTHORIZATION]
			: -1;

	for (; i >= 0; i = frame_find(m->frame, FIELD_PROXY_AUTHORIZATION,
				      (unsigned)i + 1))
		if (!credentials_read(out,
				      frame_value(m->frame, (unsigned)i)) &&
		    slice_eq(out->realm, realm))
			return true;
	return false;
}

/* The user part of its first identity is its name. */
static struct slice name_of(const struct device_settings *d)
{
	struct slice name = slice_of(d->identities.v[0]);

	name = slice_from(name, slice_index(name, ':') + 1);
	name.n = slice_index(name, '@');
	return name;
}

/* RFC 7616 §3.4.6: it is for this target. Parameters may have changed since,
 * user and host may not. */
static bool is_for(const struct facts *f, struct slice uri)
{
	struct uri_facts u;

	return !facts_uri(&u, uri) && slice_eq(u.user, f->ruri.user) &&
	       slice_same_host(u.host, f->ruri.host);
}

static enum digest_proof judge(const struct facts *f,
			       const struct digest_claim *c,
			       const struct facts_self *self)
{
	const struct device_settings *d = f->origin.device;
	int err = token_nonce_check(self->pen, f->origin.conn, c->nonce,
				    self->wall_s, FACTS_NONCE_S);

	/* A question that we never asked: nothing is said of the answer. */
	if (err == EBADMSG)
		return DIGEST_ABSENT;
	if (!slice_eq(c->username, name_of(d)) || !is_for(f, c->uri) ||
	    !digest_fits(c, slice_of(d->digest), f->method_name))
		return DIGEST_WRONG;
	return err ? DIGEST_STALE : DIGEST_GOOD;
}

void facts_read_digest(struct facts *out, const struct msg *m,
		       const struct facts_self *self)
{
	struct digest_claim claim;

	/* A dialog's token is proof enough; RFC 3261 §22.1: ACK and CANCEL
	 * cannot be asked. */
	if ((out->to_tag.n && out->method != METHOD_REGISTER) ||
	    out->method == METHOD_ACK || out->method == METHOD_CANCEL)
		return;
	out->digest = find_claim(&claim, m, self) ? judge(out, &claim, self)
						  : DIGEST_ABSENT;
}
