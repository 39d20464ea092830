#include "config.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/status.h"
#include "test_proc_child.h"
#include "util/clock.h"

#define PATIENCE_NS (10 * CLOCK_NS_PER_S)	/* a test that waits longer has failed */

static struct status status_of(pid_t pid, pid_t tid)
{
	struct status st;

	assert_int_equal(status_read(pid, tid, &st, NULL), LT_OK);
	return st;
}

static void our_own_status_is_what_we_know_of_ourselves(void **state)
{
	struct status st = status_of(getpid(), 0);

	assert_int_equal(st.state, 'R');
	assert_int_equal(st.tgid, getpid());
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(st.uid[0], getuid());
	assert_int_equal(st.uid[1], geteuid());
	assert_int_equal(st.gid[0], getgid());
	assert_int_equal(st.gid[1], getegid());
	assert_int_equal(st.threads, 1);
	assert_false(st.kernel_thread);
	assert_true(st.ns_pid > 0);
	assert_memory_equal(st.comm, "test_proc_statu", 15);
}

static void a_comm_with_parentheses_is_read_whole(void **state)
{
	struct child c = child_begin("a) R (b");

	assert_string_equal(status_of(c.pid, 0).comm, "a) R (b");
	child_end(&c);
}

static void a_comm_with_escapes_is_cleaned(void **state)
{
	struct child c = child_begin("x\033[31m\x80y");

	assert_string_equal(status_of(c.pid, 0).comm, "x?[31m?y");
	child_end(&c);
}

static void a_stopped_process_is_in_state_T(void **state)
{
	struct child c = child_begin(NULL);

	child_stop(&c);
	assert_int_equal(status_of(c.pid, 0).state, 'T');
	child_end(&c);
}

static void a_traced_process_names_its_tracer(void **state)
{
	struct child c = child_begin(NULL);
	struct status st;
	int status;

	assert_int_equal(status_of(c.pid, 0).tracer, 0);
	child_tell(&c, CHILD_TRACED);
	assert_int_equal(waitpid(c.pid, &status, WUNTRACED), c.pid);
	st = status_of(c.pid, 0);
	if (st.tracer == 0) {
		child_end(&c);
		SKIP("ptrace is not permitted here");
	}
	assert_int_equal(st.tracer, getpid());
	assert_int_equal(st.state, 't');
	child_end(&c);
}

static void a_zombie_is_no_kernel_thread(void **state)
{
	struct child c = child_begin(NULL);
	struct status st;

	child_make_zombie(&c);
	st = status_of(c.pid, 0);
	assert_int_equal(st.state, 'Z');
	assert_int_equal(st.tgid, c.pid);
	assert_false(st.kernel_thread);
	child_end(&c);
}

static void a_vanished_pid_is_gone(void **state)
{
	struct child c = child_begin(NULL);
	pid_t pid = c.pid;
	struct status st;
	struct lt_err err;

	child_end(&c);
	assert_int_equal(status_read(pid, 0, &st, &err), LT_E_GONE);
	assert_int_equal(err.code, LT_E_GONE);
	assert_int_equal(status_read(getpid(), pid, &st, NULL), LT_E_GONE);
	assert_int_equal(status_read(0, 0, &st, NULL), LT_E_GONE);
	assert_int_equal(status_read(-1, 0, &st, NULL), LT_E_GONE);
}

static void signals_are_in_their_masks(void **state)
{
	struct child c = child_begin(NULL);
	struct status st;

	child_tell(&c, CHILD_SIGNALS);
	child_answer(&c);
	kill(c.pid, SIGUSR1);
	st = status_of(c.pid, 0);
	assert_true(st.sig_blocked & 1ULL << (SIGUSR1 - 1));
	assert_true(st.sig_shared_pending & 1ULL << (SIGUSR1 - 1));
	assert_int_equal(st.sig_pending, 0);
	assert_true(st.sig_ignored & 1ULL << (SIGUSR2 - 1));
	assert_true(st.sig_caught & 1ULL << (SIGHUP - 1));
	child_end(&c);
}

static void strict_seccomp_is_seen(void **state)
{
	struct child c = child_begin(NULL);
	int before = status_of(c.pid, 0).seccomp;

	child_tell(&c, CHILD_SECCOMP);
	if (!child_answer(&c)) {
		child_end(&c);
		SKIP("strict seccomp cannot be set here (before: %d)", before);
	}
	assert_int_equal(status_of(c.pid, 0).seccomp, 1);
	child_end(&c);
}

static int has_no_capability(void *arg)
{
	struct status st;

	return status_read(getpid(), 0, &st, NULL) == LT_OK && st.cap_effective == 0;
}

static void capabilities_are_those_of_the_user(void **state)
{
	if (geteuid() != 0)
		SKIP("only root can give its capabilities up");
	assert_true(status_of(getpid(), 0).cap_effective != 0);
	assert_int_equal(child_as_nobody(has_no_capability, NULL), 1);
}

