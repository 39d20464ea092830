#include "config.h"

#include "pythons.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "util/mem.h"

#define ARGS_MAX 32

static struct python_exe *exes;
static size_t n_exes;

static void add(const char *name, const char *path, const char *root)
{
	struct python_exe *e;

	exes = mem_resize(exes, n_exes + 1, sizeof(*exes));
	e = &exes[n_exes++];
	snprintf(e->name, sizeof(e->name), "%s", name);
	snprintf(e->path, sizeof(e->path), "%s", path);
	snprintf(e->root, sizeof(e->root), "%s", root);
}

/* ~/.pyenv/versions/3.8.18/bin/python */
static void add_pyenv(void)
{
	const char *root = getenv("PYENV_ROOT"), *home = getenv("HOME");
	char pattern[512], name[64];
	glob_t g;

	if (root)
		snprintf(pattern, sizeof(pattern), "%s/versions/*/bin/python", root);
	else
		snprintf(pattern, sizeof(pattern), "%s/.pyenv/versions/*/bin/python",
			 home ? home : "/root");
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *version = strstr(g.gl_pathv[i], "/versions/") + strlen("/versions/");

		snprintf(name, sizeof(name), "pyenv %.*s", (int)strcspn(version, "/"), version);
		add(name, g.gl_pathv[i], "");
	}
	globfree(&g);
}

/* ROOTS/sid/usr/bin/python3.14, not python3.14-config */
static void add_roots(void)
{
	const char *roots = getenv("LEAKTOP_ROOTS");
	char pattern[512], name[64];
	glob_t g;

	if (!roots)
		roots = "/var/tmp/leaktop-roots";
	snprintf(pattern, sizeof(pattern), "%s/*/usr/bin/python[23].*[0-9]", roots);
	if (geteuid() != 0 || glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *path = g.gl_pathv[i], *suite = path + strlen(roots) + 1;
		char *inside = suite + strcspn(suite, "/");
		char copy[256];

		snprintf(copy, sizeof(copy), "%.*s", (int)(inside - path), path);
		snprintf(name, sizeof(name), "%.*s %s", (int)(inside - suite), suite,
			 strrchr(path, '/') + 1);
		add(name, inside, copy);
	}
	globfree(&g);
}

size_t pythons_list(const struct python_exe **ret)
{
	if (!exes) {
		add_pyenv();
		if (access("/usr/bin/python3", X_OK) == 0)
			add("/usr/bin/python3", "/usr/bin/python3", "");
		add_roots();
	}
	*ret = exes;
	return n_exes;
}

const struct python_exe *pythons_usual(void)
{
	const struct python_exe *all;
	size_t n = pythons_list(&all);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].path, "/usr/bin/python3"))
			return &all[i];
	return n ? &all[n - 1] : NULL;
}

/* .../versions/3.8.18/bin/python -> .../versions/3.8.18 and its libpython */
bool pythons_library(const struct python_exe *exe, char *home, char *library, size_t size)
{
	char pattern[512];
	glob_t g;
	bool found;

	if (exe->root[0] || strncmp(exe->name, "pyenv", 5) != 0)
		return false;
	snprintf(home, size, "%.*s", (int)(strlen(exe->path) - strlen("/bin/python")), exe->path);
	snprintf(pattern, sizeof(pattern), "%s/lib/libpython*.so.1.0", home);
	found = glob(pattern, 0, NULL, &g) == 0;
	if (found) {
		snprintf(library, size, "%s", g.gl_pathv[0]);
		globfree(&g);
	}
	return found;
}

bool python_wanted(const struct python_exe *exe)
{
	const char *only = getenv("LT_PYTHON");

	return !only || strstr(exe->name, only);
}

bool python_chosen(const struct python_exe *exe, const char *const *parts)
{
	if (getenv("LT_PYTHON"))
		return python_wanted(exe);
	for (; *parts; parts++)
		if (strstr(exe->name, *parts))
			return true;
	return false;
}

/*
 * A root that was only unpacked has no /proc, which some scripts read. From here on there is one
 * for this test and what it starts, and for nobody else.
 */
