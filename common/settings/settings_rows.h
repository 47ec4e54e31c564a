/**
 * @file settings_rows.h
 * What the table is written with: macros for rows that come again and again,
 * and proof that lists lie where they are put.
 */
#ifndef SETTINGS_SETTINGS_ROWS_H
#define SETTINGS_SETTINGS_ROWS_H

#include "settings_room.h"

#include <stddef.h>

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
IS_VEC(struct settings, inside_network, inside_networks);
IS_VEC(struct federation_settings, partner, partners);
IS_VEC(struct federation_settings, private_ok, private_oks);
IS_VEC(struct leg_settings, also, alsos);
IS_VEC(struct leg_settings, proxy_from, proxy_froms);
IS_VEC(struct services_settings, pool, pools);

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
		{.path = group ".trust_anchor",                                \
		 .kind = KIND_TEXT,                                            \
		 .example = "\"/etc/sip-edge/root.key\"",                      \
		 .at = AT(leg_.trust_anchor),                                  \
		 .help = "DNSSEC: file of DS or DNSKEY records to begin "      \
			 "with; none: no answer counts as proven."},           \
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
		{.path = group ".tls.trust",                                   \
		 .kind = KIND_TEXT,                                            \
		 .flags = REQUIRED,                                            \
		 .example = "\"/etc/sip-edge/" group "-ca.crt\"",              \
		 .at = AT(leg_.trust),                                         \
		 .help = trust_help},                                          \
		{.path = group ".tls.client_certificate",                      \
		 .kind = KIND_TEXT,                                            \
		 .example = "\"/etc/sip-edge/" group "-client.chain\"",        \
		 .at = AT(leg_.client_certificate),                            \
		 .help = "PEM file: shown where we connect to others; none: "  \
			 "certificate."},                                      \
	{                                                                      \
		.path = group ".tls.client_key", .kind = KIND_TEXT,            \
		.example = "\"/etc/sip-edge/" group "-client.key\"",           \
		.at = AT(leg_.client_key),                                     \
		.help = "PEM file, mode 0600: the private key of "             \
			"client_certificate."                                  \
	}

#define REVOCATION_ROWS(group, leg_)                                           \
	{.path = group ".revocation",                                          \
	 .kind = KIND_GROUP,                                                   \
	 .example = "{ mode = \"auto\"; }",                                    \
	 .help = "Certificates on this side that were revoked."},              \
		{.path = group ".revocation.mode",                             \
		 .kind = KIND_REVOCATION,                                      \
		 .def = "auto",                                                \
		 .at = AT(leg_.revocation.mode),                               \
		 .help = "soft believes a certificate without a good list, "   \
			 "hard does not, off never looks; auto: hard inside "  \
			 "and soft outside, once there is a list."},           \
		{.path = group ".revocation.crl",                              \
		 .kind = KIND_TEXT,                                            \
		 .flags = LIST,                                                \
		 .example = "[ \"http://crl.internal.example/ca.crl\" ]",      \
		 .at = AT(leg_.revocation.crl),                                \
		 .help = "Where lists are: a path, or an http, file or ldap "  \
			 "URL."},                                              \
		{.path = group ".revocation.distribution_points",              \
		 .kind = KIND_BOOL,                                            \
		 .def = "true",                                                \
		 .at = AT(leg_.revocation.distribution_points),                \
		 .help = "Also where the certificates themselves say?"},       \
		{.path = group ".revocation.proxy",                            \
		 .kind = KIND_PROXY,                                           \
		 .example = "\"http://10.0.0.8:3128\"",                        \
		 .at = AT(leg_.revocation.proxy),                              \
		 .help = "HTTP proxy that lists are fetched by; none: "        \
			 "straight, whatever the environment says."},          \
	{                                                                      \
		.path = group ".revocation.grace_h", .kind = KIND_U32,         \
		.def = "24", .max = 8760, .unit = "hours",                     \
		.at = AT(leg_.revocation.grace_h),                             \
		.help = "hard: a list is good so long after the day by which " \
			"the next one was due."                                \
	}

#endif
