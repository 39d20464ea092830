/*
 * Every blocking system call in which a thread may be borrowed: it must give the same result, the
 * same errno, and take as long, whether leaktop came by or not, also when a signal comes meanwhile.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "calls.h"
#include "harm.h"
#include "util/clock.h"
#include "util/mem.h"

#define TIMEOUT_NS (CALLS_TIMEOUT_MS * CLOCK_NS_PER_MS)
#define LATE_NS (150 * CLOCK_NS_PER_MS)	/* into the call, the last visit of one with a timeout */
#define SLACK_NS (90 * CLOCK_NS_PER_MS)	/* less than LATE_NS: a timeout that began again shows */
#define TRIES 40			/* a loaded machine is late now and then, not always */

enum visit {
	VISIT_NONE, VISIT_STOPS, VISIT_CALL, VISIT_UNREPAIRED,
	VISIT_DEATH,			/* a call whose caller is killed when it has begun */
	VISIT_LATE_DEATH,		/* ... and when it is all but over */
};
enum handler { HANDLER_NONE, HANDLER_RESTART, HANDLER_PLAIN };

static const char *const handler_names[] = {
	"no signal", "a signal with SA_RESTART", "a signal without SA_RESTART",
};

struct outcome {
	long ret;
	int error;
	int64_t took_ns, stopped_ns;
	bool late;			/* its timeout may have been over before the visit was */
};

/* ---- the victim ------------------------------------------------------------------------- */

struct play {
	const struct call_case *call;
	struct scene *scene;
	enum handler handler;
};

static struct scene *handled_in;

static void on_signal(int sig)
{
	__atomic_fetch_add(&handled_in->handled, 1, __ATOMIC_SEQ_CST);
}

