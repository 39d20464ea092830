#include "config.h"
#include "await.h"

#include <sys/wait.h>

#include "../unit/test.h"
#include "restored.h"

struct tty *await_terminal(const char *const *argv, int rows, int cols, const char *const *env)
{
	struct tty *t = tty_start(argv, rows, cols, env);

	if (!t)
		SKIP("no pseudo-terminal can be had");
	return t;
}

static void give_up(struct tty *t, const char *what, const char *text)
{
	tty_print(t);
	printf("# %s: %s\n", what, text);
	fflush(stdout);
	fail();
}

void await_text_within(struct tty *t, const char *text, int patience_ms)
{
	if (!tty_wait_for(t, text, patience_ms))
		give_up(t, "expected on the screen", text);
}

void await_text(struct tty *t, const char *text)
{
	await_text_within(t, text, TTY_PATIENCE_MS);
}

void await_gone(struct tty *t, const char *text)
{
	if (!tty_wait_gone(t, text, TTY_PATIENCE_MS))
		give_up(t, "expected to be gone", text);
}

struct row {
	int row;
	const char *text;
};

static bool has_row(struct tty *t, void *arg)
{
	const struct row *want = arg;

	return strcmp(tty_row(t, want->row), want->text) == 0;
}

void await_row(struct tty *t, int row, const char *text)
{
	struct row want = {row, text};

	if (!tty_wait_until(t, has_row, &want, TTY_PATIENCE_MS))
		give_up(t, "expected as a row of its own", text);
}

void await_that(struct tty *t, bool (*pred)(struct tty *t, void *arg), void *arg,
		const char *what)
{
	if (!tty_wait_until(t, pred, arg, TTY_PATIENCE_MS))
		give_up(t, "expected", what);
}

void await_exit(struct tty *t, int status)
{
	int got = tty_exit_status(t, TTY_PATIENCE_MS);

	if (got == -1 || !WIFEXITED(got) || WEXITSTATUS(got) != status)
		tty_print(t);
	assert_int_not_equal(got, -1);
	assert_true(WIFEXITED(got));
	assert_int_equal(WEXITSTATUS(got), status);
	assert_restored(t);
}
