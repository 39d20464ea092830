#include "config.h"
#include "inject/borrow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/abi.h"
#include "agent/blob.h"
#include "inject/call.h"
#include "inject/fault.h"
#include "inject/policy.h"
#include "inject/preflight.h"
#include "inject/priority.h"
#include "inject/safepoint.h"
#include "inject/wake.h"
#include "proc/figures.h"
#include "target/threads.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

#define STOP_MARGIN_NS (20 * CLOCK_NS_PER_MS)	/* a stop takes about a millisecond */
#define RETRY_NS (1 * CLOCK_NS_PER_MS)		/* between two tries for a safe point ... */
#define RETRY_FEW 20				/* ... of which so many; then it is a long story */
#define RETRY_LONG_NS (5 * CLOCK_NS_PER_MS)
#define ANSWER_POLL_NS (CLOCK_NS_PER_MS / 2)	/* between two looks for an answer, no stop */
#define NOTE_POLL_NS (5 * CLOCK_NS_PER_MS)	/* the same, for a collection */
#define LATE_NS (20 * CLOCK_NS_PER_MS)		/* a sleep so much longer had no CPU ... */
#define LATE_MOST_NS (10 * CLOCK_NS_PER_S)	/* ... and so long is waited for one */
#define NAP_NS (20 * CLOCK_NS_PER_MS)		/* pauses are slept in pieces of it */
#define SLICES_MOST 100000
#define WAITS_MOST 250				/* NAP_NS each */
#define OUTSIDES_MOST 20			/* slices in a row that end where memory is new, */
#define PROGRESS 1000				/* ... and counted fewer than these */
#define HOLD_MOST_NS (1 * CLOCK_NS_PER_S)	/* that is believed */
#define GAP 19					/* pauses to holds: the GIL for 1/20 of the time */

/* ---- the child -------------------------------------------------------------------------- */

/* What the child does, and how far it is. The lodging is the result's: it is told in any case. */
struct errand {
	const struct borrow_job *job;
	struct borrow_result *r;
	const struct remote *remote;
	struct lodging_plan plan;
	const volatile int *hurry;
	struct agent_order order;	/* the last one */
	int64_t deadline_ns;		/* clock_mono_ns(): no stop begins, no wait goes on */
	int64_t late_ns;		/* by how much this errand's deadlines were put off */
	int64_t stop_ns;		/* the last stop */
	bool in_call;			/* it found the thread in a system call, or was no stop */
	int waits;			/* for the end of a collection, in the middle of a walk */
	int outsides;			/* slices that met memory mapped since they began */
	uint64_t objects;		/* that were counted when the last slice ended */
	bool asked;			/* the request is made: wait for its answer */
	bool begun;			/* a collection has: it can no longer be called off */
	int64_t switches;		/* of the main thread, when it was looked at first */
	bool searched;			/* for pages that others have left */
};

static bool block_u32(const struct errand *e, size_t at, uint32_t *ret)
{
	return e->r->lodging.block && remote_u32(e->remote, e->r->lodging.block + at, ret);
}

static bool answered(const struct errand *e)
{
	uint32_t answer = 0;

	return block_u32(e, offsetof(struct agent_block, answer), &answer) &&
	       answer == e->order.request;
}

/* Is an earlier note to the interpreter still unread? Unknown counts as yes. */
static bool note_is_queued(const struct errand *e)
{
	uint32_t posted = 1;

	if (!e->r->lodging.block)
		return false;
	(void)block_u32(e, offsetof(struct agent_block, posted), &posted);
	return posted != 0;
}

/*
 * The target may have started another program since the last sample: our pages are gone then and
 * its C library lies elsewhere. Believe nothing that was learned before; look at the very bytes
 * that are about to be run.
 */
static bool still_there(const struct errand *e)
{
	const struct gadgets *g = e->job->gadgets;
	uint8_t bytes[64];

	return remote_read(e->remote, g->restore_rt, bytes, arch_restore_rt.n) &&
	       memcmp(bytes, arch_restore_rt.bytes, arch_restore_rt.n) == 0 &&
	       remote_read(e->remote, g->syscall_ret, bytes, arch_syscall_ret.n) &&
	       memcmp(bytes, arch_syscall_ret.bytes, arch_syscall_ret.n) == 0 &&
	       python_same(e->job->py) && lodging_stands(&e->r->lodging, e->remote);
}

