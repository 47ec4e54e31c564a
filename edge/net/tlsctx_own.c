/*
 * tlsctx_own.c - what our doors show of themselves.
 */
#include "tlsctx_own.h"

#include "base/log.h"
#include "cert/certificate.h"
#include "revocation/board.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define UNOPENED (-2)

/** A certificate with its chain and key, and the names it is asked by. */
struct shown {
	SSL_CTX *holder;
	GENERAL_NAMES *san;
};

struct tlsctx_own {
	atomic_uint refs;
	struct crl_board *board;
	char *key_log;	    /* path, or NULL */
	atomic_int secrets; /* descriptor; UNOPENED; -1: it cannot be */
	size_t n;	    /* certificates; [0] is the leg's own */
	struct shown shown[];
};

static int own_index = -1;

int tlsctx_fail(char *why, const char *file, const char *problem,
		const char *cure)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	snprintf(why, WHY_MAX, "%s: %s%s%s%s: %s", file, problem,
		 reason ? " (" : "", reason ? reason : "", reason ? ")" : "",
		 cure);
	ERR_clear_error();
	return EINVAL;
}

int tlsctx_readable(const char *file, const char *what, char *why)
{
	if (file && access(file, R_OK) == 0)
		return 0;
	snprintf(why, WHY_MAX, "%s: cannot read the %s: %s", file ? file : "?",
		 what, file ? strerror(errno) : "no file is set");
	return EINVAL;
}

static int load_pair(SSL_CTX *ctx, const char *certificate, const char *key,
		     char *why)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return tlsctx_fail(
			why, certificate, "not a usable certificate",
			"write the leaf and its intermediates in PEM");
	ERR_clear_error();
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return tlsctx_fail(
			why, key, "not this certificate's key",
			"write the PEM key, without passphrase, that the "
			"certificate was made for");
	return 0;
}

/* They are read one after the other. Where both were replaced in between, in
 * one step as `edgectl cert import` does it, the second look finds two that
 * fit. */
int tlsctx_own_load(SSL_CTX *ctx, const char *certificate, const char *key,
		    char *why)
{
	int err = tlsctx_readable(certificate, "certificate", why);

	if (!err)
		err = tlsctx_readable(key, "private key", why);
	if (err)
		return err;
	return load_pair(ctx, certificate, key, why) == 0
		       ? 0
		       : load_pair(ctx, certificate, key, why);
}

static bool has_dns_name(const GENERAL_NAMES *san)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		if (sk_GENERAL_NAME_value(san, i)->type == GEN_DNS)
			return true;
	}
	return false;
}

static int read_shown(struct shown *out, const char *certificate,
		      const char *key, char *why)
{
	int err;

	out->holder = SSL_CTX_new(TLS_server_method());
	if (!out->holder)
		return ENOMEM;
	err = tlsctx_own_load(out->holder, certificate, key, why);
	if (err)
		return err;
	out->san = X509_get_ext_d2i(SSL_CTX_get0_certificate(out->holder),
				    NID_subject_alt_name, NULL, NULL);
	ERR_clear_error();
	return 0;
}

/* Who is asked for by no name would never be shown. */
static int read_also(struct tlsctx_own *o,
		     const struct certificate_settings *also, char *why)
{
	struct shown *to = &o->shown[o->n++];
	int err = read_shown(to, also->certificate, also->key, why);

	if (!err && !has_dns_name(to->san))
		err = tlsctx_fail(
			why, also->certificate,
			"has no DNS name that a client could ask for",
			"have its names in the subject alternative name");
	return err;
}

static int read_all(struct tlsctx_own *o, const struct leg_settings *leg,
		    char *why)
{
	int err;

	if (leg->alsos == 0)
		return 0;
	o->n = 1;
	err = read_shown(&o->shown[0], leg->certificate, leg->key, why);
	for (size_t i = 0; i < leg->alsos && !err; i++)
		err = read_also(o, &leg->also[i], why);
	return err;
}

