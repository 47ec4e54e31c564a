/*
 * field.c - header field names by length, then by their letters.
 */
#include "field.h"

#include "chars.h"

struct name {
	const char *lower;
	enum field field;
};

#define LONGEST		 28
#define MOST_OF_A_LENGTH 9

/* Indexed by length: a name is compared with the few as long as itself. */
static const struct name names[LONGEST + 1][MOST_OF_A_LENGTH + 1] = {
	/* RFC 3261 §7.3.3; RFC 3892 §2: b */
	[1] = {{"v", FIELD_VIA},
	       {"f", FIELD_FROM},
	       {"t", FIELD_TO},
	       {"i", FIELD_CALL_ID},
	       {"m", FIELD_CONTACT},
	       {"l", FIELD_CONTENT_LENGTH},
	       {"c", FIELD_CONTENT_TYPE},
	       {"k", FIELD_SUPPORTED},
	       {"b", FIELD_REFERRED_BY}},
	[2] = {{"to", FIELD_TO}},
	[3] = {{"via", FIELD_VIA}},
	[4] = {{"from", FIELD_FROM},
	       {"cseq", FIELD_CSEQ},
	       {"path", FIELD_PATH},
	       {"date", FIELD_DATE},
	       {"join", FIELD_JOIN}},
	[5] = {{"route", FIELD_ROUTE}},
	[6] = {{"server", FIELD_SERVER}, {"reason", FIELD_REASON}},
	[7] = {{"call-id", FIELD_CALL_ID},
	       {"contact", FIELD_CONTACT},
	       {"expires", FIELD_EXPIRES},
	       {"require", FIELD_REQUIRE},
	       {"warning", FIELD_WARNING},
	       {"privacy", FIELD_PRIVACY}},
	[8] = {{"replaces", FIELD_REPLACES}},
	[9] = {{"supported", FIELD_SUPPORTED},
	       {"diversion", FIELD_DIVERSION},
	       {"timestamp", FIELD_TIMESTAMP},
	       {"call-info", FIELD_CALL_INFO}},
	[10] = {{"user-agent", FIELD_USER_AGENT},
		{"flow-timer", FIELD_FLOW_TIMER},
		{"alert-info", FIELD_ALERT_INFO},
		{"error-info", FIELD_ERROR_INFO}},
	[11] = {{"retry-after", FIELD_RETRY_AFTER},
		{"referred-by", FIELD_REFERRED_BY},
		{"in-reply-to", FIELD_IN_REPLY_TO}},
	[12] = {{"max-forwards", FIELD_MAX_FORWARDS},
		{"record-route", FIELD_RECORD_ROUTE},
		{"content-type", FIELD_CONTENT_TYPE},
		{"history-info", FIELD_HISTORY_INFO},
		{"organization", FIELD_ORGANIZATION}},
	[13] = {{"authorization", FIELD_AUTHORIZATION},
		{"service-route", FIELD_SERVICE_ROUTE},
		{"proxy-require", FIELD_PROXY_REQUIRE},
		{"x-edge-source", FIELD_EDGE_MARK},
		/* RFC 8496 */
		{"p-charge-info", FIELD_P_CHARGING},
		/* RFC 5502 */
		{"p-served-user", FIELD_P_NETWORK},
		/* RFC 5002 */
		{"p-profile-key", FIELD_P_NETWORK}},
	[14] = {{"content-length", FIELD_CONTENT_LENGTH}},
	[15] = {{"remote-party-id", FIELD_REMOTE_PARTY_ID},
		/* RFC 4457 */
		{"p-user-database", FIELD_P_NETWORK}},
	[16] = {{"www-authenticate", FIELD_WWW_AUTHENTICATE},
		/* RFC 7315 §4.1 */
		{"p-associated-uri", FIELD_P_NETWORK}},
	[17] =
		{/* RFC 7315 §4.2 */
		 {"p-called-party-id", FIELD_P_NETWORK}},
	[18] = {{"proxy-authenticate", FIELD_PROXY_AUTHENTICATE},
		/* RFC 6050 §4.1 */
		{"p-asserted-service", FIELD_P_NETWORK}},
	[19] = {{"proxy-authorization", FIELD_PROXY_AUTHORIZATION},
		{"p-asserted-identity", FIELD_P_ASSERTED_IDENTITY},
		{"authentication-info", FIELD_AUTHENTICATION_INFO},
		/* RFC 6050 §4.2 */
		{"p-preferred-service", FIELD_P_NETWORK}},
	[20] = {{"p-preferred-identity", FIELD_P_PREFERRED_IDENTITY},
		/* RFC 7315 §4.3 */
		{"p-visited-network-id", FIELD_P_NETWORK}},
	[21] = {{"p-access-network-info", FIELD_P_ACCESS_NETWORK_INFO},
		/* RFC 3313 */
		{"p-media-authorization", FIELD_P_NETWORK}},
	[25] = {{"proxy-authentication-info", FIELD_AUTHENTICATION_INFO}},
	/* RFC 7316 */
	[28] = {{"p-private-network-indication", FIELD_P_NETWORK}},
};

