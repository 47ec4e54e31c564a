/*
 * The people that a director or a registrar knows, and how they prove it.
 */
#include "kit/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kit/digest.h"

bool users_add(struct users *u, const char *spec)
{
	struct user *user = &u->user[u->count];
	char *colon;

	if (u->count == USERS_MAX)
		return false;
	user->name = text_copy(spec);
	colon = strchr(user->name, ':');
	if (colon) {
		*colon = '\0';
		user->password = text_copy(colon + 1);
	}
	u->count++;
	return true;
}

bool users_read(struct users *u, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool good = f;

	while (good && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "#\r\n \t")] = '\0';
		good = !*line || users_add(u, line);
	}
	if (f)
		fclose(f);
	return good;
}

const struct user *users_find(const struct users *u, const char *name)
{
	for (size_t i = 0; name && i < u->count; i++)
		if (!strcmp(u->user[i].name, name))
			return &u->user[i];
	return NULL;
}

bool users_serve(const struct users *u, const char *host)
{
	for (size_t i = 0; host && i < u->domain_count; i++)
		if (!strcasecmp(u->domain[i], host))
			return true;
	return false;
}

static const msg_auth_t *credentials_of(const sip_t *request, bool proxy,
					const char *user)
{
	const msg_auth_t *a = proxy ? request->sip_proxy_authorization
				    : request->sip_authorization;
	char name[256];

	for (; a; a = a->au_next) {
		digest_user(a, name, sizeof(name));
		if (!strcmp(name, user))
			return a;
	}
	return NULL;
}

bool users_proved(const struct users *u, const struct user *who,
		  const sip_t *request, bool proxy, struct text *header)
{
	const msg_auth_t *a = credentials_of(request, proxy, who->name);
	const char *method = request->sip_request->rq_method_name;
	enum digest_result result;

	if (!who->password)
		return true;
	result = digest_check(a, method, who->password);
	if (result == DIGEST_GOOD)
		return true;

	text_add(header, proxy ? "Proxy-Authenticate: " : "WWW-Authenticate: ");
	digest_challenge(header, u->domain_count ? u->domain[0] : "lab",
			 u->algorithm ? u->algorithm : "MD5",
			 result == DIGEST_STALE);
	text_add(header, "\r\n");
	return false;
}

void users_fini(struct users *u)
{
	for (size_t i = 0; i < u->count; i++) {
		free(u->user[i].name);
		free(u->user[i].password);
	}
	u->count = 0;
}
