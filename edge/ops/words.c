/*
 * words.c: words for what has only a number.
 */
#include "words.h"

const char *words_class(enum peer_class c)
{
	static const char *const words[PEER_CLASSES] = {
		[PEER_STRANGER] = "stranger", [PEER_SERVER] = "server",
		[PEER_USER] = "user",	      [PEER_PARTNER] = "partner",
		[PEER_DEVICE] = "device",
	};

	return words[c];
}

const char *words_to(enum verdict_to to)
{
	switch (to) {
	case TO_NOWHERE:
		return NULL;
	case TO_HOME:
		return "home";
	case TO_HOP:
		return "inside";
	case TO_FLOW:
		return "flow";
	case TO_DEVICE:
		return "device";
	case TO_PARTNER:
		return "partner";
	case TO_SELF:
		return "edge";
	}
	return NULL;
}