/* What the helper is to do next. */
static bool write_order(struct errand *e, uint32_t op)
{
	e->order.op = op;
	if (++e->order.request == 0)
		e->order.request = 1;
	return remote_write(e->remote, e->r->lodging.block + offsetof(struct agent_block, order),
			    &e->order, sizeof(e->order));
}

/* The parked thread keeps what it holds, so this is true until it is let go. */
static bool tell_gil_state(const struct errand *e, const struct call *c)
{
	uint64_t state = threads_gil_state(e->job->py, arch_thread_self(&c->saved));

	return remote_write(e->remote,
			    e->r->lodging.block + offsetof(struct agent_block, gil_state), &state,
			    sizeof(state));
}

static enum lt_errc run_helper(struct errand *e, struct call *c, enum safepoint point,
			       struct lt_err *err)
{
	const struct lodging *l = &e->r->lodging;
	bool post = point == SAFEPOINT_RUNNING || e->job->collect;
	enum lt_errc rc;

	if (!tell_gil_state(e, c))
		return lt_err_set(err, LT_E_REPLACED, errno, "leaktop's pages are gone");
	e->r->pending |= post;
	rc = call_function(c, l->code + (post ? AGENT_ENTRY_POST : AGENT_ENTRY_CALL), l->block,
			   err);
	fault_at(FAULT_CALLED);
	return rc;
}

/*
 * Bookmarks first, for the program would follow them into the void. A busy interpreter takes them
 * out in a pending call, and the pages go at the next try.
 */
static enum lt_errc move_out(struct errand *e, struct call *c, enum safepoint point,
			     struct lt_err *err)
{
	struct lodging *l = &e->r->lodging;
	enum lt_errc rc;

	if (!lodging_is_clear(l, e->remote)) {
		(void)block_u32(e, offsetof(struct agent_block, order.request), &e->order.request);
		if (!write_order(e, AGENT_OP_UNLINK))
			return lt_err_set(err, LT_E_REPLACED, errno, "leaktop's pages are gone");
		if ((rc = run_helper(e, c, point, err)) != LT_OK)
			return rc;
		fault_at(FAULT_UNLINKED);
	}
	if (note_is_queued(e))
		return lt_err_set(err, LT_E_BUSY, 0, "the bookmarks are still in its lists");
	return lodging_move_out(l, e->remote, c, err);
}

/* What is done with the parked thread: the calls between begin and end. */
static enum lt_errc do_job(struct errand *e, struct call *c, const struct maps *maps,
			   enum safepoint point, struct lt_err *err)
{
	struct lodging *l = &e->r->lodging;
	enum lt_errc rc;

	if (!e->searched && !l->code && lodging_is_found(maps)) {
		if ((rc = lodging_take_over(l, &e->plan, maps, c, err)) != LT_OK)
			return rc;
		if (l->code && note_is_queued(e))
			return lt_err_set(err, LT_E_BUSY, 0, "a note to it is still queued");
	}
	e->searched = true;
	if (e->job->leave)
		return move_out(e, c, point, err);
	if ((rc = lodging_move_in(l, &e->plan, maps, c, err)) != LT_OK ||
	    (rc = lodging_tell(l, &e->plan, err)) != LT_OK)
		return rc;
	return run_helper(e, c, point, err);
}

/* ---- a stop ----------------------------------------------------------------------------- */

/* Who stopped it wants it to stand still, the GIL perhaps in a stopped thread's hands. */
static bool may_use_group_stop(const struct errand *e)
{
	return e->job->leave && lodging_is_clear(&e->r->lodging, e->remote);
}

/* To take pages back the kernel alone is needed, once no bookmark is left in the lists. */
static enum safepoint_use use_of(const struct errand *e)
{
	const struct lodging *l = &e->r->lodging;

	if (e->job->collect)
		return SAFEPOINT_NOTE;
	return e->job->leave && l->code && lodging_is_clear(l, e->remote) ? SAFEPOINT_SYSCALLS
									   : SAFEPOINT_FUNCTIONS;
}

/* The thread is parked: judge, work, give it back its state. */
static enum lt_errc use_stop(struct errand *e, struct tracee *t, const struct maps *maps,
			     struct lt_err *err)
{
	const struct borrow_job *job = e->job;
	struct arch_state now;
	struct call call = {.eintr_raises = job->py->layout->eintr_raises};
	const char *why = "";
	enum safepoint point;
	struct lt_err end_err;
	enum lt_errc rc = tracee_get(t, &now, err), end;

