/* The ui in a real terminal: keys in, screen out, and the terminal as it was on every way out. */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"
#include "restored.h"
#include "tty.h"
#include "util/mem.h"

static struct tty *t;

static const char *demo_path(void)
{
	static char path[4096];
	const char *dir = getenv("LT_BUILDDIR");

	snprintf(path, sizeof(path), "%s/ui_demo", dir ? dir : ".");
	return path;
}

static void start(const char *on_b, int rows, int cols, const char *const *env)
{
	const char *const argv[] = {demo_path(), on_b, NULL};

	t = await_terminal(argv, rows, cols, env);
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	return 0;
}

static void expect(const char *text)
{
	await_text(t, text);
}

static void expect_gone(const char *text)
{
	await_gone(t, text);
}

static void the_harness_can_fail(void **state)
{
	start("", 24, 80, NULL);
	expect("leaktop 4242");
	assert_false(tty_wait_for(t, "this is on no screen", 50));
	assert_false(tty_wait_gone(t, "leaktop 4242", 50));
	assert_int_equal(tty_exit_status(t, 50), -1);
}

static void keys_go_in_and_the_screen_comes_out(void **state)
{
	start("", 24, 80, NULL);
	expect("samples 1");
	assert_true(tty_alternate(t));
	assert_false(tty_cursor_visible(t));
	tty_key(t, "t");
	expect("samples 2");
	expect(">> growth, not proved a leak  3 growing");
	tty_key(t, "h");
	expect("keys and marks");
	tty_key(t, "\x1b");
	expect_gone("keys and marks");
	tty_key(t, "s");
	expect("sort by");
	tty_key(t, "\x1b[B\r");			/* Down, Enter */
	expect("sort: growth");
	tty_key(t, "fType1\r");
	expect("filter: Type1");
	expect_gone("__main__");
	tty_key(t, "/type15");
	expect("find: type15");
	assert_true(tty_cursor_visible(t));
	tty_key(t, "\r");
	expect_gone("find:");
	assert_true(tty_find(t, ">         app.module1.Type15") > 0);
}

static bool cursor_is_selected(struct tty *tty, void *unused)
{
	int row, col;

	tty_cursor(tty, &row, &col);
	return row > 0 && row == tty_find(tty, ">         ") && tty_has_attr(tty, row, 0, 'r');
}

/* xterm sends ESC O B for Down in keypad mode, ESC [ B else: both must do. */
static void arrows_move_the_cursor_and_the_hardware_cursor_with_it(void **state)
{
	start("", 24, 80, NULL);
	expect(">         __main__.Connection");
	tty_key(t, "\x1bOB");
	expect(">         …in__.ConnectionHandler");
	assert_true(tty_wait_until(t, cursor_is_selected, NULL, TTY_PATIENCE_MS));
	tty_key(t, "\x1b[B");
	expect(">         dict");
	assert_true(tty_wait_until(t, cursor_is_selected, NULL, TTY_PATIENCE_MS));
}

/* A mouse, a focus event, Alt and a late answer must not act as the letters they contain. */
static void escape_sequences_nobody_asked_for_are_dropped_whole(void **state)
{
	start("", 24, 80, NULL);
	expect("samples 1");
	tty_key(t, "\x1b[<0;12;7q\x1b[I\x1b[?62;22c\x1bq\x1b]10;rgb:q/q/q\x07");
	tty_key(t, "\x1bPq\x1b\\\x1b[Mq!!t");
	expect("samples 2");
	assert_int_equal(tty_exit_status(t, 50), -1);
}

static void wide_names_do_not_shift_the_columns(void **state)
{
	start("", 24, 80, NULL);
	expect("日本.接続                  15 000        0");
	expect("list                       22 500        0");
}

static void q_restores_the_terminal(void **state)
{
	start("", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "q");
	assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
	assert_restored(t);
}

static void a_signal_to_the_loop_restores_the_terminal(void **state)
{
	start("", 24, 80, NULL);
	expect("leaktop 4242");
	kill(tty_pid(t), SIGTERM);
	assert_int_equal(WEXITSTATUS(tty_exit_status(t, TTY_PATIENCE_MS)), 128 + SIGTERM);
	assert_restored(t);
}

