/*
 * A replay in a real terminal with real keys, on a recording that the test makes: 40 samples, one a
 * second from 14:00:01 UTC on, in which Connection gains ten objects each.
 */
#include "config.h"
#include "../unit/test.h"

#include <ctype.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"
#include "restored.h"
#include "tty.h"
#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"

#define SAMPLES 40
#define FIRST_T 1764079201		/* 2025-11-25 14:00:01 UTC */

#define COLLECTED 25		/* behind this sample, in one test */

static const char collected[] =
	"{\"v\":1,\"kind\":\"collect\",\"t\":1764079225,\"pid\":4242,\"unreachable\":1234,"
	"\"took_us\":310000,\"objects\":{\"before\":9000,\"after\":7766},"
	"\"rss\":{\"before\":104857600,\"after\":73400320}}\n";

static struct tty *t;
static char path[64];
static struct buf recording;

static void write_recording(void)
{
	int fd = mkstemp(strcpy(path, "/tmp/leaktop-tty-replay-XXXXXX"));

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, recording.data, recording.len), 0);
	close(fd);
}

static void make_recording(bool collects)
{
	buf_printf(&recording, "{\"v\":1,\"kind\":\"attach\",\"t\":%d,\"pid\":4242,"
		   "\"python\":\"3.12.1\",\"command\":\"python3 api.py\",\"started\":%d}\n",
		   FIRST_T, FIRST_T - 100);
	for (int i = 0; i < SAMPLES; i++) {
		buf_printf(&recording, "{\"v\":1,\"kind\":\"sample\",\"t\":%d,\"seq\":%d,"
			   "\"mono_us\":%d000000,\"memory\":{\"rss\":%d},\"objects\":1000,"
			   "\"census\":{\"by\":\"scan\"},\"types\":[{\"type\":\"app.Connection\","
			   "\"count\":%d,\"bytes\":%d},{\"type\":\"dict\",\"count\":500,"
			   "\"bytes\":50000}]}\n", FIRST_T + i, i + 1, 100 + i,
			   (50 + i) << 20, 1000 + 10 * i, 64000 + 640 * i);
		if (collects && i + 1 == COLLECTED)
			buf_puts(&recording, collected);
	}
}

static int begin(void **state)
{
	make_recording(false);
	return 0;
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	buf_done(&recording);
	unlink(path);
	return 0;
}

static void expect(const char *text)
{
	await_text(t, text);
}

static void replay(int rows, int cols)
{
	static char leaktop[4096];
	const char *dir = getenv("LT_BUILDDIR");
	const char *const argv[] = {leaktop, "-r", path, NULL};

	write_recording();
	snprintf(leaktop, sizeof(leaktop), "%s/leaktop", dir ? dir : ".");
	t = await_terminal(argv, rows, cols, NULL);
	expect("REPLAY 2025-11-25 14:00:");
}

static void it_plays_by_itself_to_the_end_and_stays_there(void **state)
{
	replay(24, 80);
	for (int i = 0; i < 6; i++)
		tty_key(t, "+");
	expect("14:00:40 40/40 end");
	expect("+390");
	expect("leaktop 4242");
	tty_key(t, "q");
	assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
	assert_restored(t);
}

static void end_and_home_go_to_the_ends(void **state)
{
	replay(24, 80);
	tty_key(t, "\x1b[F");
	expect("14:00:40 40/40 end");
	expect("1 390");
	tty_key(t, "\x1b[H");
	expect("14:00:01 1/40 stopped");
	expect("1 000");
}

static void t_is_one_sample_forward_and_T_one_back(void **state)
{
	replay(24, 80);
	tty_key(t, "\x1b[H");
	expect("14:00:01 1/40 stopped");
	tty_key(t, "ttt");
	expect("14:00:04 4/40 stopped");
	expect("1 030");
	tty_key(t, "T");
	expect("14:00:03 3/40 stopped");
	expect("1 020");
	tty_key(t, "TTTTTT");
	expect("14:00:01 1/40 stopped");
}

static void J_goes_to_a_time(void **state)
{
	replay(24, 80);
	tty_key(t, "J");
	expect("jump to");
	tty_key(t, "14:00:20\r");
	expect("14:00:20 20/40 stopped");
	tty_key(t, "J-5s\r");
	expect("14:00:15 15/40 stopped");
	tty_key(t, "J+1m\r");
	expect("14:00:40 40/40 end");
	tty_key(t, "Jsoon\r");
	expect("not a time: soon");
}

/* At the third sample or behind it: no moment of it need be seen. */
static bool plays_on(struct tty *tty, void *unused)
{
	int row = tty_find(tty, "/40 x1");
	const char *text = row < 0 ? "" : tty_row(tty, row), *at = strstr(text, "/40 x1");

	while (at && at > text && isdigit((unsigned char)at[-1]))
		at--;
	return at && atoi(at) >= 3;
}

static void p_stops_and_plays_on(void **state)
{
	replay(24, 80);
	tty_key(t, "\x1b[H");
	expect("1/40 stopped");
	tty_key(t, "p");
	await_that(t, plays_on, NULL, "the third sample");
	tty_key(t, "p");
	expect("/40 stopped");
}

