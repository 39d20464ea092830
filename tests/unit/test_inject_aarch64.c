/* What arch_aarch64.c decides, without a stop: on registers made by hand. */
#include "config.h"
#include "test.h"

#include <asm/ptrace.h>
#include <asm/sigcontext.h>
#include <asm/unistd.h>
#include <errno.h>

#include "inject/arch_aarch64.c"	/* NOLINT: what it keeps of a thread is its own */

#define PC 0x401000u		/* of the svc */
#define SP 0x7ffc00080120u

static struct arch_state s;

/* A thread as a stop finds it at pc, with `result` in x0, and what /proc said before. */
static struct status_syscall stopped(uint64_t pc, uint64_t x0, long nr, uint64_t arg0)
{
	struct status_syscall before = {.nr = nr, .args = {arg0, 1, 2, 3, 4, 5}, .sp = SP,
					.pc = PC + INSN};
	struct registers *r = regs_of(&s);

	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < 31; i++)
		r->r.regs[i] = i;
	r->r.regs[0] = r->arg0 = x0;
	r->r.regs[X_NUMBER] = (uint64_t)nr;
	r->r.pc = pc;
	r->r.sp = SP;
	r->result = (int64_t)x0;
	r->code[pc == PC] = SVC;
	s.fp_size = sizeof(struct user_fpsimd_state);
	s.sigmask = 0x10002;
	return before;
}

static void a_call_at_its_svc_will_restart_as_its_kind_does(void **state)
{
	static const struct { long nr; int64_t result; } cases[] = {
		{__NR_read, -512}, {__NR_recvfrom, -512}, {__NR_ppoll, -514},
		{__NR_epoll_pwait, -514}, {__NR_restart_syscall, -516},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct status_syscall before = stopped(PC, 7, cases[i].nr, 7);

		arch_learn(&s, &before, false);
		assert_int_equal(arch_syscall_nr(&s), cases[i].nr);
		assert_int_equal(arch_syscall_arg(&s, 0), 7);
		assert_int_equal(arch_syscall_arg(&s, 5), 5);
		assert_int_equal(regs_of(&s)->result, cases[i].result);
		assert_true(arch_must_reenter(&s));
		assert_false(arch_repair_eintr(&s));
	}
}

/* Only one that was seen in the kernel has something to go on with. */
static void a_sleep_goes_on_elsewhere_if_it_was_seen_before(void **state)
{
	struct status_syscall before = stopped(PC, 7, __NR_nanosleep, 7);

	arch_learn(&s, &before, false);
	assert_int_equal(regs_of(&s)->result, -516);
	before.sp -= 16;
	arch_learn(&s, &before, false);
	assert_int_equal(regs_of(&s)->result, -514);
	before = stopped(PC, 7, __NR_nanosleep, 8);
	arch_learn(&s, &before, false);
	assert_int_equal(regs_of(&s)->result, -514);
}

/* At its svc nothing keeps the kernel from it: behind it, and it has been interrupted. */
static void where_it_must_not_go_on_elsewhere_a_wait_ends(void **state)
{
	static const struct { long nr; uint64_t x1, x3; bool ends; } cases[] = {
		{__NR_nanosleep, 1, 3, true},
		{__NR_clock_nanosleep, 0, 3, true},
		{__NR_clock_nanosleep, TIMER_ABSTIME, 3, false},
		{__NR_futex, 0x189, 0x1000, true},
		{__NR_futex, 0x189, 0, false},
		{__NR_ppoll, 1, 3, false},
		{__NR_restart_syscall, 1, 3, false},
	};

	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		struct status_syscall before = stopped(PC, 7, cases[i / 2].nr, 7);
		const struct registers *r = regs_of(&s);

		before.args[1] = regs_of(&s)->r.regs[1] = cases[i / 2].x1;
		before.args[3] = regs_of(&s)->r.regs[3] = cases[i / 2].x3;
		before.nr = i % 2 ? before.nr : -1;	/* told of it, or not */
		arch_learn(&s, &before, false);
		assert_int_equal(arch_avoid_restart(&s), cases[i / 2].ends);
		assert_int_equal(r->r.pc, PC + (cases[i / 2].ends ? INSN : 0));
		assert_int_equal((int64_t)r->r.regs[0], cases[i / 2].ends ? -EINTR : 7);
		assert_int_equal(r->nr, cases[i / 2].ends ? -1 : cases[i / 2].nr);
		assert_false(arch_avoid_restart(&s) && cases[i / 2].ends);
	}
}

