/*
 * What stands against borrowing the target's main thread, and when to ask again. leaktop goes on
 * without it, with what can be read from outside.
 */
#ifndef LT_SESSION_REFUSAL_H
#define LT_SESSION_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "target/python.h"
#include "util/err.h"

struct refusal {		/* zeroed: nothing */
	struct lt_err why;	/* code LT_OK: nothing */
	int64_t again_ns;	/* clock_mono_ns() from which on it is asked again */
};

/* Notes why where it is a reason that lasts (lt_err_goes_on, LT_E_PERM); else changes nothing. */
void refusal_note(struct refusal *r, const struct lt_err *why);

/*
 * May the main thread be borrowed now? The answer of the last time while that stands; else /proc
 * and the target's memory are asked, without touching it. Also LT_E_UNREADY, which does not last.
 */
enum lt_errc refusal_ask(struct refusal *r, const struct python *py, struct lt_err *err);

#endif
