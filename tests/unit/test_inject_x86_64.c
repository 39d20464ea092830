/* What arch_x86_64.c decides, without a stop: on registers made by hand. */
#include "config.h"
#include "test.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include "inject/arch.h"
#include "inject/arch_stop.h"
#include "util/mem.h"

static struct user_regs_struct *regs(struct arch_state *s)
{
	return (struct user_regs_struct *)(void *)s->regs;
}

static void prepare(struct arch_state *s, long orig_rax, long rax)
{
	uint64_t features = 7;

	memset(s, 0, sizeof(*s));
	regs(s)->rip = 0x401002;
	regs(s)->rsp = 0x7ffc00080123;
	regs(s)->rax = (unsigned long)rax;
	regs(s)->rdx = (uint32_t)-1;
	regs(s)->orig_rax = (unsigned long)orig_rax;
	regs(s)->cs = 0x33;
	regs(s)->ss = 0x2b;
	regs(s)->eflags = 0x700;
	s->fp_size = 2696;
	memcpy(s->fp + 464, &features, sizeof(features));
	s->sigmask = 0x10002;
}

static uint64_t word(const uint8_t *p, size_t at)
{
	uint64_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

#define FRAME_AX (8 + 40 + 13 * 8)	/* return address, flags, link and stack, 13 registers */
#define FRAME_IP (FRAME_AX + 3 * 8)
#define FRAME_FPSTATE (8 + 40 + 184)
#define FRAME_SIGMASK (8 + 40 + 256)

static void a_frame_lies_below_the_red_zone_and_is_aligned(void **state)
{
	static struct arch_state s;
	static uint8_t frame[ARCH_FRAME_MAX];
	uint64_t sp = 0, fp;
	size_t n;

	prepare(&s, -1, 5);
	n = arch_frame_build(&s, 0x1234, false, frame, sizeof(frame), &sp);
	assert_true(n > 0);
	assert_true(sp + n <= regs(&s)->rsp - 128);
	assert_int_equal(sp % 16, 8);
	assert_int_equal(word(frame, 0), 0x1234);
	fp = word(frame, FRAME_FPSTATE);
	assert_int_equal(fp % 64, 0);
	assert_true(fp > sp && fp + s.fp_size + 4 <= sp + n);
	assert_int_equal(word(frame, (size_t)(fp - sp) + 464) & 0xffffffff, 0x46505853);
	assert_int_equal(word(frame, (size_t)(fp - sp) + 472), 7);
	assert_int_equal(word(frame, (size_t)(fp - sp) + s.fp_size - 4) >> 32, 0x46505845);
	assert_int_equal(word(frame, FRAME_SIGMASK), 0x10002);
	assert_int_equal(arch_frame_build(&s, 0x1234, false, frame, 1000, &sp), 0);
}

static void a_frame_restarts_what_the_kernel_would_restart(void **state)
{
	static const struct { long orig, rax, ax; int back; } cases[] = {
		{-1, 42, 42, 0},		/* in user code */
		{SYS_read, -512, SYS_read, 2},
		{SYS_read, -513, SYS_read, 2},
		{SYS_epoll_wait, -514, SYS_epoll_wait, 2},
		{SYS_poll, -516, SYS_poll, 2},	/* without a timeout, see prepare() */
		{SYS_clock_nanosleep, -516, -EINTR, 0},
		{SYS_read, 17, 17, 0},		/* the call had ended */
		{SYS_read, -EAGAIN, -EAGAIN, 0},
	};
	static struct arch_state s;
	static uint8_t frame[ARCH_FRAME_MAX];
	uint64_t sp;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		prepare(&s, cases[i].orig, cases[i].rax);
		assert_true(arch_frame_build(&s, 1, false, frame, sizeof(frame), &sp) > 0);
		assert_int_equal((long)word(frame, FRAME_AX), cases[i].ax);
		assert_int_equal(word(frame, FRAME_IP), 0x401002 - cases[i].back);
	}
}

static void a_frame_looks_like_a_handler_until_it_is_spoilt(void **state)
{
	static struct arch_state s;
	static uint8_t frame[ARCH_FRAME_MAX];
	uint64_t sp, spoilt;

	prepare(&s, -1, 0);
	assert_true(arch_frame_build(&s, 1, false, frame, sizeof(frame), &sp) > 0);
	assert_int_equal(word(frame, arch_frame_mark_at), arch_frame_mark(1));
	assert_true(arch_is_handler_frame(frame, ARCH_HANDLER_FRAME, sp));
	assert_false(arch_is_handler_frame(frame, 100, sp));
	assert_int_equal(arch_frame_spoil(sp, &spoilt), sp + arch_frame_mark_at);
	assert_int_not_equal(spoilt, arch_frame_mark(1));
	memset(frame + 8, 0xab, 64);
	assert_false(arch_is_handler_frame(frame, ARCH_HANDLER_FRAME, sp));
}