static void an_interrupted_call_is_repaired_with_its_own_first_argument(void **state)
{
	struct status_syscall before = stopped(PC + INSN, (uint64_t)-EINTR, __NR_epoll_pwait, 42);

	arch_learn(&s, &before, false);
	assert_int_equal(arch_syscall_nr(&s), __NR_epoll_pwait);
	assert_false(arch_must_reenter(&s));
	assert_true(arch_repair_eintr(&s));
	assert_int_equal(arch_pc(&s), PC);
	assert_int_equal(regs_of(&s)->r.regs[0], 42);
	assert_true(arch_must_reenter(&s));
	arch_unrepair(&s);
	assert_int_equal(arch_pc(&s), PC + INSN);
	assert_int_equal((int64_t)regs_of(&s)->r.regs[0], -EINTR);
}

/* At its svc the kernel would insist on it. */
static void an_interrupted_call_is_ended_behind_its_svc(void **state)
{
	static const struct { long nr; bool ends; } cases[] = {
		{__NR_read, true}, {__NR_ppoll, true}, {__NR_futex, true}, {__NR_openat, false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct status_syscall before = stopped(PC, 7, cases[i].nr, 7);

		arch_learn(&s, &before, false);
		assert_int_equal(arch_end_call(&s), cases[i].ends);
		assert_int_equal(arch_pc(&s), PC + (cases[i].ends ? INSN : 0));
		assert_int_equal((int64_t)regs_of(&s)->r.regs[0], cases[i].ends ? -EINTR : 7);
	}
}

/* epoll_pwait returns it by itself. */
static void a_call_that_returned_eintr_is_left_so(void **state)
{
	struct status_syscall before = stopped(PC + INSN, (uint64_t)-EINTR, __NR_epoll_pwait, 42);

	arch_learn(&s, &before, false);
	assert_true(arch_end_call(&s));
	assert_int_equal(arch_pc(&s), PC + INSN);
	assert_int_equal((int64_t)regs_of(&s)->r.regs[0], -EINTR);
	before = stopped(PC + INSN, 5, __NR_epoll_pwait, 42);
	arch_learn(&s, &before, false);
	assert_false(arch_end_call(&s));
}

/* One with a timeout of its socket, which a handler interrupts whatever its flags are. */
static void a_repaired_call_restarts_unless_a_handler_runs(void **state)
{
	struct status_syscall before = stopped(PC, 42, __NR_recvfrom, 42);

	arch_learn(&s, &before, true);
	assert_int_equal(regs_of(&s)->result, -514);
}

static void what_was_not_told_is_not_repaired(void **state)
{
	static const struct { long nr; uint64_t x0; int change; } cases[] = {
		{__NR_epoll_pwait, 0, 0},		/* it has ended */
		{__NR_close, (uint64_t)-EINTR, 0},	/* has closed it all the same */
		{__NR_epoll_pwait, (uint64_t)-EINTR, 1},	/* another place */
		{__NR_epoll_pwait, (uint64_t)-EINTR, 2},	/* another stack */
		{__NR_epoll_pwait, (uint64_t)-EINTR, 3},	/* another argument */
		{-1, (uint64_t)-EINTR, 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct status_syscall before = stopped(PC + INSN, cases[i].x0, cases[i].nr, 42);

		before.pc += cases[i].change == 1 ? 8 : 0;
		before.sp += cases[i].change == 2 ? 16 : 0;
		before.args[3] += cases[i].change == 3;
		arch_learn(&s, &before, false);
		assert_false(arch_repair_eintr(&s));
	}
}

static void code_that_runs_is_in_no_system_call(void **state)
{
	struct status_syscall before = stopped(PC + INSN, 3, __NR_read, 3);

	arch_learn(&s, &before, false);
	assert_int_equal(arch_syscall_nr(&s), -1);
	assert_false(arch_must_reenter(&s));
}

static void a_timeout_in_a_register_is_told_from_others(void **state)
{
	static const struct {
		long nr;
		unsigned arg;
		uint64_t value;
		enum arch_wait kind;
	} cases[] = {
		{__NR_epoll_pwait, 3, 3000, ARCH_WAIT_REGISTER},
		{__NR_epoll_pwait, 3, (uint32_t)-1, ARCH_WAIT_UNTIMED},
		{__NR_epoll_pwait2, 3, 0x1000, ARCH_WAIT_MEMORY},
		{__NR_epoll_pwait2, 3, 0, ARCH_WAIT_UNTIMED},
		{__NR_rt_sigtimedwait, 2, 0x1000, ARCH_WAIT_MEMORY},
		{__NR_rt_sigtimedwait, 2, 0, ARCH_WAIT_UNTIMED},
		{__NR_semtimedop, 3, 0, ARCH_WAIT_UNTIMED},
		{__NR_recvfrom, 3, 0, ARCH_WAIT_MEMORY},
	};
	int64_t ms = -1;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		(void)stopped(PC, 7, cases[i].nr, 7);
		regs_of(&s)->nr = cases[i].nr;
		regs_of(&s)->r.regs[cases[i].arg] = cases[i].value;
		assert_int_equal(arch_wait_kind(&s, &ms), cases[i].kind);
	}
	assert_int_equal(ms, 3000);
	arch_set_wait_ms(&s, 1200);
	assert_int_equal(arch_syscall_arg(&s, ARCH_WAIT_ARG), 1200);
}

/* ---- the frame --------------------------------------------------------------------------- */

static uint8_t frame[ARCH_FRAME_MAX];

static struct user_pt_regs built(bool eintr_raises, uint64_t *ret_sp)
{
	struct user_pt_regs r = {0};
	struct frame *f = (struct frame *)(void *)frame;
	size_t n = arch_frame_build(&s, 0x1234, eintr_raises, frame, sizeof(frame), ret_sp);

	assert_true(n >= sizeof(struct frame));
	assert_true(*ret_sp + n <= SP);
	memcpy(r.regs, f->mc.regs, sizeof(r.regs));
	r.pc = f->mc.pc;
	r.sp = f->mc.sp;
	return r;
}

static void a_frame_is_aligned_and_holds_what_sigreturn_takes(void **state)
{
	struct status_syscall before = stopped(PC + INSN, 3, __NR_read, 3);
	struct frame *f = (struct frame *)(void *)frame;
	struct user_pt_regs r;
	uint64_t sp;

	arch_learn(&s, &before, false);
	r = built(false, &sp);
	assert_int_equal(sp % 16, 0);
	assert_int_equal(r.sp, SP);
	assert_int_equal(r.pc, PC + INSN);
	assert_int_equal(r.regs[30], 30);
	assert_int_equal(f->sigmask, 0x10002);
	assert_memory_equal(frame + arch_frame_mark_at, &(uint64_t){arch_frame_mark(0)}, 8);
	assert_int_equal(arch_frame_build(&s, 1, false, frame, 4000, &sp), 0);
}

static void a_frame_restarts_what_the_kernel_would_restart(void **state)
{
	struct status_syscall before = stopped(PC, 7, __NR_read, 7);
	struct user_pt_regs r;
	uint64_t sp;

	arch_learn(&s, &before, false);
	r = built(false, &sp);
	assert_int_equal(r.pc, PC);
	assert_int_equal(r.regs[0], 7);
	assert_int_equal(r.regs[8], __NR_read);
	before = stopped(PC, 7, __NR_nanosleep, 7);	/* through restart_syscall: no way back */
	arch_learn(&s, &before, false);
	r = built(false, &sp);
	assert_int_equal(r.pc, PC + INSN);
	assert_int_equal((int64_t)r.regs[0], -EINTR);
	r = built(true, &sp);
	assert_int_equal(r.pc, PC);
	assert_int_equal(r.regs[0], 7);
}

static void a_frame_looks_like_a_handler_until_it_is_spoilt(void **state)
{
	uint64_t sp, word, at;

	(void)stopped(PC + INSN, 3, -1, 3);
	(void)built(false, &sp);
	assert_true(arch_is_handler_frame(frame, ARCH_HANDLER_FRAME, sp));
	assert_false(arch_is_handler_frame(frame, 100, sp));
	assert_false(arch_is_handler_frame(frame, ARCH_HANDLER_FRAME, SP));
	at = arch_frame_spoil(sp, &word);
	memcpy(frame + (at - sp), &word, sizeof(word));
	assert_false(arch_is_handler_frame(frame, ARCH_HANDLER_FRAME, sp));
}

/* Vectors of 64 bytes find room in the records, such of 256 behind them. */
static void long_vectors_are_in_the_frame(void **state)
{
	static const uint16_t lengths[] = {16, 64, 96, 112, 256};

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct user_sve_header h = {.vl = lengths[i], .flags = SVE_PT_REGS_SVE};
		size_t at = RECORDS_AT + sizeof(struct fpsimd_context);
		struct extra_context extra;
		struct sve_context sve;
		uint64_t sp;

		(void)stopped(PC + INSN, 3, -1, 3);
		regs_of(&s)->sve = true;
		memcpy(s.fp, &h, sizeof(h));
		memset(s.fp + SVE_PT_REGS_OFFSET, 0x5a, sve_bytes(h.vl));
		s.fp_size = SVE_PT_SIZE(h.vl / 16u, h.flags);
		(void)built(false, &sp);
		memcpy(&extra, frame + at, sizeof(extra));
		assert_int_equal(extra.head.magic == EXTRA_MAGIC, h.vl > 96);
		if (extra.head.magic == EXTRA_MAGIC) {
			at += sizeof(extra) + TERMINATOR;
			assert_int_equal(extra.datap, sp + at);
			assert_int_equal(extra.datap % 16, 0);
		}
		memcpy(&sve, frame + at, sizeof(sve));
		assert_int_equal(sve.head.magic, SVE_MAGIC);
		assert_int_equal(sve.vl, h.vl);
		assert_int_equal(frame[at + sizeof(sve) + sve_bytes(h.vl) - 1], 0x5a);
		assert_int_equal(frame[RECORDS_AT + 16 + 31 * 16 + 15], 0x5a);	/* V31 */
	}
}

