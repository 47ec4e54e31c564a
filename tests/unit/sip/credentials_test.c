/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_test.c - answers to a digest challenge, and what only looks so. */
#include "credentials.h"

#include "cunit_main.h"

#include <errno.h>

#define HEX  "0123456789abcdef0123456789abcdef"
#define NEED "username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:x\""
#define BASE NEED ",response=\"" HEX "\""
#define QOP  ",qop=auth,nc=00000001,cnonce=\"c\""

static const struct {
	const char *value;
	int err;
} values[] = {
	{"Digest " BASE QOP, 0},
	{"Digest " BASE, 0},
	{"digest\t" BASE ",algorithm=md5" QOP, 0},
	{"DIGEST  username = \"u\" , REALM=\"r\" ,\r\n nonce=\"n\", "
	 "uri=\"sip:x\" "
	 ", response=" HEX " ",
	 0},
	{"Digest " BASE ",opaque=\"\\\"\"", EBADMSG},
	{"Digest " BASE ",opaque=\"a,b=c\",qop=\"auth\",nc=0000000a,cnonce=x",
	 0},
	{"Digest realm=\"\",username=\"\",nonce=\"n\",uri=\"sip:x\","
	 "response=\"" HEX "\"",
	 0},
	/* other means */
	{"Basic dTpw", ENOENT},
	{"Digest " BASE ",algorithm=SHA-256", ENOENT},
	{"Digest " BASE ",algorithm=MD5-sess" QOP, ENOENT},
	/* not whole */
	{"", EBADMSG},
	{"Digest", EBADMSG},
	{"Digest ", EBADMSG},
	{"Digest " NEED, EBADMSG},
	{"Digest " NEED ",response=\"0123\"", EBADMSG},
	{"Digest realm=\"r\",nonce=\"n\",uri=\"x\",response=\"" HEX "\"",
	 EBADMSG},
	{"Digest username=\"u\",nonce=\"n\",uri=\"x\",response=\"" HEX "\"",
	 EBADMSG},
	{"Digest username=\"u\",realm=\"r\",uri=\"x\",response=\"" HEX "\"",
	 EBADMSG},
	{"Digest username=\"u\",realm=\"r\",nonce=\"n\",response=\"" HEX "\"",
	 EBADMSG},
	{"Digest " BASE ",qop=auth", EBADMSG},
	{"Digest " BASE ",qop=auth,nc=1,cnonce=\"c\"", EBADMSG},
	{"Digest " BASE ",qop=auth,nc=0000000g,cnonce=\"c\"", EBADMSG},
	{"Digest " BASE ",qop=auth,nc=00000001,cnonce=\"\"", EBADMSG},
	{"Digest " BASE ",qop=auth-int,nc=00000001,cnonce=\"c\"", EBADMSG},
	{"Digest " BASE ",nc=00000001", EBADMSG},
	{"Digest " BASE ",cnonce=\"c\"", EBADMSG},
	/* said twice */
	{"Digest " BASE ",username=\"u\"", EBADMSG},
	{"Digest " BASE ",Response=\"" HEX "\"", EBADMSG},
	{"Digest " BASE ",algorithm=MD5,algorithm=MD5", EBADMSG},
	/* broken */
	{"Digest" BASE, ENOENT},
	{"Digest, " BASE, EBADMSG},
	{"Digest " BASE ",", EBADMSG},
	{"Digest ," BASE, EBADMSG},
	{"Digest " BASE ",,qop=auth", EBADMSG},
	{"Digest " BASE ",x", EBADMSG},
	{"Digest " BASE ",x=", EBADMSG},
	{"Digest " BASE ",x=\"", EBADMSG},
	{"Digest " BASE ",x=\"a\"b", EBADMSG},
	{"Digest " BASE " x=y", EBADMSG},
	{"Digest " BASE ",=y", EBADMSG},
	{"Digest " BASE ";x=y", EBADMSG},
};

static void answers_are_told_from_what_looks_so(void)
{
	struct digest_claim c;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (credentials_read(&c, slice_of(values[i].value)) !=
		    values[i].err)
			CU_FAIL(values[i].value);
}

static void words_are_read_without_their_quotes(void)
{
	struct digest_claim c;

	CU_ASSERT_EQUAL(credentials_read(&c, SLICE("Digest " BASE QOP)), 0);
	CU_ASSERT_TRUE(slice_eq(c.username, SLICE("u")));
	CU_ASSERT_TRUE(slice_eq(c.realm, SLICE("r")));
	CU_ASSERT_TRUE(slice_eq(c.nonce, SLICE("n")));
	CU_ASSERT_TRUE(slice_eq(c.uri, SLICE("sip:x")));
	CU_ASSERT_TRUE(slice_eq(c.response, SLICE(HEX)));
	CU_ASSERT_TRUE(slice_eq(c.qop, SLICE("auth")));
	CU_ASSERT_TRUE(slice_eq(c.nc, SLICE("00000001")));
	CU_ASSERT_TRUE(slice_eq(c.cnonce, SLICE("c")));
	CU_ASSERT_EQUAL(credentials_read(&c, SLICE("Digest " BASE)), 0);
	CU_ASSERT_PTR_NULL(c.qop.p);
}

/* Nothing behind the end is read, wherever that is; a sanitizer would tell. */
static void every_beginning_is_bounded(void)
{
	static const char whole[] = "Digest " BASE QOP;
	struct digest_claim c;

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *copy = malloc(n + 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, whole, n);
		credentials_read(&c, (struct slice){copy, n});
		free(copy);
	}
}

TEST_MAIN("sip/credentials",
	  {"answers are told from what looks so",
	   answers_are_told_from_what_looks_so},
	  {"words are read without their quotes",
	   words_are_read_without_their_quotes},
	  {"every beginning is bounded", every_beginning_is_bounded})
