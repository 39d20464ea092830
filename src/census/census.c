#include "config.h"
#include "census/census.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "census/agree.h"
#include "census/large.h"
#include "census/scan.h"
#include "census/walk.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define STEP_NS (10 * CLOCK_NS_PER_MS)	/* of CPU: a key pressed meanwhile waits for this long */
#define HOLD_SHARE 20			/* walks hold the GIL for at most 1/20 of the time */
#define CHECKS 4			/* times that scan and walk may differ: things change */
#define BESIDE_DEADLINE_NS (60 * CLOCK_NS_PER_S)
#define SETTLE_MS 5000			/* for a walk under way when leaktop ends */

struct census {
	struct census_options options;
	struct census_request request;	/* of the count under way */
	struct scan *scan;
	struct large *large;		/* what the scan cannot see by itself */
	bool feeding;			/* ... is being shown to it */
	struct walk *walk;		/* NULL: nothing may be injected */
	enum census_way way, last_way;
	bool counted;			/* once at least: last_way is that of a count */
	bool first;			/* this program was not counted yet */
	bool busy;			/* a count by `way` is under way */
	bool checking;			/* a walk runs beside, to be held against the last scan */
	bool unchecked;			/* the scan is yet to be held against a walk */
	bool collecting;		/* the borrower is on an errand for gc.collect() */
	int disagreed;
	int refused;			/* scans in a row that found no pools */
	struct census_result earlier;	/* a scan that did not agree with `walked`: owned; */
	struct census_result walked;	/* the next one may; types NULL: there is none */
	char why[192];
	int ready_fd;			/* always polls readable: the scan has work at any time */
	int64_t due_ns;			/* the budget: no count begins before */
	int64_t period_ns;
	struct census_result scanned;	/* the last scan; its types are the scan's */
	int64_t lists[CENSUS_LISTS];	/* of a walk that was made to check */
	struct census_result extra;	/* what such a walk cost, not yet in a result */
};

static void drop_earlier(struct census *c)
{
	for (size_t i = 0; i < c->earlier.n_types; i++)
		free((char *)(uintptr_t)c->earlier.types[i].name);
	free((struct census_type *)(uintptr_t)c->earlier.types);
	c->earlier = c->walked = (struct census_result){0};
}

static void begin_anew(struct census *c)
{
	c->way = c->options.mode == CENSUS_WALK ? CENSUS_BY_WALK : CENSUS_BY_SCAN;
	c->unchecked = c->options.mode == CENSUS_AUTO;
	c->first = true;
	c->busy = c->checking = false;
	c->disagreed = c->refused = 0;
	drop_earlier(c);
	c->why[0] = '\0';
	c->due_ns = c->period_ns = 0;
	c->scanned = c->extra = (struct census_result){0};
	for (size_t i = 0; i < COUNT_OF(c->lists); i++)
		c->lists[i] = LT_UNKNOWN;
}

struct census *census_new(const struct python *py, const struct gadgets *gadgets,
			  const struct census_options *options)
{
	struct census *c = MEM_NEW(struct census);

	c->options = *options;
	c->ready_fd = eventfd(1, EFD_CLOEXEC);
	c->scan = scan_new(py);
	c->large = large_new(py, options->max_cpu / 4);
	if (gadgets) {
		struct walk_options walk = {.max_pause_ns = options->max_pause_ns};

		c->walk = walk_new(py, gadgets, &walk);
	}
	begin_anew(c);
	c->last_way = c->way;
	return c;
}

void census_free(struct census *c)
{
	if (!c)
		return;
	walk_free(c->walk);
	large_free(c->large);
	scan_free(c->scan);
	drop_earlier(c);
	if (c->ready_fd >= 0)
		close(c->ready_fd);
	free(c);
}

void census_forget(struct census *c)
{
	scan_forget(c->scan);
	large_forget(c->large);
	if (c->walk)
		walk_forget(c->walk);
	begin_anew(c);
}

bool census_busy(const struct census *c)
{
	return c->busy;
}

int census_fd(const struct census *c)
{
	if (!c->busy)
		return -1;
	return c->way == CENSUS_BY_SCAN ? c->ready_fd : walk_fd(c->walk);
}

/* ---- may the scan be believed? ---------------------------------------------------------- */

static void use_walk(struct census *c, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	c->way = CENSUS_BY_WALK;
	c->unchecked = false;
}

/* What a walk beside cost belongs to the next result. */
static void add_cost(struct census_result *to, const struct census_result *r)
{
	to->hold_ns = r->hold_ns > to->hold_ns ? r->hold_ns : to->hold_ns;
	to->held_ns += r->held_ns;
	to->slices += r->slices;
	to->stops += r->stops;
	to->stopped_ns += r->stopped_ns;
	if (r->longest_stop_ns > to->longest_stop_ns)
		to->longest_stop_ns = r->longest_stop_ns;
	to->cpu_ns += r->cpu_ns;
	to->pending = to->pending || r->pending;
}

