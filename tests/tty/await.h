/*
 * What a test expects of the program on its terminal. Each waits for it, as long as tty.h says;
 * where it does not come, the screen is printed and the test fails.
 */
#ifndef LT_TESTS_TTY_AWAIT_H
#define LT_TESTS_TTY_AWAIT_H

#include "tty.h"

/* tty_start(); where no pseudo-terminal can be had the test is skipped. */
struct tty *await_terminal(const char *const *argv, int rows, int cols, const char *const *env);

/* That a row has the text; that none has it any more. */
void await_text(struct tty *t, const char *text);
void await_text_within(struct tty *t, const char *text, int patience_ms);
void await_gone(struct tty *t, const char *text);

/* That the row has this text and no more. */
void await_row(struct tty *t, int row, const char *text);

/* That pred holds; what: its name, for who reads the failure. */
void await_that(struct tty *t, bool (*pred)(struct tty *t, void *arg), void *arg,
		const char *what);

/* That the program ends with this exit status and leaves the terminal as it was. */
void await_exit(struct tty *t, int status);

#endif