static void free_held(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index,
		      long argl, void *argp)
{
	struct tlsctx_own *o = ptr;

	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	tlsctx_own_unref(&o);
}

int tlsctx_own_create(struct tlsctx_own **out, const struct settings *s,
		      struct crl_board *board, char *why)
{
	const struct leg_settings *leg = &s->leg[LEG_OUTSIDE];
	struct tlsctx_own *o =
		calloc(1, sizeof(*o) + (leg->alsos + 1) * sizeof(struct shown));
	int err = 0;

	if (own_index < 0)
		own_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL,
						     free_held);
	*out = NULL;
	if (!o)
		return ENOMEM;
	o->refs = 1;
	o->secrets = UNOPENED;
	o->board = board;
	if (s->key_log && !(o->key_log = strdup(s->key_log)))
		err = ENOMEM;
	if (!err)
		err = read_all(o, leg, why);
	if (err)
		tlsctx_own_unref(&o);
	*out = o;
	return err;
}

void tlsctx_own_unref(struct tlsctx_own **op)
{
	struct tlsctx_own *o = *op;

	*op = NULL;
	if (!o || atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	for (size_t i = 0; i < o->n; i++) {
		SSL_CTX_free(o->shown[i].holder);
		GENERAL_NAMES_free(o->shown[i].san);
	}
	if (o->secrets >= 0)
		close(o->secrets);
	free(o->key_log);
	free(o);
}

static struct tlsctx_own *own_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), own_index);
}

/* What it held before is anybody's guess: only a plain file, and only ours. */
static int open_log(const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			      O_NONBLOCK,
		      0600);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fchmod(fd, 0600) == 0)
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

/*
 * At the first secret, not before: whoever only checks the settings, perhaps as
 * another user, must not make the file. It says so when it cannot be made, and
 * goes on: nobody may be locked out by a thing for debugging.
 */
static int secrets_of(struct tlsctx_own *o)
{
	int fd = atomic_load(&o->secrets), none = UNOPENED;
	char path[LOG_TEXT_MAX];

	if (fd != UNOPENED)
		return fd;
	fd = open_log(o->key_log);
	if (!atomic_compare_exchange_strong(&o->secrets, &none, fd)) {
		if (fd >= 0)
			close(fd);
		return none;
	}
	if (fd < 0)
		log_event(LOG_LEVEL_ERROR, "edge", "key-log",
			  "file=\"%s\" reason=\"%s\"",
			  log_text(path, slice_of(o->key_log)),
			  strerror(errno));
	return fd;
}

static void write_secret(const SSL *ssl, const char *line)
{
	struct tlsctx_own *o = own_of(ssl);
	struct iovec v[] = {
		{(void *)line, strlen(line)},
		{(void *)"\n", 1},
	};
	int fd = secrets_of(o);

	/* One write a line, so that threads do not mix theirs. */
	if (fd >= 0 && writev(fd, v, 2) < 0)
		log_event(LOG_LEVEL_ERROR, "edge", "key-log", "reason=\"%s\"",
			  strerror(errno));
}

int tlsctx_own_hold(struct tlsctx_own *o, SSL_CTX *ctx)
{
	if (SSL_CTX_set_ex_data(ctx, own_index, o) != 1)
		return ENOMEM;
	atomic_fetch_add(&o->refs, 1);
	if (o->key_log)
		SSL_CTX_set_keylog_callback(ctx, write_secret);
	return 0;
}

/* RFC 6125 §6.4.3: the wildcard is the whole first label, and stands for one.
 * This is what clients make of our certificate; of theirs we take none. */
static bool fits_wildcard(struct slice pattern, struct slice name)
{
	size_t dot = slice_index(name, '.');

	if (pattern.n < 3 || pattern.p[0] != '*' || pattern.p[1] != '.' ||
	    dot == 0 || dot >= name.n)
		return false;
	return slice_same_host((struct slice){pattern.p + 2, pattern.n - 2},
			       (struct slice){name.p + dot + 1,
					      name.n - dot - 1});
}