	if (rc != LT_OK)
		return rc;
	e->in_call = arch_syscall_nr(&now) >= 0;
	if (tracee_repair(t, &now)) {
		timed_renew(&e->r->wait, job->py, &now);
		if ((rc = tracee_set(t, &now, err)) != LT_OK)
			return rc;
	} else {
		e->r->wait = (struct timed_wait){0};
	}
	fault_at(FAULT_STOPPED);
	if ((rc = policy_ask(t, &now, job->collect, &e->r->filters, err)) != LT_OK)
		return rc;
	if (tracee_in_group_stop(t) && !may_use_group_stop(e))
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "the process is being stopped");
	if (!still_there(e))
		return lt_err_set(err, LT_E_REPLACED, 0, "its memory is another one now");
	point = safepoint_judge(job->py, use_of(e), job->gadgets, maps, t, &now, &why);
	fault_at(FAULT_JUDGED);
	if (point == SAFEPOINT_NO)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "%s", why);
	if (note_is_queued(e) && (job->leave || job->collect || point == SAFEPOINT_RUNNING))
		return lt_err_set(err, LT_E_BUSY, 0, "an earlier request is still queued");
	if ((rc = call_begin(&call, t, job->gadgets, err)) != LT_OK)
		return rc;
	rc = do_job(e, &call, maps, point, err);
	if (rc == LT_E_TIMEOUT || rc == LT_E_GONE)
		return rc;	/* still running the call: let it end by itself */
	end = call_end(&call, &end_err);
	if (rc == LT_OK && end != LT_OK) {
		*err = end_err;
		rc = end;
	}
	return rc;
}

static void note_stop(struct borrow_result *r, int64_t ns)
{
	r->stops++;
	r->stopped_ns += ns;
	if (ns > r->longest_stop_ns)
		r->longest_stop_ns = ns;
}

static enum lt_errc one_stop(struct errand *e, const struct maps *maps, struct lt_err *err)
{
	pid_t tid = e->remote->pid;	/* the main thread has the PID of the process */
	struct wake wake = wake_begin(e->job->py, e->job->gadgets);
	struct tracee t;
	int64_t begin, roused_ns;
	enum lt_errc rc = tracee_seize(&t, tid, e->deadline_ns, err);

	if (rc != LT_OK)
		return rc;
	e->in_call = true;
	begin = clock_mono_ns();
	rc = tracee_interrupt(&t, err);
	wake_stopped(&wake);
	if (rc == LT_OK)
		rc = use_stop(e, &t, maps, err);
	wake_leaves(&wake, &t);
	tracee_detach(&t);	/* a thread that still runs is let go when this process ends */
	e->stop_ns = clock_mono_ns() - begin;
	note_stop(e->r, e->stop_ns);
	if (e->in_call && (roused_ns = wake_end(&wake, maps, e->r->filters)) > 0)
		note_stop(e->r, roused_ns);
	return rc;
}

/* What can be made of the mappings before the stop is no part of the pause. */
static enum lt_errc use_maps(struct errand *e, const struct maps *maps, struct lt_err *err)
{
	if (!e->job->leave)
		ranges_take(&e->plan.ranges, maps);
	return one_stop(e, maps, err);
}

/*
 * A note for a thread that sleeps may lie there for ever: only one that was seen to wake since this
 * errand began is left one. To 3.8 it would hinder the other threads for as long: there only one
 * that runs.
 */
static bool sleeps_on(struct errand *e, const struct status_syscall *now)
{
	pid_t pid = e->remote->pid;

	if (!e->job->collect || now->nr < 0)
		return false;
	if (!num_known(e->switches))
		e->switches = status_switches(pid, pid);
	return e->job->py->layout->note_hinders || !num_known(e->switches) ||
	       status_switches(pid, pid) == e->switches;
}

/* A note that was read after all has taken them out (agent/request.h, LEAVE). */
static void notice_gone(struct errand *e, const struct maps *maps)
{
	struct lodging *l = &e->r->lodging;

	if (e->job->leave && l->code && !maps_find(maps, l->code))
		*l = (struct lodging){0};
}

/* One look at /proc; a stop only if it promises something. */
static enum lt_errc one_try(struct errand *e, struct lt_err *err)
{
	const struct borrow_job *job = e->job;
	struct borrow_result *r = e->r;
	pid_t pid = e->remote->pid;
	struct status_syscall now;
	struct maps maps = {0};
	const char *why = "";
	enum safepoint guess;
	enum lt_errc rc;

