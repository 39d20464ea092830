/*
 * A program that keeps a known value in every register it has, and in a red zone, is borrowed
 * again and again, and the borrower is killed at every step: it must never see a difference.
 * LT_HARM_CALLS: how many borrowings of each victim. LT_HARM_KILLS: kills at random times.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <asm/unistd.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "inject/fault.h"
#include "regs.h"
#include "tiny.h"
#include "util/clock.h"
#include "util/mem.h"

#define CALLS 200		/* borrowings of one victim */
#define KILLS 150		/* at random times */

struct watch {			/* shared between a victim and the test */
	uint64_t rounds, differences;
	int32_t level;
	char first[64];		/* name of the first difference */
};

struct victim {
	pid_t pid;
	bool blocks;		/* in read(2); otherwise it spins */
	int pipe[2];		/* what it reads from */
	struct watch *watch;
	struct status before;
	struct gadgets gadgets;
};

/* ---- the victim ------------------------------------------------------------------------- */

/* Signals that a borrowing must leave as they are. */
static void take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
}

static void live(void *arg)
{
	const struct victim *v = arg;
	struct watch *w = v->watch;
	uint64_t seed = 4711;
	uint8_t byte;

	take_signals();
	regs_use(w->level, v->blocks);
	for (;;) {
		const char *difference;

		regs_fill(&seed, v->pipe[0], &byte);
		regs_hold();
		difference = regs_compare();
		if (difference && __atomic_fetch_add(&w->differences, 1, __ATOMIC_SEQ_CST) == 0)
			snprintf(w->first, sizeof(w->first), "%s", difference);
		__atomic_fetch_add(&w->rounds, 1, __ATOMIC_SEQ_CST);
	}
}

/* ---- the test's side -------------------------------------------------------------------- */

static uint64_t rounds(const struct victim *v)
{
	return __atomic_load_n(&v->watch->rounds, __ATOMIC_SEQ_CST);
}

struct progress {
	const struct victim *v;
	uint64_t rounds;
};

static bool got_there(void *arg)
{
	const struct progress *p = arg;

	return rounds(p->v) >= p->rounds;
}

/* Lets the victim check what it holds: two whole rounds for one that spins. */
static void let_it_check(const struct victim *v)
{
	struct progress p = {v, rounds(v) + (v->blocks ? 1 : 2)};

	if (v->blocks)
		assert_int_equal(write(v->pipe[1], "x", 1), 1);
	assert_true(harm_wait(got_there, &p));
	if (v->blocks)
		assert_int_equal(harm_wait_blocked(v->pid), __NR_read);
}

static struct victim begin(bool blocks, int level)
{
	struct victim v = {.blocks = blocks, .watch = harm_shared(sizeof(struct watch))};

	assert_int_equal(pipe(v.pipe), 0);
	v.watch->level = level;
	v.pid = harm_fork(live, &v);
	if (blocks)
		assert_int_equal(harm_wait_blocked(v.pid), __NR_read);
	let_it_check(&v);
	v.before = harm_status(v.pid);
	v.gadgets = harm_gadgets(v.pid);
	return v;
}

static void end(struct victim *v)
{
	harm_end(v->pid);
	close(v->pipe[0]);
	close(v->pipe[1]);
}

static void assert_unharmed(const struct victim *v)
{
	struct status now;

	assert_true(harm_wait_free(v->pid));
	let_it_check(v);
	if (v->watch->differences)
		printf("# the first difference was in: %s\n", v->watch->first);
	assert_int_equal(v->watch->differences, 0);
	now = harm_status(v->pid);
	assert_int_equal(now.sig_blocked, v->before.sig_blocked);
	assert_int_equal(now.sig_ignored, v->before.sig_ignored);
	assert_int_equal(now.sig_caught, v->before.sig_caught);
	assert_int_equal(now.sig_pending, v->before.sig_pending);
}

struct borrower {
	const struct victim *v;
	const char *fault;	/* where it dies, or NULL */
	int times;		/* 0: until it is killed */
};

