#include "config.h"

#include "target/threads.h"

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

bool threads_runs_pending(const struct python *py, struct python_range self)
{
	const struct layout *l = py->layout;
	uint64_t at = py->sym.runtime + (uint64_t)l->rt_main_thread, thread;

	if (l->rt_main_thread == LAYOUT_NONE)
		return true;
	return remote_u64(&py->remote, at, &thread) && is_in(self, thread) &&
	       (l->ts_status == LAYOUT_NONE || first_state_is_used(py, at + sizeof(thread)));
}

/* Where the thread state is noted that has the GIL (or, in 2.7 and 3.6, would have it). */
static uint64_t current_at(const struct python *py)
{
	int32_t at = py->layout->rt_current;

	return at == LAYOUT_NONE ? py->sym.thread_current : py->sym.runtime + (uint64_t)at;
}

/*
 * Another thread's state may be freed meanwhile: then what is read is no thread_id, or anybody's.
 * The stopped one's own stays what it is.
 */
uint64_t threads_gil_state(const struct python *py, struct python_range self)
{
	uint64_t at = current_at(py), current, thread;
	int32_t id = py->layout->ts_thread_id;

	if (at && id != LAYOUT_NONE && remote_u64(&py->remote, at, &current) && current &&
	    remote_u64(&py->remote, current + (uint64_t)id, &thread) && is_in(self, thread))
		return current;
	return 0;
}
