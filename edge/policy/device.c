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

struct verdict device_entry(const struct settings *s, const struct facts *f)
{
	const struct device_settings *d = f->origin.device;

	(void)s;
	if (f->origin.peer != PEER_DEVICE)
		return (struct verdict){.kind = VERDICT_PASS};
	if (!d)
		return verdict_refuse(403, "device-not-enrolled");
	if (f->method == METHOD_REGISTER) {
		if (!d->may_register)
			return verdict_refuse(403, "device-may-not-register");
		if (!settings_device_is(d, slice_of(f->to_aor)))
			return verdict_refuse(403, "device-identity");
		return (struct verdict){.kind = VERDICT_PASS};
	}
	if (!lists_method(d, f->method_name))
		return verdict_refuse(403, "device-method");
	if (!settings_device_is(d, slice_of(f->from_aor)))
		return verdict_refuse(403, "device-identity");
	return (struct verdict){.kind = VERDICT_PASS};
}

struct verdict device_target(const struct settings *s, const struct facts *f)
{
	struct slice aor = slice_of(f->ruri_aor);

	if (!is_near(f) || !s->devices_enabled || !aor.n)
		return (struct verdict){.kind = VERDICT_PASS};
	for (size_t i = 0; i < s->devices; i++)
		if (settings_device_is(&s->device[i], aor))
			return verdict_forward(TO_DEVICE, "device");
	return (struct verdict){.kind = VERDICT_PASS};
}
