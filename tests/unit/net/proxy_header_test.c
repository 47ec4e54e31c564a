/*
 * proxy_header_test.c - who a balancer says is there.
 */
#include "proxy_header.h"

#include "../cunit_main.h"

#include <stdio.h>
#include <stdlib.h>

#define SIGN	  "\r\n\r\n\0\r\nQUIT\n"
#define V4	  "\xc6\x33\x64\x07\xc0\x00\x02\x0a\xd4\x31\x13\xc5" /* below */
#define V4_SOURCE "198.51.100.7:54321"
#define V6_ENDS                                                                \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a"                           \
	"\xd4\x31\x13\xc5"
#define V6_SOURCE "[2001:db8::7]:54321"
#define MAPPED_ENDS                                                            \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x07"                         \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x0a"                         \
	"\xd4\x31\x13\xc5"
#define TLV                                                                    \
	"\x04\x00\x03"                                                         \
	"abc"

#define HELLO "\x16\x03\x01\x02\x00\x01" /* how TLS begins */

/* A header, and who it names; NULL: the balancer itself. */
static void whole(struct slice header, const char *source)
{
	char bytes[PROXY_HEADER_MAX + 16], text[ADDR_TEXT_MAX];
	struct proxy_header h;

	memcpy(bytes, header.p, header.n);
	memcpy(bytes + header.n, HELLO, sizeof(HELLO) - 1);
	CU_ASSERT_EQUAL_FATAL(
		proxy_header_read(&h, (struct slice){bytes, header.n + 6}),
		PROXY_HEADER_WHOLE);
	CU_ASSERT_EQUAL(h.n, header.n);
	CU_ASSERT_EQUAL(h.named, source != NULL);
	if (source)
		CU_ASSERT_STRING_EQUAL(addr_text(&h.source, text), source);
	/* However it is cut, more is wanted; and it is whole by itself. */
	for (size_t n = 0; n < header.n; n++)
		CU_ASSERT_EQUAL(proxy_header_read(&h, (struct slice){bytes, n}),
				PROXY_HEADER_MORE);
	CU_ASSERT_EQUAL(proxy_header_read(&h, header), PROXY_HEADER_WHOLE);
}

static void bad(struct slice in, const char *word)
{
	struct proxy_header h;

	CU_ASSERT_EQUAL_FATAL(proxy_header_read(&h, in), PROXY_HEADER_BAD);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h.fault);
	if (!strstr(h.fault, word))
		printf("\n%s\n", h.fault);
	CU_ASSERT_PTR_NOT_NULL(strstr(h.fault, word));
}

static void a_line_names_its_source(void)
{
	whole(SLICE("PROXY TCP4 198.51.100.7 192.0.2.10 54321 5061\r\n"),
	      V4_SOURCE);
	whole(SLICE("PROXY TCP6 2001:db8::7 2001:db8::a 54321 5061\r\n"),
	      V6_SOURCE);
	whole(SLICE("PROXY TCP4 198.51.100.7 192.0.2.10 0 65535\r\n"),
	      "198.51.100.7:0");
	whole(SLICE("PROXY TCP6 2001:0db8:0000:0000:0000:0000:0000:0007 "
		    "2001:0db8:0000:0000:0000:0000:0000:000a 54321 65535\r\n"),
	      V6_SOURCE);
}

static void an_unknown_line_names_nobody(void)
{
	whole(SLICE("PROXY UNKNOWN\r\n"), NULL);
	whole(SLICE("PROXY UNKNOWN "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "65535 65535\r\n"),
	      NULL);
	whole(SLICE("PROXY UNKNOWN \0\r whatever\r\n"), NULL);
}

static void a_binary_header_names_its_source(void)
{
	whole(SLICE(SIGN "\x21\x11\x00\x0c" V4), V4_SOURCE);
	whole(SLICE(SIGN "\x21\x21\x00\x24" V6_ENDS), V6_SOURCE);
}

static void what_is_behind_the_addresses_is_passed_over(void)
{
	char bytes[PROXY_HEADER_MAX];

	whole(SLICE(SIGN "\x21\x11\x00\x12" V4 TLV), V4_SOURCE);
	whole(SLICE(SIGN "\x21\x21\x00\x2a" V6_ENDS TLV), V6_SOURCE);
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, SIGN "\x21\x11\x02\x08" V4, 28);
	whole((struct slice){bytes, sizeof(bytes)}, V4_SOURCE);
}

static void ipv4_in_the_clothes_of_ipv6_is_ipv4(void)
{
	whole(SLICE(SIGN "\x21\x21\x00\x24" MAPPED_ENDS), V4_SOURCE);
	whole(SLICE("PROXY TCP6 ::ffff:198.51.100.7 ::ffff:192.0.2.10 54321 "
		    "5061\r\n"),
	      V4_SOURCE);
}

