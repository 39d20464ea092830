/*
 * The exact way of counting: the helper walks the gc lists in the target, a large heap in slices.
 * It is begun, polled and ended. Exact for gc-tracked objects; frozen ones are counted too.
 */
#ifndef LT_CENSUS_WALK_H
#define LT_CENSUS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "census/counted.h"
#include "inject/gadget.h"
#include "target/python.h"
#include "util/err.h"

struct walk;			/* owns the pages in the target and the cache of names */

struct walk_options {
	int64_t max_pause_ns;	/* of one slice, the stop included; 0: count in one */
	bool visit;		/* use PyUnstable_GC_VisitObjects even where lists would do */
};

/* py and gadgets are borrowed and must outlive the walk. */
struct walk *walk_new(const struct python *py, const struct gadgets *gadgets,
		      const struct walk_options *options);
/* Abandons a walk under way. What is still in the target stays: call walk_leave first. */
void walk_free(struct walk *w);

/*
 * size_bytes: what the process takes in memory, which bounds how many objects it can have. The
 * deadline is for finding a safe moment and an answer, and each further slice has as long again;
 * a call that has begun is waited for.
 */
enum lt_errc walk_begin(struct walk *w, int64_t size_bytes, int64_t deadline_ns,
			struct lt_err *err);
bool walk_busy(const struct walk *w);
int walk_fd(const struct walk *w);	/* polls readable when walk_end will not block; -1 */
void walk_end(struct walk *w, struct census_result *ret);
/* Leaktop is leaving: a walk under way ends with the slice that it is in. */
void walk_hurry(struct walk *w);
/* Ends the borrower of a walk under way; a call that runs in the target heals by itself. */
void walk_abandon(struct walk *w);

/*
 * Leaves a note that has the interpreter run gc.collect() on its main thread: walk_busy until
 * walk_collect_end. wait_ns: for the thread to come by; then it is called off. Not while walk_busy.
 */
enum lt_errc walk_collect_begin(struct walk *w, int64_t wait_ns, struct lt_err *err);
void walk_collect_end(struct walk *w, struct census_collected *ret);

/*
 * Begins to take everything out of the target: walk_busy until walk_end, as with a walk; not busy
 * where there is nothing. A later walk_begin brings it in again.
 */
enum lt_errc walk_leave_begin(struct walk *w, int64_t deadline_ns, struct lt_err *err);
/* The same, and waits for it. */
enum lt_errc walk_leave(struct walk *w, int64_t deadline_ns, struct census_result *ret);
/* How many of leaktop's mappings are in the target, as /proc/PID/maps says now. */
int walk_mappings(const struct walk *w);
/* The target runs another program now: forget pages and names, they went with the old one. */
void walk_forget(struct walk *w);

#endif
