/*
 * cert_lint_dial.c: the certificates that a server really sends, and its
 * staple. Nothing is verified on the way, and whoever wants a certificate of
 * ours is left as soon as its own was seen.
 */
#include "cert_lint.h"
#include "reach.h"

#include "base/now.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#define HOST_MAX     256
#define CONNECT_MS   5000
#define HANDSHAKE_MS 10000
#define SENT_MAX     32

/* HOST:PORT, taken apart. */
struct there {
	char host[HOST_MAX];
	char port[8];
};

static bool take_apart(struct there *out, const char *text)
{
	struct slice host;
	uint32_t port;
	const char *colon = strrchr(text, ':');

	if (!colon || strchr(text, '/') ||
	    slice_to_u32(&port, slice_of(colon + 1)) || port == 0 ||
	    port > UINT16_MAX)
		return false;
	host = (struct slice){.p = text, .n = (size_t)(colon - text)};
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){.p = host.p + 1, .n = host.n - 2};
	if (host.n == 0 || host.n >= HOST_MAX)
		return false;
	snprintf(out->host, HOST_MAX, "%.*s", SLICE_ARG(host));
	snprintf(out->port, sizeof(out->port), "%u", (unsigned)port);
	return true;
}

bool dial_is_target(const char *text)
{
	struct there there;

	return access(text, F_OK) != 0 && take_apart(&there, text);
}

static int connect_any(int *fd, const struct there *to, char *why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all, *a;
	int err = getaddrinfo(to->host, to->port, &hints, &all);

	if (err) {
		snprintf(why, WHY_MAX, "%s: %s", to->host, gai_strerror(err));
		return EHOSTUNREACH;
	}
	err = EHOSTUNREACH;
	for (a = all; a && err; a = a->ai_next)
		err = reach_connect(fd, a->ai_addr, a->ai_addrlen, NULL,
				    now_mono_ms() + CONNECT_MS);
	freeaddrinfo(all);
	if (err)
		snprintf(why, WHY_MAX, "%s port %s: %s", to->host, to->port,
			 strerror(err));
	return err;
}

/* Keeps what was sent, in its order; believes all of it. */
static int keep(X509_STORE_CTX *c, void *arg)
{
	struct dialled *d = arg;
	const STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(c);

	for (int i = 0; i < sk_X509_num(sent) && i < SENT_MAX; i++) {
		X509 *x = sk_X509_value(sent, i);

		if (X509_up_ref(x) && !sk_X509_push(d->all, x))
			X509_free(x);
	}
	return 1;
}

/* Old versions and weak keys as well: they are what is looked for. */
static SSL_CTX *context(struct dialled *d)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, 0);
	SSL_CTX_set_cert_verify_callback(ctx, keep, d);
	SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
	return ctx;
}

static void keep_staple(struct dialled *d, SSL *ssl)
{
	const unsigned char *p = NULL;
	long n = SSL_get_tlsext_status_ocsp_resp(ssl, &p);

	if (n > 0 && p)
		d->staple = OPENSSL_memdup(p, (size_t)n);
	d->staple_n = d->staple ? n : 0;
}

static void handshake(struct dialled *d, int fd, const char *sni)
{
	SSL_CTX *ctx = context(d);
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;

	if (ssl && SSL_set_fd(ssl, fd) &&
	    (!sni || SSL_set_tlsext_host_name(ssl, sni))) {
		reach_shake(ssl, fd, now_mono_ms() + HANDSHAKE_MS);
		keep_staple(d, ssl);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* An address is no name to ask for (RFC 6066 §3). */
static const char *sni_of(const struct lint_asked *o, const struct there *to)
{
	union addr literal;

	if (o->name)
		return o->name;
	return addr_parse(&literal, slice_of(to->host), 0) ? to->host : NULL;
}

int dial(struct dialled *out, const struct lint_asked *o, const char *target,
	 char *why)
{
	struct there to;
	const char *said;
	int fd = -1, err;

	*out = (struct dialled){.all = sk_X509_new_null()};
	if (!out->all || !take_apart(&to, target)) {
		snprintf(why, WHY_MAX, "%.200s: not HOST:PORT", target);
		return EINVAL;
	}
	err = connect_any(&fd, &to, why);
	if (err)
		return err;
	handshake(out, fd, sni_of(o, &to));
	close(fd);
	said = ERR_reason_error_string(ERR_peek_last_error());
	if (sk_X509_num(out->all) == 0) {
		snprintf(why, WHY_MAX, "%s port %s: no certificate seen: %s",
			 to.host, to.port, said ? said : "it does not answer");
		err = EPROTO;
	}
	ERR_clear_error();
	return err;
}

void dial_fini(struct dialled *d)
{
	sk_X509_pop_free(d->all, X509_free);
	OPENSSL_free(d->staple);
	*d = (struct dialled){0};
}
