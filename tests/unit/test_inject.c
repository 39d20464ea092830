/* What inject/ decides on any CPU; and what it refuses, on processes made for it. */
#include "config.h"
#include "test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject/arch_stop.h"
#include "inject/fault.h"
#include "inject/gadget.h"
#include "inject/preflight.h"
#include "inject/safepoint.h"
#include "inject/timed.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/page.h"

/* ---- safe points ------------------------------------------------------------------------ */

static const char maps_text[] =
	"00400000-00500000 r-xp 00000000 08:01 7 /usr/bin/python3\n"
	"00500000-00600000 rw-p 00100000 08:01 7 /usr/bin/python3\n"
	"00600000-00700000 rw-p 00000000 00:00 0 \n"
	"00900000-00a00000 rw-p 00000000 00:00 0 [heap]\n"
	"7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
	"7f0000200000-7f0000300000 r-xp 00000000 08:01 8 /lib/libc.so.6\n"
	"7f0000300000-7f0000301000 rw-p 00100000 08:01 8 /lib/libc.so.6\n"
	"7f0000301000-7f0000310000 rw-p 00000000 00:00 0 \n"
	"7ffc00000000-7ffc00100000 rw-p 00000000 00:00 0 [stack]\n";

#define STACK 0x7ffc00000000	/* where it ends in maps_text */
#define ROOMY (STACK + 0x80000)

static enum safepoint guess_on(uint64_t sp, enum safepoint_use use, long nr, uint64_t a0,
			       uint64_t a1)
{
	struct python py = {.where = {.start = 0x400000, .end = 0x600000}};
	struct status_syscall now = {.nr = nr, .args = {a0, a1}, .sp = sp};
	struct maps maps = {0};
	const char *why = NULL;
	enum safepoint point;

	assert_int_equal(maps_parse(maps_text, strlen(maps_text), &maps, NULL), LT_OK);
	point = use == SAFEPOINT_SYSCALLS ? safepoint_guess_syscalls(&now, &maps, &why)
					  : safepoint_guess(&py, &now, &maps, &why);
	assert_true(point != SAFEPOINT_NO || why);
	maps_done(&maps);
	return point;
}

static enum safepoint guess(long nr, uint64_t a0, uint64_t a1)
{
	return guess_on(ROOMY, SAFEPOINT_FUNCTIONS, nr, a0, a1);
}

/* A recursion that waited at its deepest point kept leaktop's pages: only the frame is needed. */
static void a_stack_must_have_room_for_what_is_to_be_done_on_it(void **state)
{
	static const struct {
		uint64_t sp;
		enum safepoint functions, syscalls;
	} cases[] = {
		{ROOMY, SAFEPOINT_BLOCKED, SAFEPOINT_BLOCKED},
		{STACK + SAFEPOINT_STACK, SAFEPOINT_BLOCKED, SAFEPOINT_BLOCKED},
		{STACK + SAFEPOINT_STACK - 8, SAFEPOINT_NO, SAFEPOINT_BLOCKED},
		{STACK + SAFEPOINT_STACK_SYSCALLS, SAFEPOINT_NO, SAFEPOINT_BLOCKED},
		{STACK + SAFEPOINT_STACK_SYSCALLS - 8, SAFEPOINT_NO, SAFEPOINT_NO},
		{0x900100, SAFEPOINT_NO, SAFEPOINT_NO},		/* a fiber's, in the heap */
		{0, SAFEPOINT_NO, SAFEPOINT_NO},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(guess_on(cases[i].sp, SAFEPOINT_FUNCTIONS, SYS_ppoll, 0, 0),
				 cases[i].functions);
		assert_int_equal(guess_on(cases[i].sp, SAFEPOINT_SYSCALLS, SYS_ppoll, 0, 0),
				 cases[i].syscalls);
	}
}

static void a_blocked_call_that_restarts_is_a_safe_point(void **state)
{
	static const long calls[] = {
		SYS_read, SYS_write, SYS_ppoll, SYS_pselect6, SYS_epoll_pwait, SYS_accept,
		SYS_accept4, SYS_recvfrom, SYS_sendto, SYS_wait4, SYS_waitid, SYS_clock_nanosleep,
		SYS_flock,
#ifdef SYS_poll		/* newer CPUs lack what others can do as well */
		SYS_poll, SYS_select, SYS_epoll_wait, SYS_pause,
#endif
	};

	for (size_t i = 0; i < COUNT_OF(calls); i++)
		assert_int_equal(guess(calls[i], 0, 0), SAFEPOINT_BLOCKED);
	assert_int_equal(guess(-1, 0, 0), SAFEPOINT_RUNNING);
}