static void borrow(void *arg)
{
	const struct borrower *b = arg;
	struct lt_err err = {0};
	char text[256];

	if (b->fault)
		setenv("LEAKTOP_FAULT", b->fault, 1);
	for (int i = 0; b->times == 0 || i < b->times; i++) {
		if (harm_call(b->v->pid, &b->v->gadgets, 0, &err) == LT_OK)
			continue;
		printf("# %s\n", lt_err_text(&err, text, sizeof(text)));
		fflush(stdout);
		_exit(1);
	}
}

static void borrow_often(bool blocks, int level)
{
	struct victim v = begin(blocks, level);
	struct borrower b = {.v = &v, .times = harm_setting("LT_HARM_CALLS", CALLS)};

	assert_int_equal(harm_reap(harm_fork(borrow, &b)), 0);
	assert_unharmed(&v);
	printf("# %d borrowings, %llu rounds checked\n", b.times, (unsigned long long)rounds(&v));
	end(&v);
}

static void a_spinning_thread_keeps_every_register_through_many_borrowings(void **state)
{
	for (int level = 0; level < regs_levels(); level++)
		borrow_often(false, level);
}

static void a_blocked_thread_keeps_every_register_through_many_borrowings(void **state)
{
	for (int level = 0; level < regs_levels(); level++)
		borrow_often(true, level);
}

/* ---- death ------------------------------------------------------------------------------ */

/* The steps that harm_call passes; inject/borrow.c has more (test_harm_death walks them all). */
static bool is_passed(enum fault_point point)
{
	switch (point) {
	case FAULT_JUDGED:
	case FAULT_MAPPED:
	case FAULT_CODED:
	case FAULT_FILLED:
	case FAULT_CALLED:
	case FAULT_UNMAPPED:
	case FAULT_TAKEN:
	case FAULT_SIGNED:
	case FAULT_SLICED:
	case FAULT_UNLINKED:
	case FAULT_NOTED:
	case FAULT_CALLED_OFF:
	case FAULT_COLLECTED:
	case FAULT_ENDED:
		return false;
	default:
		return true;
	}
}

static void die_at_every_step(bool blocks)
{
	struct victim v = begin(blocks, regs_levels() - 1);

	for (int point = 0; point < FAULT_COUNT; point++) {
		struct borrower b = {.v = &v, .fault = fault_name(point), .times = 1};
		int died = is_passed(point) ? SIGKILL : 0;

		for (int again = 0; again < 5; again++) {
			assert_int_equal(harm_reap(harm_fork(borrow, &b)), died);
			assert_unharmed(&v);
		}
	}
	end(&v);
}

static void a_spinning_thread_survives_the_borrowers_death_at_every_step(void **state)
{
	die_at_every_step(false);
}

static void a_blocked_thread_survives_the_borrowers_death_at_every_step(void **state)
{
	die_at_every_step(true);
}

