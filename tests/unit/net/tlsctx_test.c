/*
 * tlsctx_test.c - what each door shows, demands and refuses.
 *
 * Handshakes run in memory, between a session of ours and a peer made here.
 */
#include "../cunit_main.h"
#include "net_pair.h"

#include "cert/names.h"

#include <errno.h>
#include <openssl/err.h>

static void begin(void)
{
	lab_open(&lab);
}

static void finish(void)
{
	ERR_clear_error();
	lab_close(&lab);
}

static void make_leaf(struct cert *c, const struct cert *by, const char *san,
		      const char *usage, long ends_s)
{
	cert_make(c,
		  &(struct cert_order){.cn = "leaf",
				       .san = san,
				       .usage = usage,
				       .ends_s = ends_s},
		  by);
}

static int create_again(void)
{
	const struct tlsctx *t = NULL;
	int err = tlsctx_create(&t, lab.s, NULL, why);

	CU_ASSERT_EQUAL(err == 0, t != NULL);
	tlsctx_unref(&t);
	return err;
}

static void set_text(char **text, const char *file)
{
	snprintf(*text, strlen(*text) + 1, "%s/%s", lab.dir, file);
}

static void each_missing_file_is_named(void)
{
	struct leg_settings *out;

	begin();
	out = &lab.s->leg[LEG_OUTSIDE];
	set_text(&out->certificate, "no.pem");
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no.pem"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "No such file"));
	set_text(&out->certificate, "in.pem");
	set_text(&out->key, "no.key");
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no.key"));
	set_text(&out->key, "in.key");
	set_text(&out->trust, "no.pem");
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no.pem"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "trusted"));
	set_text(&out->trust, "in.pem");
	CU_ASSERT_EQUAL(create_again(), 0);
	finish();
}

static void the_key_of_another_certificate_is_refused(void)
{
	begin();
	set_text(&lab.s->leg[LEG_OUTSIDE].key, "in.key");
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "in.key"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not this certificate's key"));
	finish();
}

static void a_file_that_is_not_pem_is_refused(void)
{
	begin();
	set_text(&lab.s->leg[LEG_OUTSIDE].certificate, "out.key");
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not a usable certificate"));
	finish();
	begin();
	set_text(&lab.s->leg[LEG_INSIDE].trust, "in.key");
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no trusted certificate"));
	finish();
}

static bool client_of_version(int version)
{
	struct pair p;
	bool done;

	pair_open(&p, TLS_OUTSIDE, NULL);
	SSL_set_security_level(p.peer, 0);
	SSL_set_min_proto_version(p.peer, version);
	SSL_set_max_proto_version(p.peer, version);
	done = shake(&p);
	pair_close(&p);
	return done;
}

static void versions_below_1_2_are_refused(void)
{
	begin();
	CU_ASSERT_FALSE(client_of_version(TLS1_VERSION));
	CU_ASSERT_FALSE(client_of_version(TLS1_1_VERSION));
	CU_ASSERT_TRUE(client_of_version(TLS1_2_VERSION));
	CU_ASSERT_TRUE(client_of_version(TLS1_3_VERSION));
	finish();
}

static bool client_of_cipher(const char *cipher)
{
	struct pair p;
	bool done;

	pair_open(&p, TLS_OUTSIDE, NULL);
	SSL_set_max_proto_version(p.peer, TLS1_2_VERSION);
	SSL_set_security_level(p.peer, 0);
	CU_ASSERT_EQUAL(SSL_set_cipher_list(p.peer, cipher), 1);
	done = shake(&p);
	pair_close(&p);
	return done;
}

static void only_forward_secret_aead_suites_are_spoken(void)
{
	begin();
	CU_ASSERT_TRUE(client_of_cipher("ECDHE-ECDSA-AES128-GCM-SHA256"));
	CU_ASSERT_TRUE(client_of_cipher("ECDHE-ECDSA-AES256-GCM-SHA384"));
	CU_ASSERT_TRUE(client_of_cipher("ECDHE-ECDSA-CHACHA20-POLY1305"));
	CU_ASSERT_FALSE(client_of_cipher("ECDHE-ECDSA-AES128-SHA256"));
	CU_ASSERT_FALSE(client_of_cipher("ECDHE-ECDSA-AES256-SHA"));
	CU_ASSERT_FALSE(client_of_cipher("ECDHE-ECDSA-AES128-CCM"));
	finish();
}

