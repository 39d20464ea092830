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

/*
 * The same up to an object that no other refers to, so that C code does: atexit's callbacks.
 * 0: there is none, or an allocator that cannot be read may hide who does.
 */
unsigned paths_of_c(const struct roots *r, const struct graph *g, uint32_t sample,
		    struct merge *merge);

#endif
