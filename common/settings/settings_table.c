/*
 * settings_table.c - every setting there is, a row each.
 *
 * Order is the manual's. A group's row comes before the rows inside it.
 */
#include "settings_room.h"

#include <stddef.h>
#include <stdio.h>

#define AT(member)	 offsetof(struct settings, member)
#define IN(type, member) offsetof(struct type, member)
#define REQUIRED	 ROW_REQUIRED
#define LIST		 ROW_LIST
#define MANY		 1000000

/* A pointer and the count right behind it are read as struct vec. */
#define IS_VEC(type, list, count)                                              \
	_Static_assert(offsetof(type, count) ==                                \
			       offsetof(type, list) + offsetof(struct vec, n), \
		       #count " must follow " #list)

IS_VEC(struct name_list, v, n);
IS_VEC(struct host_list, v, n);
IS_VEC(struct leg_settings, address, addresses);
IS_VEC(struct host_entry, address, addresses);
IS_VEC(struct device_settings, address, addresses);
IS_VEC(struct settings, host, hosts);
IS_VEC(struct settings, domain_home, domain_homes);
IS_VEC(struct settings, device, devices);

#define LIMIT(name, default_, min_, max_, unit_, help_)                        \
	{                                                                      \
		.path = "limits." #name, .kind = KIND_U32, .def = #default_,   \
		.min = (min_), .max = (max_), .unit = (unit_),                 \
		.at = AT(limits.name), .help = (help_)                         \
	}

#define LEG_ROWS(group, leg_, fqdn_example, address_example, trust_help)       \
	{.path = group,                                                        \
	 .kind = KIND_GROUP,                                                   \
	 .flags = REQUIRED,                                                    \
	 .example = "{ address = ...; fqdn = ...; tls = { ... }; }",           \
	 .help = "The " group " leg."},                                        \
		{.path = group ".address",                                     \
		 .kind = KIND_ADDRESS,                                         \
		 .flags = REQUIRED | LIST,                                     \
		 .example = "[ \"" address_example "\" ]",                     \
		 .at = AT(leg_.address),                                       \
		 .help = "Addresses of this machine that the leg listens on "  \
			 "and connects from; IPv4 and IPv6 alike."},           \
		{.path = group ".fqdn",                                        \
		 .kind = KIND_HOST_NAME,                                       \
		 .flags = REQUIRED,                                            \
		 .example = "\"" fqdn_example "\"",                            \
		 .at = AT(leg_.fqdn),                                          \
		 .help = "Name of the edge on this side: in Via, Path and "    \
			 "Record-Route, and in the certificate."},             \
		{.path = group ".dns",                                         \
		 .kind = KIND_DNS,                                             \
		 .flags = LIST,                                                \
		 .example = "[ \"192.0.2.53\" ]",                              \
		 .at = AT(leg_.dns),                                           \
		 .help = "DNS servers of this side, \"address\" or "           \
			 "\"address@port\"; none: those of the system."},      \
		{.path = group ".tls",                                         \
		 .kind = KIND_GROUP,                                           \
		 .flags = REQUIRED,                                            \
		 .example = "{ certificate = ...; key = ...; trust = ...; }",  \
		 .help = "TLS of this leg."},                                  \
		{.path = group ".tls.port",                                    \
		 .kind = KIND_PORT,                                            \
		 .def = "5061",                                                \
		 .min = 1,                                                     \
		 .max = UINT16_MAX,                                            \
		 .at = AT(leg_.tls_port),                                      \
		 .help = "Port for SIP over TLS."},                            \
		{.path = group ".tls.certificate",                             \
		 .kind = KIND_TEXT,                                            \
		 .flags = REQUIRED,                                            \
		 .example = "\"/etc/sip-edge/" group ".chain\"",               \
		 .at = AT(leg_.certificate),                                   \
		 .help = "PEM file: our certificate, then intermediates."},    \
		{.path = group ".tls.key",                                     \
		 .kind = KIND_TEXT,                                            \
		 .flags = REQUIRED,                                            \
		 .example = "\"/etc/sip-edge/" group ".key\"",                 \
		 .at = AT(leg_.key),                                           \
		 .help = "PEM file, mode 0600: its private key."},             \
	{                                                                      \
		.path = group ".tls.trust", .kind = KIND_TEXT,                 \
		.flags = REQUIRED,                                             \
		.example = "\"/etc/sip-edge/" group "-ca.crt\"",               \
		.at = AT(leg_.trust), .help = trust_help                       \
	}

const struct row settings_rows[] = {
	{.path = "edge",
	 .kind = KIND_GROUP,
	 .flags = REQUIRED,
	 .example = "{ state_dir = ...; sip_domains = ...; }",
	 .help = "The program itself."},
	{.path = "edge.state_dir",
	 .kind = KIND_TEXT,
	 .flags = REQUIRED,
	 .example = "\"/var/lib/sip-edge\"",
	 .at = AT(state_dir),
	 .help = "Folder for what outlives a restart: the token keys."},
	{.path = "edge.workers",
	 .kind = KIND_U32,
	 .def = "0",
	 .max = 128,
	 .unit = "threads",
	 .at = AT(workers),
	 .help = "Worker threads; 0 is one a core."},
	{.path = "edge.sip_domains",
	 .kind = KIND_HOST_NAME,
	 .flags = REQUIRED | LIST,
	 .example = "[ \"example.com\" ]",
	 .at = AT(sip_domains),
	 .help = "Domains served here; the first is the primary one."},
	{.path = "edge.log_level",
	 .kind = KIND_LOG_LEVEL,
	 .def = "info",
	 .at = AT(log_level),
	 .help = "How much is logged: error, notice, info or debug."},

	LEG_ROWS("outside", leg[LEG_OUTSIDE], "sip.example.com", "192.0.2.10",
		 "PEM file: authorities that may sign a partner's "
		 "certificate."),
	{.path = "outside.users_port",
	 .kind = KIND_PORT,
	 .def = "0",
	 .example = "443",
	 .max = UINT16_MAX,
	 .at = AT(leg[LEG_OUTSIDE].users_port),
	 .help = "A second TLS port, for users only; 0 is off."},

	LEG_ROWS("inside", leg[LEG_INSIDE], "edge01.internal.example",
		 "10.0.0.10",
		 "PEM file: the internal authority; it signs every server "
		 "that may speak here."),
	{.path = "inside.trusted_servers",
	 .kind = KIND_HOST_NAME,
	 .flags = REQUIRED | LIST,
	 .example = "[ \"home01.internal.example\" ]",
	 .at = AT(trusted_servers),
	 .help = "Names, as in their certificates, of the servers that may "
		 "speak on the inside leg."},

	{.path = "hosts",
	 .kind = KIND_RECORDS,
	 .size = sizeof(struct host_entry),
	 .example = "( { name = \"home01.internal.example\"; "
		    "address = \"10.0.0.21\"; } )",
	 .at = AT(host),
	 .help = "Names that need no DNS; /etc/hosts is read as well."},
	{.path = "hosts.name",
	 .kind = KIND_HOST_NAME,
	 .flags = REQUIRED,
	 .example = "\"home01.internal.example\"",
	 .at = IN(host_entry, name),
	 .help = "The name."},
	{.path = "hosts.address",
	 .kind = KIND_ADDRESS,
	 .flags = REQUIRED | LIST,
	 .example = "[ \"10.0.0.21\" ]",
	 .at = IN(host_entry, address),
	 .help = "Its addresses, the preferred one first."},

	{.path = "routing",
	 .kind = KIND_GROUP,
	 .example = "{ home_servers = ...; }",
	 .help = "Where requests from outside go."},
	{.path = "routing.directors",
	 .kind = KIND_HOST_PORT,
	 .flags = LIST,
	 .example = "[ \"dir01.internal.example\" ]",
	 .at = AT(directors),
	 .help = "Directors, asked in this order; none: straight to the "
		 "home servers."},
	{.path = "routing.home_servers",
	 .kind = KIND_HOST_PORT,
	 .flags = LIST,
	 .example = "[ \"home01.internal.example\" ]",
	 .at = AT(home_servers),
	 .help = "Every home registrar; a director may redirect only to "
		 "these. Without director the first serves all domains."},
	{.path = "routing.domains",
	 .kind = KIND_RECORDS,
	 .size = sizeof(struct domain_home),
	 .example = "( { domain = \"example.org\"; "
		    "home = \"home02.internal.example\"; } )",
	 .at = AT(domain_home),
	 .help = "Without director: which home server serves which domain."},
	{.path = "routing.domains.domain",
	 .kind = KIND_HOST_NAME,
	 .flags = REQUIRED,
	 .example = "\"example.org\"",
	 .at = IN(domain_home, domain),
	 .help = "One of edge.sip_domains."},
	{.path = "routing.domains.home",
	 .kind = KIND_HOST_PORT,
	 .flags = REQUIRED,
	 .example = "\"home02.internal.example\"",
	 .at = IN(domain_home, home),
	 .help = "One of routing.home_servers."},
	{.path = "routing.max_redirects",
	 .kind = KIND_U32,
	 .def = "3",
	 .min = 1,
	 .max = 10,
	 .unit = "redirects",
	 .at = AT(max_redirects),
	 .help = "A request that is redirected more often is refused."},

	{.path = "devices",
	 .kind = KIND_GROUP,
	 .example = "{ enabled = false; }",
	 .help = "The door for systems that can speak plain TCP only."},
	{.path = "devices.enabled",
	 .kind = KIND_BOOL,
	 .def = "false",
	 .at = AT(devices_enabled),
	 .help = "Is the door open at all?"},
	{.path = "devices.leg",
	 .kind = KIND_LEG,
	 .example = "\"inside\"",
	 .at = AT(device_leg),
	 .help = "Leg on whose addresses it opens; required when enabled."},
	{.path = "devices.tcp_port",
	 .kind = KIND_PORT,
	 .example = "5060",
	 .min = 1,
	 .max = UINT16_MAX,
	 .at = AT(device_port),
	 .help = "TCP port, usually 5060; required when enabled."},
	{.path = "devices.device",
	 .kind = KIND_RECORDS,
	 .size = sizeof(struct device_settings),
	 .example = "( { name = \"room1\"; address = \"10.0.5.20\"; "
		    "identities = \"sip:room1@example.com\"; } )",
	 .at = AT(device),
	 .help = "The enrolled systems; all others are closed unread."},
	{.path = "devices.device.name",
	 .kind = KIND_TEXT,
	 .flags = REQUIRED,
	 .example = "\"room1\"",
	 .at = IN(device_settings, name),
	 .help = "What logs call it."},
	{.path = "devices.device.address",
	 .kind = KIND_PREFIX,
	 .flags = REQUIRED | LIST,
	 .example = "[ \"10.0.5.20\" ]",
	 .at = IN(device_settings, address),
	 .help = "Where it connects from: addresses or prefixes."},
	{.path = "devices.device.identities",
	 .kind = KIND_IDENTITY,
	 .flags = REQUIRED | LIST,
	 .example = "[ \"sip:room1@example.com\" ]",
	 .at = IN(device_settings, identities),
	 .help = "Addresses of record it may use; \"sip:*@example.com\" is "
		 "any of a domain."},
	{.path = "devices.device.methods",
	 .kind = KIND_METHOD,
	 .flags = LIST,
	 .def = "INVITE ACK BYE CANCEL OPTIONS INFO UPDATE PRACK",
	 .example = "[ \"INVITE\", \"ACK\", \"BYE\", \"CANCEL\" ]",
	 .at = IN(device_settings, methods),
	 .help = "What it may send."},
	{.path = "devices.device.register",
	 .kind = KIND_BOOL,
	 .def = "false",
	 .at = IN(device_settings, may_register),
	 .help = "May it register its identities?"},
	{.path = "devices.device.contact",
	 .kind = KIND_CONTACT,
	 .example = "\"sip:room1@10.0.5.20:5060;transport=tcp\"",
	 .at = IN(device_settings, contact),
	 .help = "Where the edge connects to when the system has no "
		 "connection; none: it is not called."},

	{.path = "users",
	 .kind = KIND_GROUP,
	 .example = "{ enabled = true; }",
	 .help = "Remote users."},
	{.path = "users.enabled",
	 .kind = KIND_BOOL,
	 .def = "true",
	 .at = AT(users_enabled),
	 .help = "May users register from outside?"},
	{.path = "users.require_registration",
	 .kind = KIND_BOOL,
	 .def = "true",
	 .at = AT(users_require_registration),
	 .help = "Must a user register on a connection before it may send "
		 "anything else there?"},

	{.path = "limits",
	 .kind = KIND_GROUP,
	 .example = "{ handshake_s = 10; }",
	 .help = "What a stranger can cost us; every figure has a default."},
	LIMIT(handshake_s, 10, 1, 300, "seconds",
	      "From accept to the end of the TLS handshake."),
	LIMIT(header_s, 10, 1, 300, "seconds",
	      "From a message's first byte to the end of its headers."),
	LIMIT(body_s, 20, 1, 300, "seconds",
	      "From the end of the headers to the end of the body."),
	LIMIT(first_request_s, 30, 1, 3600, "seconds",
	      "From accept to the first valid request."),
	LIMIT(unauth_connections, 64, 1, MANY, "connections",
	      "Open and not yet registered, an address (IPv6: a /64)."),
	LIMIT(unauth_rate, 20, 1, MANY, "connections a second",
	      "New ones an address (IPv6: a /64)."),
	LIMIT(half_open, 512, 1, MANY, "connections",
	      "In their handshake at once, all addresses together."),
	LIMIT(aors_per_flow, 4, 1, MANY, "addresses of record",
	      "Registered on one connection."),
	LIMIT(flows_per_aor, 10, 1, 10000, "connections",
	      "On which one address of record is registered."),
	LIMIT(message_bytes, 262144, 4096, 16777216, "bytes",
	      "Longest message."),
	LIMIT(device_message_bytes, 65536, 4096, 16777216, "bytes",
	      "Longest message at the device door."),
	LIMIT(header_bytes, 65536, 4096, 1048576, "bytes",
	      "All headers of a message."),
	LIMIT(line_bytes, 8192, 512, 1048576, "bytes",
	      "One header, folded lines included."),
	LIMIT(headers, 256, 16, 256, "headers", "In one message."),
	LIMIT(vias, 70, 2, 256, "Vias", "In one message."),
	LIMIT(routes, 20, 2, 256, "Routes", "In one message."),
	LIMIT(contacts, 10, 1, 256, "Contacts", "In one message."),
	LIMIT(out_queue_bytes, 262144, 4096, 67108864, "bytes",
	      "Waiting to be sent on one connection."),
	LIMIT(out_stall_s, 30, 1, 600, "seconds",
	      "Without progress in sending, until the connection is closed."),
	LIMIT(messages_per_turn, 64, 1, 10000, "messages",
	      "Of one connection before the next one has its turn."),
	LIMIT(connect_ms, 3000, 50, 60000, "milliseconds",
	      "For TCP and TLS set-up to a next hop."),
	LIMIT(hop_answer_s, 8, 1, 60, "seconds",
	      "For a next hop's first answer."),
	LIMIT(target_aside_s, 30, 0, 3600, "seconds",
	      "A server that failed is passed over."),
	LIMIT(transaction_s, 32, 1, 180, "seconds",
	      "64*T1 of RFC 3261: how long a transaction waits."),
	LIMIT(timer_c_s, 185, 1, 3600, "seconds",
	      "An INVITE may ring; RFC 3261 asks for more than 180."),
	LIMIT(flow_timer_s, 120, 0, 3600, "seconds",
	      "Flow-Timer of RFC 5626 offered to clients; 0 is none."),
	LIMIT(server_idle_s, 300, 1, 86400, "seconds",
	      "An idle connection that we opened is kept."),
	LIMIT(transactions, 100000, 100, 10000000, "transactions",
	      "Under way in one worker."),
	LIMIT(held_bytes, 67108864, 1048576, 2000000000, "bytes",
	      "Of requests under way in one worker."),
	LIMIT(registrations, 200000, 1, 10000000, "addresses of record",
	      "Remembered, all workers together."),
	LIMIT(home_s, 300, 1, 86400, "seconds",
	      "A home server learnt without a registration is remembered."),
	LIMIT(dialog_token_s, 28800, 1, 604800, "seconds",
	      "A dialog's routes stay good."),
	LIMIT(drain_s, 30, 0, 3600, "seconds",
	      "From SIGTERM to the end, for what is under way."),
};

const size_t settings_row_count =
	sizeof(settings_rows) / sizeof(settings_rows[0]);

static const char *const kind_names[KIND_COUNT] = {
	[KIND_GROUP] = "group",
	[KIND_RECORDS] = "list of groups",
	[KIND_BOOL] = "true or false",
	[KIND_U32] = "number",
	[KIND_PORT] = "port",
	[KIND_TEXT] = "text",
	[KIND_HOST_NAME] = "host name",
	[KIND_HOST_PORT] = "host or host:port",
	[KIND_ADDRESS] = "address",
	[KIND_PREFIX] = "address or prefix",
	[KIND_DNS] = "address or address@port",
	[KIND_IDENTITY] = "SIP address",
	[KIND_METHOD] = "method",
	[KIND_CONTACT] = "SIP address",
	[KIND_LOG_LEVEL] = "level",
	[KIND_LEG] = "outside or inside",
};

const char *settings_row_name(const struct row *row)
{
	const char *dot = strrchr(row->path, '.');

	return dot ? dot + 1 : row->path;
}

bool settings_row_within(const struct row *row, const char *group)
{
	size_t n = strlen(group);
	const char *name = settings_row_name(row);

	if (n == 0)
		return name == row->path;
	return (size_t)(name - row->path) == n + 1 &&
	       strncmp(row->path, group, n) == 0;
}

/* "number of seconds, 1 to 300" */
static void print_type(const struct row *row, char *out, size_t cap)
{
	const char *kind = kind_names[row->kind];

	if (row->kind == KIND_U32)
		snprintf(out, cap, "number of %s, %u to %u", row->unit,
			 row->min, row->max);
	else
		snprintf(out, cap, "%s%s",
			 row->flags & ROW_LIST ? "list of " : "", kind);
}

void settings_describe(void (*print)(const char *line, void *arg), void *arg)
{
	char line[512], type[128];

	for (size_t i = 0; i < settings_row_count; i++) {
		const struct row *row = &settings_rows[i];
		const char *def = row->def;

		if (!def)
			def = row->flags & ROW_REQUIRED ? "required" : "none";
		print_type(row, type, sizeof(type));
		snprintf(line, sizeof(line), "%s | %s | %s | %s", row->path,
			 type, def, row->help);
		print(line, arg);
	}
}
