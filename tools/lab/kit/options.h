/**
 * @file options.h
 * The options that all lab programs share, and their signals.
 *
 *   --name NAME       local name in the trace and in what is printed
 *   --trace FILE      one line a message;  --dump FILE  whole messages
 *   --cert FILE  --key FILE  --ca FILE     own chain and key, trusted CA
 *   --hosts NAME=ADDRESS                   repeatable; there is no DNS
 */
#ifndef LAB_KIT_OPTIONS_H
#define LAB_KIT_OPTIONS_H

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>

#include "kit/hub.h"

/** To be put in the first rows of a table for getopt_long(). */
#define OPTIONS_SHARED                                                         \
	{"name", required_argument, NULL, 'n'},                                \
		{"trace", required_argument, NULL, 't'},                       \
		{"dump", required_argument, NULL, 'd'},                        \
		{"cert", required_argument, NULL, 'c'},                        \
		{"key", required_argument, NULL, 'k'},                         \
		{"ca", required_argument, NULL, 'a'},                          \
	{                                                                      \
		"hosts", required_argument, NULL, 'o'                          \
	}

/** Set by SIGINT and SIGTERM. */
extern volatile sig_atomic_t options_stop;
/** Set by SIGUSR1, to be reset by the program. */
extern volatile sig_atomic_t options_report;

/**
 * Take a shared option.
 *
 * @param s      where it goes
 * @param value  as getopt_long() returned it
 * @param arg    optarg, borrowed for good
 * @return       false when the option is not a shared one, or is one too many
 */
bool options_take(struct hub_settings *s, int value, const char *arg);

/**
 * Split "ADDRESS:PORT", "[ADDRESS]:PORT" or "ADDRESS".
 *
 * @param text     borrowed
 * @param address  the address without brackets
 * @param len      of address [bytes]
 * @param port     set when the text names one, else left as it is
 */
void options_address(const char *text, char *address, size_t len,
		     unsigned *port);

/** Catch SIGINT, SIGTERM and SIGUSR1. */
void options_signals(void);

#endif
