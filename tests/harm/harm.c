#include "config.h"
#include "harm.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject/call.h"
#include "inject/fault.h"
#include "proc/maps.h"
#include "target/remote.h"
#include "tests/live/pythons.h"
#include "tests/unit/test.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define WAIT_STEP_NS 200000
#define TEXT_MAX (64u << 20)

bool harm_wait(bool (*is)(void *arg), void *arg)
{
	int64_t end = clock_mono_ns() + patience_ns();

	while (!is(arg)) {
		if (clock_mono_ns() > end)
			return false;
		clock_sleep_ns(WAIT_STEP_NS);
	}
	return true;
}

void *harm_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

void harm_unshare(void *p, size_t size)
{
	munmap(p, size);
}

/* In a child: die with the test, and let any process of this user trace us (Yama). */
static void depend_on(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (getppid() != parent)
		_exit(99);
}

pid_t harm_fork(void (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		depend_on(parent);
		fn(arg);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

int harm_reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

void harm_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	(void)harm_reap(pid);
}

/* ---- programs --------------------------------------------------------------------------- */

static void enter_root(const struct harm_how *how)
{
	if (how->root && how->root[0] && (chroot(how->root) < 0 || chdir("/") < 0))
		_exit(95);
	if (how->dir && chdir(how->dir) < 0)
		_exit(94);
	for (const char *const *e = how->env; e && *e; e++)
		if (putenv(strdup(*e)) != 0)
			_exit(98);
}

/* Opened before the user changes: the other user need not reach the build's folder. */
static void become_program(const char *const args[], const struct harm_how *how, const int fds[3])
{
	char *const *argv = (char *const *)(uintptr_t)args;	/* exec takes it so, and copies */
	int exe = -1;

	if (strchr(argv[0], '/') && !(how->root && how->root[0]))
		exe = open(argv[0], O_RDONLY | (how->uid ? 0 : O_CLOEXEC));
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(98);
	enter_root(how);
	if (how->uid && (setgroups(0, NULL) < 0 || setresgid(how->uid, how->uid, how->uid) < 0 ||
			 setresuid(how->uid, how->uid, how->uid) < 0))
		_exit(97);
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a change of user has cleared it */
	if (exe >= 0)
		fexecve(exe, argv, environ);
	else
		execvp(argv[0], argv);
	_exit(96);
}

struct harm_program harm_start_as(const char *const argv[], const struct harm_how *how)
{
	struct harm_program p = {0};
	pid_t parent = getpid();
	int out[2], err[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	fflush(NULL);
	p.pid = fork();
	if (p.pid == 0) {
		depend_on(parent);
		become_program(argv, how, (const int[3]){how->in, out[1], err[1]});
	}
	assert_true(p.pid > 0);
	close(out[1]);
	close(err[1]);
	p.out = out[0];
	p.err = err[0];
	return p;
}

struct harm_program harm_start_on(const char *const argv[], const char *env, uid_t uid, int in)
{
	const char *const one[] = {env, NULL};
	const struct harm_how how = {.env = one, .uid = uid, .in = in};

	return harm_start_as(argv, &how);
}

struct harm_program harm_start(const char *const argv[], const char *env, uid_t uid)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct harm_program p = harm_start_on(argv, env, uid, null);

	close(null);
	return p;
}

const char *harm_line(struct harm_program *p)
{
	size_t n = 0;

	for (;;) {
		struct pollfd poll_fd = {.fd = p->out, .events = POLLIN};
		char c;

		if (poll(&poll_fd, 1, patience_ms()) <= 0 || read(p->out, &c, 1) != 1)
			return NULL;
		if (c == '\n')
			break;
		if (n < sizeof(p->line) - 1)
			p->line[n++] = c;
	}
	p->line[n] = '\0';
	return p->line;
}

void harm_kill(struct harm_program *p)
{
	if (p->pid <= 0)
		return;
	harm_end(p->pid);
	close(p->out);
	close(p->err);
	p->pid = 0;
}

/* ---- Pythons ---------------------------------------------------------------------------- */

/* Each has its own way of taking the GIL, of pending calls or of laying out its collector. */
bool harm_chooses(const struct python_exe *exe)
{
	static const char *const names[] = {"3.8.", "3.11.", "3.12.", "3.13.", "/usr/bin/python3",
					    "sid python3.15"};
	const char *wish = getenv("LT_HARM_PYTHONS");

	if (!python_wanted(exe))
		return false;
	if (wish && !strcmp(wish, "all"))
		return true;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strstr(exe->name, names[i]))
			return true;
	return false;
}

