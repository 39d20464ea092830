/*
 * Processes that leaktop must leave alone: each gets the exit status and the two lines that say
 * why, and no process is stopped, signalled or written to for it. Those that may be read are read.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "tiny.h"
#include "util/clock.h"

enum wish {			/* what a victim does before it waits */
	WISH_NOTHING, WISH_NOBODY, WISH_NOBODY_DUMPABLE_0,
};

static pid_t victim;		/* for a test that fails in the middle */

static int clean_up(void **state)
{
	harm_end(victim);
	victim = 0;
	return 0;
}

/* ---- victims ---------------------------------------------------------------------------- */

static void become_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(HARM_NOBODY, HARM_NOBODY, HARM_NOBODY) < 0 ||
	    setresuid(HARM_NOBODY, HARM_NOBODY, HARM_NOBODY) < 0)
		_exit(97);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/*
 * Waits in poll() with a timeout: after any stop the kernel goes on with restart_syscall, and
 * /proc/PID/syscall shows that for ever.
 */
static void live(void *arg)
{
	enum wish wish = *(enum wish *)arg;
	struct pollfd nothing = {.fd = -1};

	if (wish != WISH_NOTHING)
		become_nobody();
	/* a change of user has cleared it */
	prctl(PR_SET_DUMPABLE, wish != WISH_NOBODY_DUMPABLE_0);
	poll(&nothing, 1, 3600 * 1000);
}

static pid_t begin(enum wish wish)
{
	victim = harm_fork(live, &wish);
	assert_true(harm_wait_blocked(victim) >= 0);
	return victim;
}

/* ---- what is compared ------------------------------------------------------------------- */

struct look {
	struct status status;
	int64_t switches;	/* a thread that was stopped has gone to sleep once more */
	struct status_syscall now;
	bool has_syscall;
};

static struct look look_at(pid_t pid)
{
	struct look l = {.status = harm_status(pid), .switches = status_switches(pid, pid)};

	l.has_syscall = status_syscall_read(pid, pid, &l.now);
	return l;
}

static void assert_same(const struct look *a, const struct look *b)
{
	assert_int_equal(a->status.state, b->status.state);
	assert_int_equal(a->switches, b->switches);
	assert_int_equal(a->status.tracer, b->status.tracer);
	assert_int_equal(a->status.sig_pending, b->status.sig_pending);
	assert_int_equal(a->status.sig_shared_pending, b->status.sig_shared_pending);
	assert_int_equal(a->status.sig_blocked, b->status.sig_blocked);
	assert_int_equal(a->has_syscall, b->has_syscall);
	if (a->has_syscall)
		assert_memory_equal(&a->now, &b->now, sizeof(a->now));
}

/* Runs leaktop on pid as uid: the status, two lines, and the target is as it was. */
static void assert_refused(pid_t pid, uid_t uid, int exit_status, const char *word)
{
	char number[16];
	const char *args[] = {"-b", "-f", "jsonl", "-n", "1", number, NULL};
	struct look before = look_at(pid), after;
	struct harm_result r;

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, uid, &r);
	after = look_at(pid);
	if (r.exit_status != exit_status || !strstr(r.err, word))
		printf("# ended with %d: %s\n", r.exit_status, r.err);
	assert_int_equal(r.exit_status, exit_status);
	assert_int_equal(r.err_lines, 2);
	assert_non_null(strstr(r.err, word));
	assert_same(&before, &after);
}

static void need_root(void)
{
	if (geteuid() != 0)
		SKIP("only root can be two users");
}

/* ---- the tests -------------------------------------------------------------------------- */

/* The proof that a touched victim would be noticed. */
static void a_stop_shows_in_what_is_compared(void **state)
{
	pid_t pid = begin(WISH_NOTHING);
	struct look before = look_at(pid), after;
	struct tracee t;
	struct lt_err err;

	assert_int_equal(harm_stop(&t, pid, true, &err), LT_OK);
	tracee_detach(&t);
	assert_true(harm_wait_blocked(pid) >= 0);
	after = look_at(pid);
	assert_int_not_equal(before.now.nr, after.now.nr);
	assert_true(after.switches > before.switches);
}

