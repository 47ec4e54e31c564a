/*
 * cert_export.c: `edgectl cert export`: key and chain in one PKCS#12 file
 * (RFC 7292), for the other machines that show the certificate.
 */
#include "cert_own.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PASSPHRASE_MAX 256
#define PASSPHRASE_MIN 8
#define ROUNDS	       100000
#define ROUNDS_OLD     2048 /* old importers count each of them */
#define SALT_BYTES     16

/* The command line, and what became of it. */
struct export
{
	struct own_asked asked;
	const char *p12, *from, *passphrase_file;
	bool legacy, json;

	struct own own;
	struct told told;
	char chain_path[PATH_MAX], key_path[PATH_MAX];
	char passphrase[PASSPHRASE_MAX];
	struct cert_issued issued;
	EVP_PKEY *key;
};

/* Where the pair lies: by the settings, or beside the request. */
static int find_pair(struct export *e)
{
	if (e->from) {
		if (!own_path(e->chain_path, &e->own, e->from, "chain") ||
		    !own_path(e->key_path, &e->own, e->from, "key"))
			return EXIT_NO_LOOK;
		return 0;
	}
	if (!e->own.key)
		return no_look("profile %s is another machine's: write --from "
			       "and the folder where its request was made",
			       e->asked.profile);
	snprintf(e->chain_path, PATH_MAX, "%s", e->own.certificate);
	snprintf(e->key_path, PATH_MAX, "%s", e->own.key);
	return 0;
}

static int read_pair(struct export *e)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	char why[WHY_MAX] = "out of memory";
	int err = all ? certificates_read(all, e->chain_path, why) : ENOMEM;

	if (!err)
		err = key_read(&e->key, e->key_path, NULL, why);
	if (!err)
		err = cert_issued_order(&e->issued, all, e->key, why);
	sk_X509_pop_free(all, X509_free);
	if (err == ENOENT && e->key) {
		no_look("%s: %s %s", e->chain_path, why, e->key_path);
		return EXIT_FINDINGS;
	}
	return err ? no_look("%s", why) : 0;
}

/* One line without its end; a longer one would be cut unseen. */
static bool read_line(struct export *e, FILE *f)
{
	size_t n;

	if (!fgets(e->passphrase, sizeof(e->passphrase), f))
		return no_look("there is no passphrase to read") == 0;
	n = strcspn(e->passphrase, "\r\n");
	if (n == sizeof(e->passphrase) - 1)
		return no_look("the passphrase is longer than %d characters",
			       PASSPHRASE_MAX - 2) == 0;
	e->passphrase[n] = '\0';
	return true;
}

static int passphrase_from_file(struct export *e)
{
	FILE *f = fopen(e->passphrase_file, "re");
	struct stat st;
	bool good;

	if (!f)
		return no_look("%s: %s", e->passphrase_file, strerror(errno));
	setvbuf(f, NULL, _IONBF, 0);
	good = fstat(fileno(f), &st) == 0 &&
	       !(S_ISREG(st.st_mode) && st.st_mode & 077);
	if (good)
		good = read_line(e, f);
	else
		no_look("%s: others can read it; run chmod 0600 %s",
			e->passphrase_file, e->passphrase_file);
	fclose(f);
	return good ? 0 : EXIT_NO_LOOK;
}

