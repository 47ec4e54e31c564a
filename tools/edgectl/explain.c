/*
 * explain.c: `edgectl explain`: what the edge would do with a message.
 */
#include "edgectl.h"

#include "base/buf.h"
#include "base/now.h"
#include "ops/explain.h"
#include "proxy/class.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES (1024 * 1024)
#define AORS_MAX   8

/* The command line, and what became of it. */
struct asked {
	const char *from, *leg, *door, *cert, *call_id, *socket;
	const char *aor[AORS_MAX];
	unsigned aors;
	bool srv_known, lf, json;
	struct resolve_service srv;

	const struct settings *s;
	struct token_pen *pen;
	bool keys_borrowed;
	struct shown shown;
	union addr source;
	uint64_t who[AORS_MAX + 1];
	struct origin origin;
	const char *leg_why, *class_why;
};

enum {
	OPT_FROM = 256,
	OPT_LEG,
	OPT_DOOR,
	OPT_CERT,
	OPT_SRV,
	OPT_REGISTERED,
	OPT_CALL_ID,
	OPT_SOCKET,
	OPT_LF,
	OPT_JSON
};

static const struct option options[] = {
	{"from", required_argument, NULL, OPT_FROM},
	{"leg", required_argument, NULL, OPT_LEG},
	{"door", required_argument, NULL, OPT_DOOR},
	{"cert", required_argument, NULL, OPT_CERT},
	{"srv", required_argument, NULL, OPT_SRV},
	{"registered", required_argument, NULL, OPT_REGISTERED},
	{"call-id", required_argument, NULL, OPT_CALL_ID},
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"lf", no_argument, NULL, OPT_LF},
	{"json", no_argument, NULL, OPT_JSON},
	{0},
};

/* "HOST[:PORT][,secure]", or "none". */
static int take_srv(struct asked *a, const char *text)
{
	struct slice s = slice_of(text);
	size_t comma = slice_index(s, ','), colon;
	struct service_edge *e = &a->srv.edge[a->srv.n];
	uint32_t port = 5061;

	a->srv_known = true;
	if (!strcmp(text, "none"))
		return 0;
	if (comma != SIZE_MAX) {
		if (strcmp(text + comma, ",secure"))
			return EINVAL;
		a->srv.secure = true;
		s.n = comma;
	}
	colon = slice_index(s, ':');
	if (colon != SIZE_MAX) {
		struct slice digits = {s.p + colon + 1, s.n - colon - 1};

		if (slice_to_u32(&port, digits) || port > UINT16_MAX)
			return EINVAL;
		s.n = colon;
	}
	if (!s.n || s.n >= sizeof(e->host) || a->srv.n == SERVICE_EDGES_MAX)
		return EINVAL;
	memcpy(e->host, s.p, s.n);
	e->port = (uint16_t)port;
	a->srv.n++;
	return 0;
}

static int take(struct asked *a, int opt)
{
	switch (opt) {
	case OPT_FROM:
		a->from = optarg;
		return 0;
	case OPT_LEG:
		a->leg = optarg;
		return 0;
	case OPT_DOOR:
		a->door = optarg;
		return 0;
	case OPT_CERT:
		a->cert = optarg;
		return 0;
	case OPT_SRV:
		return take_srv(a, optarg);
	case OPT_REGISTERED:
		if (a->aors == AORS_MAX)
			return EINVAL;
		a->aor[a->aors++] = optarg;
		return 0;
	case OPT_CALL_ID:
		a->call_id = optarg;
		return 0;
	case OPT_SOCKET:
		a->socket = optarg;
		return 0;
	case OPT_LF:
		a->lf = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	default:
		return EINVAL;
	}
}

/* "192.0.2.1", "192.0.2.1:5061", "2001:db8::1" or "[2001:db8::1]:5061". */
static int read_address(union addr *out, const char *text)
{
	struct slice s = slice_of(text);
	const char *colon = strrchr(text, ':');
	uint32_t port;

	if (!addr_parse(out, s, 0))
		return 0;
	if (!colon || slice_to_u32(&port, slice_of(colon + 1)) ||
	    port > UINT16_MAX)
		return EINVAL;
	s.n = (size_t)(colon - text);
	return addr_parse(out, s, (uint16_t)port);
}

static bool lies_inside(const struct settings *s, const union addr *a)
{
	for (size_t i = 0; i < s->inside_networks; i++)
		if (addr_within(&s->inside_network[i], a))
			return true;
	return false;
}

static bool is_word(const char *given, const char *word)
{
	return given && !strcmp(given, word);
}

