#include "config.h"

#include "target/signals.h"

#include "target/code.h"

#define EVAL_BREAKER_BIT 2u	/* _PY_SIGNALS_PENDING_BIT (pycore_ceval.h of 3.13 to 3.15) */
#define PROLOGUE 64u		/* bytes of the function that are looked at */

/* To 3.7 it is a static, is_tripped, and the first thing that PyErr_CheckSignals looks at. */
static uint64_t in_code(const struct python *py, const struct image *image)
{
	unsigned char code[PROLOGUE];
	uint64_t at = py->sym.check_signals, found;
	size_t n = at ? remote_read_some(&py->remote, at, code, sizeof(code)) : 0;

	found = n ? code_first_load(code, n, at) : 0;
	for (size_t i = 0; i < image->elf.n_loads; i++) {
		const struct elf_load *load = &image->elf.loads[i];

		if (load->write && found % 4 == 0 && found >= load->start && found + 4 <= load->end)
			return found;
	}
	return 0;
}

/* From 3.13 on a bit in the first state of the main thread, which lies behind main_thread. */
static uint64_t in_state(const struct python *py)
{
	const struct layout *l = py->layout;
	uint64_t state;

	if (!remote_u64(&py->remote, py->sym.runtime + (uint64_t)l->rt_main_thread + 8, &state) ||
	    !state)
		return 0;
	return state + (uint64_t)l->signals_at;
}

struct python_signals signals_find(const struct python *py, const struct image *image)
{
	const struct layout *l = py->layout;
	struct python_signals s = {.mask = UINT32_MAX};
	uint32_t now;

	switch (l->signals) {
	case LAYOUT_SIGNALS_CODE:
		s.addr = in_code(py, image);
		break;
	case LAYOUT_SIGNALS_RUNTIME:
		s.addr = py->sym.runtime + (uint64_t)l->signals_at;
		break;
	case LAYOUT_SIGNALS_LOCK:
		s.addr = py->lock + (uint64_t)(int64_t)l->signals_at;
		break;
	case LAYOUT_SIGNALS_STATE:
		s = (struct python_signals){in_state(py), EVAL_BREAKER_BIT};
		break;
	}
	if (s.addr && remote_u32(&py->remote, s.addr, &now) &&
	    (l->signals == LAYOUT_SIGNALS_STATE || now <= 1))
		return s;
	return (struct python_signals){0};
}

bool signals_due(const struct python *py)
{
	uint32_t now;

	return py->signals.mask && remote_u32(&py->remote, py->signals.addr, &now) &&
	       (now & py->signals.mask) != 0;
}
