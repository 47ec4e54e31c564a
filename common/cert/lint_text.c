/*
 * lint_text.c - names and times of a certificate, made fit to be read.
 */
#include "lint_room.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HOST_MAX  253
#define LABEL_MAX 63

const char *lint_quote(char out[LINT_NAME_MAX], struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (n + 8 > LINT_NAME_MAX) {
			n += (size_t)snprintf(out + n, 4, "...");
			break;
		}
		if (c > 0x20 && c < 0x7f && c != '"' && c != '\\')
			out[n++] = (char)c;
		else if (c == ' ')
			out[n++] = ' ';
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
	}
	out[n] = '\0';
	return out;
}

const char *lint_who(char out[LINT_NAME_MAX], const X509_NAME *name)
{
	char all[512];
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

	if (at >= 0)
		return lint_quote(out, cert_bytes(X509_NAME_ENTRY_get_data(
					       X509_NAME_get_entry(name, at))));
	X509_NAME_oneline(name, all, sizeof(all));
	return lint_quote(out, slice_of(all));
}

const char *lint_day(char out[16], int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm))
		strftime(out, 16, "%Y-%m-%d", &tm);
	return out;
}

int64_t lint_time(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) : 0;
}

bool lint_is_edge(const struct cert_plan *plan)
{
	return plan && (plan->profile == CERT_EXTERNAL_EDGE ||
			plan->profile == CERT_INTERNAL_EDGE);
}

struct slice lint_cn(const struct lint *l)
{
	return (struct slice){.p = l->cn, .n = l->cn_n};
}

int lint_sans(const struct lint *l)
{
	return l->san ? sk_GENERAL_NAME_num(l->san) : 0;
}

bool lint_dns(const struct lint *l, int i, struct slice *out)
{
	const GENERAL_NAME *g = sk_GENERAL_NAME_value(l->san, i);

	if (g->type != GEN_DNS)
		return false;
	*out = cert_bytes(g->d.dNSName);
	return true;
}

int lint_find(const struct lint *l, struct slice name)
{
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (lint_dns(l, i, &dns) && slice_same_host(dns, name))
			return i;
	}
	return LINT_NOWHERE;
}

int lint_named(const struct lint *l)
{
	int n = 0;

	for (int i = 0; i < lint_sans(l); i++) {
		int type = sk_GENERAL_NAME_value(l->san, i)->type;

		n += type == GEN_DNS || type == GEN_URI;
	}
	return n;
}

bool lint_is_wildcard(struct slice s)
{
	return s.n > 0 && memchr(s.p, '*', s.n) != NULL;
}

static bool is_host_byte(unsigned char c)
{
	return isalnum(c) || c == '-' || c == '.';
}

/* RFC 1123 §2.1; a trailing dot and capital letters are somebody else's. */
bool lint_is_host(struct slice s)
{
	size_t label = 0;

	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	if (s.n == 0 || s.n > HOST_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.';

		if (!is_host_byte((unsigned char)s.p[i]) || label > LABEL_MAX ||
		    (dot && label == 0))
			return false;
		label = dot ? 0 : label + 1;
	}
	return label > 0 && label <= LABEL_MAX;
}