/* Which leg, and is it the device door? */
static int choose_leg(struct asked *a)
{
	struct origin *o = &a->origin;
	const struct device_settings *d =
		a->s->devices_enabled ? settings_device_at(a->s, &a->source)
				      : NULL;

	if (is_word(a->door, "device") || (d && !a->door && !a->leg)) {
		o->peer = PEER_DEVICE;
		o->leg = a->s->device_leg;
		o->device = d;
		a->leg_why =
			a->door ? "as asked for" : "this address is enrolled";
		return 0;
	}
	if (a->door && !is_word(a->door, "tls") && !is_word(a->door, "users"))
		return no_look("--door is tls, users or device");
	if (a->leg && !is_word(a->leg, "inside") && !is_word(a->leg, "outside"))
		return no_look("--leg is inside or outside");
	o->leg = is_word(a->leg, "inside") ||
				 (!a->leg && lies_inside(a->s, &a->source))
			 ? LEG_INSIDE
			 : LEG_OUTSIDE;
	a->leg_why = a->leg		    ? "as asked for"
		     : o->leg == LEG_INSIDE ? "this address is in "
					      "inside.networks"
					    : "--leg was not given";
	return 0;
}

static int read_aors(struct asked *a)
{
	for (unsigned i = 0; i < a->aors; i++) {
		struct uri_facts uri;
		char aor[FACTS_AOR_MAX];

		if (facts_uri(&uri, slice_of(a->aor[i])) ||
		    facts_aor(aor, &uri))
			return no_look("--registered takes a URI such as "
				       "sip:alice@example.com");
		a->who[a->origin.whos++] = token_who(a->pen, slice_of(aor));
	}
	return 0;
}

/* The name that an enrolled device has in tokens. */
static void name_device(struct asked *a)
{
	char text[300];

	snprintf(text, sizeof(text), "device:%s", a->origin.device->name);
	a->who[a->origin.whos++] = token_who(a->pen, slice_of(text));
}

/* The connection as the proxy would see it. */
static enum peer_class class_by_door(const struct asked *a)
{
	struct conn c = {
		.leg = a->origin.leg,
		.door = is_word(a->door, "users") ? DOOR_USERS : DOOR_TLS,
		.tls = true,
		.names = a->shown.names,
	};

	return class_of(a->s, &c);
}

static void judge_inside(struct asked *a)
{
	struct origin *o = &a->origin;

	if (!a->cert) {
		o->peer = PEER_SERVER;
		a->class_why = "assumed: no --cert was given, so it is taken "
			       "for a trusted server";
		return;
	}
	o->peer = class_by_door(a);
	a->class_why = o->peer == PEER_SERVER
			       ? "its certificate is good, and its name is in "
				 "trusted_servers"
		       : a->shown.names
			       ? "its name is not in trusted_servers"
			       : "its certificate does not verify: TLS "
				 "would not come about";
}

static const char *why_no_partner(const struct asked *a)
{
	if (is_word(a->door, "users"))
		return "the users' door asks for no certificate";
	if (!a->shown.names)
		return "its certificate is not believed";
	return "it shows a good certificate, but federation.enabled is false";
}

static void judge_outside(struct asked *a)
{
	struct origin *o = &a->origin;

	o->peer = class_by_door(a);
	a->class_why = "it shows a certificate that is believed";
	if (o->peer == PEER_PARTNER) {
		o->names = a->shown.names;
		return;
	}
	a->class_why = a->cert ? why_no_partner(a) : "nothing is known of it";
	if (!o->whos)
		return;
	o->peer = PEER_USER;
	a->class_why = "registered on this connection";
}

/* What the net room and the proxy's flow would know of the connection. */
static int judge_origin(struct asked *a)
{
	struct origin *o = &a->origin;
	int err = choose_leg(a);

	if (!err && a->cert)
		err = shown_read(&a->shown, a->s, o->leg, a->cert);
	if (!err)
		err = read_aors(a);
	if (err)
		return err;
	o->source = &a->source;
	o->conn = UINT64_MAX; /* that of no token */
	o->who = a->who;
	if (o->peer == PEER_DEVICE) {
		a->class_why = o->device ? "its address is enrolled"
					 : "its address is not enrolled";
		if (o->device)
			name_device(a);
	} else if (o->leg == LEG_INSIDE) {
		judge_inside(a);
	} else {
		judge_outside(a);
	}
	if (o->peer == PEER_PARTNER && a->srv_known)
		o->service = &a->srv;
	return 0;
}

static void say_input(struct report *r, const struct asked *a,
		      const char *config, const char *file)
{
	report_section(r, "input");
	report_say(r, "settings", "%s", config);
	report_say(r, "message", "%s", file);
	report_say(r, "leg", "%s (%s)", settings_leg_word(a->origin.leg),
		   a->leg_why);
	if (a->cert)
		report_say(r, "certificate", "%s (%s)", a->cert, a->shown.why);
	report_say(r, "class", "%s", a->class_why);
	report_say(r, "token keys", "%s%s", a->s->state_dir,
		   a->keys_borrowed
			   ? ""
			   : " (cannot be read: no token of the running edge "
			     "is known here)");
}

