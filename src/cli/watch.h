/*
 * The one poll loop: samples in, model, screen or sink out, until the user, the target, a count, a
 * time or a signal ends it.
 */
#ifndef LT_CLI_WATCH_H
#define LT_CLI_WATCH_H

#include "cli/options.h"

/* Without a screen: asked for, or because there is no terminal for one. */
bool watch_is_batch(const struct options *options);

/* Watches options->pid; returns the exit status of the program (product.md section 2). */
int watch_run(const struct options *options);

#endif