static void ctrl_c_is_a_signal_to_the_loop(void **state)
{
	start("", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "\x03");
	assert_int_equal(WEXITSTATUS(tty_exit_status(t, TTY_PATIENCE_MS)), 128 + SIGINT);
	assert_restored(t);
}

/* Under a sanitizer a fault ends in its report and an exit status of its own. */
static void expect_death_by(int number)
{
	int status = tty_exit_status(t, TTY_PATIENCE_MS);

	assert_int_not_equal(status, -1);
	assert_true((WIFSIGNALED(status) && WTERMSIG(status) == number) ||
		    (WIFEXITED(status) && WEXITSTATUS(status) != 0));
}

static void a_crash_restores_the_terminal(void **state)
{
	start("segv", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "b");
	expect_death_by(SIGSEGV);
	assert_restored(t);
}

static void abort_restores_the_terminal(void **state)
{
	start("abort", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "b");
	expect_death_by(SIGABRT);
	assert_restored(t);
}

static void a_fatal_signal_from_outside_restores_the_terminal(void **state)
{
	start("", 24, 80, NULL);
	expect("leaktop 4242");
	kill(tty_pid(t), SIGQUIT);
	expect_death_by(SIGQUIT);
	assert_restored(t);
}

static void exit_without_close_restores_the_terminal(void **state)
{
	start("exit", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "b");
	assert_int_equal(WEXITSTATUS(tty_exit_status(t, TTY_PATIENCE_MS)), 3);
	assert_restored(t);
}

static void no_memory_restores_the_terminal_before_it_complains(void **state)
{
	/* A sanitizer ends the process by itself unless it may say no. */
	static const char *const env[] = {"ASAN_OPTIONS=allocator_may_return_null=1", NULL};

	start("oom", 24, 80, env);
	expect("leaktop 4242");
	tty_key(t, "b");
	expect_death_by(0);
	assert_restored(t);
	assert_true(tty_find(t, "out of memory") >= 0);
}

static void resizing_draws_what_fits(void **state)
{
	start("", 40, 120, NULL);
	expect("LAST");
	tty_resize(t, 24, 80);
	expect_gone("LAST");
	expect("TREND");
	tty_resize(t, 10, 40);
	expect_gone("TREND");
	expect("VERDICT");
	expect("F1Help");
	assert_int_equal(tty_find(t, "F1Help"), 9);
	tty_resize(t, 4, 30);
	expect_gone("VERDICT");
	expect("4242 400.2M");
	assert_string_equal(tty_row(t, 1), "");
	tty_resize(t, 24, 80);
	expect("TREND");
}

static bool has_left_once(struct tty *tty, void *unused)
{
	return tty_leaves(tty) == 1 && tty_alternate(tty);
}

/* Nobody could continue a stopped session leader, so the kernel ignores SIGTSTP here: the demo
 * leaves the screen and comes back. */
static void suspending_leaves_the_screen_and_comes_back(void **state)
{
	start("", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "\x1a");
	assert_true(tty_wait_until(t, has_left_once, NULL, TTY_PATIENCE_MS));
	tty_key(t, "t");
	expect("samples 2");
	tty_key(t, "q");
	assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
	assert_int_equal(tty_leaves(t), 2);
	assert_true(tty_cursor_visible(t));
}

/* A shell that controls jobs: here the stop is one, and what the shell writes meanwhile is seen. */
static void a_shell_gets_its_terminal_back_on_ctrl_z_and_fg_draws_again(void **state)
{
	static const char script[] = "\"$0\" ''; echo stopped $?; read x; fg; echo over $?; read x";
	const char *const argv[] = {"sh", "-m", "-c", script, demo_path(), NULL};
	struct termios now, before;

	t = await_terminal(argv, 24, 80, NULL);
	expect("samples 1");
	tty_key(t, "\x1a");
	expect("stopped 148");			/* 128 + SIGTSTP */
	assert_false(tty_alternate(t));
	tty_modes(t, &now, &before);
	assert_int_equal(now.c_lflag, before.c_lflag);
	tty_key(t, "\r");
	expect("samples 1");
	assert_true(tty_alternate(t));
	tty_key(t, "tq");
	expect("over 0");
	assert_false(tty_alternate(t));
	tty_key(t, "\r");
	assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
}

