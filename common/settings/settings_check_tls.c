/*
 * settings_check_tls.c - what a leg shows, whom it believes, and where its
 * lists of revoked certificates come from: that files are there, and words
 * mean something.
 */
#include "settings_room.h"

#include <errno.h>
#include <stdio.h>

#define WHAT_MAX 64

static int check_file(struct load *l, enum leg leg, const char *name,
		      const char *path, bool is_private)
{
	char what[WHAT_MAX];

	if (!path)
		return 0;
	snprintf(what, sizeof(what), "%s.%s", settings_leg_word(leg), name);
	return settings_check_file(l, settings_place(l, what, 0), what, path,
				   is_private);
}

static int check_own(struct load *l, enum leg leg)
{
	const struct leg_settings *s = &l->s->leg[leg];
	int err = check_file(l, leg, "tls.certificate", s->certificate, false);

	if (!err)
		err = check_file(l, leg, "tls.key", s->key, true);
	if (!err)
		err = check_file(l, leg, "tls.trust", s->trust, false);
	return err;
}

static int say_half(struct load *l, enum leg leg, const char *is,
		    const char *lacks, const char *ending)
{
	const char *name = settings_leg_word(leg);
	char path[WHAT_MAX];

	snprintf(path, sizeof(path), "tls.%s", is);
	return settings_complain(l, settings_leg_place(l, leg, path, 0),
				 "%s.tls: %s without %s; add %s = "
				 "\"/etc/sip-edge/%s-client.%s\";",
				 name, is, lacks, lacks, name, ending);
}

static int check_client(struct load *l, enum leg leg)
{
	const struct leg_settings *s = &l->s->leg[leg];
	int err;

	if (s->client_certificate && !s->client_key)
		return say_half(l, leg, "client_certificate", "client_key",
				"key");
	if (s->client_key && !s->client_certificate)
		return say_half(l, leg, "client_key", "client_certificate",
				"chain");
	err = check_file(l, leg, "tls.client_certificate",
			 s->client_certificate, false);
	if (!err)
		err = check_file(l, leg, "tls.client_key", s->client_key, true);
	return err;
}

static const config_setting_t *also_place(struct load *l, enum leg leg,
					  size_t n, const char *key)
{
	return settings_value_place(settings_leg_place(l, leg, "tls.also", n),
				    key, 0);
}

/* Which of two would be shown? Before: the leg's own, and those above. */
static const config_setting_t *same_before(struct load *l, enum leg leg,
					   size_t n)
{
	const struct leg_settings *s = &l->s->leg[leg];
	const char *mine = s->also[n].certificate;

	if (strcmp(s->certificate, mine) == 0)
		return settings_leg_place(l, leg, "tls.certificate", 0);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s->also[i].certificate, mine) == 0)
			return also_place(l, leg, i, "certificate");
	}
	return NULL;
}

static int check_also(struct load *l, enum leg leg, size_t n)
{
	struct certificate_settings *c = &l->s->leg[leg].also[n];
	const config_setting_t *here = also_place(l, leg, n, "certificate");
	const config_setting_t *there = same_before(l, leg, n);
	int err;

	c->line = settings_line(settings_leg_place(l, leg, "tls.also", n));
	if (there)
		return settings_complain(
			l, here,
			"%s.tls.also: \"%.100s\" is already in line %d; write "
			"each certificate once",
			settings_leg_word(leg), c->certificate,
			settings_line(there));
	err = settings_check_file(l, here, "outside.tls.also.certificate",
				  c->certificate, false);
	if (err)
		return err;
	return settings_check_file(l, also_place(l, leg, n, "key"),
				   "outside.tls.also.key", c->key, true);
}

static int check_ocsp(struct load *l, enum leg leg)
{
	const char *ocsp = l->s->leg[leg].ocsp;

	if (!ocsp || ocsp[0] == '/' || strcmp(ocsp, "auto") == 0 ||
	    strcmp(ocsp, "off") == 0)
		return 0;
	return settings_complain(
		l, settings_leg_place(l, leg, "tls.ocsp", 0),
		"%s.tls.ocsp = \"%.100s\": must be \"auto\", \"off\" or a "
		"path that begins with a slash; write ocsp = \"auto\";",
		settings_leg_word(leg), ocsp);
}

/* What stands behind a scheme; NULL: it is another one. */
static const char *behind(const char *where, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(where, scheme, n) == 0 ? where + n : NULL;
}

static bool has_host(const char *rest)
{
	return rest && strcspn(rest, "/?#:@") > 0 && !strchr(rest, ' ');
}

/* A hard leg that begins without its list would believe nobody. */
static int check_list_file(struct load *l, enum leg leg, size_t n,
			   const char *path)
{
	char what[WHAT_MAX];

	if (l->s->leg[leg].revocation.mode != REVOCATION_HARD)
		return 0;
	snprintf(what, sizeof(what), "%s.revocation.crl",
		 settings_leg_word(leg));
	return settings_check_file(l, settings_place(l, what, n), what, path,
				   false);
}

static int check_source(struct load *l, enum leg leg, size_t n)
{
	const char *where = l->s->leg[leg].revocation.crl.v[n];
	const config_setting_t *here =
		settings_leg_place(l, leg, "revocation.crl", n);
	const char *path = behind(where, "file://");

	if (behind(where, "https:") || behind(where, "ldaps:"))
		return settings_complain(
			l, here,
			"%s.revocation.crl = \"%.100s\": the certificate of "
			"that server would need a list itself, and a list is "
			"signed anyhow; write its http or ldap address",
			settings_leg_word(leg), where);
	if (!path)
		path = where;
	if (path[0] == '/')
		return check_list_file(l, leg, n, path);
	if (has_host(behind(where, "http://")) ||
	    has_host(behind(where, "ldap://")))
		return 0;
	return settings_complain(
		l, here,
		"%s.revocation.crl = \"%.100s\": must be a path that begins "
		"with a slash, or an http://, file:/// or ldap:// URL without "
		"spaces; write crl = [ \"http://crl.internal.example/ca.crl\" "
		"];",
		settings_leg_word(leg), where);
}

static int check_revocation(struct load *l, enum leg leg)
{
	const struct revocation_settings *r = &l->s->leg[leg].revocation;
	int err = 0;

	for (size_t i = 0; !err && i < r->crl.n; i++)
		err = check_source(l, leg, i);
	if (err || r->mode != REVOCATION_HARD || r->crl.n > 0 ||
	    r->distribution_points)
		return err;
	return settings_complain(
		l, settings_leg_place(l, leg, "revocation.mode", 0),
		"%s.revocation: mode = \"hard\" with neither crl nor "
		"distribution_points, so that no certificate could ever be "
		"believed; add crl = [ \"http://crl.internal.example/ca.crl\" "
		"];",
		settings_leg_word(leg));
}

int settings_check_tls(struct load *l, enum leg leg)
{
	int err = check_own(l, leg);

	if (!err)
		err = check_client(l, leg);
	for (size_t i = 0; !err && i < l->s->leg[leg].alsos; i++)
		err = check_also(l, leg, i);
	if (!err)
		err = check_ocsp(l, leg);
	return err ? err : check_revocation(l, leg);
}