static void calls_that_change_memory_or_tasks_never_are(void **state)
{
	static const long calls[] = {
		SYS_mmap, SYS_munmap, SYS_brk, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_clone,
		SYS_execve, SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigsuspend,
		SYS_io_uring_enter, 9999,
#ifdef SYS_fork
		SYS_vfork, SYS_fork,
#endif
	};

	for (size_t i = 0; i < COUNT_OF(calls); i++)
		assert_int_equal(guess(calls[i], 0, 0), SAFEPOINT_NO);
}

static void a_futex_is_safe_only_outside_objects_and_with_a_bitset(void **state)
{
	const uint64_t wait_bitset = 9 | 128 | 256, wait = 0 | 128;

	assert_int_equal(guess(SYS_futex, 0x900100, wait_bitset), SAFEPOINT_BLOCKED);
	assert_int_equal(guess(SYS_futex, 0x7f0000000100, wait_bitset), SAFEPOINT_BLOCKED);
	assert_int_equal(guess(SYS_futex, 0x7ffc00000100, wait_bitset), SAFEPOINT_BLOCKED);
	/* a lock of glibc, wherever it lies */
	assert_int_equal(guess(SYS_futex, 0x900100, wait), SAFEPOINT_NO);
	/* the GIL: data and bss of the program or of a library */
	assert_int_equal(guess(SYS_futex, 0x500100, wait_bitset), SAFEPOINT_NO);
	assert_int_equal(guess(SYS_futex, 0x600100, wait_bitset), SAFEPOINT_NO);
	assert_int_equal(guess(SYS_futex, 0x7f0000301100, wait_bitset), SAFEPOINT_NO);
	/* nowhere */
	assert_int_equal(guess(SYS_futex, 0x10, wait_bitset), SAFEPOINT_NO);
}

static void a_call_restarted_by_the_kernel_is_told_by_its_argument(void **state)
{
	assert_int_equal(guess(SYS_restart_syscall, 1, 0), SAFEPOINT_BLOCKED);
	assert_int_equal(guess(SYS_restart_syscall, 0x7ffc00000100, 0), SAFEPOINT_BLOCKED);
	assert_int_equal(guess(SYS_restart_syscall, 0x600100, 0), SAFEPOINT_NO);
	assert_int_equal(guess(SYS_restart_syscall, 0x600100, 0x189), SAFEPOINT_NO);
	/* musl's wait for a condition variable, on the stack */
	assert_int_equal(guess(SYS_restart_syscall, 0x7ffc00000100, 0x80), SAFEPOINT_NO);
	/* a poll of 3 descriptors */
	assert_int_equal(guess(SYS_restart_syscall, 0x600100, 3), SAFEPOINT_BLOCKED);
}

/*
 * The kernel puts new mappings right behind a library and merges them with its .bss: an arena there
 * is no data of the library. Taken for it, an idle server in poll() was never counted again.
 */