static void a_local_or_unspecified_header_names_nobody(void)
{
	whole(SLICE(SIGN "\x20\x00\x00\x00"), NULL);
	whole(SLICE(SIGN "\x20\x11\x00\x0c" V4), NULL);
	whole(SLICE(SIGN "\x20\xff\x00\x06" TLV), NULL);
	whole(SLICE(SIGN "\x21\x00\x00\x00"), NULL);
	whole(SLICE(SIGN "\x21\x00\x00\x06" TLV), NULL);
}

static void what_does_not_begin_as_a_header_is_bad_at_once(void)
{
	bad(SLICE(HELLO), "does not begin");
	bad(SLICE("\x16"), "does not begin");
	bad(SLICE("G"), "does not begin");
	bad(SLICE("PR0"), "does not begin");
	bad(SLICE("PROXY\t"), "does not begin");
	bad(SLICE("proxy TCP4"), "does not begin");
	bad(SLICE("\r\n\r\n\r"), "does not begin");
	bad(SLICE("\r\n\r\n\0\r\nQUIT\r"), "does not begin");
}

#define ENDS " 198.51.100.7 192.0.2.10 54321 5061\r\n"

static void a_line_that_cannot_be_read_is_bad(void)
{
	static const char *const lines[] = {
		"PROXY \r\n",
		"PROXY  TCP4" ENDS,
		"PROXY TCP4\r\n",
		"PROXY TCP5" ENDS,
		"PROXY tcp4" ENDS,
		"PROXY UDP4" ENDS,
		"PROXY UNKNOWNS\r\n",
		"PROXY TCP6" ENDS,
		"PROXY TCP4 2001:db8::7 2001:db8::a 54321 5061\r\n",
		"PROXY TCP6 [2001:db8::7] 2001:db8::a 54321 5061\r\n",
		"PROXY TCP6 2001:db8::7 [2001:db8::a] 54321 5061\r\n",
		"PROXY TCP6 2001:db8::7%1 2001:db8::a 54321 5061\r\n",
		"PROXY TCP6 2001:db8::7 192.0.2.10 54321 5061\r\n",
		"PROXY TCP4 198.51.100.07 192.0.2.10 54321 5061\r\n",
		"PROXY TCP4 198.51.100.256 192.0.2.10 54321 5061\r\n",
		"PROXY TCP4 198.51.100 192.0.2.10 54321 5061\r\n",
		"PROXY TCP4 host.example 192.0.2.10 54321 5061\r\n",
		"PROXY TCP4 198.51.100.7  192.0.2.10 54321 5061\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 54321\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 54321 \r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 54321 5061 \r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 54321 5061 x\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 65536 5061\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 54321 65536\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 054 5061\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 +54 5061\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 5432f 5061\r\n",
		"PROXY TCP4 198.51.100.7 192.0.2.10 543210 5061\r\n",
		"PROXY TCP4 198.51.100.7\t192.0.2.10 54321 5061\r\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		bad(slice_of(lines[i]), "cannot be read");
	bad(SLICE("PROXY TCP4 198.51.100.7\0 192.0.2.10 54321 5061\r\n"),
	    "cannot be read");
}

static void a_line_ends_in_crlf_within_107_bytes(void)
{
	char bytes[200];
	struct proxy_header h;

	bad(SLICE("PROXY UNKNOWN\n"), "CRLF");
	bad(SLICE("PROXY \n"), "CRLF");
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "PROXY UNKNOWN ", 14);
	CU_ASSERT_EQUAL(proxy_header_read(&h, (struct slice){bytes, 106}),
			PROXY_HEADER_MORE);
	bad((struct slice){bytes, 107}, "too long");
	memcpy(bytes + 106, "\r\n", 2);
	bad((struct slice){bytes, 200}, "too long");
	memcpy(bytes + 105, "\r\n", 2);
	whole((struct slice){bytes, 107}, NULL);
}