static void expect_refused(const char *const *env, const char *words)
{
	start("", 24, 80, env);
	assert_int_equal(WEXITSTATUS(tty_exit_status(t, TTY_PATIENCE_MS)), 1);
	if (tty_find(t, words) < 0)
		tty_print(t);
	assert_true(tty_find(t, words) >= 0);
	assert_int_equal(tty_escapes(t), 0);
	end(NULL);
}

static void a_terminal_that_cannot_is_refused_without_an_escape_byte(void **state)
{
	static const char *const dumb[] = {"TERM=dumb", NULL};
	static const char *const unknown[] = {"TERM=nonesuch", NULL};
	static const char *const unset[] = {"TERM", NULL};

	expect_refused(dumb, "TERM=dumb cannot move its cursor");
	expect_refused(unknown, "TERM=nonesuch is not known");
	expect_refused(unset, "TERM is not set");
}

static void every_common_terminal_shows_the_screen(void **state)
{
	static const char *const terms[] = {"TERM=xterm", "TERM=screen", "TERM=tmux-256color",
					    "TERM=linux", "TERM=vt100",
					    /* these are taken for one they are like */
					    "TERM=xterm-nonesuch", "TERM=foot-nonesuch",
					    "TERM=alacritty", "TERM=tmux-nonesuch"};

	for (size_t i = 0; i < COUNT_OF(terms); i++) {
		const char *const env[] = {terms[i], NULL};

		start("", 24, 80, env);
		expect("__main__.Connection");
		expect("q:quit");
		tty_key(t, "q");
		assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
		assert_true(tty_cursor_visible(t));
		end(NULL);
	}
}

static void without_utf8_the_screen_is_ascii(void **state)
{
	/* Not xterm: libvterm 0.1.4 wraps too early behind its REP, which ncurses uses in C. */
	static const char *const env[] = {"LC_ALL=C", "TERM=tmux-256color", NULL};

	start("", 24, 80, env);
	expect("q:quit");
	expect("..:::--===+++**###@@");
	for (int row = 0; row < 24; row++)
		for (const char *c = tty_row(t, row); *c; c++)
			assert_in_range((unsigned char)*c, 0x20, 0x7e);
}

static void no_color_leaves_bold_and_reverse(void **state)
{
	static const char *const env[] = {"NO_COLOR=1", NULL};

	start("", 24, 80, env);
	expect("samples 1");
	tty_key(t, "t");
	expect(">> growth, not proved a leak  3 growing");
	assert_true(tty_has_attr(t, tty_find(t, "leaktop 4242"), 0, 'b'));
	assert_true(tty_has_attr(t, tty_find(t, "+COUNT"), 0, 'r'));
}

#define FRAMES 10
#define CLOCK_BYTES 40			/* a frame in which the clock alone moves */

/* A frame in which three rows and the memory figures move. */
static const struct { int rows, cols; size_t most_bytes; } calm_sizes[] = {
	{24, 80, 600}, {40, 120, 900}, {50, 200, 1200},
};

static size_t calm_frame_bytes(int rows, int cols)
{
	char samples[32];
	size_t before;

	start("", rows, cols, NULL);
	for (int i = 2; i < 10; i++)		/* until the trends have found their shape */
		tty_key(t, "t");
	expect("samples 9");
	before = tty_bytes(t);
	for (int i = 0; i < FRAMES; i++) {
		snprintf(samples, sizeof(samples), "samples %d", 10 + i);
		tty_key(t, "t");
		expect(samples);
	}
	before = tty_bytes(t) - before;
	end(NULL);
	return before / FRAMES;
}

static void a_calm_frame_writes_little(void **state)
{
	for (size_t i = 0; i < COUNT_OF(calm_sizes); i++) {
		int rows = calm_sizes[i].rows, cols = calm_sizes[i].cols;
		size_t bytes = calm_frame_bytes(rows, cols);

		printf("# %dx%d: %zu bytes a frame\n", cols, rows, bytes);
		assert_in_range(bytes, 1, calm_sizes[i].most_bytes);
	}
}