static void an_arena_right_behind_a_library_is_no_data_of_it(void **state)
{
	static char in_bss[64];
	struct python py = {.remote = {.pid = getpid()}};
	struct status_syscall now = {
		.nr = SYS_futex, .args = {0, 9 | 128}, .sp = (uint64_t)(uintptr_t)&py,
	};
	struct maps maps = {0};
	const char *why;
	uint64_t arena = 0;

	assert_int_equal(maps_read(getpid(), &maps, NULL), LT_OK);
	for (size_t i = 1; i < maps.n && !arena; i++) {
		const struct map *m = &maps.list[i];

		/* behind a library's .bss, where the next mapping leaves a page */
		if (m->path[0] || !m->write || m[-1].end != m->start || m[-1].path[0] != '/' ||
		    !m[-1].write || (i + 1 < maps.n && m[1].start == m->end))
			continue;
		if (mmap((void *)(uintptr_t)m->end, page_bytes(), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED)
			arena = m->end;
	}
	maps_done(&maps);
	if (!arena)
		SKIP("no library of this program has a .bss with room behind it");
	assert_int_equal(maps_read(getpid(), &maps, NULL), LT_OK);
	now.args[0] = arena + 64;
	assert_int_equal(safepoint_guess(&py, &now, &maps, &why), SAFEPOINT_BLOCKED);
	now.args[0] = (uint64_t)(uintptr_t)in_bss;
	assert_int_equal(safepoint_guess(&py, &now, &maps, &why), SAFEPOINT_NO);
	now.args[0] = (uint64_t)(uintptr_t)&py;
	assert_int_equal(safepoint_guess(&py, &now, &maps, &why), SAFEPOINT_BLOCKED);
	maps_done(&maps);
	munmap((void *)(uintptr_t)arena, page_bytes());
}

/* ---- timed waits ------------------------------------------------------------------------- */

#define WAIT_MS 60000

/* A child that sleeps in epoll_pwait for a minute. */
static pid_t waiter(struct status_syscall *ret)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct epoll_event event;
		int fd = epoll_create1(0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		epoll_pwait(fd, &event, 1, WAIT_MS, NULL);
		_exit(0);
	}
	while (!status_syscall_read(pid, pid, ret) || ret->nr != SYS_epoll_pwait)
		sched_yield();
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_wait_is_known_again_while_it_lasts(void **state)
{
	struct status_syscall call, other;
	pid_t pid = waiter(&call);
	struct timed_wait wait = {
		.since_ns = 1, .timeout_ms = 2 * WAIT_MS, .set_ms = WAIT_MS,
	};

	timed_remember(&wait, pid, &call);
	assert_int_equal(wait.since_ns, 1);
	assert_true(timed_still(&wait, pid, &call));
	other = call;
	other.args[3]--;
	assert_false(timed_still(&wait, pid, &other));
	wait.switches--;			/* it slept in between: that was another wait */
	assert_false(timed_still(&wait, pid, &call));
	end_child(pid);
}

static void a_new_wait_in_the_same_place_inherits_no_time(void **state)
{
	struct status_syscall call;
	pid_t pid = waiter(&call);
	struct timed_wait later = {
		.since_ns = 1, .timeout_ms = WAIT_MS, .set_ms = WAIT_MS / 2,
	};
	struct timed_wait out_of_reach = {.since_ns = 1};

	timed_remember(&later, pid, &call);	/* the register says 60 s, not the 30 s set */
	assert_int_equal(later.since_ns, 0);
	timed_remember(&out_of_reach, pid, &call);
	assert_int_equal(out_of_reach.since_ns, 1);
	assert_true(timed_still(&out_of_reach, pid, &call));
	end_child(pid);
}

/* The registers of such a child in a stop; false: it cannot be stopped here. */
static bool stop_waiter(struct arch_state *ret)
{
	struct status_syscall call;
	struct lt_err err = {0};
	struct tracee t;
	sigset_t chld;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);	/* as the borrower has it */
	pid = waiter(&call);
	if (tracee_seize(&t, pid, clock_mono_ns() + WAIT_MS * CLOCK_NS_PER_MS, &err) == LT_OK &&
	    tracee_interrupt(&t, &err) == LT_OK)
		(void)tracee_get(&t, ret, &err);
	tracee_detach(&t);
	end_child(pid);
	return err.code == LT_OK;
}

