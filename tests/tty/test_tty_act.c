/* The only key that acts on the target, in a real terminal: asked, done, told and recorded. */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../live/watching.h"
#include "restored.h"
#include "tty.h"
#include "util/buf.h"
#include "util/io.h"

#define CYCLES 500		/* that are made */

static struct tty *t;
static struct python_run target;
static struct belongings before;
static char file[4200];			/* the recording; the test's own */

static int begin(void **state)
{
	const char *build = getenv("LT_BUILDDIR");

	snprintf(file, sizeof(file), "%s/act-%d.jsonl", build ? build : ".", (int)getpid());
	return 0;
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	python_stop(&target);
	belongings_free(&before);
	(void)unlink(file);
	return 0;
}

static void expect(const char *text)
{
	if (tty_wait_for(t, text, TTY_PATIENCE_MS))
		return;
	printf("# expected: %s\n", text);
	tty_print(t);
	fail();
}

static void expect_gone(const char *text)
{
	assert_true(tty_wait_gone(t, text, TTY_PATIENCE_MS));
}

/* Its garbage, and what it says of itself then. */
static void start_target(const char *pause)
{
	const struct python_exe *exe = pythons_usual();
	const char *dir = getenv("LT_SRCDIR"), *args[] = {pause, NULL}, *line;
	struct buf script = {0};
	char path[512];
	bool started;

	watching_need_permission();
	if (!exe)
		SKIP("no Python was found");
	snprintf(path, sizeof(path), "%s/tests/harm/collected.py", dir ? dir : ".");
	assert_int_equal(io_read_file(path, 1 << 16, &script), 0);
	started = python_start(&target, exe, buf_text(&script), args);
	buf_done(&script);
	assert_true(started);
	assert_string_equal(python_line(&target), "ready");
	assert_true(python_say(&target, "make 500\n"));
	line = python_line(&target);
	assert_non_null(line);
	assert_non_null(strstr(line, "full=0 main=0 "));
	belongings_take(target.pid, &before);
}

static void start_leaktop(const char *option, const char *value)
{
	const char *build = getenv("LT_BUILDDIR");
	char path[4200], pid[16];
	const char *const argv[] = {path, "-d", "0.5", "-p", pid, option, value, NULL};

	snprintf(path, sizeof(path), "%s/leaktop", build ? build : ".");
	snprintf(pid, sizeof(pid), "%d", target.pid);
	t = tty_start(argv, 24, 100, NULL);
	if (!t)
		SKIP("no pseudo-terminal can be had");
	expect("__main__.Node");
}

static void quit(void)
{
	struct belongings after;
	int status;

	tty_key(t, "q");
	status = tty_exit_status(t, TTY_PATIENCE_MS);
	assert_true(status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_restored(t);
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&after);
}

static void assert_state(const char *begins)
{
	const char *line;

	assert_true(python_say(&target, "state\n"));
	line = python_line(&target);
	assert_non_null(line);
	if (strncmp(line, begins, strlen(begins)) != 0)
		printf("# %s\n", line);
	assert_int_equal(strncmp(line, begins, strlen(begins)), 0);
}

/* The one line of its kind in the recording. */
static json_t *recorded(void)
{
	struct buf text = {0};
	json_t *found = NULL;
	char *line, *save = NULL;

	assert_int_equal(io_read_file(file, 64 << 20, &text), 0);
	for (line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(line, "\"kind\":\"collect\""))
			continue;
		assert_null(found);
		found = json_loads(line, 0, NULL);
	}
	buf_done(&text);
	return found;
}

static json_int_t before_less_after(const json_t *line, const char *key)
{
	const json_t *pair = json_object_get(line, key);

	assert_true(json_is_integer(json_object_get(pair, "before")));
	assert_true(json_is_integer(json_object_get(pair, "after")));
	return json_integer_value(json_object_get(pair, "before")) -
	       json_integer_value(json_object_get(pair, "after"));
}

static void y_collects_and_tells_before_and_after(void **state)
{
	json_t *line;

	start_target("0.05");
	start_leaktop("-w", file);
	tty_key(t, "!");
	expect("do it now");
	expect("and as long as finalizers take");
	tty_key(t, "y");
	expect(" objects; RSS ");		/* the counts that came before and after */
	assert_true(tty_find(t, "gc.collect(): ") >= 0);
	assert_true(tty_find(t, " unreachable in ") >= 0);
	tty_key(t, "j");
	expect_gone(" unreachable in ");
	assert_state("full=1 main=500 other=0 ");
	quit();
	line = recorded();
	assert_non_null(line);
	assert_true(json_integer_value(json_object_get(line, "unreachable")) >= CYCLES);
	assert_true(json_integer_value(json_object_get(line, "took_us")) > 0);
	assert_true(before_less_after(line, "objects") > CYCLES / 2);	/* others come and go */
	(void)before_less_after(line, "rss");
	json_decref(line);
}

static void anything_else_does_not(void **state)
{
	start_target("0.05");
	start_leaktop("-w", file);
	for (const char *key = "nY!q\r"; *key; key++) {
		const char one[] = {*key, '\0'};

		if (*key == 'q')		/* quits anywhere */
			continue;
		tty_key(t, "!");
		expect("do it now");
		tty_key(t, one);
		expect_gone("do it now");
	}
	assert_state("full=0 main=0 ");
	quit();
	assert_null(recorded());
}

static void readonly_says_that_it_is_so(void **state)
{
	start_target("0.05");
	start_leaktop("--readonly", NULL);
	tty_key(t, "!");
	expect("leaktop was started with --readonly.");
	tty_key(t, "y");
	expect_gone("leaktop was started with --readonly.");
	assert_state("full=0 main=0 ");
	quit();
}

/* Nobody is asked who would not answer; and who quits meanwhile leaves nothing behind. */
static void a_main_thread_that_sleeps_is_waited_for_and_left_alone(void **state)
{
	start_target("long");
	start_leaktop("-w", file);
	tty_key(t, "!");
	expect("do it now");
	tty_key(t, "y");
	expect("waiting for the main thread");
	quit();
	assert_null(recorded());
	assert_state("full=0 main=0 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(y_collects_and_tells_before_and_after, begin, end),
		cmocka_unit_test_setup_teardown(anything_else_does_not, begin, end),
		cmocka_unit_test_setup_teardown(readonly_says_that_it_is_so, begin, end),
		cmocka_unit_test_setup_teardown(
			a_main_thread_that_sleeps_is_waited_for_and_left_alone, begin, end),
	};

	return cmocka_run_group_tests_name("act", tests, NULL, NULL);
}
