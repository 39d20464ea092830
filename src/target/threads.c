#include "config.h"

#include "target/threads.h"

#include "util/mem.h"

#define BOUND_GILSTATE (1u << 3)	/* in _status: its thread last ran under it (pystate.h) */

/* 3.13+ has _PyRuntime.main_tstate behind main_thread, and tells that one alone of a new call. */
static bool first_state_is_used(const struct python *py, uint64_t main_state_at)
{
	uint64_t state;
	uint32_t status;

	return remote_u64(&py->remote, main_state_at, &state) && state &&
	       remote_u32(&py->remote, state + (uint64_t)py->layout->ts_status, &status) &&
	       (status & BOUND_GILSTATE);
}

static bool is_in(struct python_range self, uint64_t thread)
{
	return thread >= self.start && thread < self.end;
}

static uint64_t main_thread_at(const struct python *py)
{
	return py->sym.runtime + (uint64_t)py->layout->rt_main_thread;
}

bool threads_is_main(const struct python *py, struct python_range self)
{
	uint64_t thread;

	return py->layout->rt_main_thread == LAYOUT_NONE ||
	       (remote_u64(&py->remote, main_thread_at(py), &thread) && is_in(self, thread));
}

bool threads_runs_pending(const struct python *py, struct python_range self)
{
	return threads_is_main(py, self) &&
	       (py->layout->ts_status == LAYOUT_NONE ||
		first_state_is_used(py, main_thread_at(py) + sizeof(uint64_t)));
}

/*
 * To 3.11 the GIL lies in front of it in _PyRuntime, with two mutexes and two conditions: as large
 * as the C library has them. glibc's mutex has 40 bytes on x86-64 and 48 on aarch64, musl's 40 on
 * both. What is noted beside it must be the main interpreter.
 */
static const uint64_t moved[] = {0, 2 * (48 - 40)};

bool threads_find(const struct python *py, uint64_t *ret)
{
	const struct layout *l = py->layout;
	uint64_t interp;

	if (l->rt_current == LAYOUT_NONE) {
		*ret = py->sym.thread_current;
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(moved); i++) {
		uint64_t runtime = py->sym.runtime + moved[i];

		if (!remote_u64(&py->remote, runtime + (uint64_t)l->rt_auto, &interp) ||
		    interp != py->interp)
			continue;
		*ret = runtime + (uint64_t)l->rt_current;
		return true;
	}
	return false;
}

/*
 * Another thread's state may be freed meanwhile: then what is read is no thread_id, or anybody's.
 * The stopped one's own stays what it is.
 */
uint64_t threads_gil_state(const struct python *py, struct python_range self)
{
	uint64_t at = py->current, current, thread;
	int32_t id = py->layout->ts_thread_id;

	if (at && id != LAYOUT_NONE && remote_u64(&py->remote, at, &current) && current &&
	    remote_u64(&py->remote, current + (uint64_t)id, &thread) && is_in(self, thread))
		return current;
	return 0;
}
