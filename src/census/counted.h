/* What a count gives, whichever way it was made. Plain data. */
#ifndef LT_CENSUS_COUNTED_H
#define LT_CENSUS_COUNTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct census_type {
	const char *name;	/* full, cleaned; owned by who counted; each name occurs once */
	uint64_t count;
	uint64_t bytes;		/* its blocks and the arrays and tables that they own */
};

#define CENSUS_LISTS 4		/* generations 0, 1, 2 and the permanent one */

enum census_way { CENSUS_BY_SCAN, CENSUS_BY_WALK };

struct census_result {
	struct lt_err err;	/* code LT_OK: the count below is whole */
	enum census_way way;
	bool changed_way;	/* the last count was made the other way: they do not compare */
	const char *why;	/* this way and not the other, in words; "": as it should be */
	const struct census_type *types;	/* borrowed until the next begin */
	size_t n_types;
	int64_t objects;
	int64_t list_objects[CENSUS_LISTS];	/* of the last walk in this sample; LT_UNKNOWN */
	bool approximate;	/* walk: the collector rebuilt its lists time and again meanwhile */
	bool pending;		/* counted in pending calls, not on the blocked main thread */
	int64_t period_ns;	/* the budget asks for this much between counts; 0: nothing */

	/* what it cost the target and leaktop */
	int64_t restarts;	/* of a walk, because the lists were rebuilt in the middle of it */
	int64_t slices;		/* of walks, with pauses between them */
	int64_t hold_ns;	/* how long the GIL was held in the longest of them */
	int64_t held_ns;	/* in all of them */
	int64_t stops, stopped_ns, longest_stop_ns;
	int64_t cpu_ns;		/* of borrowers; the scan's own is leaktop's own */

	/* of a scan; LT_UNKNOWN in a walk */
	int64_t arena_bytes;	/* pymalloc's arenas */
	int64_t block_bytes;	/* of them, in use */
	int64_t explained;	/* of block_bytes: belong to a type of the table */
	int64_t large_bytes;	/* objects in the C heap */
};

/* What gc.collect() in the target came to. */
struct census_collected {
	struct census_result cost;	/* its err: code LT_OK: it was done */
	int64_t unreachable;		/* objects that the collector found; LT_UNKNOWN */
	int64_t took_ns;		/* finalizers included, and other threads meanwhile */
};

#endif
