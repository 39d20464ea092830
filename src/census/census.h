/*
 * Totals per type. A census is begun, polled and ended, so that a screen stays alive while a busy
 * target keeps it waiting, or a large one is counted slice by slice. Exact for gc-tracked objects;
 * frozen ones are counted too.
 */
#ifndef LT_CENSUS_CENSUS_H
#define LT_CENSUS_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inject/gadget.h"
#include "target/python.h"
#include "util/err.h"

struct census;			/* owns the pages in the target and the cache of names */

struct census_type {
	const char *name;	/* full, cleaned; owned by the census; each name occurs once */
	uint64_t count;
	uint64_t bytes;		/* gc head + basicsize + items + tables of lists, dicts and sets */
};

#define CENSUS_LISTS 4		/* generations 0, 1, 2 and the permanent one */

struct census_result {
	struct lt_err err;	/* code LT_OK: the count below is whole */
	const struct census_type *types;	/* borrowed until the next census_begin */
	size_t n_types;
	int64_t objects;
	int64_t list_objects[CENSUS_LISTS];	/* LT_UNKNOWN where visiting cannot tell */
	bool approximate;	/* the collector rebuilt its lists time and again meanwhile */
	bool pending;		/* counted in a pending call, not on the blocked main thread */
	int64_t restarts;	/* of the walk, because the lists were rebuilt in the middle of it */
	int64_t slices;		/* in which it was counted, with pauses between them */
	int64_t hold_ns;	/* how long the GIL was held in the longest of them */
	int64_t held_ns;	/* in all of them */
	int64_t stops, stopped_ns, longest_stop_ns;
	int64_t cpu_ns;		/* of the borrower */
};

struct census_options {
	int64_t max_pause_ns;	/* of one slice, the stop included; 0: count in one */
	bool visit;		/* use PyUnstable_GC_VisitObjects even where lists would do */
};

/* py and gadgets are borrowed and must outlive the census. */
struct census *census_new(const struct python *py, const struct gadgets *gadgets,
			  const struct census_options *options);
/* Abandons a census under way. What is still in the target stays: call census_leave first. */
void census_free(struct census *c);

/*
 * size_bytes: what the process takes in memory, which bounds how many objects it can have. The
 * deadline is for finding a safe moment and an answer, and each further slice has as long again;
 * a call that has begun is waited for.
 */
enum lt_errc census_begin(struct census *c, int64_t size_bytes, int64_t deadline_ns,
			  struct lt_err *err);
bool census_busy(const struct census *c);
int census_fd(const struct census *c);	/* polls readable when census_end will not block; -1 */
void census_end(struct census *c, struct census_result *ret);
/* Leaktop is leaving: a walk under way ends with the slice that it is in. */
void census_hurry(struct census *c);
/* Ends the borrower of a census under way; a call that runs in the target heals by itself. */
void census_abandon(struct census *c);

/* Takes everything out of the target; blocks until the deadline. */
enum lt_errc census_leave(struct census *c, int64_t deadline_ns, struct census_result *ret);
/* How many of leaktop's mappings are in the target, as /proc/PID/maps says now. */
int census_mappings(const struct census *c);
/* The target runs another program now: forget pages and names, they went with the old one. */
void census_forget(struct census *c);

#endif