static void where_eintr_raises_an_interrupted_wait_begins_anew(void **state)
{
	static struct arch_state s;
	static uint8_t frame[ARCH_FRAME_MAX];
	uint64_t sp;

	prepare(&s, SYS_poll, -516);
	assert_true(arch_frame_build(&s, 1, true, frame, sizeof(frame), &sp) > 0);
	assert_int_equal((long)word(frame, FRAME_AX), SYS_poll);
	assert_int_equal(word(frame, FRAME_IP), 0x401000);
	/* not if it was restarted before: its number is lost */
	prepare(&s, SYS_restart_syscall, -516);
	assert_true(arch_frame_build(&s, 1, true, frame, sizeof(frame), &sp) > 0);
	assert_int_equal((long)word(frame, FRAME_AX), -EINTR);
}

static void a_timeout_in_a_register_is_told_from_others(void **state)
{
	static struct arch_state s;
	int64_t ms = -1;

	prepare(&s, SYS_epoll_wait, -EINTR);
	regs(&s)->r10 = 3000;
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_REGISTER);
	assert_int_equal(ms, 3000);
	arch_set_wait_ms(&s, 1200);
	assert_int_equal(arch_syscall_arg(&s, 3), 1200);
	regs(&s)->r10 = (uint32_t)-1;
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_UNTIMED);
	prepare(&s, SYS_rt_sigtimedwait, -EINTR);
	regs(&s)->rdx = 0;
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_UNTIMED);
	regs(&s)->rdx = 0x1000;
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_MEMORY);
	prepare(&s, SYS_recvfrom, -EINTR);
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_MEMORY);
}

static void only_an_interrupted_call_is_repaired(void **state)
{
	static struct arch_state s;

	prepare(&s, SYS_epoll_wait, -EINTR);
	assert_true(arch_repair_eintr(&s));
	assert_int_equal((long)regs(&s)->rax, -514);
	assert_false(arch_repair_eintr(&s));
	prepare(&s, -1, -EINTR);	/* an error code in user code is nobody's */
	assert_false(arch_repair_eintr(&s));
	prepare(&s, SYS_read, -512);
	assert_false(arch_repair_eintr(&s));
	prepare(&s, SYS_rt_sigtimedwait, -EINTR);
	assert_true(arch_repair_eintr(&s));
	prepare(&s, SYS_close, -EINTR);		/* has closed it all the same */
	assert_false(arch_repair_eintr(&s));
}

static void only_an_interrupted_call_that_a_handler_would_end_is_ended(void **state)
{
	static const struct { long nr, result; bool ends; } cases[] = {
		{SYS_read, -512, true}, {SYS_pause, -514, true}, {SYS_poll, -516, true},
		{SYS_epoll_wait, -EINTR, true},
		{SYS_futex, -513, false},	/* goes on whatever handler runs */
		{SYS_read, 5, false}, {SYS_read, -EAGAIN, false},
		{SYS_openat, -512, false},	/* none in which a thread is borrowed */
		{-1, -512, false},
	};
	static struct arch_state s;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		prepare(&s, cases[i].nr, cases[i].result);
		assert_int_equal(arch_end_call(&s), cases[i].ends);
		assert_int_equal((long)regs(&s)->rax, cases[i].ends ? -EINTR : cases[i].result);
		assert_int_equal((long)regs(&s)->orig_rax, cases[i].ends ? -1 : cases[i].nr);
		if (cases[i].ends)	/* not to be taken for one that a stop has ended */
			assert_false(arch_repair_eintr(&s));
	}
}

static void a_call_begins_with_clean_flags_and_no_system_call_to_restart(void **state)
{
	static struct arch_state s, to;
	static const uint64_t args[6] = {1, 2, 3, 4, 5, 6};

	prepare(&s, SYS_read, -512);
	arch_prepare_call(&s, &to, 0x7000, 0x6000, 0x8000, 0x9000);
	assert_int_equal(arch_pc(&to), 0x8000);
	assert_int_equal(arch_sp(&to), 0x7000);
	assert_int_equal(arch_syscall_nr(&to), -1);
	assert_int_equal(regs(&to)->rdi, 0x9000);
	assert_int_equal(regs(&to)->eflags, 0x200);
	arch_prepare_syscall(&s, &to, 0x7000, 0x6000, 0x8000, SYS_mmap, args);
	for (int i = 0; i < 6; i++)
		assert_int_equal(arch_syscall_arg(&to, i), i + 1);
	assert_int_equal(regs(&to)->rax, SYS_mmap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_lies_below_the_red_zone_and_is_aligned),
		cmocka_unit_test(a_frame_restarts_what_the_kernel_would_restart),
		cmocka_unit_test(a_frame_looks_like_a_handler_until_it_is_spoilt),
		cmocka_unit_test(where_eintr_raises_an_interrupted_wait_begins_anew),
		cmocka_unit_test(a_timeout_in_a_register_is_told_from_others),
		cmocka_unit_test(only_an_interrupted_call_is_repaired),
		cmocka_unit_test(only_an_interrupted_call_that_a_handler_would_end_is_ended),
		cmocka_unit_test(a_call_begins_with_clean_flags_and_no_system_call_to_restart),
	};

	return cmocka_run_group_tests_name("inject_x86_64", tests, NULL, NULL);
}