	if (!status_syscall_read(pid, pid, &now)) {
		if ((rc = preflight_read(pid, err)) != LT_OK)
			return rc;	/* gone: nothing would ever become of it */
		now.nr = -1;
	}
	if (!timed_still(&r->wait, pid, &now))
		r->wait = (struct timed_wait){0};
	else if (!r->wait.timeout_ms)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0,
				  "in a timed wait that another visit would prolong");
	if (sleeps_on(e, &now))
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0,
				  "its main thread sleeps and would not read a note");
	if ((now.nr < 0 || job->collect) && note_is_queued(e))
		return lt_err_set(err, LT_E_BUSY, 0, "an earlier request is still queued");
	if (policy_stop_may_kill(pid, &now, r->filters))
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0,
				  "in a wait that its seccomp filter may not let go on");
	if ((rc = maps_read(pid, &maps, err)) != LT_OK)
		return rc;
	notice_gone(e, &maps);
	if (job->leave && !r->lodging.code && !lodging_is_found(&maps)) {
		e->searched = true;	/* nothing there: nothing to do */
		maps_done(&maps);
		return LT_OK;
	}
	guess = use_of(e) == SAFEPOINT_SYSCALLS ? safepoint_guess_syscalls(&now, &maps, &why)
						: safepoint_guess(job->py, &now, &maps, &why);
	if (guess == SAFEPOINT_NO)
		rc = lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "%s", why);
	else
		rc = use_maps(e, &maps, err);
	maps_done(&maps);
	if (guess != SAFEPOINT_NO)
		timed_remember(&r->wait, pid, &now);
	return rc;
}

/*
 * Another tracer is told of at once when there is something to ask; but to leave, it is waited for:
 * another leaktop is there for a moment only. LT_E_PERM: it went just when it was looked for;
 * LT_E_REPLACED: the pages did, or the whole program. The next look tells.
 */
static bool worth_another_try(const struct errand *e, enum lt_errc rc)
{
	return rc == LT_E_NO_SAFE_POINT || rc == LT_E_BUSY ||
	       (e->job->leave &&
		(rc == LT_E_TRACED || rc == LT_E_PERM || rc == LT_E_REPLACED));
}

static bool is_done(const struct errand *e)
{
	const struct lodging *l = &e->r->lodging;

	if (e->job->leave)
		return e->searched && !l->code && !l->block;
	return answered(e);
}

/* Nobody is left who could answer. */
static bool is_gone(const struct errand *e, struct lt_err *err)
{
	struct lt_err probe;

	if (!e->asked ||
	    remote_probe(e->remote, e->r->lodging.block, &probe) != LT_E_GONE)
		return false;
	*err = probe;
	return true;
}

/* The reason of the last try stands, unless there was none. */
static void give_up(const struct errand *e, struct lt_err *err)
{
	if (e->begun)
		lt_err_set(err, LT_E_BUSY, 0, "the collection goes on, and is not waited for");
	else if (e->asked)
		lt_err_set(err, LT_E_BUSY, 0, "it did not return to Python code");
	else if (err->code == LT_OK)
		lt_err_set(err, LT_E_TIMEOUT, 0, "no try was possible");
}

/* leaktop is leaving. A count ends with the slice that it is at; a collection is not awaited. */
static bool is_hurried(const struct errand *e)
{
	return e->job->collect && *e->hurry;
}

/*
 * Calls a collection off for which it is too late, unless it has begun: the helper first says that
 * it does, then looks whether it is still wanted. true: one more round, for it may be done.
 */
static bool must_go_on(struct errand *e)
{
	const uint64_t at = e->r->lodging.block;
	const uint32_t none = 0;
	uint32_t working = 0;

	if (!e->job->collect || !e->asked || e->begun)
		return false;
	(void)remote_write(e->remote, at + offsetof(struct agent_block, order.request), &none,
			   sizeof(none));
	fault_at(FAULT_CALLED_OFF);
	e->begun = answered(e) || (block_u32(e, offsetof(struct agent_block, working), &working) &&
				   working == e->order.request) || answered(e);
	e->deadline_ns = clock_mono_ns() + BORROW_COLLECT_NS;
	return e->begun;
}

/* A machine that has no CPU for leaktop has none for the target: that time is not the target's. */
static void sleep_for(struct errand *e, int64_t ns)
{
	int64_t begin = clock_mono_ns(), late;

	clock_sleep_ns(ns);
	late = clock_mono_ns() - begin - ns;
	if (late > LATE_MOST_NS - e->late_ns)
		late = LATE_MOST_NS - e->late_ns;
	if (late < LATE_NS)
		return;
	e->late_ns += late;
	e->deadline_ns += late;
}