static void the_full_chain_is_served(void)
{
	struct cert middle, leaf;
	struct pair p;

	begin();
	cert_make(&middle,
		  &(struct cert_order){.cn = "middle", .authority = true},
		  &lab.outer);
	make_leaf(&leaf, &middle, "DNS:sip.example.com", NULL, 0);
	cert_save(&leaf, &middle, lab.dir, "out");
	tlsctx_unref(&lab.tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&lab.tls, lab.s, NULL, why), 0);
	pair_open(&p, TLS_OUTSIDE, NULL);
	CU_ASSERT_TRUE(shake(&p));
	CU_ASSERT_EQUAL(sk_X509_num(SSL_get_peer_cert_chain(p.peer)), 2);
	pair_close(&p);
	cert_free(&leaf);
	cert_free(&middle);
	finish();
}

/* How our side ends when the client shows a certificate, or none. */
static bool enter(enum tls_door door, const struct cert *shown,
		  struct cert_names **names)
{
	struct pair p;
	bool done;

	*names = NULL;
	why[0] = '\0';
	pair_open(&p, door, NULL);
	if (shown)
		show(p.peer, shown);
	done = shake(&p);
	if (done)
		read_names(names, p.ours, door);
	pair_close(&p);
	return done;
}

static void outside_a_certificate_is_asked_for_not_required(void)
{
	struct cert_names *names;
	struct cert c;

	begin();
	CU_ASSERT_TRUE(enter(TLS_OUTSIDE, NULL, &names));
	CU_ASSERT_PTR_NULL(names);
	CU_ASSERT_STRING_EQUAL(why, "");
	make_leaf(&c, &lab.outer, "DNS:p.example", "serverAuth", 0);
	CU_ASSERT_TRUE(enter(TLS_OUTSIDE, &c, &names));
	CU_ASSERT_TRUE(cert_names_match(names, SLICE("p.example")));
	cert_names_destroy(&names);
	cert_free(&c);
	finish();
}

/* Each comes in, and is nobody. */
static void outside_a_certificate_that_fails_names_nobody(void)
{
	struct cert_names *names;
	struct cert c[4];

	begin();
	make_leaf(&c[0], &lab.inner, "DNS:p.example", NULL, 0);
	make_leaf(&c[1], &lab.outer, "DNS:p.example", NULL, -CERT_DAY_S);
	make_leaf(&c[2], &lab.outer, "DNS:p.example", "codeSigning", 0);
	cert_make(&c[3], &(struct cert_order){.san = "DNS:p.example"}, NULL);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(enter(TLS_OUTSIDE, &c[i], &names));
		CU_ASSERT_PTR_NULL(names);
		CU_ASSERT_TRUE(why[0] != '\0');
		cert_free(&c[i]);
	}
	finish();
}

static void the_users_door_asks_for_none(void)
{
	struct cert_names *names;
	struct cert c;

	begin();
	make_leaf(&c, &lab.outer, "DNS:p.example", NULL, 0);
	CU_ASSERT_TRUE(enter(TLS_USERS, &c, &names));
	CU_ASSERT_PTR_NULL(names);
	CU_ASSERT_STRING_EQUAL(why, "");
	cert_free(&c);
	finish();
}

static void inside_a_verified_certificate_is_required(void)
{
	struct cert_names *names;
	struct cert good, foreign, old;

	begin();
	make_leaf(&good, &lab.inner, "DNS:dir01", "clientAuth", 0);
	make_leaf(&foreign, &lab.outer, "DNS:dir01", NULL, 0);
	make_leaf(&old, &lab.inner, "DNS:dir01", NULL, -60);
	CU_ASSERT_TRUE(enter(TLS_INSIDE, &good, &names));
	CU_ASSERT_TRUE(cert_names_match(names, SLICE("dir01")));
	cert_names_destroy(&names);
	CU_ASSERT_FALSE(enter(TLS_INSIDE, NULL, &names));
	CU_ASSERT_FALSE(enter(TLS_INSIDE, &foreign, &names));
	CU_ASSERT_FALSE(enter(TLS_INSIDE, &old, &names));
	cert_free(&good);
	cert_free(&foreign);
	cert_free(&old);
	finish();
}

static bool go_to(enum tls_door door, const struct cert *server)
{
	struct pair p;
	bool done;

	pair_open(&p, door, "dir01.internal.example");
	show(p.peer, server);
	done = shake(&p);
	pair_close(&p);
	return done;
}