/* Where the CPU has it, a frame without it could take every permission from the program. */
static void permissions_by_keys_are_in_the_frame(void **state)
{
	static const uint16_t lengths[] = {0, 16, 96, 256};

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct user_sve_header h = {.vl = lengths[i], .flags = SVE_PT_REGS_SVE};
		size_t at = RECORDS_AT + sizeof(struct fpsimd_context);
		struct permissions_record c;
		struct _aarch64_ctx next;
		uint64_t sp;

		(void)stopped(PC + INSN, 3, -1, 3);
		regs_of(&s)->overlays = true;
		regs_of(&s)->permissions = 0x7654321076543217;
		regs_of(&s)->sve = h.vl != 0;
		memcpy(s.fp, &h, sizeof(h));
		s.fp_size = h.vl ? SVE_PT_SIZE(h.vl / 16u, h.flags) : s.fp_size;
		(void)built(false, &sp);
		memcpy(&c, frame + at, sizeof(c));
		assert_int_equal(c.head.magic, 0x504f4530);
		assert_int_equal(c.head.size, 16);
		assert_int_equal(c.permissions, 0x7654321076543217);
		memcpy(&next, frame + at + sizeof(c), sizeof(next));
		assert_int_equal(next.magic, h.vl == 0 ? 0 : h.vl > 96 ? EXTRA_MAGIC : SVE_MAGIC);
	}
}