static void a_frame_in_which_only_the_clock_moves_writes_next_to_nothing(void **state)
{
	char clock[32];
	size_t before;

	start("", 24, 80, NULL);
	expect("17:00:02");
	tty_key(t, "B");
	expect("17:00:04");
	before = tty_bytes(t);
	for (int i = 0; i < FRAMES; i++) {
		snprintf(clock, sizeof(clock), "17:00:%02d", 6 + 2 * i);
		tty_key(t, "B");
		expect(clock);
	}
	printf("# %zu bytes a frame\n", (tty_bytes(t) - before) / FRAMES);
	assert_in_range((tty_bytes(t) - before) / FRAMES, 1, CLOCK_BYTES);
}

static off_t steps_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : 0;
}

#define STALLED_STEPS 200		/* whole screens, of more than a terminal's buffers hold */
#define PTY_HOLDS 160000		/* bytes: two of 64 KiB, and a frame */

/* Nobody reads the screen, as on a line that has broken down: keys are obeyed all the same. */
static void a_line_that_takes_nothing_drops_frames_and_holds_up_nothing(void **state)
{
	char path[] = "/tmp/leaktop-steps-XXXXXX";
	const char *const argv[] = {demo_path(), "", path, NULL};
	int fd = mkstemp(path), waited = 0;
	size_t before;

	assert_true(fd >= 0);
	close(fd);
	t = await_terminal(argv, 50, 200, NULL);
	expect("samples 1");
	before = tty_bytes(t);
	for (int i = 1; i <= STALLED_STEPS; i++) {
		tty_key(t, "\x0ct");		/* ^L: drawn from nothing */
		while (steps_of(path) <= i && waited++ < TTY_PATIENCE_MS)
			usleep(1000);
	}
	assert_int_equal(steps_of(path), STALLED_STEPS + 1);
	expect("samples 201");
	printf("# %zu bytes for %d steps\n", tty_bytes(t) - before, STALLED_STEPS);
	assert_in_range(tty_bytes(t) - before, 1, PTY_HOLDS);
	unlink(path);
}

static void an_ended_target_and_a_gap_are_told(void **state)
{
	start("end", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "b");
	expect("last screen kept, q quits");
	assert_true(tty_find(t, "__main__.Connection") > 0);
	end(NULL);
	start("gap", 24, 80, NULL);
	expect("leaktop 4242");
	tty_key(t, "bt");
	expect("old: the main thread is inside C code");
}

#define ON_TTY(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TTY(the_harness_can_fail),
		ON_TTY(keys_go_in_and_the_screen_comes_out),
		ON_TTY(arrows_move_the_cursor_and_the_hardware_cursor_with_it),
		ON_TTY(escape_sequences_nobody_asked_for_are_dropped_whole),
		ON_TTY(wide_names_do_not_shift_the_columns),
		ON_TTY(q_restores_the_terminal),
		ON_TTY(a_signal_to_the_loop_restores_the_terminal),
		ON_TTY(ctrl_c_is_a_signal_to_the_loop),
		ON_TTY(a_crash_restores_the_terminal),
		ON_TTY(abort_restores_the_terminal),
		ON_TTY(a_fatal_signal_from_outside_restores_the_terminal),
		ON_TTY(exit_without_close_restores_the_terminal),
		ON_TTY(no_memory_restores_the_terminal_before_it_complains),
		ON_TTY(resizing_draws_what_fits),
		ON_TTY(suspending_leaves_the_screen_and_comes_back),
		ON_TTY(a_shell_gets_its_terminal_back_on_ctrl_z_and_fg_draws_again),
		ON_TTY(a_terminal_that_cannot_is_refused_without_an_escape_byte),
		ON_TTY(every_common_terminal_shows_the_screen),
		ON_TTY(without_utf8_the_screen_is_ascii),
		ON_TTY(no_color_leaves_bold_and_reverse),
		ON_TTY(a_calm_frame_writes_little),
		ON_TTY(a_frame_in_which_only_the_clock_moves_writes_next_to_nothing),
		ON_TTY(a_line_that_takes_nothing_drops_frames_and_holds_up_nothing),
		ON_TTY(an_ended_target_and_a_gap_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
