/*
 * fetch.c - gets lists and OCSP answers.
 */
#include "fetch.h"

#include "files.h"
#include "point.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECT_S   5L
#define TOTAL_S	    30L
#define SLOW_S	    10L /* so long below ... */
#define SLOW_BYTES  64L /* ... a second: given up */
#define REDIRECTS   3L
#define ANSWER_MAX  (64u << 10) /* an OCSP answer */
#define LDAP_GROWTH 2		/* base64 and names */

/** One errand under way. */
struct trip {
	const struct crl_errand *errand;
	struct buf *out;
	size_t max;
	const char *proxy; /* "": none */
	bool too_long, closed, no_address, not_ours;
	char problem[CURL_ERROR_SIZE];
};

static bool is_ldap(const char *where)
{
	return strncasecmp(where, "ldap:", 5) == 0;
}

const char *crl_fetch_proxy(const struct settings *s, enum leg leg,
			    const char *where)
{
	const char *proxy = s->leg[leg].revocation.proxy;

	return proxy && strncasecmp(where, "http:", 5) == 0 ? proxy : "";
}

static size_t take(char *p, size_t size, size_t n, void *arg)
{
	struct trip *t = arg;

	n *= size;
	if (t->out->n + n > t->max) {
		t->too_long = true;
		return 0;
	}
	buf_add(t->out, (struct slice){p, n});
	return t->out->failed ? 0 : n;
}

static int go_on(void *arg, curl_off_t all, curl_off_t now, curl_off_t up,
		 curl_off_t upped)
{
	const struct trip *t = arg;

	(void)all, (void)now, (void)up, (void)upped;
	return t->errand->stop && atomic_load(t->errand->stop);
}

static const union addr *own_address(const struct crl_errand *e, int family)
{
	const struct leg_settings *l = &e->settings->leg[e->leg];

	for (size_t i = 0; i < l->addresses; i++) {
		if (l->address[i].sa.sa_family == family)
			return &l->address[i];
	}
	return NULL;
}

/* Strangers' certificates name outside addresses; what the internal authority
 * names may well lie inside. A proxy is the operator's own. */
static bool may_go(struct trip *t, const union addr *to)
{
	const struct crl_errand *e = t->errand;

	if (!e->learnt || e->leg == LEG_INSIDE || t->proxy[0])
		return true;
	t->closed = !settings_partner_address(e->settings, to);
	return !t->closed;
}

/* From the leg's own address, whatever the routes say: so a leg's errands
 * never leave by the other one unseen. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
				 struct curl_sockaddr *to)
{
	struct trip *t = arg;
	const struct crl_errand *e = t->errand;
	const union addr *from = e->unbound ? NULL : own_address(e, to->family);
	union addr dest = {0};
	int fd;

	(void)purpose;
	if (to->addrlen > sizeof(dest))
		return CURL_SOCKET_BAD;
	memcpy(&dest, &to->addr, to->addrlen);
	if (!may_go(t, &dest))
		return CURL_SOCKET_BAD;
	t->no_address =
		!from && !e->unbound && e->settings->leg[e->leg].addresses > 0;
	if (t->no_address)
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd >= 0 && from && bind(fd, &from->sa, addr_len(from))) {
		t->not_ours = true;
		close(fd);
		return CURL_SOCKET_BAD;
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/** Host and port of a URL. */
struct target {
	char *host, *port;
};

static bool target_of(struct target *out, const char *url)
{
	CURLU *u = curl_url();

	*out = (struct target){0};
	if (u && curl_url_set(u, CURLUPART_URL, url,
			      CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_HOST, &out->host, 0);
		curl_url_get(u, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT);
	}
	curl_url_cleanup(u);
	return out->host && out->host[0];
}

static struct slice bare_host(const struct target *t)
{
	struct slice host = slice_of(t->host);

	if (host.n > 2 && host.p[0] == '[')
		return (struct slice){host.p + 1, host.n - 2};
	return host;
}

static void target_fini(struct target *t)
{
	curl_free(t->host);
	curl_free(t->port);
}

static const struct host_entry *host_named(const struct settings *s,
					   const char *name)
{
	for (size_t i = 0; i < s->hosts; i++) {
		if (slice_same_host(slice_of(s->host[i].name), slice_of(name)))
			return &s->host[i];
	}
	return NULL;
}

