/*
 * boundary.c: the table of header fields that do not cross.
 */
#include "policy/boundary.h"

/* What a row's field may not do. */
static const struct boundary_row {
	enum field field;
	bool inward, outward; /* true: left out */
} table[] = {
	/* RFC 3327 §5, RFC 3608 §6: only the edge says how to come back. */
	{FIELD_PATH, true, false},
	{FIELD_SERVICE_ROUTE, true, true},
	/* RFC 3261 §16.6 step 4: route sets hold the edge's URIs only; the
	 * rest is sealed in its token, or comes back out of it. */
	{FIELD_RECORD_ROUTE, true, true},
	/* RFC 3325 §5: an identity asserted by nobody we trust. */
	{FIELD_P_ASSERTED_IDENTITY, true, false},
	{FIELD_P_PREFERRED_IDENTITY, true, false},
	{FIELD_REMOTE_PARTY_ID, true, false},
	{FIELD_DIVERSION, true, false},
	{FIELD_HISTORY_INFO, true, false},
	/* RFC 5626 §4.4: a promise that only edge and registrar may make. */
	{FIELD_FLOW_TIMER, true, false},
};

uint64_t boundary_drop(enum boundary_way way, enum peer_class far)
{
	uint64_t set = 0;

	(void)far;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct boundary_row *row = &table[i];

		if (way == BOUNDARY_INWARD ? row->inward : row->outward)
			set |= FIELD_BIT(row->field);
	}
	return set;
}
