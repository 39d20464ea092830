/*
 * Totals per type, in whichever of two ways can be had (design: scan and walk).
 *
 *   scan  leaktop reads the target's pools from outside: all objects, true block sizes, no pause.
 *   walk  the helper walks the gc lists in the target, in slices: what the collector tracks, exact.
 *
 * CENSUS_AUTO scans, and holds the scan against a walk that runs beside it at the beginning: per
 * type within 1 %. Where they differ, or there are no pools, it walks. One session keeps to one
 * way, since the two count different things; where it must change, the result says so.
 *
 * A census is begun, polled and advanced, so that a screen stays alive: no step takes longer than
 * some 10 ms.
 */
#ifndef LT_CENSUS_CENSUS_H
#define LT_CENSUS_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "census/counted.h"
#include "inject/gadget.h"
#include "target/cheap.h"
#include "target/python.h"
#include "util/err.h"

struct census;			/* owns what it has in the target and the names */

enum census_mode { CENSUS_AUTO, CENSUS_SCAN, CENSUS_WALK };

struct census_options {
	enum census_mode mode;
	int64_t max_pause_ns;	/* of one hold of the GIL */
	double max_cpu;		/* of a core, 0.02 = 2 %: counts come less often; 0: no limit */
};

/* py is borrowed; gadgets, too, NULL: nothing may be injected, ever (--readonly). */
struct census *census_new(const struct python *py, const struct gadgets *gadgets,
			  const struct census_options *options);
/* Abandons a census under way. What is still in the target stays: call census_leave first. */
void census_free(struct census *c);

struct census_request {
	int64_t size_bytes;	/* of the process, bounds how many objects it can have; 0 unknown */
	int64_t deadline_ns;	/* of a walk: for a safe moment and an answer */
	struct lt_err refusal;	/* code not LT_OK: no thread may be borrowed now, and why */
};

/* LT_E_PACED: not yet, to keep to the budget; else why there is no count. */
enum lt_errc census_begin(struct census *c, const struct census_request *request,
			  struct lt_err *err);
bool census_busy(const struct census *c);
int census_fd(const struct census *c);	/* polls readable when census_advance has work; -1 */
/* true: the census has ended, *ret is its result. false: poll and call again. */
bool census_advance(struct census *c, struct census_result *ret);
/*
 * The C heap as the scan's last whole pass over it found it, for others who want to know; NULL:
 * there are no such passes. Borrowed until the next advance; n_passes tells a new one.
 */
const struct cheap_totals *census_heap(const struct census *c, int64_t *n_passes);
/*
 * gc.collect() in the target, because the user asked: by a note that its interpreter reads on its
 * main thread. Poll census_collect_fd until it is readable, then end it. Scans go on meanwhile,
 * walks do not. LT_E_BUSY: a walk is under way, ask again in a moment. wait_ns: see walk.h.
 */
enum lt_errc census_collect_begin(struct census *c, int64_t wait_ns, struct lt_err *err);
int census_collect_fd(const struct census *c);	/* -1: none under way */
void census_collect_end(struct census *c, struct census_collected *ret);

/* Is a borrower of ours at work? Then it is who traces the target. */
bool census_borrows(const struct census *c);
/* leaktop is leaving: waits, for a few seconds at most, for what is under way in the target. */
void census_settle(struct census *c);
/* Ends a census under way; a call that runs in the target heals by itself. */
void census_abandon(struct census *c);

/* Takes everything out of the target; blocks until the deadline. */
enum lt_errc census_leave(struct census *c, int64_t deadline_ns, struct census_result *ret);
/* How many of leaktop's mappings are in the target, as /proc/PID/maps says now. */
int census_mappings(const struct census *c);
/* The target runs another program now: forget pages and names, they went with the old one. */
void census_forget(struct census *c);

#endif
