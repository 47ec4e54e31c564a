/*
 * cert_import.c: `edgectl cert import`: what the authority sent, paired with
 * the waiting key, judged, and put where the edge reads it.
 */
#include "cert_own.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_MAX 4

/* The command line, and what became of it. */
struct import {
	struct own_asked asked;
	const char *key, *from;
	char **file, *one[1];
	int files;
	bool force, dry, json;

	struct own own;
	struct told told;
	STACK_OF(X509) * all;
	struct cert_issued issued;
	EVP_PKEY *pair_key;
	mode_t key_mode;
	char key_path[PATH_MAX], lineage[PATH_MAX];
};

/* Without a FILE: what an ACME client keeps beside the key. */
static int find_files(struct import *i)
{
	if (i->files > 0)
		return 0;
	if (!i->from)
		return no_look("cert import CONFIG --profile PROFILE FILE");
	if (!path_in(i->lineage, i->from, "fullchain.pem"))
		return EXIT_NO_LOOK;
	i->one[0] = i->lineage;
	i->file = i->one;
	i->files = 1;
	return 0;
}

static int read_files(struct import *i)
{
	char why[WHY_MAX];

	i->all = sk_X509_new_null();
	if (!i->all)
		return no_look("out of memory");
	for (int n = 0; n < i->files; n++) {
		if (certificates_read(i->all, i->file[n], why))
			return no_look("%s", why);
	}
	return 0;
}

/* The places where the key may wait, the likely ones first. */
static unsigned key_places(struct import *i, char path[KEYS_MAX][PATH_MAX])
{
	char folder[PATH_MAX];
	unsigned n = 0;

	if (i->key) {
		snprintf(path[0], PATH_MAX, "%s", i->key);
		return 1;
	}
	if (i->from)
		snprintf(folder, sizeof(folder), "%s", i->from);
	else
		folder_of(folder, i->file[0]);
	n += own_path(path[n], &i->own, folder, "key");
	n += path_in(path[n], folder, "privkey.pem");
	if (i->from || !i->own.key)
		return n;
	snprintf(path[n++], PATH_MAX, "%s", i->own.key);
	folder_of(folder, i->own.key);
	return n + own_path(path[n], &i->own, folder, "key");
}

static bool try_key(struct import *i, const char *path, char *why)
{
	if (key_read(&i->pair_key, path, &i->key_mode, why))
		return false;
	if (cert_issued_order(&i->issued, i->all, i->pair_key, why) == 0) {
		snprintf(i->key_path, sizeof(i->key_path), "%s", path);
		return true;
	}
	EVP_PKEY_free(i->pair_key);
	i->pair_key = NULL;
	snprintf(why, WHY_MAX, "%.300s: not the key of this certificate", path);
	return false;
}

/* The key that the certificate was made for, or why there is none. */
static int find_pair(struct import *i)
{
	char path[KEYS_MAX][PATH_MAX], why[KEYS_MAX][WHY_MAX];
	unsigned n = key_places(i, path);

	for (unsigned k = 0; k < n; k++) {
		if (try_key(i, path[k], why[k]))
			return 0;
	}
	for (unsigned k = 0; k < n; k++)
		no_look("%s", why[k]);
	told_say(&i->told, "refused",
		 "no key for %s. The authority never has it: it was made with "
		 "the request, and lies where that was made; write --key FILE "
		 "or --from DIR",
		 i->file[0]);
	return EXIT_FINDINGS;
}

static void say_end(struct import *i)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n = 0;

	if (b && ASN1_TIME_print(b, X509_get0_notAfter(i->issued.leaf)))
		n = BIO_get_mem_data(b, &p);
	told_say(&i->told, "valid until", "%.*s", (int)n, p ? p : "");
	BIO_free(b);
}

static void say_pair(struct import *i)
{
	const struct cert_issued *got = &i->issued;
	char issuer[256] = "";

	X509_NAME_oneline(X509_get_issuer_name(got->leaf), issuer,
			  sizeof(issuer));
	told_say(&i->told, "profile", "%s, for %s", i->own.stem,
		 i->own.plan->common_name);
	told_say(&i->told, "certificate", "%s", i->file[0]);
	told_say(&i->told, "issuer", "%s", issuer);
	say_end(i);
	told_say(&i->told, "key", "%s goes with it", i->key_path);
	told_say(&i->told, "chain", "%d intermediate%s, %s%s",
		 sk_X509_num(got->rest), sk_X509_num(got->rest) == 1 ? "" : "s",
		 got->in_order ? "in order" : "put in order",
		 got->rooted ? "; the root is left out, clients have it" : "");
	if (got->others)
		told_say(&i->told, "left out", "%u that do not belong to it",
			 got->others);
}

/* Errors are never installed; warnings by --force. */
static int judge(struct import *i)
{
	struct cert_subject subject = {
		.leaf = i->issued.leaf,
		.rest = i->issued.rest,
		.key = i->pair_key,
		.key_mode = i->key_mode,
	};

	own_judge(&i->told, &i->own, &subject);
	if (i->told.worst >= CERT_ERROR) {
		told_say(&i->told, "refused",
			 "there are errors: nothing is installed");
		return EXIT_FINDINGS;
	}
	if (i->told.worst < CERT_WARNING || i->force)
		return 0;
	told_say(&i->told, "refused",
		 "there are warnings: nothing is installed; --force installs "
		 "all the same");
	return EXIT_FINDINGS;
}

