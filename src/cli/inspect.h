/* --preflight: what would refuse or work for a process, without touching it (I7). */
#ifndef LT_CLI_INSPECT_H
#define LT_CLI_INSPECT_H

#include "cli/options.h"

/*
 * One line per question on stdout, with the remedy in a second one where it is refused. The exit
 * status is that of the refusal that would end leaktop; 0 where it would go on read-only.
 */
int inspect_run(const struct options *options);

#endif
