/*
 * cert_lint_pair.c: a certificate with its chain and key, from files.
 */
#include "cert_lint.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

void pair_fini(struct lint_pair *p)
{
	sk_X509_free(p->rest);
	sk_X509_pop_free(p->all, X509_free);
	EVP_PKEY_free(p->key);
	*p = (struct lint_pair){0};
}

int pair_take(struct lint_pair *p, STACK_OF(X509) * all)
{
	*p = (struct lint_pair){.all = all, .rest = sk_X509_new_null()};
	if (!p->rest)
		return ENOMEM;
	p->leaf = sk_X509_value(all, 0);
	for (int i = 1; i < sk_X509_num(all); i++)
		sk_X509_push(p->rest, sk_X509_value(all, i));
	return 0;
}

int pair_read(struct lint_pair *p, const char *path, char *why)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	int err = all ? certificates_read(all, path, why) : ENOMEM;

	*p = (struct lint_pair){0};
	if (!err)
		return pair_take(p, all);
	sk_X509_pop_free(all, X509_free);
	return err;
}

int pair_key(struct lint_pair *p, const char *path, char *why)
{
	return key_read(&p->key, path, &p->mode, why);
}

X509_STORE *lint_trust(struct linting *run, const char *path)
{
	static const struct lint_words words = {
		"a PEM file of authorities that can be read",
		"put it there: without it nobody can say whether the chain is "
		"believed"};
	X509_STORE *store = trust_read(path);

	if (!store)
		say_found(run, "trust-not-read", CERT_WARNING, &words, "%.200s",
			  path ? path : "the system's store");
	return store;
}
