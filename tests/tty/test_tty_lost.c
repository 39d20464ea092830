/*
 * A screen whose terminal goes without a signal, as under a supervisor that gives it a terminal
 * which is not its controlling one: leaktop ends, whatever it shows, and leaves the target as it
 * was. Each of these turned round for ever once.
 */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../live/watching.h"
#include "await.h"

static struct tty *t;
static struct python_run target;
static struct belongings before;

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	belongings_free(&before);
	python_stop(&target);
	return 0;
}

static void start_target(void)
{
	static const char *const args[] = {"--kind", "event", "--objects", "1000", "--parent-pipe",
					   NULL};

	json_decref(watching_start_usual(&target, "workload.py", args));
	belongings_take(target.pid, &before);
}

static void assert_target_unharmed(void)
{
	struct belongings after;

	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&after);
	assert_true(watching_stopped_well(&target));
}

/* what: NULL terminated, at most 4 words behind "leaktop". */
static void start_apart(const char *const what[], const char *shown)
{
	const char *argv[6] = {watching_leaktop()};

	for (int i = 0; what[i]; i++)
		argv[i + 1] = what[i];
	t = tty_start_apart(argv, 24, 80, NULL);
	if (!t)
		SKIP("no pseudo-terminal can be had");
	await_text(t, shown);
}

/* Who goes on for ever does not come to its end: that is what is waited for. */
static void lose_it(void)
{
	int status;

	tty_hang_up(t);
	status = tty_exit_status(t, TTY_PATIENCE_MS);
	assert_int_not_equal(status, -1);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void lose_a_watch(const char *census, const char *delay)
{
	char pid[16];
	const char *const what[] = {census, delay, pid, NULL};

	start_target();
	snprintf(pid, sizeof(pid), "%d", target.pid);
	start_apart(what, "__main__.Node");
	lose_it();
	assert_target_unharmed();
}

static void a_watch_ends_and_leaves_nothing(void **state)
{
	lose_a_watch("--census=auto", "-d0.2");
}

static void a_watch_that_borrows_threads_ends_and_leaves_nothing(void **state)
{
	lose_a_watch("--census=walk", "-d0.1");
}

static void the_list_of_processes_ends(void **state)
{
	static const char *const what[] = {"-d", "0.2", NULL};

	start_apart(what, "PID");
	lose_it();
}

static void a_replay_ends(void **state)
{
	char path[4200];
	const char *dir = getenv("LT_SRCDIR");
	const char *const what[] = {"-r", path, NULL};

	snprintf(path, sizeof(path), "%s/tests/recordings/global.jsonl", dir ? dir : ".");
	start_apart(what, "REPLAY");
	lose_it();
}

/* The screen writes to no pipe, and is not ended by one that something else of it has lost. */
static void a_sigpipe_is_nothing_to_it(void **state)
{
	char pid[16];
	const char *const what[] = {"-d", "0.2", pid, NULL};

	start_target();
	snprintf(pid, sizeof(pid), "%d", target.pid);
	start_apart(what, "__main__.Node");
	kill(tty_pid(t), SIGPIPE);
	tty_key(t, "h");
	await_text(t, "keys and marks");
	tty_key(t, "q");
	await_exit(t, 0);
	assert_target_unharmed();
}

int main(void)
{
#define TEST(test) cmocka_unit_test_teardown(test, end)
	const struct CMUnitTest tests[] = {
		TEST(a_watch_ends_and_leaves_nothing),
		TEST(a_watch_that_borrows_threads_ends_and_leaves_nothing),
		TEST(the_list_of_processes_ends),
		TEST(a_replay_ends),
		TEST(a_sigpipe_is_nothing_to_it),
	};
	int failed = cmocka_run_group_tests_name("tty_lost", tests, NULL, NULL);

	watching_clean();
	return failed;
}
