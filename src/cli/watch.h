/*
 * The one poll loop: samples in, model, screen or sink out, until the user, the target, a count, a
 * time or a signal ends it.
 */
#ifndef LT_CLI_WATCH_H
#define LT_CLI_WATCH_H

#include "cli/settings.h"
#include "cli/options.h"
#include "ui/ui.h"

/* The screen as the options want it, with what was wrong with the configuration as a message.
 * pick: for a list of processes at first. */
enum lt_errc watch_open_screen(const struct options *options, const struct settings *settings,
			       bool pick, struct ui **ret, struct lt_err *err);

/*
 * Watches options->pid; returns the exit status of the program (product.md section 2). ui: the
 * screen that is open already, consumed; NULL: none.
 */
int watch_run(const struct options *options, const struct settings *settings, struct ui *ui);

#endif
