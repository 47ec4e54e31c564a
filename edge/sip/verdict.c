/*
 * verdict.c - what was decided, and the one phrase that goes with a status.
 */
#include "sip/verdict.h"

#include <stddef.h>

struct verdict verdict_refuse(uint16_t status, const char *rule)
{
	return (struct verdict){
		.kind = VERDICT_REFUSE, .status = status, .rule = rule};
}

struct verdict verdict_drop(const char *rule)
{
	return (struct verdict){.kind = VERDICT_DROP, .rule = rule};
}

struct verdict verdict_ask(const char *rule)
{
	return (struct verdict){.kind = VERDICT_ASK, .rule = rule};
}

struct verdict verdict_forward(enum verdict_to to, const char *rule)
{
	return (struct verdict){
		.kind = VERDICT_FORWARD, .to = to, .rule = rule};
}

/* RFC 3261 §21, RFC 3329, 3903, 4412, 4474, 5360, 5393, 5626, 6665. */
static const struct {
	uint16_t status;
	const char *phrase;
} reasons[] = {
	{100, "Trying"},
	{180, "Ringing"},
	{181, "Call Is Being Forwarded"},
	{182, "Queued"},
	{183, "Session Progress"},
	{200, "OK"},
	{202, "Accepted"},
	{300, "Multiple Choices"},
	{301, "Moved Permanently"},
	{302, "Moved Temporarily"},
	{305, "Use Proxy"},
	{380, "Alternative Service"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{410, "Gone"},
	{412, "Conditional Request Failed"},
	{413, "Request Entity Too Large"},
	{414, "Request-URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Unsupported URI Scheme"},
	{420, "Bad Extension"},
	{421, "Extension Required"},
	{423, "Interval Too Brief"},
	{430, "Flow Failed"},
	{439, "First Hop Lacks Outbound Support"},
	{440, "Max-Breadth Exceeded"},
	{480, "Temporarily Unavailable"},
	{481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"},
	{483, "Too Many Hops"},
	{484, "Address Incomplete"},
	{485, "Ambiguous"},
	{486, "Busy Here"},
	{487, "Request Terminated"},
	{488, "Not Acceptable Here"},
	{489, "Bad Event"},
	{491, "Request Pending"},
	{493, "Undecipherable"},
	{494, "Security Agreement Required"},
	{500, "Server Internal Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Server Time-out"},
	{505, "Version Not Supported"},
	{513, "Message Too Large"},
	{600, "Busy Everywhere"},
	{603, "Decline"},
	{604, "Does Not Exist Anywhere"},
	{606, "Not Acceptable"},
};

/* RFC 3261 §8.1.3.2: an unknown status means what x00 of its class means. */
static const char *class_reason(uint16_t status)
{
	static const char *const classes[] = {
		"Unknown",	  "Session Progress", "OK",
		"Redirection",	  "Request Failure",  "Server Failure",
		"Global Failure",
	};
	unsigned c = status / 100;

	return c < sizeof(classes) / sizeof(classes[0]) ? classes[c]
							: classes[0];
}

const char *verdict_reason(uint16_t status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].phrase;
	}
	return class_reason(status);
}