static void live(void *arg)
{
	const struct play *p = arg;
	struct scene *s = p->scene;
	struct sigaction action = {.sa_handler = on_signal};

	handled_in = s;
	action.sa_flags = p->handler == HANDLER_RESTART ? SA_RESTART : 0;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	errno = 0;
	s->begin_ns = clock_mono_ns();
	__atomic_store_n(&s->begun, 1, __ATOMIC_SEQ_CST);
	s->ret = p->call->call(s);
	s->error = errno;
	s->end_ns = clock_mono_ns();
	__atomic_store_n(&s->done, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* ---- the test's side -------------------------------------------------------------------- */

static bool is_set(void *word)
{
	return __atomic_load_n((uint32_t *)word, __ATOMIC_SEQ_CST) != 0;
}

struct caller {
	pid_t pid;
	const struct gadgets *gadgets;
	const char *fault;
};

static void call_and_die(void *arg)
{
	const struct caller *c = arg;
	struct lt_err err;

	setenv("LEAKTOP_FAULT", c->fault, 1);
	(void)harm_call(c->pid, c->gadgets, 0, &err);
}

static void visit_deadly(pid_t pid, const struct gadgets *gadgets, enum visit how)
{
	struct caller c = {pid, gadgets, how == VISIT_DEATH ? "ENTERED" : "UNMASKED"};

	assert_int_equal(harm_reap(harm_fork(call_and_die, &c)), SIGKILL);
	assert_true(harm_wait_free(pid));
}

/* One visit of leaktop; sig, if any, comes while the thread is stopped. */
static void visit(const struct scene *s, const struct gadgets *gadgets, enum visit how, int sig)
{
	struct tracee t;
	struct lt_err err = {0};

	if (how == VISIT_CALL) {
		assert_int_equal(harm_call(s->victim, gadgets, sig, &err), LT_OK);
		return;
	}
	if (how >= VISIT_DEATH) {
		visit_deadly(s->victim, gadgets, how);
		return;
	}
	assert_int_equal(harm_stop(&t, s->victim, how != VISIT_UNREPAIRED, &err), LT_OK);
	if (sig)
		kill(s->victim, sig);
	tracee_detach(&t);
}

/* All visits of one call, and the signal. Returns the time for which the thread was held up. */
static int64_t disturb(const struct play *p, enum visit how)
{
	const struct scene *s = p->scene;
	struct gadgets gadgets = {0};
	int sig = p->handler == HANDLER_NONE ? 0 : SIGUSR1;
	int64_t begin, left;

	if (how == VISIT_NONE) {
		if (sig)
			kill(s->victim, sig);
		return 0;
	}
	gadgets = harm_gadgets(s->victim);
	begin = clock_mono_ns();
	if (how == VISIT_STOPS) {
		visit(s, &gadgets, how, 0);
		harm_wait_blocked(s->victim);
	}
	left = s->begin_ns + LATE_NS - clock_mono_ns();
	if (!p->call->release && left > 0)
		clock_sleep_ns(left);
	begin = clock_mono_ns();
	visit(s, &gadgets, how, sig);
	return clock_mono_ns() - begin;
}

static struct outcome perform_once(const struct call_case *call, enum visit how,
				   enum handler handler)
{
	struct scene *s = harm_shared(sizeof(*s));
	struct play p = {call, s, handler};
	struct outcome o;

	s->id = -1;
	call->prepare(s);
	s->victim = harm_fork(live, &p);
	assert_true(harm_wait(is_set, &s->begun));
	assert_true(harm_wait_blocked(s->victim) >= 0);
	o.stopped_ns = disturb(&p, how);
	o.late = !call->release && clock_mono_ns() - s->begin_ns >= TIMEOUT_NS;
	if (handler != HANDLER_NONE)
		assert_true(harm_wait(is_set, &s->handled));
	assert_true(harm_wait_blocked(s->victim) >= 0);
	if (call->release && !is_set(&s->done))
		call->release(s);
	if (!harm_wait(is_set, &s->done))
		printf("# %s never ended\n", call->name);
	assert_true(is_set(&s->done));
	o.ret = s->ret;
	o.error = s->ret == -1 ? s->error : 0;
	o.took_ns = s->end_ns - s->begin_ns;
	harm_end(s->victim);
	calls_clean(s);
	harm_unshare(s, sizeof(*s));
	return o;
}

/* Performed so that the visit, or the signal, came in time. */
static struct outcome perform(const struct call_case *call, enum visit how, enum handler handler)
{
	struct outcome o = perform_once(call, how, handler);

	for (int i = 0; i < TRIES && o.late; i++)
		o = perform_once(call, how, handler);
	if (o.late)
		printf("# %s: this machine never came in time\n", call->name);
	return o;
}

/* Too short is always wrong. Too long: a timeout may begin again where the table says so. */
static bool lasts_right(const struct call_case *call, const struct outcome *o)
{
	int64_t most = TIMEOUT_NS + o->stopped_ns + SLACK_NS +
		       (call->timeout == AGAIN ? LATE_NS : 0);

	return o->took_ns >= TIMEOUT_NS - CLOCK_NS_PER_MS && o->took_ns <= most;
}

static bool timing_holds(const struct call_case *call, enum visit how)
{
	struct outcome o = {0};

	for (int i = 0; i < TRIES; i++) {
		o = perform(call, how, HANDLER_NONE);
		if (lasts_right(call, &o))
			return true;
	}
	printf("# %s: took %.3f s\n", call->name, (double)o.took_ns / 1e9);
	return false;
}

/* Prints what differs; the number of differences. */
static int compare(enum visit how, enum handler handler)
{
	int wrong = 0;

	for (size_t i = 0; i < calls_n; i++) {
		struct outcome alone = perform(&calls[i], VISIT_NONE, handler);
		struct outcome seen = perform(&calls[i], how, handler);

		if (seen.ret != alone.ret || seen.error != alone.error) {
			printf("# %s, %s: %ld errno %d instead of %ld errno %d\n", calls[i].name,
			       handler_names[handler], seen.ret, seen.error, alone.ret,
			       alone.error);
			wrong++;
		} else if (handler == HANDLER_NONE && !calls[i].release &&
			   !lasts_right(&calls[i], &seen) && !timing_holds(&calls[i], how)) {
			wrong++;
		}
	}
	return wrong;
}

static void a_stop_changes_no_system_call(void **state)
{
	assert_int_equal(compare(VISIT_STOPS, HANDLER_NONE), 0);
}

static void a_call_on_the_thread_changes_no_system_call(void **state)
{
	assert_int_equal(compare(VISIT_CALL, HANDLER_NONE), 0);
}

static void a_restarting_signal_during_a_stop_acts_as_ever(void **state)
{
	assert_int_equal(compare(VISIT_STOPS, HANDLER_RESTART), 0);
}

static void a_restarting_signal_during_a_call_acts_as_ever(void **state)
{
	assert_int_equal(compare(VISIT_CALL, HANDLER_RESTART), 0);
}

static void an_interrupting_signal_during_a_stop_acts_as_ever(void **state)
{
	assert_int_equal(compare(VISIT_STOPS, HANDLER_PLAIN), 0);
}

static void an_interrupting_signal_during_a_call_acts_as_ever(void **state)
{
	assert_int_equal(compare(VISIT_CALL, HANDLER_PLAIN), 0);
}

/* The proof that these tests can fail, and the reason for arch_repair_eintr. */
static void without_the_repair_a_stop_makes_epoll_wait_return_EINTR(void **state)
{
	bool epoll_wait = false;

	for (const struct call_case *c = calls; c < calls + calls_n; c++) {
		struct outcome o = perform(c, VISIT_UNREPAIRED, HANDLER_NONE);

		if (o.ret != -1 || o.error != EINTR || !strcmp(c->name, "pause"))
			continue;
		fputs("# EINTR without the repair: ", stdout);
		puts(c->name);
		epoll_wait |= !strcmp(c->name, "epoll_wait");
	}
	assert_true(epoll_wait);
}

/* The frame restarts all but what goes through restart_syscall: that returns EINTR, once. */
static int compare_death(enum visit how)
{
	int wrong = 0;

	for (const struct call_case *c = calls; c < calls + calls_n; c++) {
		struct outcome alone = perform(c, VISIT_NONE, HANDLER_NONE);
		struct outcome seen = perform(c, how, HANDLER_NONE);

		if (c->timeout == BLOCK && seen.ret == -1 && seen.error == EINTR)
			continue;
		if (seen.ret == alone.ret && seen.error == alone.error &&
		    (c->release || seen.took_ns >= TIMEOUT_NS - CLOCK_NS_PER_MS))
			continue;
		printf("# %ld errno %d after %.3f s: ", seen.ret, seen.error,
		       (double)seen.took_ns / 1e9);
		puts(c->name);
		wrong++;
	}
	return wrong;
}

static void a_caller_that_dies_early_changes_no_system_call(void **state)
{
	assert_int_equal(compare_death(VISIT_DEATH), 0);
}

static void a_caller_that_dies_late_changes_no_system_call(void **state)
{
	assert_int_equal(compare_death(VISIT_LATE_DEATH), 0);
}

static bool is_traced_stop(void *arg)
{
	return harm_status(((struct scene *)arg)->victim).state == 't';
}

/* SIGWINCH is ignored by default, so nobody notices it; a traced thread does. */
static void an_ignored_signal_before_the_stop_is_not_noticed(void **state)
{
	for (size_t i = 0; i < calls_n; i++) {
		struct scene *s = harm_shared(sizeof(*s));
		struct play p = {&calls[i], s, HANDLER_NONE};
		struct tracee t;
		struct lt_err err;

		if (!calls[i].release)
			continue;
		s->id = -1;
		calls[i].prepare(s);
		s->victim = harm_fork(live, &p);
		assert_true(harm_wait(is_set, &s->begun));
		assert_true(harm_wait_blocked(s->victim) >= 0);
		assert_int_equal(harm_seize(&t, s->victim, &err), LT_OK);
		kill(s->victim, SIGWINCH);
		assert_true(harm_wait(is_traced_stop, s));
		assert_int_equal(tracee_interrupt(&t, &err), LT_E_NO_SAFE_POINT);
		tracee_detach(&t);
		assert_true(harm_wait_blocked(s->victim) >= 0);
		if (is_set(&s->done))
			printf("# %s: %ld errno %d\n", calls[i].name, s->ret, s->error);
		assert_false(is_set(&s->done));
		harm_end(s->victim);
		calls_clean(s);
		harm_unshare(s, sizeof(*s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_repair_a_stop_makes_epoll_wait_return_EINTR),
		cmocka_unit_test(an_ignored_signal_before_the_stop_is_not_noticed),
		cmocka_unit_test(a_stop_changes_no_system_call),
		cmocka_unit_test(a_call_on_the_thread_changes_no_system_call),
		cmocka_unit_test(a_caller_that_dies_early_changes_no_system_call),
		cmocka_unit_test(a_caller_that_dies_late_changes_no_system_call),
		cmocka_unit_test(a_restarting_signal_during_a_stop_acts_as_ever),
		cmocka_unit_test(a_restarting_signal_during_a_call_acts_as_ever),
		cmocka_unit_test(an_interrupting_signal_during_a_stop_acts_as_ever),
		cmocka_unit_test(an_interrupting_signal_during_a_call_acts_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