/* As soon as the fixed part is there, not when all of it is. */
static void bad_fields_of_a_binary_header(void)
{
	bad(SLICE(SIGN "\x11\x11\x00\x0c"), "version");
	bad(SLICE(SIGN "\x31\x11\x00\x0c"), "version");
	bad(SLICE(SIGN "\x01\x11\x00\x0c"), "version");
	bad(SLICE(SIGN "\x22\x11\x00\x0c"), "command");
	bad(SLICE(SIGN "\x2f\x11\x00\x0c"), "command");
	bad(SLICE(SIGN "\x21\x12\x00\x0c"), "TCP");
	bad(SLICE(SIGN "\x21\x10\x00\x0c"), "TCP");
	bad(SLICE(SIGN "\x21\x22\x00\x24"), "TCP");
	bad(SLICE(SIGN "\x21\x31\x00\xd8"), "TCP");
	bad(SLICE(SIGN "\x21\x01\x00\x0c"), "TCP");
	bad(SLICE(SIGN "\x21\x41\x00\x0c"), "TCP");
	bad(SLICE(SIGN "\x21\x11\x00\x0b"), "too short");
	bad(SLICE(SIGN "\x21\x11\x00\x00"), "too short");
	bad(SLICE(SIGN "\x21\x21\x00\x23"), "too short");
	bad(SLICE(SIGN "\x21\x21\x00\x0c"), "too short");
	bad(SLICE(SIGN "\x21\x11\x02\x09"), "too long");
	bad(SLICE(SIGN "\x20\x00\xff\xff"), "too long");
}

static void nobody_comes_from_nobodys_address(void)
{
	static const char *const nobodies[] = {
		"0.0.0.0",   "0.1.2.3",	  "224.0.0.1",
		"239.1.1.1", "240.0.0.1", "255.255.255.255",
	};
	char line[PROXY_HEADER_MAX];

	for (size_t i = 0; i < sizeof(nobodies) / sizeof(nobodies[0]); i++) {
		snprintf(line, sizeof(line),
			 "PROXY TCP4 %s 192.0.2.10 54321 5061\r\n",
			 nobodies[i]);
		bad(slice_of(line), "nobody");
	}
	bad(SLICE("PROXY TCP6 :: 2001:db8::a 54321 5061\r\n"), "nobody");
	bad(SLICE("PROXY TCP6 ff02::1 2001:db8::a 54321 5061\r\n"), "nobody");
	bad(SLICE("PROXY TCP6 ::ffff:0.0.0.0 2001:db8::a 54321 5061\r\n"),
	    "nobody");
	bad(SLICE(SIGN "\x21\x11\x00\x0c\xe0\0\0\1\xc0\0\2\x0a\xd4\x31\x13"
		       "\xc5"),
	    "nobody");
}

/* One that is as long as its bytes, so that a step too far is seen. */
static void is_sane(struct slice bytes)
{
	char *copy = malloc(bytes.n);
	struct proxy_header h;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes.p, bytes.n);
	if (proxy_header_read(&h, (struct slice){copy, bytes.n}) ==
		    PROXY_HEADER_WHOLE &&
	    h.n > bytes.n)
		CU_FAIL("longer than what is there");
	free(copy);
}

static void no_byte_leads_beyond_the_bytes(void)
{
	static const struct slice headers[] = {
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", 33},
		{"PROXY TCP6 1::2 ::3 4 5\r\n", 25},
		{SIGN "\x21\x11\x00\x12" V4 TLV, 34},
		{SIGN "\x21\x21\x00\x24" V6_ENDS, 52},
	};
	char bytes[64];

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct slice h = headers[i];

		whole(h, i == 0	  ? "1.2.3.4:9"
			 : i == 1 ? "[1::2]:4"
			 : i == 2 ? V4_SOURCE
				  : V6_SOURCE);
		for (size_t at = 0; at < h.n * 256; at++) {
			memcpy(bytes, h.p, h.n);
			bytes[at / 256] = (char)at;
			is_sane((struct slice){bytes, h.n});
		}
	}
}

TEST_MAIN("net/proxy_header",
	  {"no byte leads beyond the bytes", no_byte_leads_beyond_the_bytes},
	  {"a line names its source", a_line_names_its_source},
	  {"an unknown line names nobody", an_unknown_line_names_nobody},
	  {"a binary header names its source",
	   a_binary_header_names_its_source},
	  {"what is behind the addresses is passed over",
	   what_is_behind_the_addresses_is_passed_over},
	  {"IPv4 in the clothes of IPv6 is IPv4",
	   ipv4_in_the_clothes_of_ipv6_is_ipv4},
	  {"a local or unspecified header names nobody",
	   a_local_or_unspecified_header_names_nobody},
	  {"what does not begin as a header is bad at once",
	   what_does_not_begin_as_a_header_is_bad_at_once},
	  {"a line that cannot be read is bad",
	   a_line_that_cannot_be_read_is_bad},
	  {"a line ends in CRLF within 107 bytes",
	   a_line_ends_in_crlf_within_107_bytes},
	  {"bad fields of a binary header", bad_fields_of_a_binary_header},
	  {"nobody comes from nobody's address",
	   nobody_comes_from_nobodys_address})