/* The settings' `hosts` go before DNS here as well. */
static struct curl_slist *pin_host(struct curl_slist *list,
				   const struct settings *s, const char *url)
{
	const struct host_entry *h;
	struct buf line = {0};
	struct target t;

	h = target_of(&t, url) ? host_named(s, t.host) : NULL;
	if (h && t.port) {
		buf_puts(&line, t.host);
		buf_puts(&line, ":");
		buf_puts(&line, t.port);
		for (size_t i = 0; i < h->addresses; i++) {
			char text[ADDR_TEXT_MAX];

			buf_puts(&line, i ? "," : ":");
			buf_puts(&line, addr_host_text(&h->address[i], text));
		}
		buf_add(&line, (struct slice){"", 1});
		if (!line.failed)
			list = curl_slist_append(list, line.p);
	}
	buf_fini(&line);
	target_fini(&t);
	return list;
}

static void set_limits(CURL *c, struct trip *t)
{
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, TOTAL_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SLOW_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max);
	/* Through a proxy nobody sees where a redirect leads. */
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION,
			 t->errand->learnt && t->proxy[0] ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR,
			 t->errand->learnt ? "http" : "http,ldap");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http");
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
}

/* An empty proxy is none, and has libcurl ask no environment. */
static void set_way(CURL *c, struct trip *t)
{
	curl_easy_setopt(c, CURLOPT_URL, t->errand->where);
	curl_easy_setopt(c, CURLOPT_PROXY, t->proxy);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "sip-edge");
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, go_on);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
}

/* RFC 6960 §A.1. */
static struct curl_slist *set_post(CURL *c, struct slice post)
{
	struct curl_slist *headers = NULL;

	if (post.n == 0)
		return NULL;
	headers = curl_slist_append(NULL,
				    "Content-Type: application/ocsp-request");
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, post.p);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)post.n);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	return headers;
}

/** What libcurl says, in our words. */
struct words {
	CURLcode code;
	const char *what; /* NULL: libcurl's */
	const char *mend;
};

static const struct words all_words[] = {
	{CURLE_COULDNT_RESOLVE_PROXY, NULL,
	 "correct revocation.proxy of this leg, or name the proxy under hosts"},
	{CURLE_COULDNT_RESOLVE_HOST, NULL,
	 "name it under hosts, have this machine's DNS know it, or set "
	 "revocation.proxy of this leg"},
	{CURLE_COULDNT_CONNECT, NULL,
	 "open the way there from this leg's address, or set revocation.proxy "
	 "of this leg"},
	{CURLE_OPERATION_TIMEDOUT, NULL,
	 "see why it is slow, open the way there from this leg's address, or "
	 "set revocation.proxy of this leg"},
	{CURLE_HTTP_RETURNED_ERROR, NULL,
	 "have the authority publish its list there; if a proxy said so, have "
	 "it let this address pass"},
	{CURLE_TOO_MANY_REDIRECTS, "more than three redirects",
	 "name the address where the list really lies"},
	{CURLE_UNSUPPORTED_PROTOCOL,
	 "only http, file and ldap are asked, and redirects lead to http only",
	 "name an http address"},
	{CURLE_FILESIZE_EXCEEDED, "too long for a list", "see what lies there"},
	{CURLE_LDAP_CANNOT_BIND, NULL, "allow the edge to read it unnamed"},
	{CURLE_LDAP_SEARCH_FAILED, NULL, "correct the name after the host"},
	{CURLE_PARTIAL_FILE, NULL, "see why the server ended early"},
	{CURLE_GOT_NOTHING, NULL, "see what listens there"},
};

static void say(const struct trip *t, CURLcode code, struct crl_fault *fault)
{
	const char *what =
		t->problem[0] ? t->problem : curl_easy_strerror(code);
	const char *mend = "see that it is a web server which has the list";

	for (size_t i = 0; i < sizeof(all_words) / sizeof(all_words[0]); i++) {
		if (all_words[i].code != code)
			continue;
		what = all_words[i].what ? all_words[i].what : what;
		mend = all_words[i].mend;
	}
	crl_fault_set(fault, mend, "%s", what);
}

static int conclude(const struct trip *t, CURLcode code,
		    struct crl_fault *fault)
{
	if (code == CURLE_OK)
		return 0;
	if (t->out->failed || code == CURLE_OUT_OF_MEMORY)
		return ENOMEM;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return ECANCELED;
	if (t->too_long)
		code = CURLE_FILESIZE_EXCEEDED;
	if (t->closed)
		crl_fault_set(fault,
			      "nothing, unless that partner is known: list the "
			      "address under federation.private_ok",
			      "a peer's certificate leads to an address that "
			      "is not for strangers");
	else if (t->no_address)
		crl_fault_set(fault,
			      "give the leg an address of that family, or set "
			      "revocation.proxy",
			      "this leg has no address to go there from");
	else if (t->not_ours)
		crl_fault_set(fault,
			      "ask on the edge's own machine, or correct the "
			      "leg's address",
			      "this machine does not have the leg's address");
	else
		say(t, code, fault);
	return t->closed ? EACCES : EIO;
}

