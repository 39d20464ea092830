/* Signals as a descriptor of a poll loop, so that nothing happens inside a handler. */
#ifndef LT_CLI_SIGNALS_H
#define LT_CLI_SIGNALS_H

#include <stdbool.h>

/*
 * Blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT, and SIGWINCH with a screen, for the rest of the
 * program; they come through the descriptor, which the caller closes. May be called again.
 */
int signals_open(bool with_screen);

/* The next one that waits, 0: none. */
int signals_next(int fd);

#endif
