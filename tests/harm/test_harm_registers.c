/*
 * A program that keeps a known value in every register it has, and in the red zone, is borrowed
 * again and again, and the borrower is killed at every step: it must never see a difference.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <asm/unistd.h>
#include <errno.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "inject/fault.h"
#include "regs_x86_64.h"
#include "util/clock.h"
#include "util/mem.h"

#define FLAGS_FREE 0xcd5u	/* CF PF AF ZF SF DF OF */
#define FLAGS_FIXED 0x202u	/* IF and the bit that is always 1 */
#define SPIN 200000		/* rounds of the loop in which all is held: about 0.2 ms */
#define CALLS 200		/* borrowings of one victim */
#define KILLS 150		/* at random times */

_Static_assert(offsetof(struct regs_image, flags) == 128, "as in regs_x86_64.S");
_Static_assert(offsetof(struct regs_image, st) == 144, "as in regs_x86_64.S");
_Static_assert(offsetof(struct regs_image, red_zone) == 272, "as in regs_x86_64.S");
_Static_assert(offsetof(struct regs_image, vector) == 448, "as in regs_x86_64.S");
_Static_assert(offsetof(struct regs_image, mask) == 2496, "as in regs_x86_64.S");
_Static_assert(offsetof(struct regs_image, fsave) == 2560, "as in regs_x86_64.S");
_Static_assert(sizeof(struct regs_image) == 2688, "as in regs_x86_64.S");

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

static void fill(uint64_t *seed, const struct victim *v, uint8_t *byte)
{
	struct regs_image *in = &regs_in;

	for (size_t i = 0; i < sizeof(*in); i += 8) {
		uint64_t r = harm_random(seed);

		memcpy((uint8_t *)in + i, &r, sizeof(r));
	}
	in->flags = (in->flags & FLAGS_FREE) | FLAGS_FIXED;
	in->mxcsr = (in->mxcsr & 0xe07f) | 0x1f80;	/* all exceptions masked */
	in->cw = (in->cw & 0xf00) | 0x7f;
	for (int i = 0; i < 8; i++)	/* normal numbers: integer bit set, middling exponent */
		in->st[i][7] |= 0x80, in->st[i][9] = (in->st[i][9] & 0x80) | 0x3f;
	in->gpr[REGS_RCX] = SPIN;
	if (!v->blocks)
		return;
	in->gpr[REGS_RAX] = __NR_read;
	in->gpr[REGS_RDI] = (uint64_t)v->pipe[0];
	in->gpr[REGS_RSI] = (uint64_t)(uintptr_t)byte;
	in->gpr[REGS_RDX] = 1;
}

/* What the general registers must be afterwards. */
static void expect(const struct victim *v, uint64_t want[REGS_GPRS])
{
	memcpy(want, regs_in.gpr, sizeof(regs_in.gpr));
	want[REGS_RSP] = regs_sp;
	if (v->blocks) {
		want[REGS_RAX] = 1;	/* read one byte */
		want[REGS_RCX] = (uint64_t)(uintptr_t)regs_after_syscall;
		want[REGS_R11] = regs_in.flags;
	} else {
		want[REGS_RCX] = 0;
		want[REGS_R11] = regs_in.gpr[REGS_R11] + SPIN;
	}
}

static const char *compare_x87(void)
{
	const uint8_t *got = regs_out.fsave;	/* seven words of 32 bits, then st(0) to st(7) */
	uint16_t status, tags;

	memcpy(&status, got + 4, 2);
	memcpy(&tags, got + 8, 2);
	if (regs_out.cw != (regs_out.cw & ~0xffffu) + (regs_in.cw & 0xffff))
		return "x87 control word";
	if (status != 0 || tags != 0)
		return "x87 status or tags";
	for (int i = 0; i < 8; i++)
		if (memcmp(got + 28 + 10 * i, regs_in.st[i], 10) != 0)
			return "x87 stack";
	return NULL;
}

static const char *compare_vectors(void)
{
	static const int width[] = {16, 32, 64};

	for (int i = 0; i < (regs_level == 2 ? 32 : 16); i++)
		if (memcmp(regs_out.vector[i], regs_in.vector[i], (size_t)width[regs_level]) != 0)
			return "vector registers";
	if (regs_level == 2 && memcmp(regs_out.mask, regs_in.mask, sizeof(regs_in.mask)) != 0)
		return "mask registers";
	return NULL;
}

static const char *compare(const struct victim *v)
{
	static const char names[REGS_GPRS][4] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	uint64_t want[REGS_GPRS];
	const char *x87 = compare_x87();

	expect(v, want);
	for (int i = 0; i < REGS_GPRS; i++)
		if (regs_out.gpr[i] != want[i])
			return names[i];
	if (regs_out.flags != regs_in.flags)
		return "flags";
	if (memcmp(regs_out.red_zone, regs_in.red_zone, sizeof(regs_in.red_zone)) != 0)
		return "red zone";
	if (regs_out.mxcsr != regs_in.mxcsr)
		return "mxcsr";
	return x87 ? x87 : compare_vectors();
}

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
	regs_level = w->level;
	regs_block = v->blocks;
	for (;;) {
		const char *difference;

		fill(&seed, v, &byte);
		regs_hold();
		difference = compare(v);
		if (difference && __atomic_fetch_add(&w->differences, 1, __ATOMIC_SEQ_CST) == 0)
			snprintf(w->first, sizeof(w->first), "%s", difference);
		__atomic_fetch_add(&w->rounds, 1, __ATOMIC_SEQ_CST);
	}
}

