/*
 * federation.c: whose domain a peer with a certificate may speak for, and the
 * way to domains that are not ours.
 */
#include "policy/federation.h"

enum way_out federation_way(const struct partner_settings **partner,
			    const struct settings *s, struct slice domain)
{
	*partner = NULL;
	if (!s->federation.enabled)
		return WAY_NONE;
	if (settings_blocked(s, domain))
		return WAY_BLOCKED;
	*partner = settings_partner(s, domain);
	if (*partner && (*partner)->proxy.host)
		return WAY_PROXY;
	if (*partner)
		return WAY_SERVICE;
	if (s->federation.discovery)
		return WAY_SERVICE;
	return s->federation.route.host ? WAY_ROUTE : WAY_NONE;
}