/* Nothing more is to be done in there. */
static void leave_beside(struct census *c)
{
	(void)walk_leave_begin(c->walk, clock_mono_ns() + BESIDE_DEADLINE_NS, NULL);
}

static void trust_scan(struct census *c)
{
	c->unchecked = false;
	leave_beside(c);
}

/* Keeps the scan, whose names are the scan's own only until the next one. */
static void keep_earlier(struct census *c)
{
	size_t n = c->scanned.n_types;
	struct census_type *types = mem_array(n + 1, sizeof(*types));

	for (size_t i = 0; i < n; i++)
		types[i] = (struct census_type){
			.name = mem_strdup(c->scanned.types[i].name),
			.count = c->scanned.types[i].count,
		};
	c->earlier = (struct census_result){.types = types, .n_types = n};
}

/* The walk is held against the scan before it; where they differ, also against the next one. */
static void judge(struct census *c, const struct census_result *walked)
{
	char why[sizeof(c->why)];

	/* no count, or no scan any more to hold it against: asked again with the next sample */
	if (walked->err.code != LT_OK || !c->scanned.types)
		return;
	for (size_t i = 0; i < COUNT_OF(c->lists); i++)
		c->lists[i] = walked->list_objects[i];
	if (agree(&c->scanned, NULL, walked, why, sizeof(why))) {
		trust_scan(c);
	} else {
		keep_earlier(c);
		c->walked = *walked;
	}
}

static void judge_again(struct census *c)
{
	char why[sizeof(c->why)];

	if (!c->walked.types)
		return;
	if (agree(&c->earlier, &c->scanned, &c->walked, why, sizeof(why)))
		trust_scan(c);
	else if (++c->disagreed == CHECKS)
		use_walk(c, why);
	drop_earlier(c);
}

/* A walk beside that has ended is held against the scan that it was begun after. */
static void end_beside(struct census *c)
{
	struct pollfd fd = {.events = POLLIN};
	struct census_result walked;

	if (!census_borrows(c) || c->collecting || (c->busy && c->way == CENSUS_BY_WALK))
		return;
	fd.fd = walk_fd(c->walk);
	if (poll(&fd, 1, 0) <= 0)
		return;
	walk_end(c->walk, &walked);
	add_cost(&c->extra, &walked);
	if (c->checking) {
		c->checking = false;
		judge(c, &walked);
	}
}

/* Nobody waits for it, so it may take its time. */
static void begin_check(struct census *c)
{
	int64_t deadline = clock_mono_ns() + BESIDE_DEADLINE_NS;

	if (!c->unchecked || !c->walk || c->request.refusal.code != LT_OK)
		return;
	c->checking = walk_begin(c->walk, c->request.size_bytes, deadline, NULL) == LT_OK;
}

/* ---- a count ---------------------------------------------------------------------------- */

static enum lt_errc begin_walk(struct census *c, const struct census_request *request,
			       struct lt_err *err)
{
	if (!c->walk)
		return lt_err_set(err, LT_E_ALLOCATOR, 0, "%s", c->why);
	if (request->refusal.code != LT_OK) {
		*err = request->refusal;
		return err->code;
	}
	if (c->collecting)
		return lt_err_set(err, LT_E_BUSY, 0, "gc.collect() is waited for");
	return walk_begin(c->walk, request->size_bytes, request->deadline_ns, err);
}

static enum lt_errc begin_scan(struct census *c, struct lt_err *err)
{
	enum lt_errc rc = c->first ? scan_possible(c->scan, err) : LT_OK;

	c->scanned = (struct census_result){0};	/* its names go where the scan begins anew */
	return rc == LT_OK ? scan_begin(c->scan, c->first, err) : rc;
}

/*
 * Without pools there is no other way. Where there were some before, they may only be in motion; or
 * it was looked at in its first moments, when every interpreter has them.
 */
static bool has_no_pools(struct census *c, enum lt_errc rc)
{
	c->refused = rc == LT_E_ALLOCATOR ? c->refused + 1 : 0;
	return c->options.mode == CENSUS_AUTO && c->refused &&
	       (c->first || c->refused == CHECKS);
}

static enum lt_errc paced(const struct census *c, struct lt_err *err)
{
	return lt_err_set(err, LT_E_PACED, 0, "one in %.1f s is what the budget allows",
			  (double)c->period_ns / CLOCK_NS_PER_S);
}

enum lt_errc census_begin(struct census *c, const struct census_request *request,
			  struct lt_err *err)
{
	struct lt_err why;
	enum lt_errc rc;

	end_beside(c);
	if (clock_mono_ns() < c->due_ns)
		return paced(c, err);
	if (c->way == CENSUS_BY_SCAN) {
		rc = begin_scan(c, &why);
		if (has_no_pools(c, rc)) {
			use_walk(c, why.detail);
		} else if (rc != LT_OK) {
			*err = why;
			return rc;
		}
	}
	if (c->way == CENSUS_BY_WALK && (rc = begin_walk(c, request, err)) != LT_OK)
		return rc;
	c->feeding = c->way == CENSUS_BY_SCAN && large_begin(c->large, c->scan);
	c->request = *request;
	c->busy = true;
	return LT_OK;
}