static int travel(struct trip *t, struct crl_fault *fault)
{
	const struct crl_errand *e = t->errand;
	CURL *c = curl_easy_init();
	struct curl_slist *hosts, *headers;
	CURLcode code;

	if (!c)
		return ENOMEM;
	hosts = pin_host(NULL, e->settings, e->where);
	if (t->proxy[0])
		hosts = pin_host(hosts, e->settings, t->proxy);
	set_way(c, t);
	set_limits(c, t);
	curl_easy_setopt(c, CURLOPT_RESOLVE, hosts);
	headers = set_post(c, e->post);
	code = curl_easy_perform(c);
	curl_easy_cleanup(c);
	curl_slist_free_all(hosts);
	curl_slist_free_all(headers);
	return conclude(t, code, fault);
}

static int refuse_target(const struct crl_errand *e, struct crl_fault *fault)
{
	struct target to;
	int err = 0;

	if (!target_of(&to, e->where)) {
		crl_fault_set(fault,
			      "have the authority name an http address, or "
			      "set revocation.crl with the server's name",
			      "it names no server: only members of a Windows "
			      "domain can find it");
		err = EINVAL;
	} else if (e->learnt && e->leg == LEG_OUTSIDE &&
		   settings_inside_host(e->settings, bare_host(&to))) {
		crl_fault_set(fault, "nothing: strangers are not led inside",
			      "a peer's certificate leads inside");
		err = EACCES;
	}
	target_fini(&to);
	return err;
}

/* "\tcertificateRevocationList;binary:: BASE64\n", as libcurl prints it. */
static struct slice ldap_value(struct slice text)
{
	static const char name[] = "RevocationList";
	const char *end = text.p + text.n, *at = text.p, *stop;

	while ((at = memmem(at, (size_t)(end - at), name, sizeof(name) - 1))) {
		bool delta =
			at - text.p >= 5 && !strncasecmp(at - 5, "delta", 5);

		at += sizeof(name) - 1;
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		at = memmem(at, (size_t)(stop - at), ":: ", 3);
		if (at && !delta)
			return (struct slice){at + 3, (size_t)(stop - at - 3)};
		at = stop;
	}
	return (struct slice){0};
}

static int from_ldap(struct buf *b, struct crl_fault *fault)
{
	struct slice v = ldap_value(buf_slice(b));
	unsigned char *der = NULL;
	int n = -1;

	while (v.n > 0 && (v.p[v.n - 1] == '\r' || v.p[v.n - 1] == ' '))
		v.n--;
	if (v.n > 0) {
		der = malloc(v.n);
		if (!der)
			return ENOMEM;
		n = EVP_DecodeBlock(der, (const unsigned char *)v.p, (int)v.n);
	}
	if (n <= 0) {
		free(der);
		crl_fault_set(fault, "correct the name after the host",
			      "no certificateRevocationList in what the "
			      "directory has there");
		return EINVAL;
	}
	b->n = 0;
	buf_add(b, (struct slice){(char *)der, (size_t)n});
	free(der);
	return b->failed ? ENOMEM : 0;
}

static size_t longest(const struct crl_errand *e)
{
	if (e->post.n > 0)
		return ANSWER_MAX;
	if (e->learnt)
		return CRL_LEARNT_MAX;
	return is_ldap(e->where) ? CRL_BYTES_MAX * LDAP_GROWTH : CRL_BYTES_MAX;
}

int crl_fetch(struct buf *out, const struct crl_errand *e,
	      struct crl_fault *fault)
{
	struct trip t = {
		.errand = e,
		.out = out,
		.max = longest(e),
		.proxy = crl_fetch_proxy(e->settings, e->leg, e->where),
	};
	int err;

	if (crl_point_path(e->where))
		return crl_file_read(out, crl_point_path(e->where), fault);
	err = refuse_target(e, fault);
	if (!err)
		err = travel(&t, fault);
	if (!err && is_ldap(e->where))
		err = from_ldap(out, fault);
	return err;
}
