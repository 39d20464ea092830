/* leaktop on a screen while it records: a disk that is full, a kill, a baseline, and the replay. */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../live/watching.h"
#include "restored.h"
#include "tty.h"

static struct tty *t;
static struct python_run target;
static char path[4200];

static int begin(void **state)
{
	const char *build = getenv("LT_BUILDDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/recorded-XXXXXX", build ? build : ".");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	python_stop(&target);
	unlink(path);
	return 0;
}

static void expect(const char *text)
{
	if (tty_wait_for(t, text, TTY_PATIENCE_MS))
		return;
	tty_print(t);
	printf("# expected on the screen: %s\n", text);
	fflush(stdout);
	fail();
}

/* `leaktop args` in a shell, after `before`. */
static void start(const char *before, const char *args)
{
	const char *build = getenv("LT_BUILDDIR");
	char command[9000];
	const char *const argv[] = {"sh", "-c", command, NULL};

	snprintf(command, sizeof(command), "%s exec '%s/leaktop' %s", before, build ? build : ".",
		 args);
	t = tty_start(argv, 24, 120, NULL);
	if (!t)
		SKIP("no pseudo-terminal can be had");
}

static void record(const char *before)
{
	static const char *const args[] = {"--kind", "event", "--objects", "1000", "--parent-pipe",
					   NULL};
	const struct python_exe *exe = pythons_usual();
	char line[4400];
	json_t *ready;

	watching_need_permission();
	if (!exe)
		SKIP("no Python was found");
	ready = watching_start(&target, exe, "workload.py", args);
	assert_non_null(ready);
	json_decref(ready);
	snprintf(line, sizeof(line), "-d 0.2 -w '%s' -p %d", path, target.pid);
	start(before, line);
}

static void replay(void)
{
	char line[4400];

	tty_free(t);
	snprintf(line, sizeof(line), "-r '%s'", path);
	start("", line);
}

static bool has_lines(struct tty *tty, void *arg)
{
	return watching_lines(path) >= *(const int *)arg;
}

static void leave(int status)
{
	int got;

	tty_key(t, "q");
	got = tty_exit_status(t, TTY_PATIENCE_MS);
	assert_true(WIFEXITED(got));
	assert_int_equal(WEXITSTATUS(got), status);
	assert_restored(t);
}

/* A limit of the shell's stands for the disk: it is there on every machine and for every user. */
static void a_full_disk_is_told_and_the_screen_goes_on(void **state)
{
	int n;

	record("ulimit -f 64;");
	expect("NOT RECORDING to ");
	n = watching_lines(path);
	assert_true(n >= 2);
	tty_key(t, "b");
	expect(" lost");
	tty_key(t, "h");			/* keys are answered, samples are taken */
	expect("keys and marks");
	tty_key(t, "\x1b");
	assert_true(tty_wait_gone(t, "keys and marks", TTY_PATIENCE_MS));
	expect("NOT RECORDING to ");
	leave(0);
	assert_true(watching_lines(path) >= n);
	replay();
	tty_key(t, "\x1b[F");
	expect(" end");
	leave(0);
}

static void a_killed_recording_plays_up_to_its_last_sample(void **state)
{
	int five = 5;

	record("");
	expect("recording to ");
	assert_true(tty_wait_until(t, has_lines, &five, TTY_PATIENCE_MS));
	kill(tty_pid(t), SIGKILL);
	assert_int_not_equal(tty_exit_status(t, TTY_PATIENCE_MS), -1);
	replay();
	tty_key(t, "\x1b[F");
	expect(" end");
	expect(" VERDICT");
	leave(0);
}

/* "14:02:11" of the title's "base 14:02:11 +12s"; "" where there is none. */
static const char *base_of(struct tty *tty)
{
	static char clock[16];
	const char *at = strstr(tty_row(tty, 0), "base ");

	snprintf(clock, sizeof(clock), "%.8s", at ? at + 5 : "");
	return clock;
}

static bool has_another_base(struct tty *tty, void *first)
{
	const char *now = base_of(tty);

	return strlen(now) == 8 && strcmp(now, first) != 0;
}

static void a_baseline_that_was_set_is_set_in_the_replay_too(void **state)
{
	char first[16], base[40];
	int more = 15;				/* 2.8 s at least: another second */

	record("");
	expect("samples ");
	assert_true(tty_wait_until(t, has_lines, &more, TTY_PATIENCE_MS));
	snprintf(first, sizeof(first), "%s", base_of(t));
	assert_int_equal(strlen(first), 8);
	tty_key(t, "b");
	assert_true(tty_wait_until(t, has_another_base, first, TTY_PATIENCE_MS));
	snprintf(base, sizeof(base), "base %s", base_of(t));
	more = watching_lines(path) + 3;
	assert_true(tty_wait_until(t, has_lines, &more, TTY_PATIENCE_MS));
	leave(0);
	replay();
	tty_key(t, "\x1b[F");
	expect(" end");
	expect(base);
	leave(0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(a_full_disk_is_told_and_the_screen_goes_on),
		T(a_baseline_that_was_set_is_set_in_the_replay_too),
		T(a_killed_recording_plays_up_to_its_last_sample),
	};
	int failed = cmocka_run_group_tests_name("recording on a screen", tests, NULL, NULL);

	watching_clean();
	return failed;
}