static void the_second_pid_is_a_kernel_thread_where_it_is_kthreadd(void **state)
{
	struct status st;

	if (status_read(2, 0, &st, NULL) != LT_OK || strcmp(st.comm, "kthreadd") != 0)
		SKIP("PID 2 is not kthreadd here (a container?)");
	assert_true(st.kernel_thread);
}

/* --- threads --- */

struct thread {
	pthread_t handle;
	pid_t tid;
	pthread_barrier_t begun, end;
};

static void *thread_life(void *arg)
{
	struct thread *t = arg;

	t->tid = (pid_t)syscall(SYS_gettid);
	pthread_setname_np(pthread_self(), "second");
	pthread_barrier_wait(&t->begun);
	pthread_barrier_wait(&t->end);
	return NULL;
}

static void a_thread_has_a_status_of_its_own(void **state)
{
	struct thread t;
	struct status st;

	pthread_barrier_init(&t.begun, NULL, 2);
	pthread_barrier_init(&t.end, NULL, 2);
	assert_int_equal(pthread_create(&t.handle, NULL, thread_life, &t), 0);
	pthread_barrier_wait(&t.begun);
	st = status_of(getpid(), t.tid);
	assert_string_equal(st.comm, "second");
	assert_int_equal(st.tgid, getpid());
	assert_int_equal(st.threads, 2);
	assert_int_equal(status_of(getpid(), 0).threads, 2);
	pthread_barrier_wait(&t.end);
	pthread_join(t.handle, NULL);
}

/* --- the neighbours --- */

static void yama_is_a_level_or_absent(void **state)
{
	int scope = status_yama_scope();

	if (access("/proc/sys/kernel/yama/ptrace_scope", F_OK) != 0)
		assert_int_equal(scope, -1);
	else
		assert_in_range(scope, 0, 3);
}

static void a_blocked_process_shows_what_it_waits_for(void **state)
{
	struct child c = child_begin(NULL);
	struct status_syscall s = {.nr = -1};

	if (!status_syscall_read(c.pid, c.pid, &s)) {
		child_end(&c);
		SKIP("/proc/PID/task/TID/syscall cannot be read here");
	}
	for (int64_t end = clock_mono_ns() + PATIENCE_NS; s.nr != SYS_read;) {
		assert_true(clock_mono_ns() < end);
		assert_true(status_syscall_read(c.pid, c.pid, &s));
	}
	assert_int_equal(s.args[0], c.blocked_fd);
	assert_int_equal(s.args[2], 1);
	assert_true(s.sp != 0 && s.pc != 0);
	child_end(&c);
	assert_false(status_syscall_read(c.pid, c.pid, &s));
}

static int syscall_is_refused(void *arg)
{
	struct status_syscall s;

	return !status_syscall_read(*(pid_t *)arg, *(pid_t *)arg, &s);
}

static void the_system_call_of_another_user_cannot_be_read(void **state)
{
	pid_t pid = geteuid() == 0 ? getpid() : 1;

	assert_int_equal(child_as_nobody(syscall_is_refused, &pid), 1);
}

static void a_pidfd_polls_readable_when_the_process_ends(void **state)
{
	struct child c = child_begin(NULL);
	struct pollfd p = {.fd = status_pidfd_open(c.pid), .events = POLLIN};
	int saved = errno;

	if (p.fd < 0 && (saved == ENOSYS || saved == EPERM)) {
		child_end(&c);
		SKIP("no pidfd_open here: %s", strerror(saved));
	}
	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	child_make_zombie(&c);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(p.revents & POLLIN);
	close(p.fd);
	child_end(&c);
}

static void a_pidfd_of_a_vanished_process_is_refused(void **state)
{
	struct child c = child_begin(NULL);
	pid_t pid = c.pid;

	child_end(&c);
	assert_int_equal(status_pidfd_open(pid), -1);
	assert_true(errno == ESRCH || errno == ENOSYS || errno == EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_status_is_what_we_know_of_ourselves),
		cmocka_unit_test(a_comm_with_parentheses_is_read_whole),
		cmocka_unit_test(a_comm_with_escapes_is_cleaned),
		cmocka_unit_test(a_stopped_process_is_in_state_T),
		cmocka_unit_test(a_traced_process_names_its_tracer),
		cmocka_unit_test(a_zombie_is_no_kernel_thread),
		cmocka_unit_test(a_vanished_pid_is_gone),
		cmocka_unit_test(signals_are_in_their_masks),
		cmocka_unit_test(strict_seccomp_is_seen),
		cmocka_unit_test(capabilities_are_those_of_the_user),
		cmocka_unit_test(the_second_pid_is_a_kernel_thread_where_it_is_kthreadd),
		cmocka_unit_test(a_thread_has_a_status_of_its_own),
		cmocka_unit_test(yama_is_a_level_or_absent),
		cmocka_unit_test(a_blocked_process_shows_what_it_waits_for),
		cmocka_unit_test(the_system_call_of_another_user_cannot_be_read),
		cmocka_unit_test(a_pidfd_polls_readable_when_the_process_ends),
		cmocka_unit_test(a_pidfd_of_a_vanished_process_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
