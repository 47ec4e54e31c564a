/*
 * sanity.c - what no honest peer sends (RFC 3261 §16.3, RFC 4475).
 *
 * A list of steps, each of which reads one part of the message into `said`
 * and may object; the first objection decides. Lists of values are walked in
 * sanity_lists.c.
 */
#include "sanity_private.h"

#include "chars.h"
#include "views.h"

/* RFC 3261 §8.1.1.5: CSeq numbers stay below 2^31. */
#define CSEQ_LIMIT UINT32_C(0x80000000)
/* RFC 3261 §20.22 */
#define HOPS_LIMIT 255

#define REQUIRED                                                               \
	(FIELD_BIT(FIELD_VIA) | FIELD_BIT(FIELD_FROM) | FIELD_BIT(FIELD_TO) |  \
	 FIELD_BIT(FIELD_CALL_ID) | FIELD_BIT(FIELD_CSEQ))

/* RFC 3261 §7.3.1, §20: fields whose grammar is no list. */
#define SINGLE                                                                 \
	(FIELD_BIT(FIELD_FROM) | FIELD_BIT(FIELD_TO) |                         \
	 FIELD_BIT(FIELD_CALL_ID) | FIELD_BIT(FIELD_CSEQ) |                    \
	 FIELD_BIT(FIELD_MAX_FORWARDS) | FIELD_BIT(FIELD_CONTENT_LENGTH) |     \
	 FIELD_BIT(FIELD_CONTENT_TYPE) | FIELD_BIT(FIELD_EXPIRES) |            \
	 FIELD_BIT(FIELD_DATE) | FIELD_BIT(FIELD_TIMESTAMP) |                  \
	 FIELD_BIT(FIELD_RETRY_AFTER) | FIELD_BIT(FIELD_FLOW_TIMER) |          \
	 FIELD_BIT(FIELD_SERVER) | FIELD_BIT(FIELD_USER_AGENT))

static struct slice value_of(const struct msg *m, enum field field)
{
	return frame_value(m->frame, m->said.first[field]);
}

/* RFC 3261 §7.1: another version is not ours to read. */
static struct fault version_fault(struct slice version)
{
	struct slice digits;
	size_t n;

	if (slice_eq(version, SLICE("SIP/2.0")))
		return SOUND;
	if (version.n < 7 || memcmp(version.p, "SIP/", 4) != 0)
		return fault(400, "start-line");
	digits = slice_from(version, 4);
	n = chars_span(digits, CHAR_DIGIT);
	if (n == 0 || n == digits.n || digits.p[n] != '.')
		return fault(400, "start-line");
	digits = slice_from(digits, n + 1);
	n = chars_span(digits, CHAR_DIGIT);
	return n > 0 && n == digits.n ? fault(505, "version")
				      : fault(400, "start-line");
}

/* RFC 3261 §7.1: Method SP Request-URI SP SIP-Version */
static struct fault request_line(struct msg *m, struct slice line)
{
	size_t first = slice_index(line, ' ');
	const char *last = memrchr(line.p, ' ', line.n);
	struct said *s = &m->said;

	if (!last || last == line.p + first)
		return fault(400, "start-line");
	s->method = (struct slice){line.p, first};
	s->request_uri = (struct slice){line.p + first + 1,
					(size_t)(last - line.p) - first - 1};
	if (first == 0 || chars_span(s->method, CHAR_TOKEN) != first)
		return fault(400, "start-line");
	if (slice_index(s->request_uri, ' ') != SIZE_MAX)
		return fault(400, "start-line");
	return version_fault(
		(struct slice){last + 1, (size_t)(line.p + line.n - last) - 1});
}

/* RFC 3261 §7.2: SIP-Version SP Status-Code SP Reason-Phrase */
static struct fault status_line(struct msg *m, struct slice line)
{
	uint32_t status;

	if (line.n < 12 || memcmp(line.p, "SIP/2.0 ", 8) != 0 ||
	    line.p[11] != ' ' ||
	    slice_to_u32(&status, (struct slice){line.p + 8, 3}) ||
	    status < 100 || status > 699)
		return fault(400, "start-line");
	m->said.status = (uint16_t)status;
	return SOUND;
}

static struct fault check_start(struct msg *m, const struct sanity_limits *lim)
{
	struct slice line = {m->frame->bytes.p, m->frame->start_end - 2};

	(void)lim;
	if (m->frame->response)
		return status_line(m, line);
	return request_line(m, line);
}

static struct fault check_fields(struct msg *m, const struct sanity_limits *lim)
{
	struct said *s = &m->said;

	(void)lim;
	for (unsigned i = 0; i < m->frame->lines; i++) {
		enum field field = m->frame->line[i].field;

		if (said_has(s, field))
			s->twice |= FIELD_BIT(field);
		else
			s->first[field] = (uint16_t)i;
		s->present |= FIELD_BIT(field);
	}
	if ((s->present & REQUIRED) != REQUIRED)
		return fault(400, "field-missing");
	if (s->twice & SINGLE)
		return fault(400, "field-twice");
	return SOUND;
}

/* RFC 3261 §16.3 step 1: a field that we need not read may be malformed. */
static bool harmless(const char *name)
{
	static const char *const fields[] = {
		"Date", "Retry-After", "Timestamp", "Warning", "Reason",
	};

	for (size_t i = 0; name && i < sizeof(fields) / sizeof(*fields); i++) {
		if (strcmp(name, fields[i]) == 0)
			return true;
	}
	return false;
}