/* Who is interrupted here must not leave a terminal that shows nothing. */
static bool ask(struct export *e, FILE *tty, const char *words)
{
	struct termios before, quiet;
	sigset_t all, old;
	bool good;

	if (tcgetattr(fileno(tty), &before))
		return no_look("/dev/tty: %s", strerror(errno)) == 0;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	fputs(words, tty);
	fflush(tty);
	good = read_line(e, tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fputc('\n', tty);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return good;
}

static int passphrase_from_tty(struct export *e)
{
	FILE *tty = fopen("/dev/tty", "r+e");
	char first[PASSPHRASE_MAX];
	bool good;

	if (!tty)
		return no_look("nobody to ask for a passphrase: write "
			       "--passphrase-file FILE");
	setvbuf(tty, NULL, _IONBF, 0);
	good = ask(e, tty, "Passphrase: ");
	memcpy(first, e->passphrase, sizeof(first));
	good = good && ask(e, tty, "Once more: ");
	if (good && strcmp(first, e->passphrase) != 0)
		good = no_look("those were two passphrases") == 0;
	OPENSSL_cleanse(first, sizeof(first));
	fclose(tty);
	return good ? 0 : EXIT_NO_LOOK;
}

static int get_passphrase(struct export *e)
{
	int status = e->passphrase_file ? passphrase_from_file(e)
					: passphrase_from_tty(e);

	if (!status && strlen(e->passphrase) < PASSPHRASE_MIN)
		return no_look("the passphrase is all that protects the key "
			       "on its way: at least %d characters",
			       PASSPHRASE_MIN);
	return status;
}

/* Old importers know triple DES and SHA-1 only. */
static PKCS12 *make_p12(struct export *e)
{
	int cipher = e->legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC
			       : NID_aes_256_cbc;
	int rounds = e->legacy ? ROUNDS_OLD : ROUNDS;
	const EVP_MD *md = e->legacy ? EVP_sha1() : EVP_sha256();
	PKCS12 *p12 = PKCS12_create(e->passphrase, e->own.stem, e->key,
				    e->issued.leaf, e->issued.rest, cipher,
				    cipher, rounds, -1, 0);

	if (p12 && PKCS12_set_mac(p12, e->passphrase, -1, NULL, SALT_BYTES,
				  rounds, md) != 1) {
		PKCS12_free(p12);
		p12 = NULL;
	}
	return p12;
}

static int write_p12(struct export *e)
{
	PKCS12 *p12 = make_p12(e);
	unsigned char *der = NULL;
	int n = p12 ? i2d_PKCS12(p12, &der) : 0;
	int err = n > 0 ? file_make(e->p12, der, (size_t)n, NULL) : ENOMEM;

	OPENSSL_free(der);
	PKCS12_free(p12);
	ERR_clear_error();
	if (err == EEXIST)
		return no_look("%s is there already and is not overwritten",
			       e->p12);
	return err ? no_look("%s: %s", e->p12, strerror(err)) : 0;
}

/* Everything that went in comes out again. */
static bool is_whole(const struct export *e, PKCS12 *p12)
{
	EVP_PKEY *key = NULL;
	X509 *leaf = NULL;
	STACK_OF(X509) *rest = NULL;
	bool whole =
		PKCS12_parse(p12, e->passphrase, &key, &leaf, &rest) == 1 &&
		EVP_PKEY_eq(key, e->key) == 1 &&
		X509_cmp(leaf, e->issued.leaf) == 0 &&
		(rest ? sk_X509_num(rest) : 0) == sk_X509_num(e->issued.rest);

	EVP_PKEY_free(key);
	X509_free(leaf);
	sk_X509_pop_free(rest, X509_free);
	return whole;
}

static int check_p12(struct export *e)
{
	FILE *f = fopen(e->p12, "re");
	PKCS12 *p12 = f ? d2i_PKCS12_fp(f, NULL) : NULL;
	bool whole = p12 && is_whole(e, p12);

	if (f)
		fclose(f);
	PKCS12_free(p12);
	ERR_clear_error();
	if (whole)
		return 0;
	unlink(e->p12);
	return no_look("%s: read again, it was not what was written; it is "
		       "removed",
		       e->p12);
}

static int export(struct export *e)
{
	int status = find_pair(e);

	if (!status)
		status = read_pair(e);
	if (!status)
		status = get_passphrase(e);
	if (!status)
		status = write_p12(e);
	if (!status)
		status = check_p12(e);
	if (status)
		return status;
	told_say(&e->told, "profile", "%s, for %s", e->own.stem,
		 e->own.plan->common_name);
	told_say(&e->told, "exported",
		 "%s, mode 0600: key, certificate and %d "
		 "intermediates, %s",
		 e->p12, sk_X509_num(e->issued.rest),
		 e->legacy ? "triple DES and SHA-1, for old importers only"
			   : "AES-256 and SHA-256");
	told_say(&e->told, "next",
		 "carry the passphrase by another way than the file, and "
		 "remove the file once it is imported");
	return 0;
}

static int run(struct export *e)
{
	int status = own_find(&e->own, &e->asked);

	if (status)
		return status;
	status = told_begin(&e->told, e->json) ? export(e)
					       : no_look("out of memory");
	OPENSSL_cleanse(e->passphrase, sizeof(e->passphrase));
	cert_issued_fini(&e->issued);
	EVP_PKEY_free(e->key);
	own_fini(&e->own);
	return told_end(&e->told, status);
}

/* false: not an option of ours, or a wrong value. */
static bool take(struct export *e, int opt)
{
	switch (opt) {
	case 'F':
		e->from = optarg;
		return true;
	case '1':
		e->p12 = optarg;
		return true;
	case 'a':
		e->passphrase_file = optarg;
		return true;
	case 'l':
		return e->legacy = true;
	case 'j':
		return e->json = true;
	default:
		return own_option(&e->asked, opt);
	}
}

int cert_export_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"profile", required_argument, NULL, 'p'},
		{"nth", required_argument, NULL, 'n'},
		{"pool", required_argument, NULL, 'P'},
		{"from", required_argument, NULL, 'F'},
		{"p12", required_argument, NULL, '1'},
		{"passphrase-file", required_argument, NULL, 'a'},
		{"legacy", no_argument, NULL, 'l'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	struct export e = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?' || !take(&e, opt))
			return no_look("cert export: wrong option; see edgectl "
				       "cert -h");
	}
	if (argc - optind != 1 || !e.p12)
		return no_look("cert export CONFIG --profile PROFILE --p12 "
			       "FILE");
	e.asked.config = argv[optind];
	return run(&e);
}
