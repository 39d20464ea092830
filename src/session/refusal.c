#include "config.h"
#include "session/refusal.h"

#include "inject/preflight.h"
#include "util/clock.h"

#define AGAIN_NS (3 * CLOCK_NS_PER_S)		/* what /proc tells costs the target nothing */
#define AGAIN_STOP_NS (60 * CLOCK_NS_PER_S)	/* what only a stop tells */

/* A filter can only become stricter, and a C library does not change, before the next exec. */
static int64_t wait_ns(enum lt_errc code)
{
	switch (code) {
	case LT_E_SECCOMP:
	case LT_E_CLIB:
		return INT64_MAX;
	case LT_E_DISPATCH:
	case LT_E_EXECMEM:
	case LT_E_PERM:
		return AGAIN_STOP_NS;
	default:
		return AGAIN_NS;
	}
}

void refusal_note(struct refusal *r, const struct lt_err *why)
{
	int64_t wait = wait_ns(why->code), now = clock_mono_ns();

	if (!lt_err_goes_on(why->code) && why->code != LT_E_PERM)
		return;
	r->why = *why;
	r->again_ns = wait < INT64_MAX - now ? now + wait : INT64_MAX;
}

/* What an interpreter that is not alone or not ready would otherwise refuse in every stop. */
static enum lt_errc ask_python(const struct python *py, struct lt_err *err)
{
	if (!python_ready(py))
		return lt_err_set(err, LT_E_UNREADY, 0, "CPython %s", py->version);
	if (!python_alone(py))
		return lt_err_set(err, LT_E_INTERPRETERS, 0, "only the main one could be counted");
	return LT_OK;
}

enum lt_errc refusal_ask(struct refusal *r, const struct python *py, struct lt_err *err)
{
	enum lt_errc rc;

	if (r->why.code != LT_OK && clock_mono_ns() < r->again_ns) {
		*err = r->why;
		return err->code;
	}
	*r = (struct refusal){0};
	rc = preflight_inject(py->remote.pid, err);
	if (rc == LT_OK)
		rc = ask_python(py, err);
	if (rc != LT_OK)
		refusal_note(r, err);
	return rc;
}