static void die_at_any_time(bool blocks)
{
	struct victim v = begin(blocks, regs_levels() - 1);
	struct borrower b = {.v = &v};
	int kills = harm_setting("LT_HARM_KILLS", KILLS);
	uint64_t seed = 1;

	for (int i = 0; i < kills; i++) {
		pid_t pid = harm_fork(borrow, &b);

		clock_sleep_ns(300000 + (int64_t)(harm_random(&seed) % 2000000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(harm_reap(pid), SIGKILL);
		assert_unharmed(&v);
	}
	printf("# %d deaths at random times, seed 1\n", kills);
	end(&v);
}

static void a_spinning_thread_survives_the_borrowers_death_at_any_time(void **state)
{
	die_at_any_time(false);
}

static void a_blocked_thread_survives_the_borrowers_death_at_any_time(void **state)
{
	die_at_any_time(true);
}

/* ---- this harness can fail -------------------------------------------------------------- */

/* false: there is nothing more to change. */
static bool notices(int what)
{
	struct victim v = begin(true, regs_levels() - 1);
	struct arch_state s;
	struct tracee t;
	struct lt_err err;
	const char *name;

	assert_int_equal(harm_stop(&t, v.pid, true, &err), LT_OK);
	assert_int_equal(tracee_save(&t, &s, &err), LT_OK);
	name = regs_spoil(what, &t, &s);
	assert_int_equal(tracee_set(&t, &s, &err), LT_OK);
	assert_int_equal(arch_fp_set(t.tid, &s), 0);
	tracee_detach(&t);
	let_it_check(&v);
	assert_int_equal(v.watch->differences, name ? 1 : 0);
	end(&v);
	return name;
}

static void a_victim_notices_one_changed_bit_anywhere(void **state)
{
	int what = 0;

	while (notices(what))
		what++;
	assert_true(what > 2);
}

/* ---- registers of another kind ----------------------------------------------------------- */

/* What became 32-bit when it was about to be stopped: its registers have other names and sizes. */
static void registers_of_a_32_bit_program_are_not_taken_for_ours(void **state)
{
	pid_t pid = tiny_start(false);
	struct arch_state now;
	struct lt_err err;
	struct tracee t;

	if (pid < 0)
		SKIP("this kernel does not run such programs");
	assert_true(harm_wait_blocked(pid) >= 0);
	assert_int_equal(harm_seize(&t, pid, &err), LT_OK);
	assert_int_equal(tracee_interrupt(&t, &err), LT_OK);
	assert_int_equal(tracee_get(&t, &now, &err), LT_E_SYS);
	assert_int_equal(err.sys_errno, ENOTSUP);
	tracee_detach(&t);
	assert_true(harm_wait_free(pid));
	assert_true(harm_wait_blocked(pid) >= 0);
	harm_end(pid);
}

/* ---- restartable sequences --------------------------------------------------------------- */

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>

static void live_in_section(void *arg)
{
	struct rseq *area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);

	if (__rseq_size == 0)
		_exit(95);
	regs_stay_in_section((volatile uint64_t *)&area->rseq_cs);
}

static void live_outside(void *arg)
{
	regs_stay_outside();
}

/* In how many of n stops was the thread in a section? No more than `enough` are wanted. */
static int stops_in_section(void (*fn)(void *arg), int n, int enough)
{
	struct lt_err err;
	pid_t pid = harm_fork(fn, NULL);
	int in = 0;

	for (int i = 0; i < n && in < enough; i++) {
		struct tracee t;

		clock_sleep_ns(5 * CLOCK_NS_PER_MS);
		assert_int_equal(harm_stop(&t, pid, true, &err), LT_OK);
		in += tracee_in_rseq(&t);
		tracee_detach(&t);
	}
	harm_end(pid);
	return in;
}

static void a_thread_in_a_restartable_sequence_is_told_from_others(void **state)
{
	if (__rseq_size == 0)
		SKIP("the C library has registered no rseq area");
	assert_true(stops_in_section(live_in_section, 10000, 1) > 0);
	assert_int_equal(stops_in_section(live_outside, 10, 1), 0);
}
#else
static void a_thread_in_a_restartable_sequence_is_told_from_others(void **state)
{
	SKIP("the C library knows no rseq");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_victim_notices_one_changed_bit_anywhere),
		cmocka_unit_test(registers_of_a_32_bit_program_are_not_taken_for_ours),
		cmocka_unit_test(a_thread_in_a_restartable_sequence_is_told_from_others),
		cmocka_unit_test(a_spinning_thread_keeps_every_register_through_many_borrowings),
		cmocka_unit_test(a_blocked_thread_keeps_every_register_through_many_borrowings),
		cmocka_unit_test(a_spinning_thread_survives_the_borrowers_death_at_every_step),
		cmocka_unit_test(a_blocked_thread_survives_the_borrowers_death_at_every_step),
		cmocka_unit_test(a_spinning_thread_survives_the_borrowers_death_at_any_time),
		cmocka_unit_test(a_blocked_thread_survives_the_borrowers_death_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
