/*
 * Processes that leaktop must leave alone: each gets the exit status and the two lines that say
 * why, and no process is stopped, signalled or written to for it. Those that may be read are read.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harm.h"
#include "inject/arch.h"
#include "inject/policy.h"
#include "tiny.h"
#include "util/clock.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH	/* Linux 5.11 */
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

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

/* Sleeps: after any stop the kernel goes on with restart_syscall, and /proc shows that for ever. */
static void live(void *arg)
{
	enum wish wish = *(enum wish *)arg;
	const struct timespec hour = {.tv_sec = 3600};

	if (wish != WISH_NOTHING)
		become_nobody();
	/* a change of user has cleared it */
	prctl(PR_SET_DUMPABLE, wish != WISH_NOBODY_DUMPABLE_0);
	nanosleep(&hour, NULL);
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

/* --preflight says the same, on stdout. */
static void assert_foretold(pid_t pid, uid_t uid, int exit_status, const char *word)
{
	char number[16];
	const char *args[] = {"--preflight", number, NULL};
	struct harm_result r;
	const char *refused;

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, uid, &r);
	assert_int_equal(r.exit_status, exit_status);
	assert_string_equal(r.err, "");
	refused = strstr(r.out, " refused: ");
	if (!refused || !strstr(refused, word))
		printf("# %s\n", r.out);
	assert_non_null(refused);
	assert_non_null(strstr(refused, word));
	assert_non_null(strstr(r.out, exit_status ? "does not watch it" : "shows what can be"));
}