static struct fault check_parser(struct msg *m, const struct sanity_limits *lim)
{
	(void)lim;
	for (const msg_error_t *e = m->sip ? m->sip->sip_error : NULL; e;
	     e = e->er_next) {
		if (!harmless(e->er_name))
			return fault(400, "syntax");
	}
	return SOUND;
}

static bool read_addr(struct part_addr *addr, struct uri_facts *uri,
		      struct slice value)
{
	return parts_addr(addr, value) == 0 && facts_uri(uri, addr->uri) == 0;
}

static struct fault check_parties(struct msg *m,
				  const struct sanity_limits *lim)
{
	struct said *s = &m->said;

	(void)lim;
	if (!read_addr(&s->from, &s->from_uri, value_of(m, FIELD_FROM)))
		return fault(400, "from-syntax");
	if (!read_addr(&s->to, &s->to_uri, value_of(m, FIELD_TO)))
		return fault(400, "to-syntax");
	return SOUND;
}

/* RFC 3261 §25.1: callid = word [ "@" word ]: printable, no white space. */
static struct fault check_call_id(struct msg *m,
				  const struct sanity_limits *lim)
{
	struct slice id = value_of(m, FIELD_CALL_ID);

	(void)lim;
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] <= ' ' || id.p[i] == 0x7f)
			return fault(400, "call-id-syntax");
	}
	m->said.call_id = id;
	return id.n > 0 ? SOUND : fault(400, "call-id-syntax");
}

/* RFC 3261 §8.1.1.5, RFC 4475 §3.1.2.17, §3.1.2.18 */
static struct fault check_cseq(struct msg *m, const struct sanity_limits *lim)
{
	struct slice v = value_of(m, FIELD_CSEQ), method;
	size_t n = chars_span(v, CHAR_DIGIT);
	struct said *s = &m->said;

	(void)lim;
	method = slice_skip_space(slice_from(v, n));
	if (slice_to_u32(&s->cseq, (struct slice){v.p, n}) ||
	    s->cseq >= CSEQ_LIMIT || method.n == 0 || method.p == v.p + n ||
	    chars_span(method, CHAR_TOKEN) != method.n)
		return fault(400, "cseq-syntax");
	s->cseq_method = method;
	if (m->frame->response || slice_eq(method, s->method))
		return SOUND;
	return fault(facts_method(s->method) == METHOD_OTHER ? 501 : 400,
		     "cseq-method");
}

/* RFC 3261 §16.3 steps 1 and 2 */
static struct fault check_uri(struct msg *m, const struct sanity_limits *lim)
{
	struct said *s = &m->said;

	(void)lim;
	if (m->frame->response)
		return SOUND;
	if (s->request_uri.n == 0 || s->request_uri.p[0] == '<' ||
	    facts_uri(&s->ruri, s->request_uri))
		return fault(400, "request-uri-syntax");
	if (s->ruri.scheme != URI_SIP && s->ruri.scheme != URI_SIPS)
		return fault(416, "request-uri-scheme");
	/* RFC 3261 §19.1.1: headers are not for Request-URIs. */
	return s->ruri.has_headers ? fault(400, "request-uri-headers") : SOUND;
}

/* RFC 3261 §16.3 step 3 */
static struct fault check_hops(struct msg *m, const struct sanity_limits *lim)
{
	uint32_t hops = 0;

	(void)lim;
	m->said.max_forwards = -1;
	if (m->frame->response || !said_has(&m->said, FIELD_MAX_FORWARDS))
		return SOUND;
	if (slice_to_u32(&hops, value_of(m, FIELD_MAX_FORWARDS)) ||
	    hops > HOPS_LIMIT)
		return fault(400, "max-forwards-syntax");
	m->said.max_forwards = (int)hops;
	return hops > 0 ? SOUND : fault(483, "max-forwards-zero");
}

static struct fault check_views(struct msg *m, const struct sanity_limits *lim)
{
	(void)lim;
	return !m->sip || views_agree(m) ? SOUND : fault(400, "views-differ");
}

/* The path of steps through a message; order decides which answer wins. */
typedef struct fault check_fn(struct msg *m, const struct sanity_limits *lim);

static check_fn *const checks[] = {
	check_start,	      check_fields,    check_parser, sanity_vias,
	check_parties,	      check_call_id,   check_cseq,   check_uri,
	sanity_routes,	      sanity_contacts, check_views,  check_hops,
	sanity_proxy_require,
};

struct verdict sanity_check(struct msg *m, const struct sanity_limits *lim)
{
	struct verdict v;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct fault bad = checks[i](m, lim);

		if (!bad.rule)
			continue;
		/* RFC 3261 §18.1.2, §8.1.3.3: nobody answers a response. */
		if (m->frame->response)
			return verdict_drop(bad.rule);
		v = verdict_refuse(bad.status, bad.rule);
		if (bad.status == 420)
			v.extra = slice_of(m->extra);
		return v;
	}
	m->said.checked = true;
	return (struct verdict){.kind = VERDICT_PASS};
}

struct verdict sanity_answer(struct msg *m)
{
	static check_fn *const needed[] = {check_start, check_fields,
					   sanity_top_via, check_cseq};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct fault bad = needed[i](m, NULL);

		if (bad.rule)
			return verdict_drop(bad.rule);
	}
	m->said.checked = true;
	return (struct verdict){.kind = VERDICT_PASS};
}

bool sanity_answerable(const struct frame *f)
{
	static const enum field needed[] = {FIELD_VIA, FIELD_FROM, FIELD_TO,
					    FIELD_CALL_ID, FIELD_CSEQ};

	if (f->lines == 0 || f->response)
		return false;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (frame_find(f, needed[i], 0) < 0)
			return false;
	}
	return true;
}