static void a_missing_process_is_refused(void **state)
{
	pid_t pid = begin(WISH_NOTHING);
	char number[16];
	const char *args[] = {"-b", "-n", "1", number, NULL};
	struct harm_result r;

	clean_up(state);
	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, 0, &r);
	assert_int_equal(r.exit_status, 3);
	assert_int_equal(r.err_lines, 2);
}

static void a_zombie_is_refused(void **state)
{
	siginfo_t info;
	pid_t pid = begin(WISH_NOTHING);

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_refused(pid, 0, 3, "has ended");
}

static void a_kernel_thread_is_refused(void **state)
{
	struct status st;

	if (status_read(2, 0, &st, NULL) != LT_OK || !st.kernel_thread)
		SKIP("process 2 is not a kernel thread here");
	need_root();
	assert_refused(2, 0, 5, "kernel thread");
}

static void a_process_of_another_user_is_refused(void **state)
{
	need_root();
	assert_refused(begin(WISH_NOTHING), HARM_NOBODY, 4, "another user");
}

static void an_undumpable_process_is_refused(void **state)
{
	need_root();
	assert_refused(begin(WISH_NOBODY_DUMPABLE_0), HARM_NOBODY, 4, "undumpable");
}

static void a_c_program_is_refused(void **state)
{
	assert_refused(begin(WISH_NOTHING), 0, 5, "not Python");
}

/* ---- programs --------------------------------------------------------------------------- */

static void a_shell_script_is_refused(void **state)
{
	const char *argv[] = {"sh", "-c", "echo ready; read line; echo $line", NULL};
	int fds[2];
	struct harm_program p;

	assert_int_equal(pipe(fds), 0);
	p = harm_start_on(argv, NULL, 0, fds[0]);
	victim = p.pid;
	assert_string_equal(harm_line(&p), "ready");
	assert_true(harm_wait_blocked(p.pid) >= 0);
	assert_refused(p.pid, 0, 5, "not Python");
	close(fds[0]);
	close(fds[1]);
}

static void assert_tiny_is_refused(bool wide, const char *word)
{
	pid_t pid = tiny_start(wide);

	if (pid < 0)
		SKIP("this kernel does not run such programs");
	victim = pid;
	assert_true(harm_wait_blocked(pid) >= 0);
	assert_refused(pid, 0, 5, word);
}

static void a_static_program_is_refused(void **state)
{
	assert_tiny_is_refused(true, "static");
}

static void a_32_bit_program_is_refused(void **state)
{
	assert_tiny_is_refused(false, "32-bit");
}

/* ---- Pythons that may be read but not borrowed ------------------------------------------- */

static struct harm_program python;

static int end_python(void **state)
{
	harm_kill(&python);
	return clean_up(state);
}

/* prctl() and a seccomp filter of one instruction, for the preludes below */
#define CALLS \
	"import ctypes, os, signal, struct\n" \
	"libc = ctypes.CDLL(None, use_errno=True)\n" \
	"def filter(*code):\n" \
	"    text = b''.join(struct.pack('HBBI', *c) for c in code)\n" \
	"    program = struct.pack('HxxxxxxP', len(code),\n" \
	"                          ctypes.addressof(keep(ctypes.create_string_buffer(text))))\n" \
	"    assert libc.prctl(38, 1, 0, 0, 0) == 0\n" \
	"    assert libc.prctl(22, 2, program, 0, 0) == 0\n" \
	"kept = []\n" \
	"def keep(it):\n" \
	"    kept.append(it)\n" \
	"    return it\n"