/* Runs leaktop on pid as uid: the status, two lines, and the target is as it was. */
static void assert_refused(pid_t pid, uid_t uid, int exit_status, const char *word)
{
	char number[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", number, NULL};
	struct look before = look_at(pid), after;
	struct harm_result r;

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, uid, &r);
	assert_foretold(pid, uid, exit_status, word);
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
	const char *args[] = {"--census=walk", "-b", "-n", "1", number, NULL};
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

static struct {			/* a group of our own; dir "": none */
	char dir[128];
	const char *file, *thaw;
} cgroup;

static bool cgroup_put(const char *file, const char *text)
{
	char path[192];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", cgroup.dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* What is frozen could not even be killed. */
static int end_python(void **state)
{
	if (cgroup.dir[0])
		(void)cgroup_put(cgroup.file, cgroup.thaw);
	harm_kill(&python);
	if (cgroup.dir[0])
		(void)rmdir(cgroup.dir);
	cgroup.dir[0] = '\0';
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

/* Runs the prelude, says so, and waits. */
static struct harm_program start_python(const char *prelude, const char *wait)
{
	struct harm_program p;
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
	p = harm_start(argv, NULL, 0);
	assert_string_equal(harm_line(&p), "ready");
	return p;
}

static bool is_in_vfork(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct status_syscall now;

	return harm_status(pid).state == 'D' && status_syscall_read(pid, pid, &now) &&
	       arch_is_fork(now.nr);
}

static pid_t begin_python_in(const char *prelude, const char *wait)
{
	python = start_python(prelude, wait);
	assert_true(harm_wait_blocked(python.pid) >= 0);
	return python.pid;
}

/* As live() does: any stop shows. Where poll() is ppoll() it begins anew, unlike a lock's wait. */
#ifdef __NR_poll
#define SLEEP "select.poll().poll(3600000)"
#else
#define SLEEP "import _thread\nheld = _thread.allocate_lock()\nheld.acquire()\n" \
	"held.acquire(True, 3600)"
#endif

static pid_t begin_python(const char *prelude)
{
	return begin_python_in(prelude, SLEEP);
}

/* Exit status 0, the reason in every place, memory and collector shown. */
static void assert_read(pid_t pid, uid_t uid, const char *code)
{
	char number[16], word[64];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "2", "-d", "0.1", number, NULL};
	struct harm_result r;

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, uid, &r);
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
}

static const char *cause_of(const char *code)
{
	for (int i = LT_OK + 1; i < LT_E_COUNT; i++)
		if (!strcmp(lt_err_info((enum lt_errc)i)->code, code))
			return lt_err_info((enum lt_errc)i)->cause;
	return "no such code";
}

/* The same, --preflight knows it too, and the process was not touched. */
static void assert_goes_on(pid_t pid, const char *code)
{
	struct look before = look_at(pid), after;

	assert_read(pid, 0, code);
	assert_foretold(pid, 0, 0, cause_of(code));
	after = look_at(pid);
	assert_same(&before, &after);
}

/* It still does what it did: it answers when its wait ends. */
static void assert_alive(void)
{
	struct status st = harm_status(python.pid);
	const char *line;

	assert_true(st.state == 'S' || st.state == 'R');
	assert_int_equal(st.tracer, 0);
	kill(python.pid, SIGUSR1);
	line = harm_line(&python);
	assert_non_null(line);
	assert_string_equal(line, "alive");
}

#define ANSWER \
	"import signal\n" \
	"signal.signal(signal.SIGUSR1, lambda *a: os.write(1, b'alive\\n'))\n"
#define SELECT "select.select([end[0]], [], [])"

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

/* 3.8 to 3.12 have the module under this name. */
static void a_python_with_several_interpreters_is_read(void **state)
{
	static const char two[] = "try:\n    import _xxsubinterpreters as i\n"
		"except ImportError:\n    import _interpreters as i\n" "other = i.create()";

	assert_goes_on(begin_python(two), "interpreters");
}

/* ---- seccomp filters -------------------------------------------------------------------- */

/* BPF: LD nr; JEQ nr; LD args[2]; JSET bits; RET */
#define TEXT_OF(number) #number
#define NUMBER(name) TEXT_OF(name)
#define LD_NR "(0x20, 0, 0, 0), "
#define KILL "(0x06, 0, 0, 0x80000000), "
#define ALLOW "(0x06, 0, 0, 0x7fff0000), "
#define FILTER_ALL ANSWER CALLS "filter(" ALLOW ")"
#define FILTER_NO_RESTART ANSWER CALLS \
	"filter(" LD_NR "(0x15, 0, 1, " NUMBER(__NR_restart_syscall) "), " KILL ALLOW ")"
#define FILTER_NO_EXEC ANSWER CALLS \
	"filter(" LD_NR "(0x15, 0, 3, " NUMBER(__NR_mmap) "), (0x20, 0, 0, 32), " \
	"(0x45, 0, 1, 4), " KILL ALLOW ")"
/* kills what has no number, as a list of what is allowed does */
#define FILTER_NO_SKIP ANSWER CALLS \
	"filter(" LD_NR "(0x15, 0, 1, 0xffffffff), " KILL ALLOW ")"

static void a_filter_that_allows_what_is_needed_is_no_obstacle(void **state)
{
	need_root();
	begin_python_in(FILTER_ALL, SELECT);
	assert_true(harm_sample(python.pid));
	assert_alive();
}

static void a_filter_that_kills_for_executable_memory_is_found_in_time(void **state)
{
	need_root();
	begin_python_in(FILTER_NO_EXEC, SELECT);
	assert_read(python.pid, 0, "seccomp");
	assert_alive();
}

static void a_filter_that_kills_for_a_call_taken_back_is_found_in_time(void **state)
{
	need_root();
	begin_python_in(FILTER_NO_SKIP, SELECT);
	assert_read(python.pid, 0, "seccomp");
	assert_alive();
}

/* The stop itself would make the kernel go on with a call that the filter kills for. */
static void no_stop_is_made_in_a_wait_that_a_filter_may_not_let_go_on(void **state)
{
	char number[16];
	const char *args[] = {"--census=walk", "-b", "-n", "1", number, NULL};
	struct look before, after;
	struct harm_result r;

	need_root();
	begin_python_in(FILTER_NO_RESTART, SLEEP);
	snprintf(number, sizeof(number), "%d", python.pid);
	before = look_at(python.pid);
	harm_leaktop(args, NULL, 0, &r);
	after = look_at(python.pid);
	assert_int_equal(r.exit_status, 0);
	assert_non_null(strstr(r.out, "its seccomp filter may not let go on"));
	assert_same(&before, &after);
}

static void the_same_filter_is_no_obstacle_in_another_wait(void **state)
{
	need_root();
	begin_python_in(FILTER_NO_RESTART, SELECT);
	assert_true(harm_sample(python.pid));
	assert_alive();
}

/* Read once in a harmless wait, the filter is known to let the others go on. */
static void a_filter_that_is_known_is_no_obstacle_in_any_wait(void **state)
{
	char number[16];
	const char *args[] = {"--census=walk", "--max-cpu=100", "-b", "-d", "0.2", number, NULL};
	const char *line = "";
	struct harm_program leaktop;
	int counts = 0, gaps = 0;
	pid_t pid;

	need_root();
	pid = begin_python_in(FILTER_ALL
			      "\nsignal.signal(signal.SIGUSR2, lambda *a: os.write(end[1], b'x'))",
			      SELECT "\n" SLEEP);
	snprintf(number, sizeof(number), "%d", pid);
	leaktop = harm_leaktop_start(args, NULL, 0);
	while (counts < 20 && gaps < 10 && (line = harm_line(&leaktop)) != NULL) {
		counts += strstr(line, " function") != NULL;
		if (counts == 1)
			kill(pid, SIGUSR2);
		gaps += strstr(line, "its seccomp filter") != NULL;
	}
	kill(leaktop.pid, SIGTERM);	/* SIGKILL in a borrowing: the wait would begin anew */
	while (harm_line(&leaktop))
		;
	harm_kill(&leaktop);
	assert_int_equal(counts, 20);
	assert_int_equal(gaps, 0);
	assert_int_equal(harm_wait_blocked(pid), __NR_restart_syscall);
	assert_alive();
}

/* The look at /proc came too early: the thread began such a wait before it was stopped. */
static void a_wait_that_is_stopped_all_the_same_goes_on_by_itself(void **state)
{
	struct arch_state now;
	struct lt_err err;
	struct tracee t;
	int filters;
	pid_t pid;

	need_root();
	pid = begin_python_in(FILTER_NO_RESTART, SLEEP);
	assert_int_equal(harm_stop(&t, pid, true, &err), LT_OK);
	assert_int_equal(tracee_get(&t, &now, &err), LT_OK);
	assert_int_equal(policy_ask(&t, &now, false, &filters, &err), LT_OK);
	assert_int_equal(filters, 0);
	tracee_detach(&t);
	assert_int_not_equal(harm_wait_blocked(pid), __NR_restart_syscall);
	assert_alive();
}

static void a_filter_that_only_root_may_read_is_left_alone(void **state)
{
	static const char become[] = "os.setgroups([])\nos.setresgid(65534, 65534, 65534)\n"
		"os.setresuid(65534, 65534, 65534)\n" FILTER_ALL "\nlibc.prctl(4, 1, 0, 0, 0)";
	struct look before, after;
	pid_t pid;

	need_root();
	pid = begin_python_in(become, SELECT);
	before = look_at(pid);
	assert_read(pid, HARM_NOBODY, "seccomp");
	after = look_at(pid);
	assert_same(&before, &after);
}

static void a_python_that_catches_its_own_system_calls_is_read(void **state)
{
	static const char dispatch[] = ANSWER CALLS
		"off = keep(ctypes.create_string_buffer(8))\n"
		"assert libc.prctl(59, ctypes.c_long(1), ctypes.c_long(0),\n"
		"                  ctypes.c_long((1 << 47) - 1), off) == 0\n";
	pid_t pid;

	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0) != 0)	/* off */
		SKIP("this kernel has no syscall user dispatch");
	pid = begin_python_in(dispatch, SELECT);
	assert_read(pid, 0, "syscall-dispatch");
	assert_alive();
}

