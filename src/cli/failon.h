/* --fail-on: does the verdict make the program fail? */
#ifndef LT_CLI_FAILON_H
#define LT_CLI_FAILON_H

#include "cli/options.h"
#include "model/snapshot.h"

/* The exit status; complains where there is no verdict. */
int failon_status(const struct options *options, const struct snapshot *snap);

#endif