static void a_baseline_is_kept_when_it_goes_back_and_forth(void **state)
{
	replay(24, 80);
	tty_key(t, "J14:00:20\r");
	expect("20/40 stopped");
	tty_key(t, "b");
	tty_key(t, "\x1b[F");
	expect("40/40 end");
	expect("+200");
	tty_key(t, "\x1b[H");
	expect("1/40 stopped");
	tty_key(t, "\x1b[F");
	expect("40/40 end");
	expect("+200");
}

static void what_a_collection_came_to_is_told_where_it_was(void **state)
{
	static const char said[] =
		"gc.collect(): 1 234 unreachable in 0.31s; 9 000 -> 7 766 objects; "
		"RSS 100.0M -> 70.0M";

	buf_done(&recording);
	make_recording(true);
	replay(24, 120);
	tty_key(t, "J14:00:24\r");
	expect("24/40 stopped");
	assert_int_equal(tty_find(t, "gc.collect()"), -1);
	tty_key(t, "t");
	expect(said);
	tty_key(t, "t");
	expect("26/40 stopped");
	assert_int_equal(tty_find(t, "gc.collect()"), -1);
	tty_key(t, "T");
	expect(said);
	tty_key(t, "\x1b[F");
	expect("40/40 end");
	assert_int_equal(tty_find(t, "gc.collect()"), -1);
	tty_key(t, "\x1b[H");
	expect("1/40 stopped");
	for (int i = 0; i < 6; i++)
		tty_key(t, "+");
	tty_key(t, "p");
	expect(said);			/* played past it */
	tty_key(t, "j");
	expect("/40 ");
	assert_int_equal(tty_find(t, "gc.collect()"), -1);
}

static void order_and_filter_stay_when_it_goes_back(void **state)
{
	replay(24, 80);
	tty_key(t, "\x1b[F");
	expect("40/40 end");
	tty_key(t, "fConn\r");
	expect("filter: Conn");
	tty_key(t, "T");
	expect("39/40 stopped");
	expect("filter: Conn");
}

static void what_a_replay_on_a_screen_has_no_use_for_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{"-n 3", "end a replay in batch only: add -b"},
		{"--duration 1m", "end a replay in batch only: add -b"},
		{"--listen 127.0.0.1:0", "--listen serves a process, not -r"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char command[4300];
		const char *const argv[] = {"sh", "-c", command, NULL};
		const char *dir = getenv("LT_BUILDDIR");
		int got;

		snprintf(command, sizeof(command), "exec '%s/leaktop' -r x %s", dir ? dir : ".",
			 cases[i][0]);
		t = tty_start(argv, 24, 120, NULL);
		if (!t)
			SKIP("no pseudo-terminal can be had");
		expect(cases[i][1]);
		got = tty_exit_status(t, TTY_PATIENCE_MS);
		assert_true(WIFEXITED(got));
		assert_int_equal(WEXITSTATUS(got), 2);
		tty_free(t);
		t = NULL;
	}
}

/* Nobody reads while keys are typed: the line is full, and what it did not take comes later. */
static void what_a_full_line_did_not_take_is_drawn_once_it_does(void **state)
{
	replay(50, 200);
	tty_key(t, "\x1b[F");
	expect("14:00:40 40/40 end");
	for (int i = 0; i < 200; i++)
		tty_key(t, "\x0c");		/* ^L: drawn from nothing */
	tty_key(t, "h");
	expect("keys and marks");
	expect("Esc:back q:quit");
}

static void a_small_screen_says_that_it_is_a_replay(void **state)
{
	replay(10, 40);
	tty_key(t, "\x1b[F");
	expect("REPLAY 2025-11-25 14:00:40 40/40 end");
	expect("app.Connection");
}

static void damage_is_shown_where_it_is(void **state)
{
	recording.len -= 30;
	replay(24, 160);
	tty_key(t, "\x1b[F");
	expect("39/39 end: the recording is damaged: line 41 is cut off");
}

static void a_signal_ends_it_with_the_terminal_restored(void **state)
{
	replay(24, 80);
	kill(tty_pid(t), SIGTERM);
	(void)tty_exit_status(t, TTY_PATIENCE_MS);
	assert_restored(t);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(it_plays_by_itself_to_the_end_and_stays_there),
		T(end_and_home_go_to_the_ends),
		T(t_is_one_sample_forward_and_T_one_back),
		T(J_goes_to_a_time),
		T(p_stops_and_plays_on),
		T(a_baseline_is_kept_when_it_goes_back_and_forth),
		T(what_a_collection_came_to_is_told_where_it_was),
		T(order_and_filter_stay_when_it_goes_back),
		T(what_a_replay_on_a_screen_has_no_use_for_is_refused),
		T(what_a_full_line_did_not_take_is_drawn_once_it_does),
		T(a_small_screen_says_that_it_is_a_replay),
		T(damage_is_shown_where_it_is),
		T(a_signal_ends_it_with_the_terminal_restored),
	};

	return cmocka_run_group_tests_name("tty_replay", tests, NULL, NULL);
}