/* Runs the prelude, says so, and waits as live() does. */
static pid_t begin_python_in(const char *prelude, const char *wait)
{
	const char *path = NULL, *next;
	char script[4096];
	const char *argv[] = {NULL, "-c", script, NULL};

	for (size_t i = 0; (next = harm_next_python(i)) != NULL; i++)
		path = next;
	if (!path)
		SKIP("no Python was found");
	argv[0] = path;
	snprintf(script, sizeof(script), "import os, select\nend = os.pipe()\n%s\n"
		 "os.write(1, b'ready\\n')\n%s\n", prelude, wait);
	python = harm_start(argv, NULL, 0);
	assert_string_equal(harm_line(&python), "ready");
	assert_true(harm_wait_blocked(python.pid) >= 0);
	return python.pid;
}

static pid_t begin_python(const char *prelude)
{
	return begin_python_in(prelude, "select.poll().poll(3600000)");
}

/* Exit status 0, the reason in every place, memory and collector shown; untouched unless stops. */
static void assert_goes_on(pid_t pid, const char *code)
{
	char number[16], word[64];
	const char *args[] = {"-b", "-f", "jsonl", "-n", "2", "-d", "0.1", number, NULL};
	struct look before = look_at(pid), after;
	struct harm_result r;

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, 0, &r);
	after = look_at(pid);
	printf("# %.*s\n", (int)strcspn(r.err, "\n"), r.err);
	assert_int_equal(r.exit_status, 0);
	assert_int_equal(r.err_lines, 2);
	snprintf(word, sizeof(word), "\"kind\":\"error\",\"code\":\"%s\"", code);
	assert_non_null(strstr(r.out, word));
	snprintf(word, sizeof(word), "\"gap\":{\"code\":\"%s\"", code);
	assert_non_null(strstr(r.out, word));
	assert_non_null(strstr(r.out, "\"method\":\"readonly\""));
	assert_non_null(strstr(r.out, "\"gc\":{\"enabled\":true"));
	assert_null(strstr(r.out, "\"rss\":null"));
	assert_non_null(strstr(r.out, "\"left\":{\"threads\":0,\"fds\":0,\"maps\":0}"));
	assert_same(&before, &after);
}

static void a_traced_python_is_read(void **state)
{
	struct lt_err err;
	struct tracee t;
	pid_t pid = begin_python("");

	assert_int_equal(harm_seize(&t, pid, &err), LT_OK);
	assert_goes_on(pid, "permission-traced");
}

static bool is_stopped(void *arg)
{
	return harm_status(*(pid_t *)arg).state == 'T';
}

static void a_stopped_python_is_read_and_stays_stopped(void **state)
{
	pid_t pid = begin_python("");

	kill(pid, SIGSTOP);
	assert_true(harm_wait(is_stopped, &pid));
	assert_goes_on(pid, "stopped");
}

static void a_python_under_strict_seccomp_is_read(void **state)
{
	assert_goes_on(begin_python_in(CALLS "assert libc.prctl(22, 1, 0, 0, 0) == 0",
				       "os.read(end[0], 1)"), "seccomp");
}

static void a_python_with_a_trap_pending_is_read(void **state)
{
	static const char block[] = "import signal\n"
		"signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTRAP])";
	pid_t pid = begin_python(block);

	kill(pid, SIGTRAP);
	assert_goes_on(pid, "pending-trap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, clean_up)
		TEST(a_stop_shows_in_what_is_compared),
		TEST(a_missing_process_is_refused),
		TEST(a_zombie_is_refused),
		TEST(a_kernel_thread_is_refused),
		TEST(a_process_of_another_user_is_refused),
		TEST(an_undumpable_process_is_refused),
		TEST(a_c_program_is_refused),
		TEST(a_shell_script_is_refused),
		TEST(a_static_program_is_refused),
		TEST(a_32_bit_program_is_refused),
#undef TEST
#define TEST(name) cmocka_unit_test_teardown(name, end_python)
		TEST(a_traced_python_is_read),
		TEST(a_stopped_python_is_read_and_stays_stopped),
		TEST(a_python_under_strict_seccomp_is_read),
		TEST(a_python_with_a_trap_pending_is_read),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
