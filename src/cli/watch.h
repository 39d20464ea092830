/*
 * The one poll loop: samples in, model, screen or sink out, until the user, the target, a count, a
 * time or a signal ends it.
 */
#ifndef LT_CLI_WATCH_H
#define LT_CLI_WATCH_H

#include "cli/options.h"
#include "ui/ui.h"

/*
 * Watches options->pid; returns the exit status of the program (product.md section 2). ui: the
 * screen that is open already, consumed; NULL: none.
 */
int watch_run(const struct options *options, struct ui *ui);

#endif