static void what_is_left_of_a_wait_is_never_too_little(void **state)
{
	static struct arch_state s;
	struct python py = {0};
	struct timed_wait wait = {0};
	int64_t ms = 0;

	if (!stop_waiter(&s))
		SKIP("ptrace is not permitted here");
	py.text[0] = (struct python_range){arch_pc(&s), arch_pc(&s) + 1};
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_REGISTER);
	assert_int_equal(ms, WAIT_MS);
	arch_set_wait_ms(&s, 1000);
	timed_renew(&wait, &py, &s);		/* seen first: all of it */
	assert_int_equal(arch_wait_kind(&s, &ms), ARCH_WAIT_REGISTER);
	assert_int_equal(ms, 1001);		/* and not what a next wait would have */
	wait.since_ns -= 400 * CLOCK_NS_PER_MS;
	timed_renew(&wait, &py, &s);
	(void)arch_wait_kind(&s, &ms);
	assert_in_range(ms, 1, 600);
	wait.since_ns -= 5000 * CLOCK_NS_PER_MS;
	timed_renew(&wait, &py, &s);
	(void)arch_wait_kind(&s, &ms);
	assert_int_equal(ms, 0);
	/* the wait ended and the program began another between the look and the stop */
	wait.since_ns = clock_mono_ns() - 995 * CLOCK_NS_PER_MS;
	arch_set_wait_ms(&s, 1000);
	timed_renew(&wait, &py, &s);
	(void)arch_wait_kind(&s, &ms);
	assert_int_equal(ms, 1001);
	/* outside the C library somebody may look at the register: it stays */
	py.text[0].end = py.text[0].start;
	wait = (struct timed_wait){0};
	arch_set_wait_ms(&s, 700);
	timed_renew(&wait, &py, &s);
	assert_int_equal(wait.timeout_ms, 0);
	assert_int_equal(arch_syscall_arg(&s, ARCH_WAIT_ARG), 700);
}

/* ---- refusals --------------------------------------------------------------------------- */