const char *harm_next_python(size_t number)
{
	const struct python_exe *list;
	size_t n = pythons_list(&list);

	for (size_t i = 0; i < n; i++)
		if (!list[i].root[0] && harm_chooses(&list[i]) && number-- == 0)
			return list[i].path;
	return NULL;
}

struct harm_program harm_python(const char *python, const char *kind)
{
	const char *dir = getenv("LT_SRCDIR");
	char script[512];
	const char *argv[] = {python, script, kind, NULL};

	snprintf(script, sizeof(script), "%s/tests/harm/target.py", dir ? dir : ".");
	return harm_start(argv, NULL, 0);
}

/* ---- leaktop ---------------------------------------------------------------------------- */

#define ARGS_MAX 12

struct harm_program harm_leaktop_start(const char *const args[], const char *env, uid_t uid)
{
	const char *dir = getenv("LT_BUILDDIR");
	const char *argv[ARGS_MAX + 2] = {NULL};
	char path[512];

	snprintf(path, sizeof(path), "%s/leaktop", dir ? dir : ".");
	argv[0] = path;
	for (size_t i = 0; i < ARGS_MAX && args[i]; i++)
		argv[i + 1] = args[i];
	return harm_start(argv, env, uid);
}

/* Appends what there is to text; false at the end of the file. What does not fit is dropped. */
static bool take(int fd, char *text, size_t size)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	size_t at = strlen(text), fits = size - 1 - at;

	if (n <= 0)
		return false;
	if (fits > (size_t)n)
		fits = (size_t)n;
	memcpy(text + at, bytes, fits);
	text[at + fits] = '\0';
	return true;
}

static void collect(struct harm_program *p, struct harm_result *ret)
{
	struct pollfd fds[2] = {{.fd = p->out, .events = POLLIN}, {.fd = p->err, .events = POLLIN}};
	int status;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, patience_ms()) <= 0)
			break;
		if (fds[0].revents && !take(p->out, ret->out, sizeof(ret->out)))
			fds[0].fd = -1;
		if (fds[1].revents && !take(p->err, ret->err, sizeof(ret->err)))
			fds[1].fd = -1;
	}
	if (fds[0].fd >= 0)
		kill(p->pid, SIGKILL);		/* it hangs: 128 + SIGKILL says so */
	status = harm_reap(p->pid);
	ret->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	close(p->out);
	close(p->err);
}

static void run(struct harm_program p, struct harm_result *ret)
{
	*ret = (struct harm_result){0};
	collect(&p, ret);
	for (const char *s = ret->err; *s; s++)
		ret->err_lines += *s == '\n';
}

void harm_run(const char *const argv[], struct harm_result *ret)
{
	run(harm_start(argv, NULL, 0), ret);
}

void harm_leaktop(const char *const args[], const char *env, uid_t uid, struct harm_result *ret)
{
	run(harm_leaktop_start(args, env, uid), ret);
}

bool harm_sample(pid_t pid)
{
	char number[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", number, NULL};
	struct harm_result r;

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, 0, &r);
	if (r.exit_status == 0 && strstr(r.out, "\"types\":[{"))
		return true;
	printf("# leaktop %d ended with %d: %.200s\n", pid, r.exit_status, r.err);
	return false;
}

/* ---- the target from outside ------------------------------------------------------------- */

struct status harm_status(pid_t pid)
{
	struct status st = {0};

	assert_int_equal(status_read(pid, 0, &st, NULL), LT_OK);
	return st;
}

pid_t harm_child(pid_t pid, int *ret_n)
{
	char path[64];
	int child = 0, second, n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	if (f) {
		n = fscanf(f, "%d %d", &child, &second);
		fclose(f);
	}
	if (ret_n)
		*ret_n = n > 0 ? n : 0;
	return n > 0 ? child : 0;
}

static bool is_free(void *arg)
{
	struct status st = harm_status(*(pid_t *)arg);

	return !st.tracer && st.state != 't' && st.state != 'T';
}

bool harm_wait_free(pid_t pid)
{
	return harm_wait(is_free, &pid);
}