/* The budget for what comes: the first pass, which reads everything, is not what each costs. */
static void pace(struct census *c, int64_t cpu_ns, int64_t held_ns)
{
	if (c->first)
		return;
	c->period_ns = c->options.max_cpu > 0 ? (int64_t)((double)cpu_ns / c->options.max_cpu) : 0;
	if (held_ns * HOLD_SHARE > c->period_ns)
		c->period_ns = held_ns * HOLD_SHARE;
	c->due_ns = clock_mono_ns() + c->period_ns;
}

/* What both ways add to a result. */
static void complete(struct census *c, struct census_result *ret)
{
	add_cost(ret, &c->extra);
	c->extra = (struct census_result){0};
	ret->way = c->way;
	ret->changed_way = c->counted && c->last_way != c->way;
	ret->why = c->why;
	ret->period_ns = c->period_ns;
	if (ret->err.code == LT_OK) {
		c->counted = true;
		c->first = false;
		c->last_way = c->way;
	}
	c->busy = false;
}

static bool advance_scan(struct census *c, struct census_result *ret)
{
	struct scan_result found;

	if (c->feeding) {
		c->feeding = !large_step(c->large, c->scan, STEP_NS);
		return false;
	}
	if (!scan_step(c->scan, STEP_NS))
		return false;
	scan_result(c->scan, &found);
	*ret = (struct census_result){
		.types = found.types, .n_types = found.n_types, .objects = found.objects,
		.arena_bytes = found.arena_bytes, .block_bytes = found.block_bytes,
		.explained = found.explained, .large_bytes = found.large_bytes,
	};
	for (size_t i = 0; i < COUNT_OF(c->lists); i++) {
		ret->list_objects[i] = c->lists[i];
		c->lists[i] = LT_UNKNOWN;	/* they were so when it was asked */
	}
	c->scanned = *ret;
	pace(c, found.cpu_ns, 0);
	complete(c, ret);
	judge_again(c);
	if (!census_borrows(c))
		begin_check(c);
	return true;
}

static bool advance_walk(struct census *c, struct census_result *ret)
{
	walk_end(c->walk, ret);
	ret->arena_bytes = ret->block_bytes = ret->explained = ret->large_bytes = LT_UNKNOWN;
	pace(c, ret->cpu_ns, ret->held_ns);
	complete(c, ret);
	return true;
}

bool census_advance(struct census *c, struct census_result *ret)
{
	return c->way == CENSUS_BY_SCAN ? advance_scan(c, ret) : advance_walk(c, ret);
}

const struct cheap_totals *census_heap(const struct census *c, int64_t *n_passes)
{
	return c->way == CENSUS_BY_SCAN ? large_heap(c->large, n_passes) : NULL;
}

bool census_borrows(const struct census *c)
{
	return c->walk && walk_busy(c->walk);
}

/* ---- gc.collect() ------------------------------------------------------------------------ */

enum lt_errc census_collect_begin(struct census *c, int64_t wait_ns, struct lt_err *err)
{
	enum lt_errc rc;

	end_beside(c);
	if (!c->walk || census_borrows(c))
		return lt_err_set(err, LT_E_BUSY, 0, "a walk is under way");
	rc = walk_collect_begin(c->walk, wait_ns, err);
	c->collecting = rc == LT_OK;
	return rc;
}

int census_collect_fd(const struct census *c)
{
	return c->collecting ? walk_fd(c->walk) : -1;
}

void census_collect_end(struct census *c, struct census_collected *ret)
{
	walk_collect_end(c->walk, ret);
	c->collecting = false;
	add_cost(&c->extra, &ret->cost);
	if (c->way == CENSUS_BY_SCAN && !c->unchecked)
		leave_beside(c);
}

/* ---- the end ----------------------------------------------------------------------------- */

void census_settle(struct census *c)
{
	struct census_result r;
	struct pollfd fd = {.events = POLLIN};

	if (!census_borrows(c))
		return;
	/* what the user asked for is called off, unless it has begun */
	walk_hurry(c->walk);
	fd.fd = walk_fd(c->walk);
	if (poll(&fd, 1, SETTLE_MS) > 0)
		walk_end(c->walk, &r);
	else
		walk_abandon(c->walk);
	c->busy = c->checking = c->collecting = false;
}

void census_abandon(struct census *c)
{
	if (c->walk)
		walk_abandon(c->walk);
	c->busy = c->checking = c->collecting = false;
}

enum lt_errc census_leave(struct census *c, int64_t deadline_ns, struct census_result *ret)
{
	*ret = (struct census_result){0};
	if (!c->walk)
		return LT_OK;
	census_settle(c);
	return walk_leave(c->walk, deadline_ns, ret);
}

int census_mappings(const struct census *c)
{
	return c->walk ? walk_mappings(c->walk) : 0;
}
