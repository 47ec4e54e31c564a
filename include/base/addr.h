/**
 * @file addr.h
 * Socket addresses: parse, print, compare.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/slice.h"

#include <netinet/in.h>
#include <sys/socket.h>

/** Room for the longest "[v6]:port" with NUL. */
#define ADDR_TEXT_MAX 64

/** IPv4 or IPv6 with port; family 0 is "none". */
union addr {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/** An address prefix such as 10.0.0.0/8; all bits for a single address. */
struct addr_prefix {
	union addr addr;
	uint8_t bits;
};

/**
 * Parse an IP literal, IPv6 with or without brackets.
 *
 * @param out   address
 * @param text  literal only, never a name
 * @param port  port to put in [host order]
 * @return      0, or EINVAL when it is not a literal
 */
int addr_parse(union addr *out, struct slice text, uint16_t port);

/**
 * Parse "address" or "address/bits".
 *
 * @param out   prefix; host bits are cleared
 * @param text  literal
 * @return      0, or EINVAL
 */
int addr_prefix_parse(struct addr_prefix *out, struct slice text);

/**
 * Does a prefix hold an address? An IPv4-mapped IPv6 address counts as IPv4.
 *
 * @param p  prefix
 * @param a  address, port ignored
 * @return   true when inside
 */
bool addr_within(const struct addr_prefix *p, const union addr *a);

/**
 * Same address and port?
 *
 * @param a  one
 * @param b  other
 * @return   true when equal
 */
bool addr_eq(const union addr *a, const union addr *b);

/**
 * Same address, whatever the port?
 *
 * @param a  one
 * @param b  other
 * @return   true when equal
 */
bool addr_same_host(const union addr *a, const union addr *b);

/**
 * Port in host order.
 *
 * @param a  address
 * @return   port, 0 for "none"
 */
uint16_t addr_port(const union addr *a);

/**
 * Size for bind() and connect().
 *
 * @param a  address
 * @return   length [bytes]
 */
socklen_t addr_len(const union addr *a);

/**
 * Print "192.0.2.1:5061" or "[2001:db8::1]:5061".
 *
 * @param a    address
 * @param out  at least ADDR_TEXT_MAX bytes
 * @return     out
 */
const char *addr_text(const union addr *a, char *out);

/**
 * Print without port and brackets.
 *
 * @param a    address
 * @param out  at least ADDR_TEXT_MAX bytes
 * @return     out
 */
const char *addr_host_text(const union addr *a, char *out);

/**
 * Hash of the host part; IPv6 counts by its /64, as one subscriber line.
 *
 * @param a  address, port ignored
 * @return   hash (see base/hash.h)
 */
uint64_t addr_hash_host(const union addr *a);

#endif
