/* What leaktop exports to Prometheus: one table of metrics, for -f openmetrics and --listen. */
#ifndef LT_OUTPUT_OPENMETRICS_H
#define LT_OUTPUT_OPENMETRICS_H

#include <stddef.h>

#include "model/snapshot.h"
#include "output/expo.h"
#include "util/buf.h"

/*
 * One whole exposition appended to out: the process, and its first `top` types (0: all). What is
 * unknown is absent; of a target that has ended only who it was and what watching it cost.
 */
void openmetrics_put(const struct snapshot *snap, int top, enum expo_dialect dialect,
		     struct buf *out);

/* Row i of the table, for the documentation and its tests; NULL past the end. */
const struct expo_family *openmetrics_by_index(size_t i);

#endif
