/*
 * device.c: an enrolled device is known, not trusted: it may do what its entry
 * lists, as one of its identities.
 */
#include "rules.h"

static bool lists_method(const struct device_settings *d, struct slice name)
{
	for (size_t i = 0; i < d->methods.n; i++)
		if (slice_eq(slice_of(d->methods.v[i]), name))
			return true;
	return false;
}

/* The exception ends with its day. */
static bool is_expired(const struct device_settings *d, const struct facts *f)
{
	return d->expires_s && f->origin.wall_s >= d->expires_s;
}

/* Inside dialogs too. */
struct verdict device_method(const struct settings *s, const struct facts *f)
{
	const struct device_settings *d = f->origin.device;

	(void)s;
	if (f->origin.peer != PEER_DEVICE)
		return (struct verdict){.kind = VERDICT_PASS};
	if (!d)
		return rules_refuse(f, 403, "device-not-enrolled");
	if (is_expired(d, f))
		return rules_refuse(f, 403, "device-expired");
	if (f->method == METHOD_REGISTER)
		return d->may_register
			       ? (struct verdict){.kind = VERDICT_PASS}
			       : verdict_refuse(403, "device-may-not-register");
	if (!lists_method(d, f->method_name))
		return rules_refuse(f, 403, "device-method");
	return (struct verdict){.kind = VERDICT_PASS};
}

/* Outside of dialogs: a called device may go by what it was called. */
struct verdict device_identity(const struct settings *s, const struct facts *f)
{
	const char *aor =
		f->method == METHOD_REGISTER ? f->to_aor : f->from_aor;

	(void)s;
	if (f->origin.peer != PEER_DEVICE ||
	    settings_device_is(f->origin.device, slice_of(aor)))
		return (struct verdict){.kind = VERDICT_PASS};
	return verdict_refuse(403, "device-identity");
}

/* RFC 3261 §22.3: before it is told which targets there are. A question that
 * was not put was not answered either. */
struct verdict device_digest(const struct settings *s, const struct facts *f)
{
	const struct device_settings *d = f->origin.device;

	(void)s;
	if (f->origin.peer != PEER_DEVICE || !d || !d->digest ||
	    f->digest == DIGEST_GOOD)
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->digest == DIGEST_WRONG)
		return rules_refuse(f, 407, "device-digest-wrong");
	if (f->digest == DIGEST_STALE)
		return rules_refuse(f, 407, "device-digest-stale");
	return rules_refuse(f, 407, "device-digest");
}

static struct verdict towards(const struct device_settings *d,
			      const struct facts *f)
{
	if (is_expired(d, f))
		return verdict_refuse(403, "device-expired");
	return verdict_forward(TO_DEVICE, "device");
}

struct verdict device_target(const struct settings *s, const struct facts *f)
{
	struct slice aor = slice_of(f->ruri_aor);

	if (!is_near(f) || !s->devices_enabled || !aor.n)
		return (struct verdict){.kind = VERDICT_PASS};
	for (size_t i = 0; i < s->devices; i++)
		if (settings_device_is(&s->device[i], aor))
			return towards(&s->device[i], f);
	return (struct verdict){.kind = VERDICT_PASS};
}