/* The sections of the report, in order. */
struct told {
	struct report *r;
	int part;
};

static void tell(enum explain_part part, struct slice name, struct slice text,
		 void *arg)
{
	static const char *const sections[EXPLAIN_PARTS] = {
		[EXPLAIN_READ] = "reading", [EXPLAIN_FACT] = "facts",
		[EXPLAIN_RULE] = "rules",   [EXPLAIN_VERDICT] = "verdict",
		[EXPLAIN_HOP] = "next_hop", [EXPLAIN_CHANGE] = "headers",
		[EXPLAIN_NOTE] = "notes",
	};
	struct told *t = arg;

	if (t->part != (int)part)
		report_section(t->r, sections[part]);
	t->part = (int)part;
	report_line(t->r, name, text);
}

/* Every line feed of the head gets its carriage return. */
static int add_returns(struct buf *out, struct slice in)
{
	size_t i = 0;

	for (; i < in.n; i++) {
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			buf_puts(out, "\r");
		buf_add(out, (struct slice){in.p + i, 1});
		if (out->n >= 4 && !memcmp(out->p + out->n - 4, "\r\n\r\n", 4))
			break;
	}
	if (i < in.n)
		buf_add(out, (struct slice){in.p + i + 1, in.n - i - 1});
	return out->failed ? ENOMEM : 0;
}

static int get_message(struct buf *out, const struct asked *a, const char *file)
{
	char *p = NULL;
	size_t n = 0;
	int err = file_read(&p, &n, file, FILE_BYTES);

	if (err)
		return no_look("%s: %s", file, strerror(err));
	if (a->lf)
		add_returns(out, (struct slice){p, n});
	else
		buf_add(out, (struct slice){p, n});
	free(p);
	return out->failed ? no_look("out of memory") : 0;
}

static int status_of(int err, const struct verdict *v)
{
	if (err)
		return EXIT_NO_LOOK;
	return v->kind == VERDICT_FORWARD || v->kind == VERDICT_PASS
		       ? EXIT_FINE
		       : EXIT_FINDINGS;
}

static int walk(struct asked *a, const char *config, const char *file,
		struct slice bytes)
{
	struct explain_ask ask = {
		.settings = a->s,
		.pen = a->pen,
		.wall_s = now_wall_s(),
		.origin = a->origin,
		.bytes = bytes,
	};
	struct told told = {.r = report_begin(a->json), .part = -1};
	struct verdict v = {0};
	int err;

	if (!told.r)
		return no_look("out of memory");
	say_input(told.r, a, config, file);
	err = explain_walk(&v, &ask, tell, &told);
	return report_end(&told.r, status_of(err, &v));
}

static int explain_file(struct asked *a, const char *config, const char *file)
{
	char why[WHY_MAX] = "out of memory";
	struct buf bytes = {0};
	int status = settings_get(&a->s, config);

	if (!status && pen_get(&a->pen, a->s, &a->keys_borrowed, why))
		status = no_look("%s", why);
	if (!status && read_address(&a->source, a->from))
		status = no_look("%s is not ADDRESS or ADDRESS:PORT", a->from);
	if (!status)
		status = judge_origin(a);
	if (!status)
		status = get_message(&bytes, a, file);
	if (!status)
		status = walk(a, config, file, buf_slice(&bytes));
	buf_fini(&bytes);
	cert_names_destroy(&a->shown.names);
	token_pen_destroy(&a->pen);
	settings_unref(&a->s);
	return status;
}

static int explain_recent(const struct asked *a, const char *config)
{
	const struct settings *s = NULL;
	int status;

	if (a->socket)
		return recall_print(a->socket, a->call_id, a->json);
	if (!config)
		return no_look("say CONFIG or --socket PATH");
	status = settings_get(&s, config);
	if (status)
		return status;
	status = s->control
			 ? recall_print(s->control, a->call_id, a->json)
			 : no_look("%s: edge.control is not set, so the edge "
				   "answers nobody",
				   config);
	settings_unref(&s);
	return status;
}

int explain_main(int argc, char **argv)
{
	static struct asked a;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (take(&a, opt))
			return no_look("explain: wrong option; see edgectl -h");
	if (a.call_id)
		return explain_recent(&a, argv[optind]);
	if (argc - optind != 2 || !a.from)
		return no_look("explain CONFIG FILE.sip --from ADDRESS, or "
			       "--call-id ID");
	return explain_file(&a, argv[optind], argv[optind + 1]);
}