static int64_t rest_ns(const struct errand *e, int tries)
{
	if (!e->asked)
		return tries < RETRY_FEW ? RETRY_NS : RETRY_LONG_NS;
	return e->job->collect ? NOTE_POLL_NS : ANSWER_POLL_NS;
}

/* One request, or the way out. false: r->err says why not. */
static bool run_one(struct errand *e)
{
	const struct borrow_job *job = e->job;
	struct lt_err *err = &e->r->err;

	e->asked = false;
	e->deadline_ns = clock_mono_ns() + job->wait_ns;
	for (int tries = 0; !is_done(e); tries++) {
		int64_t left = e->deadline_ns - clock_mono_ns();

		if (left <= (e->asked ? 0 : STOP_MARGIN_NS) || is_hurried(e)) {
			if (must_go_on(e))
				continue;
			give_up(e, err);
			return false;
		}
		if (!e->asked) {
			enum lt_errc rc = one_try(e, err);

			if (rc != LT_OK && !worth_another_try(e, rc))
				return false;
			e->asked = rc == LT_OK && !job->leave;
			if (e->asked)
				fault_at(FAULT_NOTED);
		} else if (is_gone(e, err)) {
			return false;
		}
		if (!is_done(e))
			sleep_for(e, rest_ns(e, tries));
	}
	*err = (struct lt_err){0};
	return true;
}

/* ---- slices ----------------------------------------------------------------------------- */

/*
 * How long the next slice may hold the GIL: a blocked main thread is stopped for longer than that,
 * by what the last stop took beyond its hold.
 */
static int64_t next_slice_ns(const struct errand *e, int64_t hold_ns)
{
	int64_t most = e->job->max_pause_ns, extra = e->stop_ns - hold_ns;
	int64_t slice = most - most / 4 - (extra > 0 && !e->r->pending ? extra : 0);

	return slice > most / 4 ? slice : most / 4;
}

/* Lets the target run. false: leaktop is leaving. */
static bool pause_for(const struct errand *e, int64_t ns)
{
	int64_t until = clock_mono_ns() + ns, left;

	while (!*e->hurry && (left = until - clock_mono_ns()) > 0)
		clock_sleep_ns(left < NAP_NS ? left : NAP_NS);
	return !*e->hurry;
}

/* Is there more to do? The helper's answer is not trusted to be so for ever. */
static bool goes_on(struct errand *e, const struct agent_block *b)
{
	if (e->r->slices >= SLICES_MOST)
		return false;
	if (b->objects > e->objects + PROGRESS)
		e->outsides = 0;
	e->objects = b->objects;
	/* a finalizer of the program's that runs in a collection may wait: the walk waits, too */
	return b->status == AGENT_MORE ||
	       (b->status == AGENT_OUTSIDE && e->outsides++ < OUTSIDES_MOST) ||
	       (b->status == AGENT_COLLECTING && e->r->slices > 1 && e->waits++ < WAITS_MOST);
}

/* The heap may have grown since the last slice: more objects than fitted then are no loop. */
static void allow_growth(struct errand *e)
{
	int64_t rss = figures_rss(e->remote->pid);
	uint64_t most = rss > 0 && e->job->object_least ? (uint64_t)rss / e->job->object_least : 0;

	if (most > e->order.max_objects)
		e->order.max_objects = most;
}

/* Notes what the answered request took. true: there is more, and the next request is written. */
static bool next_slice(struct errand *e)
{
	struct agent_block b;
	struct borrow_result *r = e->r;
	int64_t hold, gap;

	if (!remote_read(e->remote, r->lodging.block, &b, offsetof(struct agent_block, saved)))
		return false;
	hold = pace_ns(&e->job->pace, b.hold_ticks, HOLD_MOST_NS);
	r->slices++;
	r->hold_ns += hold;
	if (hold > r->longest_hold_ns)
		r->longest_hold_ns = hold;
	if (!goes_on(e, &b))
		return false;
	fault_at(FAULT_SLICED);
	gap = b.status == AGENT_COLLECTING ? NAP_NS : hold * GAP;
	if (!pause_for(e, gap > RETRY_NS ? gap : RETRY_NS)) {
		lt_err_set(&r->err, LT_E_TIMEOUT, 0, "leaktop is leaving");
		return false;
	}
	e->order.slice_ticks = pace_ticks(&e->job->pace, next_slice_ns(e, hold));
	allow_growth(e);
	if (!write_order(e, AGENT_OP_STEP)) {
		lt_err_set(&r->err, LT_E_REPLACED, errno, "leaktop's pages are gone");
		return false;
	}
	return true;
}

