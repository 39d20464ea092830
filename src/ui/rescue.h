/*
 * Restoring the terminal when the program ends in a way nobody planned: exit() without ui_close,
 * no memory, or a signal. One terminal, so one state. Nothing here calls curses: a signal handler
 * may only write bytes made ready before, and set the terminal's attributes.
 */
#ifndef LT_UI_RESCUE_H
#define LT_UI_RESCUE_H

#include <stdbool.h>
#include <termios.h>

/* The bytes that undo what was written to the terminal: terminfo strings, in order. */
void rescue_clear(void);
void rescue_add(const char *s);

/* From here on until rescue_disarm, exit() and rescue_catch's signals write the bytes to fd and
 * set its attributes to *before - once, and only in this process and in the foreground. */
void rescue_arm(int fd, const struct termios *before);
/* The terminal is being restored by other means. Returns whether it was armed still. */
bool rescue_disarm(void);

/*
 * SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT are caught always, SIGINT, SIGTERM, SIGHUP and
 * SIGQUIT where they have their default action; the former disposition then gets the signal again.
 */
void rescue_catch(void);
void rescue_release(void);

#endif