static void a_server_is_verified_by_its_own_legs_authority(void)
{
	struct cert in, out, old;

	begin();
	make_leaf(&in, &lab.inner, "DNS:dir01.internal.example", NULL, 0);
	make_leaf(&out, &lab.outer, "DNS:dir01.internal.example", NULL, 0);
	make_leaf(&old, &lab.inner, "DNS:dir01.internal.example", NULL, -60);
	CU_ASSERT_TRUE(go_to(TLS_TO_INSIDE, &in));
	CU_ASSERT_FALSE(go_to(TLS_TO_INSIDE, &out));
	CU_ASSERT_FALSE(go_to(TLS_TO_INSIDE, &old));
	CU_ASSERT_TRUE(go_to(TLS_TO_OUTSIDE, &out));
	CU_ASSERT_FALSE(go_to(TLS_TO_OUTSIDE, &in));
	cert_free(&in);
	cert_free(&out);
	cert_free(&old);
	finish();
}

static int keep_going(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static void to_a_server_we_show_our_legs_certificate_and_its_name(void)
{
	struct cert server;
	struct pair p;

	begin();
	make_leaf(&server, &lab.inner, "DNS:dir01.internal.example", NULL, 0);
	pair_open(&p, TLS_TO_INSIDE, "dir01.internal.example");
	show(p.peer, &server);
	SSL_set_verify(p.peer, SSL_VERIFY_PEER, keep_going);
	CU_ASSERT_TRUE(shake(&p));
	CU_ASSERT_EQUAL(
		X509_cmp(SSL_get0_peer_certificate(p.peer), lab.in.x509), 0);
	CU_ASSERT_STRING_EQUAL(SSL_get_servername(p.peer,
						  TLSEXT_NAMETYPE_host_name),
			       "dir01.internal.example");
	pair_close(&p);
	pair_open(&p, TLS_TO_INSIDE, "192.0.2.1");
	show(p.peer, &server);
	CU_ASSERT_TRUE(shake(&p));
	CU_ASSERT_PTR_NULL(
		SSL_get_servername(p.peer, TLSEXT_NAMETYPE_host_name));
	pair_close(&p);
	cert_free(&server);
	finish();
}

/* The session that a client was given, or NULL; `cert` is shown. */
static SSL_SESSION *ticket_of(enum tls_door door, const struct cert *shown,
			      int version)
{
	SSL_SESSION *session = NULL;
	struct pair p;

	pair_open(&p, door, NULL);
	SSL_set_max_proto_version(p.peer, version);
	if (shown)
		show(p.peer, shown);
	CU_ASSERT_TRUE(shake(&p));
	if (SSL_SESSION_has_ticket(SSL_get0_session(p.peer)))
		session = SSL_get1_session(p.peer);
	SSL_shutdown(p.peer);
	pair_close(&p);
	return session;
}

static bool resumes(enum tls_door door, SSL_SESSION *session, int version)
{
	struct pair p;
	bool did;

	pair_open(&p, door, NULL);
	SSL_set_max_proto_version(p.peer, version);
	SSL_set_session(p.peer, session);
	did = shake(&p) && SSL_session_reused(p.ours);
	pair_close(&p);
	return did;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* The doors of the outside, each against each; the inside gives none. */
static void a_ticket_is_good_at_its_own_door_only(void)
{
	static const enum tls_door given[] = {TLS_OUTSIDE, TLS_USERS};

	begin();
	for (int i = 0; i < 4; i++) {
		int version = versions[i % 2];
		enum tls_door at = given[i / 2];
		SSL_SESSION *s = ticket_of(at, NULL, version);

		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		for (enum tls_door to = TLS_OUTSIDE; to <= TLS_INSIDE; to++)
			CU_ASSERT_EQUAL(resumes(to, s, version), to == at);
		SSL_SESSION_free(s);
	}
	finish();
}

/* TLS 1.2 has to send something by then. */
static void who_showed_a_certificate_never_resumes(void)
{
	struct cert out;

	begin();
	make_leaf(&out, &lab.outer, "DNS:p.example", NULL, 0);
	for (int i = 0; i < 2; i++) {
		SSL_SESSION *s = ticket_of(TLS_OUTSIDE, &out, versions[i]);

		CU_ASSERT_EQUAL(s != NULL, versions[i] == TLS1_2_VERSION);
		CU_ASSERT_FALSE(s && resumes(TLS_OUTSIDE, s, versions[i]));
		SSL_SESSION_free(s);
	}
	cert_free(&out);
	finish();
}

/* Nor one who did not: what comes with a ticket comes without a name. */
static void a_resumed_session_has_no_names(void)
{
	struct cert_names *names = NULL;
	struct cert out;
	struct pair p;

	begin();
	make_leaf(&out, &lab.outer, "DNS:p.example", NULL, 0);
	for (int i = 0; i < 2; i++) {
		SSL_SESSION *s = ticket_of(TLS_OUTSIDE, NULL, versions[i]);

		pair_open(&p, TLS_OUTSIDE, NULL);
		SSL_set_max_proto_version(p.peer, versions[i]);
		show(p.peer, &out);
		SSL_set_session(p.peer, s);
		CU_ASSERT_TRUE(shake(&p));
		CU_ASSERT_TRUE(SSL_session_reused(p.ours));
		CU_ASSERT_EQUAL(read_names(&names, p.ours, TLS_OUTSIDE), 0);
		CU_ASSERT_PTR_NULL(names);
		pair_close(&p);
		SSL_SESSION_free(s);
	}
	cert_free(&out);
	finish();
}

/* Other contexts have other keys: what came before them is history. */
static void a_reload_ends_all_tickets(void)
{
	begin();
	for (int i = 0; i < 2; i++) {
		SSL_SESSION *s = ticket_of(TLS_USERS, NULL, versions[i]);

		tlsctx_unref(&lab.tls);
		CU_ASSERT_EQUAL_FATAL(tlsctx_create(&lab.tls, lab.s, NULL, why),
				      0);
		CU_ASSERT_FALSE(resumes(TLS_USERS, s, versions[i]));
		SSL_SESSION_free(s);
	}
	finish();
}

static void no_ticket_is_given_inside_or_to_one_who_showed_a_certificate(void)
{
	struct cert in, out;

	begin();
	make_leaf(&in, &lab.inner, "DNS:dir01", NULL, 0);
	make_leaf(&out, &lab.outer, "DNS:p.example", NULL, 0);
	CU_ASSERT_PTR_NULL(ticket_of(TLS_INSIDE, &in, TLS1_2_VERSION));
	CU_ASSERT_PTR_NULL(ticket_of(TLS_INSIDE, &in, TLS1_3_VERSION));
	CU_ASSERT_PTR_NULL(ticket_of(TLS_OUTSIDE, &out, TLS1_3_VERSION));
	cert_free(&in);
	cert_free(&out);
	finish();
}

static void renegotiation_is_refused(void)
{
	struct pair p;
	char byte;
	int n;

	begin();
	pair_open(&p, TLS_OUTSIDE, NULL);
	SSL_set_max_proto_version(p.peer, TLS1_2_VERSION);
	CU_ASSERT_TRUE(shake(&p));
	CU_ASSERT_EQUAL(SSL_renegotiate(p.peer), 1);
	SSL_do_handshake(p.peer);
	SSL_read(p.ours, &byte, 1);
	n = SSL_do_handshake(p.peer);
	CU_ASSERT_TRUE(n != 1 && over(p.peer, n));
	pair_close(&p);
	finish();
}

static void the_last_reference_frees(void)
{
	const struct tlsctx *more, *none = NULL;

	begin();
	more = tlsctx_ref(lab.tls);
	CU_ASSERT_PTR_EQUAL(more, lab.tls);
	tlsctx_unref(&more);
	CU_ASSERT_PTR_NULL(more);
	tlsctx_unref(&none);
	CU_ASSERT_TRUE(client_of_version(TLS1_3_VERSION));
	finish();
}

TEST_MAIN("net/tlsctx",
	  {"each missing file is named", each_missing_file_is_named},
	  {"the key of another certificate is refused",
	   the_key_of_another_certificate_is_refused},
	  {"a file that is not PEM is refused",
	   a_file_that_is_not_pem_is_refused},
	  {"versions below 1.2 are refused", versions_below_1_2_are_refused},
	  {"only forward secret AEAD suites are spoken",
	   only_forward_secret_aead_suites_are_spoken},
	  {"the full chain is served", the_full_chain_is_served},
	  {"outside, a certificate is asked for, not required",
	   outside_a_certificate_is_asked_for_not_required},
	  {"outside, a certificate that fails names nobody",
	   outside_a_certificate_that_fails_names_nobody},
	  {"the users' door asks for none", the_users_door_asks_for_none},
	  {"inside, a verified certificate is required",
	   inside_a_verified_certificate_is_required},
	  {"a server is verified by its own leg's authority",
	   a_server_is_verified_by_its_own_legs_authority},
	  {"to a server we show our leg's certificate and its name",
	   to_a_server_we_show_our_legs_certificate_and_its_name},
	  {"a ticket is good at its own door only",
	   a_ticket_is_good_at_its_own_door_only},
	  {"who showed a certificate never resumes",
	   who_showed_a_certificate_never_resumes},
	  {"a resumed session has no names", a_resumed_session_has_no_names},
	  {"a reload ends all tickets", a_reload_ends_all_tickets},
	  {"no ticket inside, nor to one who showed a certificate",
	   no_ticket_is_given_inside_or_to_one_who_showed_a_certificate},
	  {"renegotiation is refused", renegotiation_is_refused},
	  {"the last reference frees", the_last_reference_frees})