static void run_job(const struct borrow_job *job, struct borrow_result *r, pid_t leaktop,
		    const volatile int *hurry)
{
	struct errand e = {
		.job = job, .r = r, .remote = &job->py->remote, .hurry = hurry,
		.plan = {.remote = &job->py->remote, .owner = leaktop, .block = job->block,
			 .block_size = job->block_size},
		.order = job->order, .switches = LT_UNKNOWN,
	};

	while (run_one(&e) && !job->leave && !job->collect && next_slice(&e))
		;
	if (job->collect)
		fault_at(FAULT_COLLECTED);
	ranges_done(&e.plan.ranges);
	r->request = e.order.request;
}

/*
 * The child takes no part in the terminal's signals: ^C and a hang-up end leaktop, which then
 * detaches in order. SIGCHLD stays blocked for tracee.c to wait with.
 */
static void child_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE, SIGWINCH};
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	sigset_t chld;

	for (size_t i = 0; i < COUNT_OF(ignored); i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < COUNT_OF(fatal); i++)
		signal(fatal[i], SIG_DFL);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signal(SIGCHLD, SIG_DFL);
}

static void child_main(const struct borrow_job *job, pid_t leaktop, const volatile int *hurry,
		       int fd)
{
	struct borrow_result r = {
		.lodging = job->lodging, .wait = job->wait, .filters = job->filters,
		.request = job->order.request,
	};

	child_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* nobody would read what it finds (I1) */
	if (getppid() != leaktop)
		_exit(1);
	/* whoever has something to take out goes all the same: it would stay there else */
	if (priority_take(job->py->remote.pid) || job->leave)
		run_job(job, &r, leaktop, hurry);
	else
		lt_err_set(&r.err, LT_E_NICE, 0, "the kernel does not let it raise its own");
	r.cpu_ns = clock_cpu_ns();
	(void)io_write_all(fd, &r, sizeof(r));
	_exit(0);
}

/* ---- leaktop ---------------------------------------------------------------------------- */

enum lt_errc borrow_begin(struct borrower *b, const struct borrow_job *job, struct lt_err *err)
{
	pid_t leaktop = getpid(), child;
	int fds[2];
	void *shared = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	if (shared == MAP_FAILED)
		return lt_err_set(err, LT_E_SYS, errno, "mapping a page");
	if (pipe2(fds, O_CLOEXEC) < 0) {
		lt_err_set(err, LT_E_SYS, errno, "making a pipe");
		munmap(shared, sizeof(int));
		return LT_E_SYS;
	}
	child = fork();
	if (child == 0) {
		close(fds[0]);
		child_main(job, leaktop, shared, fds[1]);
	}
	close(fds[1]);
	if (child < 0) {
		lt_err_set(err, LT_E_SYS, errno, "starting a process");
		close(fds[0]);
		munmap(shared, sizeof(int));
		return LT_E_SYS;
	}
	*b = (struct borrower){
		.child = child, .fd = fds[0], .lodging = job->lodging, .wait = job->wait,
		.filters = job->filters, .request = job->order.request, .hurry = shared,
	};
	return LT_OK;
}

void borrow_hurry(struct borrower *b)
{
	if (b->child > 0)
		*b->hurry = 1;
}

static void reap(struct borrower *b)
{
	close(b->fd);
	while (waitpid(b->child, NULL, 0) < 0 && errno == EINTR)
		;
	munmap((void *)(uintptr_t)b->hurry, sizeof(int));
	*b = (struct borrower){.fd = -1};
}

void borrow_end(struct borrower *b, struct borrow_result *ret)
{
	struct borrow_result r = {0};
	size_t at = 0;

	while (at < sizeof(r)) {
		ssize_t n = read(b->fd, (char *)&r + at, sizeof(r) - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (at < sizeof(r)) {
		r = (struct borrow_result){
			.lodging = b->lodging, .filters = b->filters, .request = b->request,
			.stops = 1, .lost = true,
		};
		lt_err_set(&r.err, LT_E_TIMEOUT, 0, "the borrower ended without a word");
	}
	reap(b);
	*ret = r;
}

void borrow_abandon(struct borrower *b)
{
	if (b->child <= 0)
		return;
	kill(b->child, SIGKILL);
	reap(b);
}
