/* leaktop without a PID: which Python processes there are, and which of them to watch. */
#ifndef LT_CLI_PICK_H
#define LT_CLI_PICK_H

#include "cli/settings.h"
#include "cli/options.h"
#include "ui/ui.h"

/*
 * On a screen lets the user choose: true, with the PID, and the screen that watch_run() goes on
 * with. Without one lists the processes on standard output. false: leaktop ends with *status.
 */
bool pick_run(const struct options *options, const struct settings *settings, pid_t *ret,
	      struct ui **ret_ui, int *status);

#endif
