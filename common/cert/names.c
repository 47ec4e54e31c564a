/*
 * names.c - names that a certificate proves, and whom they fit.
 */
#include "cert/names.h"

#include "base/addr.h"

#include <stdlib.h>

void cert_names_destroy(struct cert_names **names)
{
	if (!*names)
		return;
	for (size_t i = 0; i < (*names)->n; i++)
		free((*names)->name[i].text);
	free(*names);
	*names = NULL;
}

static bool name_is(const struct cert_name *n, struct slice wanted,
		    const union addr *literal)
{
	union addr own;

	if (!literal)
		return n->kind != CERT_NAME_IP &&
		       slice_same_host(slice_of(n->text), wanted);
	return n->kind == CERT_NAME_IP &&
	       addr_parse(&own, slice_of(n->text), 0) == 0 &&
	       addr_same_host(&own, literal);
}

bool cert_names_match(const struct cert_names *names, struct slice wanted)
{
	union addr literal;
	bool is_literal = addr_parse(&literal, wanted, 0) == 0;

	for (size_t i = 0; names && i < names->n; i++) {
		if (name_is(&names->name[i], wanted,
			    is_literal ? &literal : NULL))
			return true;
	}
	return false;
}

bool cert_names_listed(const struct cert_names *names,
		       const struct name_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (cert_names_match(names, slice_of(list->v[i])))
			return true;
	}
	return false;
}