/* ---- a parent that waits for vfork, a frozen group --------------------------------------- */

/* The child opens a pipe that nobody writes to, and so does not come to its exec. */
static void a_python_that_waits_for_its_vfork_is_read(void **state)
{
	char dir[] = "/tmp/leaktop-test-XXXXXX", path[64], wait[256];
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(wait, sizeof(wait), "os.posix_spawn('/bin/true', ['true'], {}, file_actions="
		 "[(os.POSIX_SPAWN_OPEN, 0, '%s', os.O_RDONLY, 0)])", path);
	python = start_python("", wait);
	assert_true(harm_wait(is_in_vfork, &python.pid));
	assert_goes_on(python.pid, "vfork");
	fd = open(path, O_WRONLY);
	close(fd);
	(void)harm_reap(python.pid);
	python.pid = 0;
	unlink(path);
	rmdir(dir);
}

static bool is_frozen(void *arg)
{
	pid_t pid = *(pid_t *)arg;

	return status_frozen(pid) && harm_status(pid).state != 'R';	/* FREEZING is no end */
}

static void assert_frozen_is_read(const char *parent, const char *file, const char *freeze,
				  const char *thaw)
{
	pid_t pid = begin_python("");
	char number[16];

	cgroup.file = file;
	cgroup.thaw = thaw;
	snprintf(cgroup.dir, sizeof(cgroup.dir), "%s/leaktop-test-%d", parent, getpid());
	snprintf(number, sizeof(number), "%d", pid);
	if (mkdir(cgroup.dir, 0755) < 0 || !cgroup_put("cgroup.procs", number))
		SKIP("no group can be made in %s", parent);
	assert_false(status_frozen(pid));
	assert_true(cgroup_put(file, freeze));
	assert_true(harm_wait(is_frozen, &pid));
	assert_goes_on(pid, "frozen");
}

static void a_frozen_python_is_read(void **state)
{
	bool only = access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0;

	assert_frozen_is_read(only ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified",
			      "cgroup.freeze", "1", "0");
}

static void a_python_in_a_frozen_group_of_the_old_kind_is_read(void **state)
{
	assert_frozen_is_read("/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED");
}

