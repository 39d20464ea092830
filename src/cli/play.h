/* -r: a recording instead of a process, on the same screens or into the same formats. */
#ifndef LT_CLI_PLAY_H
#define LT_CLI_PLAY_H

#include "cli/options.h"
#include "cli/settings.h"

/* Plays options->replay; returns the exit status of the program. */
int play_run(const struct options *options, const struct settings *settings);

#endif