static pid_t sleeper(int (*before)(void))
{
	int ready[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (before && before() != 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_quiet_process_of_ours_is_let_through(void **state)
{
	pid_t pid = sleeper(NULL);
	struct lt_err err = {0};

	assert_int_equal(preflight_read(pid, &err), LT_OK);
	assert_int_equal(preflight_inject(pid, &err), LT_OK);
	end(pid);
	assert_int_equal(preflight_inject(pid, &err), LT_E_GONE);
}

static void a_zombie_is_named(void **state)
{
	pid_t pid = sleeper(NULL);
	struct lt_err err = {0};
	siginfo_t info;

	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_int_equal(preflight_read(pid, &err), LT_E_ZOMBIE);
	waitpid(pid, NULL, 0);
}

static void a_stopped_process_is_refused(void **state)
{
	pid_t pid = sleeper(NULL);
	struct lt_err err = {0};

	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	assert_int_equal(preflight_read(pid, &err), LT_OK);
	assert_int_equal(preflight_inject(pid, &err), LT_E_STOPPED);
	end(pid);
}

static void a_traced_process_is_refused_by_name_of_the_tracer(void **state)
{
	pid_t pid = sleeper(NULL);
	struct lt_err err = {0};
	char tracer[24];

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0) {
		end(pid);
		SKIP("ptrace is not permitted here");
	}
	assert_int_equal(preflight_inject(pid, &err), LT_E_TRACED);
	snprintf(tracer, sizeof(tracer), "%d", getpid());
	assert_non_null(strstr(err.detail, tracer));
	end(pid);
}

static int become_strict(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int forbid_nothing(void)
{
	/* a filter that allows all */
	struct { unsigned short code; unsigned char jt, jf; unsigned k; } allow = {
		.code = 0x06, .k = 0x7fff0000,	/* return SECCOMP_RET_ALLOW */
	};
	struct { unsigned short n; void *p; } program = {1, &allow};

	return become_strict() || prctl(PR_SET_SECCOMP, 2, &program);
}

/* In a child of another user: what an engineer without sudo gets. */
static int as_nobody(enum lt_errc (*ask)(pid_t, struct lt_err *), pid_t pid)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(255);
		_exit((int)ask(pid, NULL));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int nobody_who_forbids_nothing(void)
{
	return setgid(65534) || setuid(65534) || forbid_nothing() || prctl(PR_SET_DUMPABLE, 1);
}

/* Root reads it in the first stop; nobody else could. */
static void a_seccomp_filter_that_cannot_be_read_is_refused(void **state)
{
	struct lt_err err = {0};
	pid_t pid;

	if (geteuid() != 0)
		SKIP("needs root to become another user");
	pid = sleeper(nobody_who_forbids_nothing);
	assert_int_equal(as_nobody(preflight_inject, pid), LT_E_SECCOMP);
	assert_int_equal(as_nobody(preflight_read, pid), LT_OK);
	assert_int_equal(preflight_inject(pid, &err), LT_OK);
	end(pid);
}

static int undumpable_nobody(void)
{
	return setgid(65534) || setuid(65534) || prctl(PR_SET_DUMPABLE, 0);
}

static void another_users_process_is_refused(void **state)
{
	pid_t pid;

	if (geteuid() != 0)
		SKIP("needs root to become another user");
	pid = sleeper(NULL);
	assert_int_equal(as_nobody(preflight_inject, pid), LT_E_PERM_UID);
	end(pid);
}

static void an_undumpable_process_of_the_same_user_is_refused(void **state)
{
	pid_t pid;

	if (geteuid() != 0)
		SKIP("needs root to become another user");
	pid = sleeper(undumpable_nobody);
	assert_int_equal(as_nobody(preflight_inject, pid), LT_E_PERM_DUMPABLE);
	end(pid);
}

static void nothing_and_threads_are_not_processes(void **state)
{
	struct lt_err err = {0};

	assert_int_equal(preflight_read(0x3fffffff, &err), LT_E_GONE);
}

/* ---- the rest --------------------------------------------------------------------------- */

static void the_gadgets_are_found_in_this_very_process(void **state)
{
	struct python py = {.remote = {.pid = getpid()}, .errno_location = 1};
	struct gadgets gadgets = {0};
	struct maps maps = {0};
	struct lt_err err = {0};
	uint8_t bytes[16];

	assert_int_equal(gadgets_find(&py, &gadgets, &err), LT_E_CLIB);
	assert_int_equal(maps_read(getpid(), &maps, &err), LT_OK);
	for (size_t i = 0; i < maps.n; i++)
		if (maps.list[i].exec && (strstr(maps.list[i].path, "/libc.so") ||
					  strstr(maps.list[i].path, "/libc-")))
			py.text[0] = (struct python_range){maps.list[i].start, maps.list[i].end};
		else if (!strcmp(maps.list[i].path, "[vdso]"))
			py.text[2] = (struct python_range){maps.list[i].start, maps.list[i].end};
	maps_done(&maps);
	assert_int_equal(gadgets_find(&py, &gadgets, &err), LT_OK);
	assert_true(remote_read(&py.remote, gadgets.restore_rt, bytes, arch_restore_rt.n));
	assert_memory_equal(bytes, arch_restore_rt.bytes, arch_restore_rt.n);
	assert_true(remote_read(&py.remote, gadgets.syscall_ret, bytes, arch_syscall_ret.n));
	assert_memory_equal(bytes, arch_syscall_ret.bytes, arch_syscall_ret.n);
	assert_true(gadgets.zero_ret != 0);
}

static void every_fault_point_has_a_name_of_its_own(void **state)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(fault_name((enum fault_point)i),
						fault_name((enum fault_point)k));
	assert_null(fault_name(FAULT_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blocked_call_that_restarts_is_a_safe_point),
		cmocka_unit_test(a_stack_must_have_room_for_what_is_to_be_done_on_it),
		cmocka_unit_test(calls_that_change_memory_or_tasks_never_are),
		cmocka_unit_test(a_futex_is_safe_only_outside_objects_and_with_a_bitset),
		cmocka_unit_test(a_call_restarted_by_the_kernel_is_told_by_its_argument),
		cmocka_unit_test(an_arena_right_behind_a_library_is_no_data_of_it),
		cmocka_unit_test(a_wait_is_known_again_while_it_lasts),
		cmocka_unit_test(a_new_wait_in_the_same_place_inherits_no_time),
		cmocka_unit_test(what_is_left_of_a_wait_is_never_too_little),
		cmocka_unit_test(a_quiet_process_of_ours_is_let_through),
		cmocka_unit_test(a_zombie_is_named),
		cmocka_unit_test(a_stopped_process_is_refused),
		cmocka_unit_test(a_traced_process_is_refused_by_name_of_the_tracer),
		cmocka_unit_test(a_seccomp_filter_that_cannot_be_read_is_refused),
		cmocka_unit_test(another_users_process_is_refused),
		cmocka_unit_test(an_undumpable_process_of_the_same_user_is_refused),
		cmocka_unit_test(nothing_and_threads_are_not_processes),
		cmocka_unit_test(the_gadgets_are_found_in_this_very_process),
		cmocka_unit_test(every_fault_point_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
