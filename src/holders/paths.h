/*
 * From one sample up to the names that hold it: the shortest ways, and those not much longer.
 */
#ifndef LT_HOLDERS_PATHS_H
#define LT_HOLDERS_PATHS_H

#include "holders/graph.h"
#include "holders/merge.h"
#include "holders/roots.h"

/* Adds the sample's paths to the others. How many there are; 0: it has none. */
unsigned paths_find(const struct roots *r, const struct graph *g, uint32_t sample,
		    struct merge *merge);

#endif
