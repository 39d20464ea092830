/* Targets that mean no good, on a real terminal: their names stay in their column. */
#include "config.h"
#include "../unit/test.h"

#include <unistd.h>

#include "../live/watching.h"
#include "await.h"
#include "util/mem.h"

#define SAMPLES_SEEN 5

static struct tty *t;
static struct python_run target;

/* Its own name and arguments are no better than its types'. */
static void watch(const char *kind, int rows, int cols)
{
	const char *const args[] = {kind, "1b5d303b78070a", "\x1b[2J\n\xff\x1b]0;x\x07", NULL};
	char pid[16];
	const char *const argv[] = {watching_leaktop(), "-d", "0.1", "-F", "main", "-o", "name",
				    pid, NULL};

	json_decref(watching_start_usual(&target, "hostile.py", args));
	snprintf(pid, sizeof(pid), "%d", target.pid);
	t = await_terminal(argv, rows, cols, NULL);
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	python_stop(&target);
	return 0;
}

static void expect(const char *text)
{
	await_text(t, text);
}

/* The n-th sample has been drawn. */
static bool sampled(struct tty *tty, void *unused)
{
	int row = tty_find(tty, "samples ");

	return row >= 0 && atoi(strstr(tty_row(tty, row), "samples ") + 8) >= SAMPLES_SEEN;
}

static void quit(void)
{
	json_t *answer;

	tty_key(t, "q");
	await_exit(t, 0);
	answer = watching_ask(&target, "check\n");
	assert_true(json_is_true(json_object_get(answer, "alive")));
	json_decref(answer);
}

static void names_with_escape_sequences_stay_in_their_column(void **state)
{
	watch("names", 40, 120);
	expect("__main__.?]0;pwned??[2J?[1;1HEvil");
	expect("__main__.new?line?tab?DEL?");
	expect("TYPE");
	assert_int_equal(tty_find(t, "leaktop "), 0);	/* the screen was not cleared for it */
	quit();
}

static void threads_that_scribble_over_what_is_read_do_not_stop_the_screen(void **state)
{
	watch("scribble", 40, 120);
	if (!tty_wait_until(t, sampled, NULL, TTY_PATIENCE_MS))
		tty_print(t);
	assert_true(sampled(t, NULL));
	quit();
}

static void sixty_thousand_mappings_do_not_stop_the_screen(void **state)
{
	watch("maps", 40, 120);
	if (!tty_wait_until(t, sampled, NULL, TTY_PATIENCE_MS))
		tty_print(t);
	assert_true(sampled(t, NULL));
	quit();
}

static int clean(void **state)
{
	watching_clean();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names_with_escape_sequences_stay_in_their_column, end),
		cmocka_unit_test_teardown(
			threads_that_scribble_over_what_is_read_do_not_stop_the_screen, end),
		cmocka_unit_test_teardown(sixty_thousand_mappings_do_not_stop_the_screen, end),
	};

	return cmocka_run_group_tests_name("tty_hostile", tests, NULL, clean);
}
