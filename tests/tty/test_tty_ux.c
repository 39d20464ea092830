/*
 * leaktop in a real terminal, around the table: choosing a process, the report, the clipboard, and
 * what it does when its process is started anew.
 */
#include "config.h"
#include "../unit/test.h"

#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../live/watching.h"
#include "await.h"
#include "tty.h"
#include "util/buf.h"
#include "util/io.h"

#define HEAD " VERDICT"			/* of the table */

static struct tty *t;
static struct python_run target;
static char dir[4200];			/* for files of leaktop; the test's own */

static int begin(void **state)
{
	const char *build = getenv("LT_BUILDDIR");

	snprintf(dir, sizeof(dir), "%s/ux-XXXXXX", build ? build : ".");
	return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
	char all[4300];
	glob_t found = {0};

	tty_free(t);
	t = NULL;
	python_stop(&target);
	snprintf(all, sizeof(all), "%s/*", dir);
	if (glob(all, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)remove(found.gl_pathv[i]);
	globfree(&found);
	(void)rmdir(dir);
	return 0;
}

/* `leaktop args` with dir as its current directory. */
static void start_leaktop(const char *args, const char *const *env)
{
	char command[9000];
	const char *const argv[] = {"sh", "-c", command, NULL};

	snprintf(command, sizeof(command), "cd '%s' && exec '%s' %s", dir, watching_leaktop(),
		 args);
	t = await_terminal(argv, 24, 80, env);
}

static void start_target(void)
{
	static const char *const args[] = {"--kind", "event", "--objects", "1000", "--parent-pipe",
					   NULL};

	json_decref(watching_start_usual(&target, "workload.py", args));
}

static void start_leaktop_on_target(const char *options, const char *const *env)
{
	char args[64];

	snprintf(args, sizeof(args), "%s -p %d", options, target.pid);
	start_leaktop(args, env);
}

static void watch_target(const char *const *env)
{
	start_target();
	start_leaktop_on_target("-d 0.3", env);
}

static void expect(const char *text)
{
	await_text(t, text);
}

static void expect_exit(int status)
{
	await_exit(t, status);
}

/* ---- the list of processes ---------------------------------------------------------------- */

static void choose_target(void)
{
	char text[64];

	start_target();
	start_leaktop("-d 0.3", NULL);
	expect("which Python process?");
	snprintf(text, sizeof(text), "f^%d \r", target.pid);
	tty_key(t, text);
	snprintf(text, sizeof(text), "Enter watches %d", target.pid);
	expect(text);
}

static void without_a_pid_one_is_chosen_from_a_list(void **state)
{
	char text[32];

	choose_target();
	tty_key(t, "\r");
	expect(HEAD);
	snprintf(text, sizeof(text), "leaktop %d python", target.pid);
	expect(text);
	tty_key(t, "q");
	expect_exit(0);
}

static void q_leaves_the_list_and_esc_does_not(void **state)
{
	char text[64];

	choose_target();
	snprintf(text, sizeof(text), "filter: ^%d", target.pid);
	expect(text);				/* where it is the only one it was chosen before */
	tty_key(t, "\x1b");			/* the filter goes */
	assert_true(tty_wait_gone(t, text, TTY_PATIENCE_MS));
	tty_key(t, "h");
	expect("keys and marks");
	tty_key(t, "\x1b");
	expect("which Python process?");
	tty_key(t, "\x1b");
	tty_key(t, "qq");			/* right behind Esc the first is Alt-q: no key */
	expect_exit(0);
}

static void the_list_survives_a_resize_and_sigterm_restores_the_terminal(void **state)
{
	choose_target();
	tty_resize(t, 10, 40);
	expect("which Python process?");
	kill(tty_pid(t), SIGTERM);
	expect_exit(128 + SIGTERM);
}

static void a_list_that_nobody_can_choose_from_is_printed(void **state)
{
	char text[64];

	start_target();
	snprintf(text, sizeof(text), "| grep '^ *%d '", target.pid);
	start_leaktop(text, NULL);
	expect("which one? leaktop -p PID");
	snprintf(text, sizeof(text), "%7d ", target.pid);
	expect(text);
}

/* ---- report and clipboard ------------------------------------------------------------------ */

static void w_writes_the_screen_and_names_the_file(void **state)
{
	struct buf b = {0};
	glob_t found = {0};
	char text[4300];

	watch_target(NULL);
	expect("__main__.Node");
	tty_key(t, "w");
	expect("wrote leaktop-");
	snprintf(text, sizeof(text), "%s/leaktop-%d-*.txt", dir, target.pid);
	assert_int_equal(glob(text, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_int_equal(io_read_file(found.gl_pathv[0], 1 << 20, &b), 0);
	assert_non_null(strstr(buf_text(&b), HEAD));
	assert_non_null(strstr(buf_text(&b), "__main__.Node"));
	globfree(&found);
	snprintf(text, sizeof(text), "%s/leaktop-%d-*.jsonl", dir, target.pid);
	assert_int_equal(glob(text, 0, NULL, &found), 0);
	globfree(&found);
	buf_done(&b);
	tty_key(t, "q");
	expect_exit(0);
}

static void y_sends_the_name_to_a_terminal_that_has_a_clipboard(void **state)
{
	watch_target(NULL);
	expect("__main__.Node");
	tty_key(t, "/__main__.Node\ry");
	expect("sent to the clipboard: __main__.Node");
	tty_key(t, "q");
	expect_exit(0);
}

static void y_shows_the_name_where_the_terminal_has_none(void **state)
{
	static const char *const env[] = {"TERM=linux", NULL};

	watch_target(env);
	expect("__main__.Node");
	tty_key(t, "/__main__.Node\ry");
	expect("select it here");
	await_row(t, 2, "__main__.Node");
	tty_key(t, "j");
	expect(HEAD);
	tty_key(t, "q");			/* this terminal has no second screen to leave */
	assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void w_in_capitals_writes_what_the_keys_have_set(void **state)
{
	char variable[4400], path[4300];
	const char *const env[] = {variable, NULL};
	struct buf b = {0};

	snprintf(path, sizeof(path), "%s/settings", dir);
	snprintf(variable, sizeof(variable), "LEAKTOPRC=%s", path);
	watch_target(env);
	expect("__main__.Node");
	tty_key(t, "M");
	expect("sort: size");
	tty_key(t, "W");
	expect("settings written to");
	assert_int_equal(io_read_file(path, 1 << 16, &b), 0);
	assert_non_null(strstr(buf_text(&b), "\nsort = size\n"));
	assert_non_null(strstr(buf_text(&b), "\ndelay = 0.3\n"));
	assert_non_null(strstr(buf_text(&b), "\ncolor = yes\n"));
	buf_done(&b);
	tty_key(t, "q");
	expect_exit(0);
	tty_free(t);
	start_leaktop_on_target("", env);
	expect("sort: size");
	tty_key(t, "q");
	expect_exit(0);
}

static void a_wrong_setting_is_told_on_the_screen(void **state)
{
	char variable[4400], path[4300];
	const char *const env[] = {variable, NULL};
	FILE *f;

	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(variable, sizeof(variable), "LEAKTOPRC=%s", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("delay = soon\n", f);
	assert_int_equal(fclose(f), 0);
	start_target();
	start_leaktop_on_target("--config s", env);
	expect("s:1: the delay is 0.1 to 3600 seconds");
	tty_key(t, "q");
	expect_exit(0);
}

/* ---- the mouse ------------------------------------------------------------------------------- */

static bool cursor_is_on(struct tty *tty, void *arg)
{
	int row, col;

	tty_cursor(tty, &row, &col);
	return row == *(int *)arg;
}

/* A press and a release of the left button as xterm tells them; rows and columns from 1. */
static void click(int row, int col)
{
	char report[64];

	snprintf(report, sizeof(report), "\x1b[<0;%d;%dM\x1b[<0;%d;%dm", col + 1, row + 1, col + 1,
		 row + 1);
	tty_key(t, report);
}

static void a_click_selects_and_sorts_once_the_mouse_is_on(void **state)
{
	int head, row;

	watch_target(NULL);
	expect("__main__.Node");
	expect(HEAD);
	head = tty_find(t, HEAD);
	row = head + 3;
	click(row, 20);				/* off: dropped */
	tty_key(t, "m");
	expect("mouse on");
	assert_false(cursor_is_on(t, &row));
	click(row, 20);
	assert_true(tty_wait_until(t, cursor_is_on, &row, TTY_PATIENCE_MS));
	click(head, 11);
	expect("sort: name");
	tty_key(t, "q");
	expect_exit(0);
}

static void the_option_switches_the_mouse_on(void **state)
{
	int row;

	start_target();
	start_leaktop_on_target("-d 0.3 --mouse", NULL);
	expect("__main__.Node");
	row = tty_find(t, HEAD) + 2;
	click(row, 20);
	assert_true(tty_wait_until(t, cursor_is_on, &row, TTY_PATIENCE_MS));
	tty_key(t, "q");
	expect_exit(0);
}

/* ---- a new process for the old one --------------------------------------------------------- */

static void a_successor_is_offered_and_r_watches_it(void **state)
{
	char text[80];
	pid_t first;

	watch_target(NULL);
	expect("__main__.Node");
	tty_key(t, "f__main__\r");
	expect("filter: __main__");
	first = target.pid;
	python_stop(&target);
	expect("target ended");
	tty_key(t, "r");				/* nothing to watch yet */
	start_target();
	snprintf(text, sizeof(text), "%d runs the same command: r watches it", target.pid);
	expect(text);
	expect("__main__.Node");			/* the last screen is kept */
	tty_key(t, "r");
	snprintf(text, sizeof(text), "leaktop %d python", target.pid);
	expect(text);
	expect("filter: __main__");
	expect("__main__.Node");
	assert_true(tty_wait_gone(t, "runs the same command", TTY_PATIENCE_MS));
	assert_int_not_equal(first, target.pid);
	tty_key(t, "q");
	expect_exit(0);
}

static void a_successor_that_ends_is_offered_no_more(void **state)
{
	watch_target(NULL);
	expect("__main__.Node");
	python_stop(&target);
	expect("target ended");
	start_target();
	expect("runs the same command");
	python_stop(&target);
	expect("target ended");
	assert_true(tty_wait_gone(t, "runs the same command", TTY_PATIENCE_MS));
	tty_key(t, "q");
	expect_exit(0);
}

#define ON_TTY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TTY(without_a_pid_one_is_chosen_from_a_list),
		ON_TTY(q_leaves_the_list_and_esc_does_not),
		ON_TTY(the_list_survives_a_resize_and_sigterm_restores_the_terminal),
		ON_TTY(a_list_that_nobody_can_choose_from_is_printed),
		ON_TTY(w_writes_the_screen_and_names_the_file),
		ON_TTY(y_sends_the_name_to_a_terminal_that_has_a_clipboard),
		ON_TTY(y_shows_the_name_where_the_terminal_has_none),
		ON_TTY(w_in_capitals_writes_what_the_keys_have_set),
		ON_TTY(a_wrong_setting_is_told_on_the_screen),
		ON_TTY(a_click_selects_and_sorts_once_the_mouse_is_on),
		ON_TTY(the_option_switches_the_mouse_on),
		ON_TTY(a_successor_is_offered_and_r_watches_it),
		ON_TTY(a_successor_that_ends_is_offered_no_more),
	};
	int failed = cmocka_run_group_tests_name("leaktop around the table", tests, NULL, NULL);

	watching_clean();
	return failed;
}
