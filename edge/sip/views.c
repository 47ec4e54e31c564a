/*
 * views.c - compares our reading with Sofia's.
 */
#include "views.h"

#include <sofia-sip/url.h>

/* Absent to us is NULL to Sofia. */
static bool same(struct slice ours, const char *theirs)
{
	if (!theirs || !ours.p)
		return !theirs && !ours.p;
	return slice_eq(ours, slice_of(theirs));
}

/* Sofia keeps the brackets of an IPv6 literal; we do not. */
static bool same_host(struct slice ours, const char *theirs)
{
	struct slice host = slice_of(theirs);

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){host.p + 1, host.n - 2};
	return slice_ieq(ours, host);
}

bool views_same_via(const struct part_via *ours, const sip_via_t *theirs)
{
	return theirs && same_host(ours->host, theirs->v_host) &&
	       same(ours->branch, theirs->v_branch);
}

bool views_same_uri(const struct uri_facts *ours, const url_t *theirs)
{
	bool sip = ours->scheme == URI_SIP || ours->scheme == URI_SIPS;
	bool user = ours->user.p != NULL;

	if (sip !=
	    (theirs->url_type == url_sip || theirs->url_type == url_sips))
		return false;
	return !sip || (same_host(ours->host, theirs->url_host) &&
			user == (theirs->url_user != NULL));
}

/* An unknown method went to Sofia in disguise: see wire.c. */
static bool same_method(struct slice ours, const char *theirs)
{
	struct slice s = slice_of(theirs);

	if (facts_method(ours) != METHOD_OTHER)
		return slice_eq(ours, s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != WIRE_DISGUISE)
			return false;
	}
	return s.n > 0 && s.n == ours.n;
}

static bool same_start(const struct said *s, const sip_t *sip)
{
	if (sip->sip_request)
		return same_method(s->method,
				   sip->sip_request->rq_method_name) &&
		       views_same_uri(&s->ruri, sip->sip_request->rq_url);
	return sip->sip_status && sip->sip_status->st_status == s->status;
}

static bool same_addr(const struct part_addr *addr, const struct uri_facts *uri,
		      const sip_addr_t *theirs)
{
	return theirs && same(addr->tag, theirs->a_tag) &&
	       views_same_uri(uri, theirs->a_url);
}

bool views_agree(const struct msg *m)
{
	const struct said *s = &m->said;
	const sip_t *sip = m->sip;

	return same_start(s, sip) &&
	       same_addr(&s->from, &s->from_uri, sip->sip_from) &&
	       same_addr(&s->to, &s->to_uri, sip->sip_to) && sip->sip_call_id &&
	       same(s->call_id, sip->sip_call_id->i_id) && sip->sip_cseq &&
	       sip->sip_cseq->cs_seq == s->cseq &&
	       same_method(s->cseq_method, sip->sip_cseq->cs_method_name);
}