/* ---- calls ------------------------------------------------------------------------------- */

static void a_call_begins_with_clean_flags_and_returns_to_the_frame(void **state)
{
	static const uint64_t args[6] = {11, 12, 13, 14, 15, 16};
	static struct arch_state to;

	(void)stopped(PC, 7, __NR_read, 7);
	regs_of(&s)->r.pstate = PSR_BTYPE_C | PSR_TCO_BIT | PSR_Z_BIT;
	arch_prepare_call(&s, &to, 0x7000, 0x6000, 0x8000, 0x9000);
	assert_int_equal(arch_pc(&to), 0x8000);
	assert_int_equal(arch_sp(&to), 0x7000);
	assert_int_equal(arch_syscall_nr(&to), -1);
	assert_int_equal(regs_of(&to)->r.regs[0], 0x9000);
	assert_int_equal(regs_of(&to)->r.regs[30], 0x6000);
	assert_int_equal(regs_of(&to)->r.pstate, PSR_Z_BIT);
	arch_prepare_syscall(&s, &to, 0x7000, 0x6000, 0x8000, __NR_mmap, args);
	assert_memory_equal(regs_of(&to)->r.regs, args, sizeof(args));
	assert_int_equal(regs_of(&to)->r.regs[8], __NR_mmap);
}