static bool is_blocked(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct status_syscall now;

	return harm_status(pid).state == 'S' && status_syscall_read(pid, pid, &now) && now.nr >= 0;
}

long harm_wait_blocked(pid_t pid)
{
	struct status_syscall now = {.nr = -1};

	if (!harm_wait(is_blocked, &pid) || !status_syscall_read(pid, pid, &now))
		return -1;
	return now.nr;
}

/* ---- borrowing --------------------------------------------------------------------------- */

static uint64_t find(pid_t pid, const struct map *m, const struct arch_pattern *pattern)
{
	const struct remote r = {.pid = pid};
	size_t size = (size_t)(m->end - m->start), n;
	uint8_t *text, *hit;
	uint64_t found = 0;

	if (size > TEXT_MAX)
		return 0;
	text = mem_alloc(size);
	n = remote_read_some(&r, m->start, text, size);
	hit = memmem(text, n, pattern->bytes, pattern->n);
	if (hit)
		found = m->start + (uint64_t)(hit - text);
	free(text);
	return found;
}

struct gadgets harm_gadgets(pid_t pid)
{
	struct gadgets g = {0};
	struct maps maps = {0};

	assert_int_equal(maps_read(pid, &maps, NULL), LT_OK);
	for (size_t i = 0; i < maps.n && (!g.restore_rt || !g.syscall_ret); i++) {
		const struct map *m = &maps.list[i];

		if (!m->exec || (m->path[0] != '/' && strcmp(m->path, "[vdso]") != 0))
			continue;
		if (!g.restore_rt)
			g.restore_rt = find(pid, m, &arch_restore_rt);
		if (!g.syscall_ret)
			g.syscall_ret = find(pid, m, &arch_syscall_ret);
	}
	maps_done(&maps);
	assert_true(g.restore_rt && g.syscall_ret);
	return g;
}

/* tracee.c waits for the tracee with sigtimedwait. */
static void block_sigchld(void)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
}

enum lt_errc harm_seize(struct tracee *t, pid_t pid, struct lt_err *err)
{
	block_sigchld();
	return tracee_seize(t, pid, clock_mono_ns() + patience_ns(), err);
}

enum lt_errc harm_stop(struct tracee *t, pid_t pid, bool repair, struct lt_err *err)
{
	struct arch_state now;
	enum lt_errc rc = harm_seize(t, pid, err);

	if (rc != LT_OK)
		return rc;
	if ((rc = tracee_interrupt(t, err)) != LT_OK || (rc = tracee_get(t, &now, err)) != LT_OK)
		return rc;
	if (repair && tracee_repair(t, &now))
		rc = tracee_set(t, &now, err);
	fault_at(FAULT_STOPPED);
	return rc;
}

static enum lt_errc map_and_unmap(struct call *c, struct lt_err *err)
{
	const uint64_t map[6] = {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
				 (uint64_t)-1, 0};
	uint64_t unmap[6] = {0, 4096};
	int64_t ret = 0;
	enum lt_errc rc = call_syscall(c, arch_nr_mmap, map, &ret, err);

	if (rc != LT_OK)
		return rc;
	if (ret < 0 && ret > -4096)
		return lt_err_set(err, LT_E_SYS, (int)-ret, "mmap");
	unmap[0] = (uint64_t)ret;
	rc = call_syscall(c, arch_nr_munmap, unmap, &ret, err);
	return rc == LT_OK && ret != 0 ? lt_err_set(err, LT_E_SYS, (int)-ret, "munmap") : rc;
}

enum lt_errc harm_call(pid_t pid, const struct gadgets *gadgets, int sig, struct lt_err *err)
{
	struct call c = {0};
	struct tracee t;
	enum lt_errc rc = harm_stop(&t, pid, true, err), end;

	if (rc == LT_OK && sig)
		kill(pid, sig);
	if (rc == LT_OK)
		rc = call_begin(&c, &t, gadgets, err);
	if (rc == LT_OK) {
		rc = map_and_unmap(&c, err);
		end = call_end(&c, err);
		rc = rc == LT_OK ? end : rc;
	}
	tracee_detach(&t);
	return rc;
}

uint64_t harm_random(uint64_t *seed)	/* splitmix64 */
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

int harm_setting(const char *name, int value)
{
	const char *text = getenv(name);
	int64_t n;

	return text && num_parse(text, 1, 1000000, &n) ? (int)n : value;
}
