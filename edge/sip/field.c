/*
 * field.c - header field names by length, then by their letters.
 */
#include "field.h"

struct name {
	const char *lower;
	enum field field;
};

#define LONGEST		 20
#define MOST_OF_A_LENGTH 8

/* Indexed by length: a name is compared with the few as long as itself. */
static const struct name names[LONGEST + 1][MOST_OF_A_LENGTH + 1] = {
	/* RFC 3261 §7.3.3 */
	[1] = {{"v", FIELD_VIA},
	       {"f", FIELD_FROM},
	       {"t", FIELD_TO},
	       {"i", FIELD_CALL_ID},
	       {"m", FIELD_CONTACT},
	       {"l", FIELD_CONTENT_LENGTH},
	       {"c", FIELD_CONTENT_TYPE},
	       {"k", FIELD_SUPPORTED}},
	[2] = {{"to", FIELD_TO}},
	[3] = {{"via", FIELD_VIA}},
	[4] = {{"from", FIELD_FROM},
	       {"cseq", FIELD_CSEQ},
	       {"path", FIELD_PATH},
	       {"date", FIELD_DATE}},
	[5] = {{"route", FIELD_ROUTE}},
	[6] = {{"server", FIELD_SERVER}},
	[7] = {{"call-id", FIELD_CALL_ID},
	       {"contact", FIELD_CONTACT},
	       {"expires", FIELD_EXPIRES},
	       {"require", FIELD_REQUIRE},
	       {"warning", FIELD_WARNING}},
	[9] = {{"supported", FIELD_SUPPORTED},
	       {"diversion", FIELD_DIVERSION},
	       {"timestamp", FIELD_TIMESTAMP}},
	[10] = {{"user-agent", FIELD_USER_AGENT},
		{"flow-timer", FIELD_FLOW_TIMER}},
	[11] = {{"retry-after", FIELD_RETRY_AFTER}},
	[12] = {{"max-forwards", FIELD_MAX_FORWARDS},
		{"record-route", FIELD_RECORD_ROUTE},
		{"content-type", FIELD_CONTENT_TYPE},
		{"history-info", FIELD_HISTORY_INFO}},
	[13] = {{"authorization", FIELD_AUTHORIZATION},
		{"service-route", FIELD_SERVICE_ROUTE},
		{"proxy-require", FIELD_PROXY_REQUIRE}},
	[14] = {{"content-length", FIELD_CONTENT_LENGTH}},
	[15] = {{"remote-party-id", FIELD_REMOTE_PARTY_ID}},
	[16] = {{"www-authenticate", FIELD_WWW_AUTHENTICATE}},
	[18] = {{"proxy-authenticate", FIELD_PROXY_AUTHENTICATE}},
	[19] = {{"proxy-authorization", FIELD_PROXY_AUTHORIZATION},
		{"p-asserted-identity", FIELD_P_ASSERTED_IDENTITY}},
	[20] = {{"p-preferred-identity", FIELD_P_PREFERRED_IDENTITY}},
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

enum field field_by_name(struct slice name)
{
	const struct name *n;
	char first;

	if (name.n == 0 || name.n > LONGEST)
		return FIELD_OTHER;
	first = name.p[0] | 0x20;
	for (n = names[name.n]; n->lower; n++) {
		if (n->lower[0] == first && same_letters(n->lower, name))
			return n->field;
	}
	return FIELD_OTHER;
}
