/*
 * lint_time.c - rules for when a certificate is good, and when to order the
 * next one.
 */
#include "lint_room.h"

#define SOON_S	  (30 * LINT_DAY_S)
#define VERY_S	  (7 * LINT_DAY_S)
#define LEAD_S	  (2 * LINT_DAY_S) /* what an order takes */
#define PRIVATE_D 825
#define DAY_AT(d) ((d)*LINT_DAY_S) /* days since 1970 */

static int64_t now_of(const struct lint *l)
{
	return (int64_t)l->s->wall_s;
}

static int64_t begins(const struct lint *l)
{
	return lint_time(X509_get0_notBefore(l->s->leaf));
}

static int64_t ends(const struct lint *l)
{
	return lint_time(X509_get0_notAfter(l->s->leaf));
}

void lint_early(struct lint *l)
{
	char day[16];

	if (begins(l) <= now_of(l))
		return;
	lint_is(l, "valid from %s", lint_day(day, begins(l)));
	lint_should(l, "valid now");
	lint_mend(l, "show the old one until then; is this machine's clock "
		     "right?");
	lint_tell(l, CERT_ERROR);
}

void lint_expired(struct lint *l)
{
	char day[16];

	if (ends(l) >= now_of(l))
		return;
	lint_is(l, "expired on %s", lint_day(day, ends(l)));
	lint_should(l, "valid now: everybody refuses it");
	lint_mend(l, "install its successor: `edgectl cert import`, then "
		     "`edgectl reload`");
	lint_tell(l, CERT_ERROR);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Those that live short are renewed late: a third of their life counts. */
void lint_soon(struct lint *l)
{
	int64_t left = ends(l) - now_of(l), life = ends(l) - begins(l);
	char day[16], order[16];

	if (left < 0 || left >= least(SOON_S, life / 3))
		return;
	lint_is(l, "%d days left, until %s", (int)(left / LINT_DAY_S),
		lint_day(day, ends(l)));
	lint_should(l,
		    "its successor in place; an order takes a day or two: "
		    "by %s at the latest",
		    lint_day(order, ends(l) - LEAD_S - LINT_DAY_S));
	lint_mend(l, "order now: `edgectl cert csr`; better, have a deploy "
		     "hook of an ACME client do it");
	lint_tell(l,
		  left < least(VERY_S, life / 10) ? CERT_ERROR : CERT_WARNING);
}

/* CA/Browser Forum, Baseline Requirements §6.3.2, by day of issue. */
static int longest(int64_t issued_s)
{
	static const struct {
		int64_t from_s;
		int days;
	} most[] = {
		{DAY_AT(21623), 47},  /* 2029-03-15 */
		{DAY_AT(20892), 100}, /* 2027-03-15 */
		{DAY_AT(20527), 200}, /* 2026-03-15 */
		{DAY_AT(18506), 398}, /* 2020-09-01 */
	};

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		if (issued_s >= most[i].from_s)
			return most[i].days;
	}
	return PRIVATE_D;
}

void lint_long(struct lint *l)
{
	bool public_leg = l->s->public_leg;
	int most = public_leg ? longest(begins(l)) : PRIVATE_D;
	int64_t life = ends(l) - begins(l) + 1; /* both ends count */
	char day[16];

	if (life <= most * LINT_DAY_S || lint_signed_itself(l->s->leaf))
		return;
	lint_is(l, "%d days, issued on %s", (int)(life / LINT_DAY_S),
		lint_day(day, begins(l)));
	lint_should(l,
		    public_leg ? "at most %d days, as public authorities issue "
				 "since then; browsers and phones refuse more"
			       : "at most %d days: Apple devices refuse more, "
				 "whoever signed it",
		    most);
	lint_mend(l, public_leg ? "order for less: 200 days from 2026-03-15, "
				  "100 from 2027, 47 from 2029; automate it"
				: "have your authority issue for less");
	lint_tell(l, public_leg ? CERT_WARNING : CERT_NOTE);
}
