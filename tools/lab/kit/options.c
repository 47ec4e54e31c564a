/*
 * The options that all lab programs share, and their signals.
 */
#include "kit/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volatile sig_atomic_t options_stop;
volatile sig_atomic_t options_report;

bool options_take(struct hub_settings *s, int value, const char *arg)
{
	switch (value) {
	case 'n':
		s->name = arg;
		return true;
	case 't':
		s->trace = arg;
		return true;
	case 'd':
		s->dump = arg;
		return true;
	case 'c':
		s->certificate = arg;
		return true;
	case 'k':
		s->key = arg;
		return true;
	case 'a':
		s->trust = arg;
		return true;
	case 'o':
		if (s->host_count == HUB_HOSTS_MAX)
			return false;
		s->hosts[s->host_count++] = arg;
		return true;
	default:
		return false;
	}
}

void options_address(const char *text, char *address, size_t len,
		     unsigned *port)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strrchr(close ? close : text, ':');
	const char *from = close ? text + 1 : text;
	size_t n;

	/* A bare IPv6 address has several colons and no port. */
	if (!close && colon && strchr(text, ':') != colon)
		colon = NULL;
	n = close   ? (size_t)(close - from)
	    : colon ? (size_t)(colon - from)
		    : strlen(from);
	snprintf(address, len, "%.*s", (int)n, from);
	if (colon)
		*port = (unsigned)atoi(colon + 1);
}

static void caught(int number)
{
	if (number == SIGUSR1)
		options_report = 1;
	else
		options_stop = 1;
}

void options_signals(void)
{
	struct sigaction action = {.sa_handler = caught};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}