static void the_way_back_keeps_the_first_argument_and_the_seventh_register(void **state)
{
	static struct arch_state to;
	struct status_syscall before = stopped(PC, 7, __NR_read, 7);

	arch_learn(&s, &before, false);
	arch_prepare_reentry(&s, &to, 0x7000, 0x6000);
	assert_int_equal(arch_pc(&to), 0x6000);
	assert_int_equal(arch_sp(&to), 0x7000);
	assert_int_equal(regs_of(&to)->r.regs[0], 7);
	assert_int_equal(regs_of(&to)->r.regs[7], 7);
}

static void entry_and_exit_of_a_system_call_are_told_apart(void **state)
{
	struct registers *r = regs_of(&s);
	int64_t result = 0;

	(void)stopped(PC + INSN, 33, __NR_mmap, 7);
	r->nr = __NR_mmap;
	r->r.regs[7] = 0;
	assert_false(arch_syscall_result(&s, PC, __NR_mmap, &result));
	r->r.regs[7] = 1;
	assert_true(arch_syscall_result(&s, PC, __NR_mmap, &result));
	assert_int_equal(result, 33);
	r->nr = __NR_rt_sigreturn;
	assert_false(arch_at_sigreturn(&s, SP));
	r->r.regs[7] = 0;
	assert_true(arch_at_sigreturn(&s, SP));
	assert_false(arch_at_sigreturn(&s, SP - 16));
	arch_skip_sigreturn(&s, 0x6000, SP);
	assert_int_equal(arch_pc(&s), 0x6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_at_its_svc_will_restart_as_its_kind_does),
		cmocka_unit_test(a_sleep_goes_on_elsewhere_if_it_was_seen_before),
		cmocka_unit_test(where_it_must_not_go_on_elsewhere_a_wait_ends),
		cmocka_unit_test(an_interrupted_call_is_repaired_with_its_own_first_argument),
		cmocka_unit_test(an_interrupted_call_is_ended_behind_its_svc),
		cmocka_unit_test(a_call_that_returned_eintr_is_left_so),
		cmocka_unit_test(a_repaired_call_restarts_unless_a_handler_runs),
		cmocka_unit_test(what_was_not_told_is_not_repaired),
		cmocka_unit_test(code_that_runs_is_in_no_system_call),
		cmocka_unit_test(a_timeout_in_a_register_is_told_from_others),
		cmocka_unit_test(a_frame_is_aligned_and_holds_what_sigreturn_takes),
		cmocka_unit_test(a_frame_restarts_what_the_kernel_would_restart),
		cmocka_unit_test(a_frame_looks_like_a_handler_until_it_is_spoilt),
		cmocka_unit_test(long_vectors_are_in_the_frame),
		cmocka_unit_test(permissions_by_keys_are_in_the_frame),
		cmocka_unit_test(a_call_begins_with_clean_flags_and_returns_to_the_frame),
		cmocka_unit_test(the_way_back_keeps_the_first_argument_and_the_seventh_register),
		cmocka_unit_test(entry_and_exit_of_a_system_call_are_told_apart),
	};

	return cmocka_run_group_tests_name("inject_aarch64", tests, NULL, NULL);
}