static void need_proc(const char *root)
{
	static bool apart;
	char path[300];

	snprintf(path, sizeof(path), "%s/proc/self", root);
	if (access(path, F_OK) == 0)
		return;
	apart = apart || (unshare(CLONE_NEWNS) == 0 &&
			  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	snprintf(path, sizeof(path), "%s/proc", root);
	if (!apart || mount("proc", path, "proc", 0, NULL) != 0)
		printf("# no /proc in %s: %s\n", root, strerror(errno));
}

/* Between fork and exec in the child; 127 is what a shell says too. */
static void become(pid_t parent, int in, int out, const char *root, const char *const *argv)
{
	static const char *const unwanted[] = {"PYTHONPATH", "PYTHONHOME", "PYTHONMALLOC",
					       "PYTHONSTARTUP", "LD_PRELOAD"};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	for (size_t i = 0; i < COUNT_OF(unwanted); i++)
		unsetenv(unwanted[i]);
	if (root[0] && (chroot(root) != 0 || chdir("/") != 0))
		_exit(127);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(127);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

bool python_start_program(struct python_run *run, const char *root, const char *const *argv)
{
	pid_t parent = getpid();
	int in[2], out[2];

	*run = (struct python_run){0};
	if (root[0])
		need_proc(root);
	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return false;
	}
	fflush(NULL);
	run->pid = fork();
	if (run->pid == 0)
		become(parent, in[0], out[1], root, argv);
	close(in[0]);
	close(out[1]);
	run->in = in[1];
	run->out = out[0];
	if (run->pid > 0)
		return true;
	close(run->in);
	close(run->out);
	run->pid = 0;
	return false;
}

bool python_start(struct python_run *run, const struct python_exe *exe, const char *script,
		  const char *const *args)
{
	const char *argv[ARGS_MAX] = {exe->path, "-u", "-c", script};
	size_t n = 4;

	for (; args && *args && n < ARGS_MAX - 1; args++)
		argv[n++] = *args;
	return python_start_program(run, exe->root, argv);
}

const char *python_line(struct python_run *run)
{
	struct pollfd p = {.fd = run->out, .events = POLLIN};

	if (run->taken)
		memmove(run->text, run->text + run->taken, run->n - run->taken);
	run->n -= run->taken;
	run->taken = 0;
	for (;;) {
		char *end = run->n ? memchr(run->text, '\n', run->n) : NULL;
		ssize_t got;

		if (end) {
			*end = '\0';
			run->taken = (size_t)(end - run->text) + 1;
			return run->text;
		}
		if (poll(&p, 1, patience_ms()) <= 0)
			return NULL;
		run->text = mem_resize(run->text, run->n + 4096, 1);
		got = read(run->out, run->text + run->n, 4096);
		if (got <= 0)
			return NULL;
		run->n += (size_t)got;
	}
}

/* One that has died is told of by the test, not by a signal that ends it. */
bool python_say(struct python_run *run, const char *text)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	size_t n = strlen(text);
	bool said = write(run->in, text, n) == (ssize_t)n;

	signal(SIGPIPE, before);
	return said;
}

const char *python_fate(const struct python_run *run)
{
	static char text[60];
	siginfo_t end = {0};

	if (waitid(P_PID, (id_t)run->pid, &end, WEXITED | WNOHANG | WNOWAIT) != 0)
		snprintf(text, sizeof(text), "unknown: %s", strerror(errno));
	else if (end.si_pid == 0)
		snprintf(text, sizeof(text), "it lives");
	else
		snprintf(text, sizeof(text), "it ended by %s %d",
			 end.si_code == CLD_EXITED ? "exit status" : "signal", end.si_status);
	return text;
}

int python_wait(struct python_run *run)
{
	int status = 0;

	if (run->pid > 0) {
		close(run->in);
		close(run->out);
		while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	free(run->text);
	*run = (struct python_run){0};
	return status;
}

int python_stop(struct python_run *run)
{
	if (run->pid > 0)
		kill(run->pid, SIGKILL);
	return python_wait(run);
}