/* ---- and then ---------------------------------------------------------------------------- */

static void counting_begins_when_the_reason_has_gone(void **state)
{
	char number[16];
	const char *args[] = {"--census=walk", "-b", "-d", "0.2", number, NULL}, *line;
	struct harm_program leaktop;
	pid_t pid = begin_python("");
	bool refused = false;

	kill(pid, SIGSTOP);
	assert_true(harm_wait(is_stopped, &pid));
	snprintf(number, sizeof(number), "%d", pid);
	leaktop = harm_leaktop_start(args, NULL, 0);
	while ((line = harm_line(&leaktop)) != NULL && !strstr(line, " function")) {
		if (!strncmp(line, "no count: the process is stopped", 32) && !refused) {
			refused = true;
			kill(pid, SIGCONT);
		}
	}
	assert_non_null(line);
	assert_true(refused);
	harm_kill(&leaktop);
}

/* What lies where the old program had its collector is not read as if it were one. */
static void another_program_is_noticed_without_a_stop(void **state)
{
	static const char turn[] = "import signal, time\n"
		"signal.signal(signal.SIGUSR1,\n"
		"              lambda *a: os.execv('/bin/sleep', ['sleep', '3600']))";
	char number[16];
	const char *args[] = {"--readonly", "-b", "-d", "0.2", number, NULL}, *line;
	struct harm_program leaktop;
	pid_t pid = begin_python_in(turn, SELECT);

	snprintf(number, sizeof(number), "%d", pid);
	leaktop = harm_leaktop_start(args, NULL, 0);
	while ((line = harm_line(&leaktop)) != NULL && strncmp(line, "gc on", 5) != 0)
		;
	assert_non_null(line);
	kill(pid, SIGUSR1);
	while ((line = harm_line(&leaktop)) != NULL && strncmp(line, "gc -", 4) != 0)
		;
	assert_non_null(line);
	while ((line = harm_line(&leaktop)) != NULL && strncmp(line, "no count", 8) != 0)
		;
	assert_non_null(line);
	assert_non_null(strstr(line, "the process is not Python"));
	harm_kill(&leaktop);
}

/* What is in the target when leaktop must end is compared with what is there, not assumed. */
static void what_cannot_be_taken_back_is_told(void **state)
{
	char number[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-d", "0.2", number, NULL}, *line;
	struct harm_program leaktop;
	struct tracee t;
	struct lt_err err;
	pid_t pid = begin_python_in("", SELECT);
	int samples = 0;

	snprintf(number, sizeof(number), "%d", pid);
	leaktop = harm_leaktop_start(args, NULL, 0);
	while (samples < 2 && (line = harm_line(&leaktop)) != NULL)
		samples += strstr(line, "\"types\":[{") != NULL;
	/* between two visits: leaktop may just be tracing it itself */
	while (harm_seize(&t, pid, &err) != LT_OK)
		clock_sleep_ns(CLOCK_NS_PER_MS);
	kill(leaktop.pid, SIGTERM);
	while ((line = harm_line(&leaktop)) != NULL && !strstr(line, "\"kind\":\"detach\""))
		;
	assert_non_null(line);
	assert_non_null(strstr(line, "\"left\":{\"threads\":0,\"fds\":0,\"maps\":2}"));
	assert_int_equal(WEXITSTATUS(harm_reap(leaktop.pid)), 128 + SIGTERM);
	leaktop.pid = 0;
	tracee_detach(&t);
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
		TEST(a_python_with_several_interpreters_is_read),
		TEST(a_filter_that_allows_what_is_needed_is_no_obstacle),
		TEST(a_filter_that_kills_for_executable_memory_is_found_in_time),
		TEST(a_filter_that_kills_for_a_call_taken_back_is_found_in_time),
		TEST(no_stop_is_made_in_a_wait_that_a_filter_may_not_let_go_on),
		TEST(the_same_filter_is_no_obstacle_in_another_wait),
		TEST(a_filter_that_is_known_is_no_obstacle_in_any_wait),
		TEST(a_wait_that_is_stopped_all_the_same_goes_on_by_itself),
		TEST(a_filter_that_only_root_may_read_is_left_alone),
		TEST(a_python_that_catches_its_own_system_calls_is_read),
		TEST(a_python_that_waits_for_its_vfork_is_read),
		TEST(a_frozen_python_is_read),
		TEST(a_python_in_a_frozen_group_of_the_old_kind_is_read),
		TEST(counting_begins_when_the_reason_has_gone),
		TEST(another_program_is_noticed_without_a_stop),
		TEST(what_cannot_be_taken_back_is_told),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
