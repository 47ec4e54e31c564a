/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file kit.h
 * What the tests of the sip room share: limits, who we are, and the way from
 * text to frame to message to facts.
 */
#ifndef TESTS_UNIT_SIP_KIT_H
#define TESTS_UNIT_SIP_KIT_H

#include "cunit_main.h"
#include "sip/facts.h"
#include "sip/framer.h"
#include "sip/sanity.h"

#include <stdlib.h>
#include <unistd.h>

#define KIT_WALL_S 1700000000u

static const struct framer_limits kit_limits = {
	.message_bytes = 262144,
	.header_bytes = 65536,
	.line_bytes = 8192,
	.headers = 256,
};
static const struct sanity_limits kit_counts = {70, 20, 10};

/** One message on its way; the text must outlive it. */
struct kit {
	struct frame frame;
	struct msg *m;
	struct facts facts;
};

/** A REGISTER that is right in every way. */
#define KIT_REGISTER                                                           \
	"REGISTER sip:example.com SIP/2.0\r\n"                                 \
	"Via: SIP/2.0/TLS 192.0.2.1:4242;branch=z9hG4bKa1;rport\r\n"           \
	"Max-Forwards: 70\r\n"                                                 \
	"From: \"Al\" <sip:alice@example.com>;tag=f1\r\n"                      \
	"To: <sip:alice@example.com>\r\n"                                      \
	"Call-ID: one@192.0.2.1\r\n"                                           \
	"CSeq: 7 REGISTER\r\n"                                                 \
	"Contact: <sip:alice@192.0.2.1:4242;transport=tls>;q=0.5\r\n"          \
	"Supported: path, outbound\r\n"                                        \
	"Expires: 600\r\n"                                                     \
	"Content-Length: 0\r\n\r\n"

/** A request with lines of the test's own in place of From to CSeq. */
#define KIT_HEAD(method, uri)                                                  \
	method " " uri " SIP/2.0\r\n"                                          \
	       "Via: SIP/2.0/TLS 192.0.2.1:4242;branch=z9hG4bKa1\r\n"
#define KIT_REST(method)                                                       \
	"From: <sip:alice@example.com>;tag=f1\r\n"                             \
	"To: <sip:bob@example.com>\r\n"                                        \
	"Call-ID: one@192.0.2.1\r\n"                                           \
	"CSeq: 7 " method "\r\n"                                               \
	"Content-Length: 0\r\n\r\n"

/** Cut the text's only message. */
static inline enum framer_result kit_frame(struct kit *k, struct slice text,
					   struct verdict *v)
{
	struct framer fr = {0};
	size_t used = 0;

	*v = (struct verdict){0};
	return framer_next(&fr, &kit_limits, text, &used, &k->frame, v);
}

/** Cut, parse, check: the verdict, however early it is found. */
static inline struct verdict kit_check(struct kit *k, struct slice text)
{
	struct verdict v;

	k->m = NULL;
	if (kit_frame(k, text, &v) != FRAMER_MESSAGE)
		return v.rule ? v : verdict_drop("no-message");
	if (wire_parse(&k->m, &k->frame))
		return k->frame.response ? verdict_drop("unparsed")
					 : verdict_refuse(400, "unparsed");
	return sanity_check(k->m, &kit_counts);
}

/** The rule that text breaks, and with it the status; NULL when it passes. */
static inline const char *kit_rule(struct slice text, unsigned *status)
{
	static struct kit k;
	struct verdict v = kit_check(&k, text);

	wire_destroy(&k.m);
	if (status)
		*status = v.status;
	return v.kind == VERDICT_PASS ? NULL : v.rule;
}

/** Copy a text with a word in place of its first "%s". */
static inline void kit_fill(char *out, size_t cap, const char *text,
			    const char *word)
{
	const char *at = strstr(text, "%s");
	int n = at ? (int)(at - text) : (int)strlen(text);

	snprintf(out, cap, "%.*s%s%s", n, text, at ? word : "",
		 at ? at + 2 : "");
}

static inline bool kit_is(struct slice s, const char *text)
{
	return s.p && slice_eq(s, slice_of(text));
}

/** Is the rule the one expected? NULL equals NULL. */
static inline bool kit_same(const char *rule, const char *wanted)
{
	bool same =
		!rule || !wanted ? rule == wanted : strcmp(rule, wanted) == 0;

	if (!same)
		printf("# rule %s, wanted %s\n", rule ? rule : "none",
		       wanted ? wanted : "none");
	return same;
}

#endif
