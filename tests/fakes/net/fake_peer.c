/* SPDX-License-Identifier: Apache-2.0 */
/* fake_peer.c - names that no certificate had to prove. */
#include "net/peer.h"

#include <stdlib.h>

void peer_names_destroy(struct peer_names **names)
{
	if (!*names)
		return;
	for (size_t i = 0; i < (*names)->n; i++)
		free((*names)->name[i].text);
	free(*names);
	*names = NULL;
}

bool peer_names_match(const struct peer_names *names, struct slice wanted)
{
	for (size_t i = 0; names && i < names->n; i++)
		if (slice_same_host(slice_of(names->name[i].text), wanted))
			return true;
	return false;
}

bool peer_names_listed(const struct peer_names *names,
		       const struct name_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (peer_names_match(names, slice_of(list->v[i])))
			return true;
	return false;
}
