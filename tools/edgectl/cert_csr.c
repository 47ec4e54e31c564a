/*
 * cert_csr.c: `edgectl cert csr`: a key, and the request for a certificate of
 * the plan, read again from the disk before it is called done.
 */
#include "cert_own.h"

#include "cert/request.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The command line, and what became of it. */
struct ordering {
	struct own_asked asked;
	const char *out, *old_key;
	uint32_t rsa_bits;
	bool wildcard, json;

	struct own own;
	struct told told;
	EVP_PKEY *key;
	mode_t key_mode;
	bool key_made; /* by us, now: it goes when the request fails */
	char key_path[PATH_MAX], request_path[PATH_MAX];
};

static int make_key(struct ordering *o)
{
	struct bytes pem = {0};
	int err = cert_key_make(&o->key, o->rsa_bits);

	if (err)
		return no_look("the key could not be made");
	err = key_bytes(&pem, o->key)
		      ? file_make(o->key_path, pem.p, pem.n, NULL)
		      : ENOMEM;
	bytes_free(&pem);
	o->key_made = !err;
	o->key_mode = 0600;
	if (err == EEXIST)
		return no_look("%s is there already and is not overwritten: a "
			       "request may be under way. To ask once more "
			       "with this key write --key %s; for a new key "
			       "move it away first",
			       o->key_path, o->key_path);
	return err ? no_look("%s: %s", o->key_path, strerror(err)) : 0;
}

static int get_key(struct ordering *o)
{
	char why[WHY_MAX];

	if (!o->old_key)
		return make_key(o);
	snprintf(o->key_path, sizeof(o->key_path), "%s", o->old_key);
	return key_read(&o->key, o->old_key, &o->key_mode, why)
		       ? no_look("%s", why)
		       : 0;
}

static int write_request(struct ordering *o, const char *path)
{
	static const struct owner all_may_read = {.mode = 0644};
	struct owner owner = all_may_read;
	X509_REQ *req = NULL;
	BIO *out = BIO_new(BIO_s_mem());
	char why[WHY_MAX] = "out of memory", *p = NULL;
	int err = ENOMEM;
	long n = 0;

	owner.uid = geteuid();
	owner.gid = getegid();
	if (out)
		err = cert_request_make(&req, o->own.plan, o->key, why);
	if (!err && PEM_write_bio_X509_REQ(out, req) == 1)
		n = BIO_get_mem_data(out, &p);
	if (!err)
		err = file_replace(path, p, (size_t)n, &owner);
	else
		no_look("%s", why);
	if (err && req)
		no_look("%s: %s", path, strerror(err));
	X509_REQ_free(req);
	BIO_free(out);
	return err ? EXIT_NO_LOOK : 0;
}

/* What the disk has is what will be sent; so that is judged. */
static int judge_request(struct ordering *o, const char *path)
{
	FILE *f = fopen(path, "re");
	struct cert_subject subject = {.key = o->key, .key_mode = o->key_mode};

	if (f)
		subject.request = PEM_read_X509_REQ(f, NULL, NULL, NULL);
	if (f)
		fclose(f);
	ERR_clear_error();
	if (!subject.request || X509_REQ_verify(subject.request, o->key) != 1) {
		X509_REQ_free(subject.request);
		return no_look("%s: read again, it is no request that the key "
			       "signed",
			       path);
	}
	own_judge(&o->told, &o->own, &subject);
	X509_REQ_free(subject.request);
	return o->told.worst >= CERT_ERROR ? EXIT_FINDINGS : 0;
}

/* It gets its name when it is known to be good. */
static int make_request(struct ordering *o)
{
	char draft[PATH_MAX];
	int status;

	if (!own_path(draft, &o->own, o->out, "csr.draft"))
		return EXIT_NO_LOOK;
	status = write_request(o, draft);
	if (!status)
		status = judge_request(o, draft);
	if (!status && rename(draft, o->request_path))
		status = no_look("%s: %s", o->request_path, strerror(errno));
	if (status)
		unlink(draft);
	else
		folder_sync(o->out);
	return status;
}

