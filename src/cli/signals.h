/* Signals as a descriptor of the loop, so that nothing happens inside a handler. */
#ifndef LT_CLI_SIGNALS_H
#define LT_CLI_SIGNALS_H

#include <stdbool.h>

/* Blocks those that end a program, with a screen also SIGWINCH. -1: no descriptor is left. */
int signals_open(bool with_screen);
/* The next one that came, 0: none. */
int signals_next(int fd);

#endif
