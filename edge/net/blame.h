/**
 * @file blame.h
 * Why a handshake failed, in words: the rule, and a sentence.
 *
 * Pure: OpenSSL's numbers in, constant text out. Owner: none.
 */
#ifndef NET_BLAME_H
#define NET_BLAME_H

/** Constant texts. */
struct blame {
	const char *rule;  /* one word, a row of README's table */
	const char *words; /* what an operator understands */
};

/**
 * A handshake ended with an error.
 *
 * @param code  first of OpenSSL's queue; 0: the peer closed
 * @return      never NULL texts
 */
struct blame blame_error(unsigned long code);

/**
 * A handshake took too long.
 *
 * @return  never NULL texts
 */
struct blame blame_late(void);

/**
 * The alert that a peer sent.
 *
 * @param code  first of OpenSSL's queue
 * @return      its name, such as "certificate unknown"; NULL: it sent none
 */
const char *blame_alert(unsigned long code);

#endif
