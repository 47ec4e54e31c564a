/*
 * resolve_hosts.c - the settings' hosts and /etc/hosts in one table.
 *
 * A name in the settings is theirs alone: /etc/hosts adds nothing to it.
 */
#include "resolve_hosts.h"

#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM      1
#define uthash_nonfatal_oom(h) ((h)->lost = true)
#include <uthash.h>

#define HOST_ADDRS_MAX 64

struct host {
	UT_hash_handle hh;
	struct resolve_addrs addrs;
	bool from_settings, lost;
	uint8_t len;
	char name[];
};

struct resolve_hosts {
	struct host *table;
};

unsigned resolve_hosts_hash(const struct resolve_name *name)
{
	return (unsigned)hash_bytes(0, resolve_name_slice(name));
}

static struct host *find(const struct resolve_hosts *t,
			 const struct resolve_name *name, unsigned hash)
{
	struct host *h;

	HASH_FIND_BYHASHVALUE(hh, t->table, name->text, name->n, hash, h);
	return h;
}

const struct resolve_addrs *resolve_hosts_find(const struct resolve_hosts *t,
					       const struct resolve_name *name,
					       unsigned hash)
{
	const struct host *h = find(t, name, hash);

	return h ? &h->addrs : NULL;
}

static void host_destroy(struct host *h)
{
	free(h->addrs.v);
	free(h);
}

static struct host *host_add(struct resolve_hosts *t,
			     const struct resolve_name *name)
{
	struct host *h = calloc(1, sizeof(*h) + name->n + 1U);

	if (!h)
		return NULL;
	memcpy(h->name, name->text, name->n);
	h->len = name->n;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, t->table, h->name, h->len,
				    resolve_hosts_hash(name), h);
	if (!h->lost)
		return h;
	host_destroy(h);
	return NULL;
}

static int add_addr(struct resolve_addrs *list, const union addr *a)
{
	union addr *more;

	for (size_t i = 0; i < list->n; i++) {
		if (addr_same_host(&list->v[i], a))
			return 0;
	}
	if (list->n == HOST_ADDRS_MAX)
		return 0;
	more = reallocarray(list->v, list->n + 1, sizeof(*more));
	if (!more)
		return ENOMEM;
	list->v = more;
	list->v[list->n++] = *a;
	return 0;
}

static int add(struct resolve_hosts *t, struct slice text, const union addr *a,
	       bool from_settings)
{
	struct resolve_name name;
	struct host *h;

	if (resolve_name_read(&name, text))
		return 0;
	h = find(t, &name, resolve_hosts_hash(&name));
	if (h && h->from_settings && !from_settings)
		return 0;
	if (!h)
		h = host_add(t, &name);
	if (!h)
		return ENOMEM;
	h->from_settings = from_settings;
	return add_addr(&h->addrs, a);
}

static int add_settings(struct resolve_hosts *t, const struct settings *s)
{
	int err = 0;

	for (size_t i = 0; i < s->hosts && !err; i++) {
		const struct host_entry *e = &s->host[i];

		for (size_t k = 0; k < e->addresses && !err; k++)
			err = add(t, slice_of(e->name), &e->address[k], true);
	}
	return err;
}

static struct slice next_word(struct slice *line)
{
	size_t n = 0;
	struct slice word;

	*line = slice_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	word = (struct slice){line->p, n};
	line->p += n;
	line->n -= n;
	return word;
}

/* hosts(5): address, then names; "#" begins a comment. */
static int add_line(struct resolve_hosts *t, struct slice line)
{
	size_t comment = slice_index(line, '#');
	struct slice word;
	union addr a;

	if (comment != SIZE_MAX)
		line.n = comment;
	if (addr_parse(&a, next_word(&line), 0))
		return 0;
	while ((word = next_word(&line)).n > 0) {
		if (add(t, word, &a, false))
			return ENOMEM;
	}
	return 0;
}

static int add_file(struct resolve_hosts *t, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int err = 0;

	if (!file)
		return 0;
	while (!err && (n = getline(&line, &room, file)) >= 0)
		err = add_line(t, (struct slice){line, (size_t)n});
	free(line);
	fclose(file);
	return err;
}

int resolve_hosts_create(struct resolve_hosts **out, const struct settings *s,
			 const char *path)
{
	struct resolve_hosts *t = calloc(1, sizeof(*t));

	if (!t)
		return ENOMEM;
	if (add_settings(t, s) || add_file(t, path)) {
		resolve_hosts_destroy(&t);
		return ENOMEM;
	}
	*out = t;
	return 0;
}

void resolve_hosts_destroy(struct resolve_hosts **tp)
{
	struct resolve_hosts *t = *tp;
	struct host *h, *tmp;

	*tp = NULL;
	if (!t)
		return;
	HASH_ITER (hh, t->table, h, tmp) {
		HASH_DEL(t->table, h);
		host_destroy(h);
	}
	free(t);
}
