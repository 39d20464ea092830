/*
 * The objects that are too large for a pool: they lie in the C heap, whose chunks are gone through
 * from outside and shown to the scan. A pass costs as much as the C heap has chunks, so where that
 * is long it comes less often than the scan, which goes on with what the last one found.
 */
#ifndef LT_CENSUS_LARGE_H
#define LT_CENSUS_LARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "census/scan.h"
#include "target/cheap.h"
#include "target/python.h"

struct large;

/* py is borrowed. share: of the time that passes may take, 0.01 = 1 %; 0: all. */
struct large *large_new(const struct python *py, double share);
void large_free(struct large *l);
/* The target runs another program now. */
void large_forget(struct large *l);

/* After scan_begin: is a pass due? true: call large_step until it returns true. */
bool large_begin(struct large *l, struct scan *s);
/* What the last whole pass found of the C heap; NULL before the first. n_passes: so many ended. */
const struct cheap_totals *large_heap(const struct large *l, int64_t *n_passes);
/* Works for about budget_ns and feeds what it finds to the scan. true: the pass has ended. */
bool large_step(struct large *l, struct scan *s, int64_t budget_ns);

#endif