static bool same_bytes(const char *path, const struct bytes *b)
{
	char *p = NULL;
	size_t n = 0;
	bool same = file_read(&p, &n, path, 1024 * 1024) == 0 && n == b->n &&
		    memcmp(p, b->p, n) == 0;

	free(p);
	return same;
}

/* Nothing to do, a hook may run twice. */
static bool is_there(const struct import *i)
{
	char why[WHY_MAX];
	EVP_PKEY *key = NULL;
	struct bytes chain = {0};
	bool same = chain_bytes(&chain, &i->issued) &&
		    same_bytes(i->own.certificate, &chain) &&
		    key_read(&key, i->own.key, NULL, why) == 0 &&
		    EVP_PKEY_eq(key, i->pair_key) == 1;

	bytes_free(&chain);
	EVP_PKEY_free(key);
	return same;
}

static int install_here(struct import *i)
{
	struct installed done;
	char why[WHY_MAX];

	if (is_there(i)) {
		told_say(&i->told, "installed", "%s has it already",
			 i->own.certificate);
		return 0;
	}
	if (i->dry) {
		told_say(&i->told, "dry run", "would go to %s and %s",
			 i->own.certificate, i->own.key);
		return 0;
	}
	if (pair_install(&done, &i->own, &i->issued, i->pair_key, why))
		return no_look("%s", why);
	if (!is_there(i))
		return no_look("%s and %s: read again, they are not what was "
			       "written",
			       i->own.certificate, i->own.key);
	told_say(&i->told, "installed", "%s and %s", i->own.certificate,
		 i->own.key);
	if (done.old[0])
		told_say(&i->told, "old pair", "kept in %s", done.old);
	told_say(&i->told, "next",
		 "edgectl reload %s (or systemctl reload "
		 "sip-edge)",
		 i->asked.config);
	return 0;
}

/* Another machine's: it waits beside its key, to be exported. */
static int lay_beside_key(struct import *i)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct owner owner = {geteuid(), getegid(), 0644};
	struct bytes chain = {0};
	int err;

	folder_of(folder, i->key_path);
	if (!own_path(path, &i->own, folder, "chain"))
		return EXIT_NO_LOOK;
	if (i->dry) {
		told_say(&i->told, "dry run", "would go to %s", path);
		return 0;
	}
	err = chain_bytes(&chain, &i->issued)
		      ? file_replace(path, chain.p, chain.n, &owner)
		      : ENOMEM;
	bytes_free(&chain);
	if (err)
		return no_look("%s: %s", path, strerror(err));
	told_say(&i->told, "installed", "%s", path);
	told_say(&i->told, "next",
		 "it is another machine's: edgectl cert export %s --profile "
		 "%s%s%s --from %s --p12 FILE",
		 i->asked.config, i->asked.profile,
		 i->asked.pool ? " --pool " : "",
		 i->asked.pool ? i->asked.pool : "", folder);
	return 0;
}

static int import(struct import *i)
{
	int status = find_files(i);

	if (!status)
		status = read_files(i);
	if (!status)
		status = find_pair(i);
	if (status)
		return status;
	say_pair(i);
	status = judge(i);
	if (status)
		return status;
	return i->own.key ? install_here(i) : lay_beside_key(i);
}

static int run(struct import *i)
{
	int status = own_find(&i->own, &i->asked);

	if (status)
		return status;
	status = told_begin(&i->told, i->json) ? import(i)
					       : no_look("out of memory");
	cert_issued_fini(&i->issued);
	EVP_PKEY_free(i->pair_key);
	sk_X509_pop_free(i->all, X509_free);
	own_fini(&i->own);
	return told_end(&i->told, status);
}

/* false: not an option of ours, or a wrong value. */
static bool take(struct import *i, int opt)
{
	switch (opt) {
	case 'k':
		i->key = optarg;
		return true;
	case 'F':
		i->from = optarg;
		return true;
	case 'f':
		return i->force = true;
	case 'd':
		return i->dry = true;
	case 'j':
		return i->json = true;
	default:
		return own_option(&i->asked, opt);
	}
}

int cert_import_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"profile", required_argument, NULL, 'p'},
		{"nth", required_argument, NULL, 'n'},
		{"pool", required_argument, NULL, 'P'},
		{"key", required_argument, NULL, 'k'},
		{"from", required_argument, NULL, 'F'},
		{"force", no_argument, NULL, 'f'},
		{"dry-run", no_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	struct import i = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?' || !take(&i, opt))
			return no_look("cert import: wrong option; see edgectl "
				       "cert -h");
	}
	if (argc == optind)
		return no_look("cert import CONFIG --profile PROFILE FILE");
	i.asked.config = argv[optind];
	i.file = argv + optind + 1;
	i.files = argc - optind - 1;
	return run(&i);
}
