/*
 * A private terminal of fixed size for tests: a pseudo-terminal with a program on it and libvterm
 * as the screen. Everything waits for a state and never for a time: the timeouts only say when a
 * test gives up. Owns the child; tty_free ends it where it still runs.
 */
#ifndef LT_TESTS_TTY_H
#define LT_TESTS_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#define TTY_PATIENCE_MS 60000		/* for what must come: a loaded machine is slow */

struct tty;

/*
 * Runs argv (looked up in PATH) with the environment of the test, changed by env: "NAME=value"
 * sets, "NAME" unsets; NULL ends it. Without a TERM there it is xterm-256color, without LC_ALL
 * C.UTF-8. NULL where there is no pseudo-terminal.
 */
struct tty *tty_start(const char *const *argv, int rows, int cols, const char *const *env);
/* The same on a terminal that is not its controlling one: that goes without a signal. */
struct tty *tty_start_apart(const char *const *argv, int rows, int cols, const char *const *env);
void tty_free(struct tty *t);
pid_t tty_pid(const struct tty *t);

/* Reads what the program writes until a row of the screen contains text; false: it never did.
 * The rest of that frame may still be on its way: wait for what is looked at, not beside it. */
bool tty_wait_for(struct tty *t, const char *text, int timeout_ms);
/* The same until no row does. */
bool tty_wait_gone(struct tty *t, const char *text, int timeout_ms);
/* Until pred holds for what is on the screen. */
bool tty_wait_until(struct tty *t, bool (*pred)(struct tty *t, void *arg), void *arg,
		    int timeout_ms);

/* Types bytes as they are: "q", "\x1b[A" (Up), "\r". */
void tty_key(struct tty *t, const char *bytes);
/* The terminal is gone, as when ssh breaks off. Afterwards only tty_exit_status and tty_free. */
void tty_hang_up(struct tty *t);
void tty_resize(struct tty *t, int rows, int cols);

/* A row of the screen as UTF-8 without the blanks at its end, borrowed until the next call. */
const char *tty_row(struct tty *t, int row);
/* The first row that contains text, -1 none. */
int tty_find(struct tty *t, const char *text);
/* The whole screen, for messages of failing tests. Each line begins with '#' (TAP). */
void tty_print(struct tty *t);
void tty_cursor(struct tty *t, int *ret_row, int *ret_col);
bool tty_cursor_visible(const struct tty *t);
bool tty_alternate(const struct tty *t);
/* The attributes of a cell: 'r'everse, 'b'old. */
bool tty_has_attr(struct tty *t, int row, int col, char attr);
struct tty_cell {
	char text[8];			/* UTF-8; "": the right half of a wide one */
	int fg, bg;			/* one of 256 colours; -1: the terminal's own */
	bool bold, underline, reverse;
};
void tty_cell_at(struct tty *t, int row, int col, struct tty_cell *ret);

/* How often the alternate screen was left; bytes and escape bytes written since the start. */
int tty_leaves(const struct tty *t);
size_t tty_bytes(const struct tty *t);
size_t tty_escapes(const struct tty *t);

/* Reads until the program has ended. Its wait status as waitpid's; -1: it did not end. */
int tty_exit_status(struct tty *t, int timeout_ms);
/* The attributes of the terminal now, and as they were before the program started. */
void tty_modes(const struct tty *t, struct termios *ret_now, struct termios *ret_before);

#endif