static bool is_shown_for(const struct shown *c, struct slice name, bool exactly)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(c->san); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(c->san, i);
		struct slice own;

		if (g->type != GEN_DNS)
			continue;
		own = cert_bytes(g->d.dNSName);
		if (exactly ? slice_same_host(own, name)
			    : fits_wildcard(own, name))
			return true;
	}
	return false;
}

static bool give(SSL *ssl, const struct shown *c)
{
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(c->holder, &chain);
	return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(c->holder),
				    SSL_CTX_get0_privatekey(c->holder), chain,
				    1) == 1;
}

/*
 * All of that name, for one may have a key of each kind; of two with keys of
 * one kind the first: so the last is given first.
 */
static int give_named(SSL *ssl, const struct tlsctx_own *o, struct slice name,
		      bool exactly)
{
	int given = 0;

	for (size_t i = o->n; i-- > 0;) {
		if (!is_shown_for(&o->shown[i], name, exactly))
			continue;
		if (given++ == 0)
			SSL_certs_clear(ssl);
		if (!give(ssl, &o->shown[i]))
			return -1;
	}
	return given;
}

/*
 * Before anything is chosen, in TLS 1.2 and 1.3. RFC 6066 §3 lets a server that
 * does not know the name go on with its default certificate; an alert would
 * tell which names there are.
 */
static int choose(SSL *ssl, void *arg)
{
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tlsctx_own *o = own_of(ssl);
	int given = 0;

	(void)arg;
	if (sni && *sni)
		given = give_named(ssl, o, slice_of(sni), true);
	if (sni && *sni && given == 0)
		given = give_named(ssl, o, slice_of(sni), false);
	ERR_clear_error();
	return given >= 0;
}

static int fits_named(const struct tlsctx_own *o, struct slice name,
		      bool exactly, const X509 *cert)
{
	int found = -1;

	for (size_t i = 0; i < o->n; i++) {
		const struct shown *c = &o->shown[i];

		if (!is_shown_for(c, name, exactly))
			continue;
		found = 0;
		if (!X509_cmp(SSL_CTX_get0_certificate(c->holder), cert))
			return 1;
	}
	return found;
}

int tlsctx_own_fits(const SSL_CTX *ctx, struct slice name, const X509 *cert)
{
	const struct tlsctx_own *o = SSL_CTX_get_ex_data(ctx, own_index);
	int found = -1;

	if (o && name.n)
		found = fits_named(o, name, true, cert);
	if (o && name.n && found < 0)
		found = fits_named(o, name, false, cert);
	return found;
}

void tlsctx_own_each(const SSL_CTX *ctx, tlsctx_shown_fn *fn, void *arg)
{
	const struct tlsctx_own *o = SSL_CTX_get_ex_data(ctx, own_index);

	for (size_t i = 1; i < o->n; i++)
		fn(SSL_CTX_get0_certificate(o->shown[i].holder), arg);
}

/* RFC 6066 §8: with the certificate that was chosen, or not at all. */
static int staple(SSL *ssl, void *arg)
{
	const X509 *shown = SSL_get_certificate(ssl);
	unsigned char *der;
	char print[65];
	size_t n;

	(void)arg;
	if (!shown)
		return SSL_TLSEXT_ERR_NOACK;
	cert_fingerprint(print, shown);
	n = crl_board_staple(own_of(ssl)->board, print, &der);
	if (n == 0)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, der, (long)n);
	return SSL_TLSEXT_ERR_OK;
}

void tlsctx_own_show(const struct tlsctx_own *o, SSL_CTX *ctx)
{
	assert(SSL_CTX_get_ex_data(ctx, own_index) == o);
	if (o->n > 0)
		SSL_CTX_set_cert_cb(ctx, choose, NULL);
	if (o->board)
		SSL_CTX_set_tlsext_status_cb(ctx, staple);
}