/* Names that begin alike are one field, however they go on. MS-SIPRE §2.2.15
 * and what else vouches for a sender: behind "ms-". */
static const struct name ms_families[] = {
	{"edge-", FIELD_MS_TRUST},     {"user-", FIELD_MS_TRUST},
	{"asserted-", FIELD_MS_TRUST}, {"source-", FIELD_MS_TRUST},
	{"endpoint-", FIELD_MS_TRUST}, {"diagnostics", FIELD_MS_DIAGNOSTICS},
	{NULL, FIELD_OTHER},
};

/* RFC 7315 §4.5, §4.6, RFC 5503: behind "p-". */
static const struct name p_families[] = {
	{"charging-", FIELD_P_CHARGING},
	{"dcs-", FIELD_P_NETWORK},
	{NULL, FIELD_OTHER},
};

static bool same_eight(const char *lower, const char *name)
{
	uint64_t a, b;

	memcpy(&a, lower, sizeof(a));
	memcpy(&b, name, sizeof(b));
	return a == (b | UINT64_C(0x2020202020202020));
}

static bool same_four(const char *lower, const char *name)
{
	uint32_t a, b;

	memcpy(&a, lower, sizeof(a));
	memcpy(&b, name, sizeof(b));
	return a == (b | UINT32_C(0x20202020));
}

/* Eight, four or one at a time; the last ones may be compared twice. */
static bool same_letters(const char *lower, struct slice name)
{
	size_t i = 0, n = name.n;

	if (n >= 8) {
		for (; i + 8 <= n; i += 8) {
			if (!same_eight(lower + i, name.p + i))
				return false;
		}
		return same_eight(lower + n - 8, name.p + n - 8);
	}
	if (n >= 4)
		return same_four(lower, name.p) &&
		       same_four(lower + n - 4, name.p + n - 4);
	while (i < n && (name.p[i] | 0x20) == lower[i])
		i++;
	return i == n;
}

static bool begins(struct slice name, const char *lower)
{
	size_t i = 0;

	while (i < name.n && (name.p[i] | 0x20) == lower[i])
		i++;
	return lower[i] == '\0';
}

static enum field field_among(const struct name *family, struct slice name)
{
	while (family->lower && !begins(name, family->lower))
		family++;
	return family->field;
}

static enum field field_by_family(struct slice name)
{
	if (begins(name, "p-"))
		return field_among(p_families, slice_from(name, 2));
	if (begins(name, "ms-"))
		return field_among(ms_families, slice_from(name, 3));
	return FIELD_OTHER;
}

enum field field_by_name(struct slice name)
{
	const struct name *n;
	char first;

	if (name.n == 0 || name.n > LONGEST)
		return field_by_family(name);
	first = name.p[0] | 0x20;
	for (n = names[name.n]; n->lower; n++) {
		if (n->lower[0] == first && same_letters(n->lower, name))
			return n->field;
	}
	return first == 'm' || first == 'p' ? field_by_family(name)
					    : FIELD_OTHER;
}