static void say_key(struct ordering *o)
{
	char curve[64] = "";

	EVP_PKEY_get_group_name(o->key, curve, sizeof(curve), NULL);
	told_say(&o->told, "key", "%s", o->key_path);
	told_say(&o->told, "key kind", "%s of %d bits, %s",
		 curve[0] ? curve : "RSA", EVP_PKEY_get_bits(o->key),
		 o->key_made ? "made now, mode 0600"
			     : "was there, and is used again");
	if (o->own.plan->shared_key)
		told_say(&o->told, "pool",
			 "all members show this certificate and key: ask for "
			 "it once, then edgectl cert export");
}

static void say_done(struct ordering *o)
{
	const struct own_asked *a = &o->asked;

	told_say(&o->told, "request", "%s", o->request_path);
	told_say(&o->told, "next",
		 "send the request to the %s authority. The key stays here: "
		 "it is what the certificate is worth. When the certificate "
		 "comes:",
		 o->own.plan->leg == LEG_OUTSIDE ? "public" : "internal");
	told_say(&o->told, "then",
		 "edgectl cert import %s --profile %s%s%s FILE --key %s",
		 a->config, a->profile, a->pool ? " --pool " : "",
		 a->pool ? a->pool : "", o->key_path);
}

static void say_plan(struct ordering *o)
{
	if (o->told.root)
		json_object_set_new(o->told.root, "plan",
				    plan_json(o->own.plan));
	else
		plan_print(o->own.plan);
}

static int order(struct ordering *o)
{
	int status;

	if (!own_path(o->key_path, &o->own, o->out, "key") ||
	    !own_path(o->request_path, &o->own, o->out, "csr"))
		return EXIT_NO_LOOK;
	if (o->wildcard && cert_plan_fold(o->own.plan))
		return no_look("out of memory");
	if (mkdir(o->out, 0700) && errno != EEXIST)
		return no_look("%s: %s", o->out, strerror(errno));
	status = get_key(o);
	if (status)
		return status;
	say_plan(o);
	say_key(o);
	status = make_request(o);
	if (!status)
		say_done(o);
	else if (o->key_made)
		unlink(o->key_path);
	return !status && o->told.worst >= CERT_WARNING ? EXIT_FINDINGS
							: status;
}

static int run(struct ordering *o)
{
	int status = own_find(&o->own, &o->asked);

	if (status)
		return status;
	status = told_begin(&o->told, o->json) ? order(o)
					       : no_look("out of memory");
	EVP_PKEY_free(o->key);
	own_fini(&o->own);
	return told_end(&o->told, status);
}

/* false: not an option of ours, or a wrong value. */
static bool take(struct ordering *o, int opt)
{
	switch (opt) {
	case 'o':
		o->out = optarg;
		return true;
	case 'r':
		return slice_to_u32(&o->rsa_bits, slice_of(optarg)) == 0 &&
		       o->rsa_bits >= CERT_RSA_MIN &&
		       o->rsa_bits <= CERT_RSA_MAX;
	case 'k':
		o->old_key = optarg;
		return true;
	case 'w':
		return o->wildcard = true;
	case 'j':
		return o->json = true;
	default:
		return own_option(&o->asked, opt);
	}
}

int cert_csr_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"profile", required_argument, NULL, 'p'},
		{"nth", required_argument, NULL, 'n'},
		{"pool", required_argument, NULL, 'P'},
		{"out", required_argument, NULL, 'o'},
		{"rsa", required_argument, NULL, 'r'},
		{"key", required_argument, NULL, 'k'},
		{"wildcard-web", no_argument, NULL, 'w'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	struct ordering o = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?' || !take(&o, opt))
			return no_look("cert csr: wrong option, or a number "
				       "out of range (--rsa %d to %d); see "
				       "edgectl cert -h",
				       CERT_RSA_MIN, CERT_RSA_MAX);
	}
	if (argc - optind != 1 || !o.out || (o.rsa_bits && o.old_key))
		return no_look("cert csr CONFIG --profile PROFILE --out DIR "
			       "[--rsa BITS | --key FILE]");
	o.asked.config = argv[optind];
	return run(&o);
}
