/**
 * @file fault.h
 * What was wrong with a source, and what an operator can do about it.
 */
#ifndef REVOCATION_FAULT_H
#define REVOCATION_FAULT_H

#include "base/why.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** One sentence of what, one of how to mend it. */
struct crl_fault {
	char what[WHY_MAX]; /* "" when nothing was */
	const char *mend;   /* constant text, or "" */
};

/**
 * Write it down.
 *
 * @param f     filled
 * @param mend  constant text
 * @param fmt   printf format of what is wrong
 */
static inline void crl_fault_set(struct crl_fault *f, const char *mend,
				 const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline void crl_fault_set(struct crl_fault *f, const char *mend,
				 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
	f->mend = mend;
}

/**
 * Nothing is wrong.
 *
 * @param f  cleared
 */
static inline void crl_fault_clear(struct crl_fault *f)
{
	f->what[0] = '\0';
	f->mend = "";
}

#endif
