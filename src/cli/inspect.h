/* --preflight: what would refuse or work for a process, without touching it (I7). */
#ifndef LT_CLI_INSPECT_H
#define LT_CLI_INSPECT_H

#include "cli/options.h"

/* One line per question on stdout. The exit status is the one that watching would begin with. */
int inspect_run(const struct options *options);

#endif
