/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate_fuzz.c - the names of a certificate, and whom they fit.
 *
 * Whatever the certificate says, each name is one that a host may have, fits
 * itself in any case of letters and nothing else, and OpenSSL reads it there as
 * well; what OpenSSL reads there without wildcards, we read too.
 */
#include "cert/certificate.h"
#include "cert/names.h"
#include "fuzz_kit.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define NAMES_MAX 128
#define NAME_MAX  256
#define EXACTLY                                                                \
	(X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)

/* What a peer may be asked for, whoever it is. */
static const char *const wanted[] = {
	"sip.example.com",
	"a.example.com",
	"example.com",
	"evil.example",
	"b.example",
	"xn--nxasmq6b.example",
	"x",
};

/* What nobody may ever prove. */
static const char *const never[] = {
	"",
	".",
	"*",
	"*.example.com",
	"a*.example.com",
	"..",
	"a..example.com",
	".example.com",
};

static bool is_listed(const struct cert_names *names, const char *text)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->name[i].text, text) == 0)
			return true;
	}
	return false;
}

static void is_a_name(const struct cert_name *name)
{
	size_t n = strlen(name->text);

	MUST(n > 0 && n < NAME_MAX);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name->text[i];

		MUST(isalnum(c) || c == '-' || c == '.' ||
		     (c == ':' && name->kind == CERT_NAME_IP));
		MUST(c == tolower(c));
	}
	MUST(name->text[0] != '.' && name->text[n - 1] != '.');
	MUST(!strstr(name->text, ".."));
}

/* In any case of letters; as one label more, or one byte less, it is another. */
static void fits_itself_alone(const struct cert_names *names, const char *text)
{
	char other[NAME_MAX + 4];
	size_t n = strlen(text);

	MUST(cert_names_match(names, slice_of(text)));
	for (size_t i = 0; i <= n; i++)
		other[i] = (char)toupper((unsigned char)text[i]);
	MUST(cert_names_match(names, slice_of(other)));
	snprintf(other, sizeof(other), "*.%s", text);
	MUST(!cert_names_match(names, slice_of(other)));
	snprintf(other, sizeof(other), "q.%s", text);
	MUST(cert_names_match(names, slice_of(other)) ==
	     is_listed(names, other));
	/* With a NUL and more behind it. */
	memcpy(other, text, n);
	memcpy(other + n, "\0.x", 3);
	MUST(!cert_names_match(names, (struct slice){other, n + 3}));
	MUST(!cert_names_match(names, (struct slice){other, n + 1}));
}

/* Of the host's own dot at the end it makes a difference; we do not. */
static bool openssl_reads_host(X509 *cert, const char *text)
{
	char dotted[NAME_MAX + 2];

	snprintf(dotted, sizeof(dotted), "%s.", text);
	return X509_check_host(cert, text, 0, EXACTLY, NULL) == 1 ||
	       X509_check_host(cert, dotted, 0, EXACTLY, NULL) == 1;
}

static void openssl_agrees(X509 *cert, const struct cert_name *name)
{
	switch (name->kind) {
	case CERT_NAME_IP:
		MUST(X509_check_ip_asc(cert, name->text, 0) == 1);
		break;
	case CERT_NAME_DNS:
	case CERT_NAME_CN:
		MUST(openssl_reads_host(cert, name->text));
		break;
	case CERT_NAME_URI:
		break;
	}
}

static void we_agree(X509 *cert, const struct cert_names *names)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		bool theirs =
			X509_check_host(
				cert, wanted[i], 0,
				EXACTLY | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
				NULL) == 1;

		MUST(!theirs || names->n == NAMES_MAX ||
		     cert_names_match(names, slice_of(wanted[i])));
	}
}

static void check(X509 *cert, const struct cert_names *names)
{
	MUST(names->n <= NAMES_MAX && names->uses != 0);
	MUST(strlen(names->fingerprint) == 64 && strlen(names->key) == 64);
	MUST(!names->chained && !names->vouched);
	for (size_t i = 0; i < names->n; i++) {
		is_a_name(&names->name[i]);
		fits_itself_alone(names, names->name[i].text);
		openssl_agrees(cert, &names->name[i]);
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		MUST(cert_names_match(names, slice_of(wanted[i])) ==
		     is_listed(names, wanted[i]));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		MUST(!cert_names_match(names, slice_of(never[i])));
	we_agree(cert, names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	X509 *cert = d2i_X509(NULL, &data, (long)size);
	int err;

	if (cert) {
		err = cert_names_of(&names, cert, why);
		MUST(!err == !!names && !err == !why[0]);
		if (names)
			check(cert, names);
		cert_names_destroy(&names);
		MUST(!names);
	}
	X509_free(cert);
	ERR_clear_error();
	return 0;
}
