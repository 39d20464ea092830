#include "config.h"
#include "inject/wake.h"

#include "inject/arch_stop.h"
#include "inject/fault.h"
#include "inject/policy.h"
#include "inject/safepoint.h"
#include "proc/runnable.h"
#include "proc/status.h"
#include "target/signals.h"
#include "target/threads.h"
#include "util/clock.h"
#include "util/num.h"

#define LOOK_NS (CLOCK_NS_PER_MS / 10)	/* between the first two looks; then twice as long, */
#define LOOK_MOST_NS (4 * CLOCK_NS_PER_MS)	/* ... up to this */
#define MAIN_NS (10 * CLOCK_NS_PER_S)	/* for the main thread, on a machine that is very busy, */
#define OTHERS_NS (2 * CLOCK_NS_PER_S)	/* ... and then for the others */
#define BLIND_NS (50 * CLOCK_NS_PER_MS)	/* for all, where the kernel does not say who runs */
#define RUNS_NS (1 * CLOCK_NS_PER_MS)	/* of CPU: it is beyond the call that it was stopped in */
#define STOP_MOST_NS (1 * CLOCK_NS_PER_S)
#define STOPS_MOST 3

static int64_t switches_of(const struct wake *w)
{
	return status_switches(w->py->remote.pid, w->py->remote.pid);
}

/* Has it slept at most so often since it was looked at? */
static bool slept(const struct wake *w, int times)
{
	int64_t now = switches_of(w);

	return num_known(now) && now <= w->switches + times;
}

struct wake wake_begin(const struct python *py, const struct gadgets *gadgets)
{
	struct wake w = {.py = py, .gadgets = gadgets};
	struct status st;

	/* in this order: what wakes it later is seen by the count */
	w.switches = switches_of(&w);
	w.watches = num_known(w.switches) && py->signals.mask && !signals_due(py) &&
		    status_read(py->remote.pid, 0, &st, NULL) == LT_OK && st.threads > 1;
	return w;
}

void wake_stopped(struct wake *w)
{
	w->watches = w->watches && slept(w, 1);
}

/* One for the process may be any thread's, for as long as it is pending. */
static bool has_own_signal(const struct tracee *t)
{
	struct status st;

	return t->event == TRACEE_SIGNAL || status_read(t->tid, 0, &st, NULL) != LT_OK ||
	       (st.sig_pending & ~st.sig_blocked) != 0;
}

void wake_leaves(struct wake *w, const struct tracee *t)
{
	if (!w->watches)
		return;
	w->switches = switches_of(w);
	w->watches = num_known(w->switches) && !has_own_signal(t);
}

/* Does it wait in a call that a signal would end, and is one still noted? */
static bool is_missed(const struct wake *w, const struct maps *maps, const struct tracee *t,
		      const struct arch_state *now)
{
	const char *why;

	return !tracee_in_group_stop(t) && !has_own_signal(t) && slept(w, 2) &&
	       python_same(w->py) && signals_due(w->py) &&
	       threads_is_main(w->py, arch_thread_self(now)) &&
	       safepoint_judge(w->py, SAFEPOINT_FUNCTIONS, w->gadgets, maps, t, now, &why) ==
		       SAFEPOINT_BLOCKED;
}

/* The thread is stopped: its call ends, or goes on as if nothing had been. */
static bool end_call(const struct wake *w, const struct maps *maps, struct tracee *t)
{
	struct arch_state now;
	struct lt_err err;
	bool ended;

	if (tracee_get(t, &now, &err) != LT_OK)
		return false;
	ended = is_missed(w, maps, t, &now) && arch_end_call(&now);
	if (ended || tracee_repair(t, &now))
		ended = tracee_set(t, &now, &err) == LT_OK && ended;
	return ended;
}

/* true: the call has ended. *stopped_ns: grows by what it took. */
static bool rouse(struct wake *w, const struct maps *maps, int64_t *stopped_ns)
{
	int64_t begin = clock_mono_ns();
	struct tracee t;
	struct lt_err err;
	bool ended;

	if (tracee_seize(&t, w->py->remote.pid, begin + STOP_MOST_NS, &err) != LT_OK)
		return false;
	ended = tracee_interrupt(&t, &err) == LT_OK && end_call(w, maps, &t);
	if (ended)
		fault_at(FAULT_ENDED);
	else
		wake_leaves(w, &t);
	tracee_detach(&t);
	*stopped_ns += clock_mono_ns() - begin;
	return ended;
}

/* By /proc alone; *ret_blocked: in a system call, not on its way into one. */
static bool worth_a_stop(const struct wake *w, const struct maps *maps, int filters,
			 bool *ret_blocked)
{
	pid_t pid = w->py->remote.pid;
	struct status_syscall now;
	const char *why;

	*ret_blocked = status_syscall_read(pid, pid, &now) && now.nr >= 0;
	/* in this order: a signal that comes to a thread that sleeps wakes it */
	return *ret_blocked && signals_due(w->py) && slept(w, 1) &&
	       !policy_stop_may_kill(pid, &now, filters) &&
	       safepoint_guess(w->py, &now, maps, &why) == SAFEPOINT_BLOCKED;
}

/* Not back in a system call: is it beyond the one that it was stopped in? */
static bool runs(pid_t pid, int64_t cpu_ns)
{
	int64_t now = runnable_cpu_ns(pid, pid);

	return num_known(now) && num_known(cpu_ns) && now >= cpu_ns + RUNS_NS;
}

int64_t wake_end(struct wake *w, const struct maps *maps, int filters)
{
	pid_t pid = w->py->remote.pid;
	int64_t cpu_ns = w->watches ? runnable_cpu_ns(pid, pid) : LT_UNKNOWN;
	int64_t end = clock_mono_ns() + (num_known(cpu_ns) ? MAIN_NS : BLIND_NS);
	int64_t pause = LOOK_NS, stopped_ns = 0;
	struct runnable others;
	bool came_back = false, blocked, settled;

	for (int stops = 0; w->watches && slept(w, 1) && clock_mono_ns() < end;) {
		if (worth_a_stop(w, maps, filters, &blocked) && stops++ < STOPS_MOST &&
		    rouse(w, maps, &stopped_ns))
			break;
		if (blocked && !came_back) {
			came_back = true;
			end = clock_mono_ns() + (num_known(cpu_ns) ? OTHERS_NS : BLIND_NS);
			runnable_take(&others, pid, pid);
		}
		/* in this order: what has run has noted what it had to */
		settled = blocked ? runnable_have_run(&others, pid) : runs(pid, cpu_ns);
		if (settled && !signals_due(w->py))
			break;
		clock_sleep_ns(pause);
		pause = pause < LOOK_MOST_NS ? 2 * pause : LOOK_MOST_NS;
	}
	return stopped_ns;
}