/* ---- the test's side -------------------------------------------------------------------- */

static int best_level(void)
{
	if (__builtin_cpu_supports("avx512bw"))
		return 2;
	return __builtin_cpu_supports("avx2") ? 1 : 0;
}

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
	struct borrower b = {.v = &v, .times = CALLS};

	assert_int_equal(harm_reap(harm_fork(borrow, &b)), 0);
	assert_unharmed(&v);
	printf("# %d borrowings, %llu rounds checked\n", CALLS, (unsigned long long)rounds(&v));
	end(&v);
}

static void a_spinning_thread_keeps_every_register_through_many_borrowings(void **state)
{
	for (int level = 0; level <= best_level(); level++)
		borrow_often(false, level);
}

static void a_blocked_thread_keeps_every_register_through_many_borrowings(void **state)
{
	for (int level = 0; level <= best_level(); level++)
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
		return false;
	default:
		return true;
	}
}

static void die_at_every_step(bool blocks)
{
	struct victim v = begin(blocks, best_level());

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
	struct victim v = begin(blocks, best_level());
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

enum vandal { VANDAL_R15, VANDAL_FLAGS, VANDAL_XMM, VANDAL_X87, VANDAL_RED_ZONE, VANDALS };

/* Byte offsets: struct user_regs_struct begins with r15, eflags is its 19th; FXSAVE layout. */
static void spoil(enum vandal what, const struct tracee *t, struct arch_state *s)
{
	uint64_t sp = arch_sp(s) - 64;
	uint8_t byte = 0;
	struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)sp, 1};

	if (what == VANDAL_R15)
		s->regs[0] ^= 1;
	if (what == VANDAL_FLAGS)
		s->regs[18 * 8] ^= 1;
	if (what == VANDAL_XMM)
		s->fp[160 + 16 * 7] ^= 1;
	if (what == VANDAL_X87)
		s->fp[32 + 16 * 3] ^= 1;
	if (what == VANDAL_RED_ZONE) {
		assert_int_equal(process_vm_readv(t->tid, &here, 1, &there, 1, 0), 1);
		byte ^= 1;
		assert_int_equal(process_vm_writev(t->tid, &here, 1, &there, 1, 0), 1);
	}
}

static void a_victim_notices_one_changed_bit_anywhere(void **state)
{
	for (int what = 0; what < VANDALS; what++) {
		struct victim v = begin(true, best_level());
		struct arch_state s;
		struct tracee t;
		struct lt_err err;

		assert_int_equal(harm_stop(&t, v.pid, true, &err), LT_OK);
		assert_int_equal(tracee_save(&t, &s, &err), LT_OK);
		spoil(what, &t, &s);
		assert_int_equal(tracee_set(&t, &s, &err), LT_OK);
		assert_int_equal(arch_fp_set(t.tid, &s), 0);
		tracee_detach(&t);
		let_it_check(&v);
		assert_int_equal(v.watch->differences, 1);
		end(&v);
	}
}

/* As tracee_interrupt leaves them: rax and orig_rax are words 10 and 15. */
static bool is_repaired(uint64_t rax, uint64_t orig_rax)
{
	struct arch_state s = {0};
	bool repaired;

	memcpy(s.regs + 10 * 8, &rax, 8);
	memcpy(s.regs + 15 * 8, &orig_rax, 8);
	repaired = arch_repair_eintr(&s);
	memcpy(&orig_rax, s.regs + 10 * 8, 8);
	assert_int_equal(repaired, orig_rax != rax);
	return repaired;
}

static void only_an_interrupted_call_that_can_be_repeated_is_repaired(void **state)
{
	const uint64_t eintr = (uint64_t)-EINTR;

	assert_true(is_repaired(eintr, __NR_epoll_wait));
	assert_true(is_repaired(eintr, __NR_rt_sigtimedwait));
	assert_false(is_repaired(0, __NR_epoll_wait));
	assert_false(is_repaired(eintr, (uint64_t)-1));	/* not in a system call */
	assert_false(is_repaired(eintr, __NR_close));	/* has closed it all the same */
}

/* ---- restartable sequences --------------------------------------------------------------- */

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>

/* Enters a section again whenever the kernel has thrown it out: rseq(2). */
static void live_in_section(void *arg)
{
	struct rseq *area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);

	if (__rseq_size == 0)
		_exit(95);
	__asm__ volatile(
		".pushsection __rseq_cs, \"aw\"\n\t"
		".balign 32\n"
		"1:	.long 0, 0\n\t"
		".quad 2f, 3f - 2f, 4f\n\t"
		".popsection\n"
		"5:	leaq 1b(%%rip), %%rax\n\t"
		"movq %%rax, %0\n"
		"2:	pause\n\t"
		"jmp 2b\n"
		"3:	ud2\n\t"
		".byte 0x0f, 0xb9, 0x3d\n\t"	/* the signature in front of the way out */
		".long 0x53053053\n"
		"4:	jmp 5b\n\t"
		: "=m"(area->rseq_cs) : : "rax", "memory");
}

static void live_outside(void *arg)
{
	for (;;)
		__asm__ volatile("pause");
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
		cmocka_unit_test(only_an_interrupted_call_that_can_be_repeated_is_repaired),
		cmocka_unit_test(a_victim_notices_one_changed_bit_anywhere),
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
