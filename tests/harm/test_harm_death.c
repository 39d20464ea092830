/*
 * leaktop dies: by SIGKILL at each step of a borrowing, and at any time. Real Pythons that check
 * their own results must not notice, must not stay stopped, and must be watchable afterwards.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "inject/fault.h"
#include "proc/maps.h"
#include "util/clock.h"

#define KILLS 20
#define SOON_NS 3000000		/* how long a borrowing takes, about */
#define LATER_NS 60000000	/* how long leaktop takes, about */

/* A sanitizer's search for leaks has a child as well, and waits for it for ever if it is killed. */
#define NO_OTHER_CHILD "ASAN_OPTIONS=detect_leaks=0"

struct target {
	const char *python, *kind;
	struct harm_program program;
	struct status before;
	size_t pages;		/* of executable memory without a file */
};

static size_t count_pages(pid_t pid)
{
	struct maps maps = {0};
	size_t n = 0;

	assert_int_equal(maps_read(pid, &maps, NULL), LT_OK);
	for (size_t i = 0; i < maps.n; i++)
		if (maps.list[i].exec && maps.list[i].path[0] == '\0')
			n += (maps.list[i].end - maps.list[i].start) / 4096;
	maps_done(&maps);
	return n;
}

static pid_t running;		/* the target, for a test that fails in the middle */

static int clean_up(void **state)
{
	harm_end(running);
	running = 0;
	return 0;
}

static struct target begin(const char *python, const char *kind)
{
	struct target t = {.python = python, .kind = kind, .program = harm_python(python, kind)};
	const char *line = harm_line(&t.program);

	running = t.program.pid;
	assert_non_null(line);
	assert_string_equal(line, "ready");
	t.before = harm_status(t.program.pid);
	t.pages = count_pages(t.program.pid);
	return t;
}

static void end(struct target *t)
{
	const char *line;
	int status;

	kill(t->program.pid, SIGTERM);
	line = harm_line(&t->program);
	printf("# %s %s: %s\n", t->python, t->kind, line ? line : "has died");
	assert_non_null(line);
	assert_true(strncmp(line, "ok ", 3) == 0);
	running = 0;
	status = harm_reap(t->program.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(t->program.out);
	close(t->program.err);
}

/* A call that outlives leaktop ends by itself and gives the mask back. */
static bool has_its_mask(void *arg)
{
	const struct target *t = arg;

	return harm_status(t->program.pid).sig_blocked == t->before.sig_blocked;
}

static void assert_unharmed(struct target *t)
{
	struct status now;

	assert_true(harm_wait_free(t->program.pid));
	assert_true(harm_wait(has_its_mask, t));
	now = harm_status(t->program.pid);
	assert_int_equal(now.sig_ignored, t->before.sig_ignored);
	assert_int_equal(now.sig_caught, t->before.sig_caught);
	assert_int_equal(now.threads, t->before.threads);
	assert_true(harm_sample(t->program.pid));
}

/* ---- at every step ---------------------------------------------------------------------- */

static void die_at_every_step(struct target *t)
{
	for (int point = 0; point < FAULT_COUNT; point++) {
		char fault[64], pid[16];
		const char *args[] = {"-b", "-f", "jsonl", "-n", "1", pid, NULL};
		struct harm_result r;

		snprintf(fault, sizeof(fault), "LEAKTOP_FAULT=%s", fault_name(point));
		snprintf(pid, sizeof(pid), "%d", t->program.pid);
		harm_leaktop(args, fault, 0, &r);
		if (r.exit_status > 1)
			printf("# %s %s: leaktop ended with %d after the fault %s: %s\n", t->python,
			       t->kind, r.exit_status, fault_name(point), r.err);
		assert_true(r.exit_status <= 1);
		assert_unharmed(t);
	}
}

/* ---- at any time ------------------------------------------------------------------------ */

/* The first of its children, 0: none; *ret_n: how many, up to 2. */
static pid_t child_of(pid_t pid, int *ret_n)
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
		*ret_n = n;
	return n > 0 ? child : 0;
}

struct watcher {
	pid_t pid;
	bool ended;
	pid_t child;
};

static bool has_child_or_ended(void *arg)
{
	struct watcher *w = arg;
	siginfo_t info = {0};

	w->child = child_of(w->pid, NULL);
	w->ended = waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		   info.si_pid == w->pid;
	return w->child || w->ended;
}

/* Orphans come to us, the subreaper: waits until only the target is left. */
static bool only_target_is_left(void *arg)
{
	const struct target *t = arg;
	siginfo_t info = {0};
	int n;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid &&
	       info.si_pid != t->program.pid)
		waitpid(info.si_pid, NULL, 0);
	return child_of(getpid(), &n) == t->program.pid && n == 1;
}

/* What dies: leaktop, its borrower, or both. */
static void kill_some(struct watcher *w, int which)
{
	w->child = child_of(w->pid, NULL);
	if (which == 0 || !w->child)
		kill(w->pid, SIGKILL);
	else if (which == 1)
		kill(w->child, SIGKILL);
	else
		kill(w->pid, SIGKILL), kill(w->child, SIGKILL);
}

static void die_at_any_time(struct target *t, uint64_t seed)
{
	int kills = harm_setting("LT_HARM_KILLS", KILLS);

	for (int i = 0; i < kills; i++) {
		char pid[16];
		const char *args[] = {"-b", "-f", "jsonl", "-n", "1", pid, NULL};
		struct harm_program leaktop;
		struct watcher w = {0};
		bool soon = i % 2;

		snprintf(pid, sizeof(pid), "%d", t->program.pid);
		leaktop = harm_leaktop_start(args, NO_OTHER_CHILD, 0);
		w.pid = leaktop.pid;
		if (soon)
			assert_true(harm_wait(has_child_or_ended, &w));
		clock_sleep_ns((int64_t)(harm_random(&seed) % (soon ? SOON_NS : LATER_NS)));
		kill_some(&w, i % 3);
		close(leaktop.out);
		close(leaktop.err);
		assert_true(harm_wait(only_target_is_left, t));
		assert_unharmed(t);
	}
}

/* ---- the tests -------------------------------------------------------------------------- */

static void walk_pythons(const char *kind)
{
	const char *python;
	size_t n = 0;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	while ((python = harm_next_python(n)) != NULL) {
		struct target t = begin(python, kind);
		size_t left;

		die_at_every_step(&t);
		die_at_any_time(&t, ++n);
		left = count_pages(t.program.pid) - t.pages;
		printf("# pages of code left by killed leaktops: %zu\n", left);
		end(&t);
	}
	if (n == 0)
		SKIP("there is no Python here");
}

static void a_sleeping_python_survives_the_death_of_leaktop(void **state)
{
	walk_pythons("idle");
}

static void a_python_in_epoll_survives_the_death_of_leaktop(void **state)
{
	walk_pythons("epoll");
}

static void an_accepting_python_survives_the_death_of_leaktop(void **state)
{
	walk_pythons("accept");
}

static void a_busy_python_survives_the_death_of_leaktop(void **state)
{
	walk_pythons("busy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_sleeping_python_survives_the_death_of_leaktop,
					  clean_up),
		cmocka_unit_test_teardown(a_python_in_epoll_survives_the_death_of_leaktop,
					  clean_up),
		cmocka_unit_test_teardown(an_accepting_python_survives_the_death_of_leaktop,
					  clean_up),
		cmocka_unit_test_teardown(a_busy_python_survives_the_death_of_leaktop,
					  clean_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
