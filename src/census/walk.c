/*
 * The exact way of counting: the helper walks the gc lists under the GIL and leaves a table in
 * leaktop's page, which is read back here. Nothing in that page is believed without a look: the
 * target could have written it.
 */
#include "config.h"
#include "census/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/abi.h"
#include "census/block.h"
#include "census/names.h"
#include "inject/borrow.h"
#include "proc/maps.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/page.h"

#define TYPES_FIRST 4096u
#define TYPES_MOST 262144u
#define OBJECT_LEAST 32u		/* bytes of the smallest tracked object, gc head included */

struct walk {
	const struct python *py;
	const struct gadgets *gadgets;
	bool visit;			/* by the caller's wish, not only where it must be */
	int64_t max_pause_ns;		/* 0: all in one slice */
	struct lodging lodging;
	struct borrower borrower;
	enum { COUNTS, LEAVES, COLLECTS } errand;	/* of the borrower */
	bool lost;			/* a borrower died: there may be more in the target */
	struct timed_wait wait;	/* the timed wait that was visited last */
	int filters;			/* seccomp filters that were read */
	uint32_t request;
	uint32_t max_types;		/* of the next block that is mapped */
	struct pace pace;
	int64_t visit_ns;		/* how long visiting took last time; 0: not known */
	struct names *names;
	struct agent_type *table;	/* read back, max_types long */
	struct census_type *types;	/* merged by name */
	size_t types_cap;
};

_Static_assert(CENSUS_LISTS == AGENT_LISTS, "the same lists on both sides");

struct walk *walk_new(const struct python *py, const struct gadgets *gadgets,
			  const struct walk_options *options)
{
	struct walk *w = MEM_NEW(struct walk);

	w->py = py;
	w->gadgets = gadgets;
	w->visit = options->visit;
	w->max_pause_ns = options->max_pause_ns;
	w->borrower.fd = -1;
	w->max_types = TYPES_FIRST;
	w->names = names_new();
	pace_begin(&w->pace);
	return w;
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	borrow_abandon(&w->borrower);
	names_free(w->names);
	free(w->table);
	free(w->types);
	free(w);
}

void walk_forget(struct walk *w)
{
	w->lodging = (struct lodging){0};
	w->wait = (struct timed_wait){0};
	w->filters = 0;
	names_clear(w->names);
}

/* Tells a block that is already there what is wanted. */
static bool write_order(const struct walk *w, const struct agent_order *order)
{
	uint64_t at = w->lodging.block;

	return !at || remote_write(&w->py->remote, at + offsetof(struct agent_block, order), order,
				   sizeof(*order));
}

/* A note that is read late does nothing; with AGENT_OP_LEAVE it takes the pages out. */
static void cancel(const struct walk *w, enum agent_op op)
{
	const struct agent_order nothing = {.op = op};

	(void)write_order(w, &nothing);
}

/* Visiting cannot be sliced: not again where it took too long. */
static enum lt_errc may_visit(const struct walk *w, struct lt_err *err)
{
	if (w->max_pause_ns == 0 || w->visit_ns <= w->max_pause_ns ||
	    (!w->visit && w->py->layout->walk == LAYOUT_WALK_LISTS))
		return LT_OK;
	return lt_err_set(err, LT_E_PAUSE, 0, "it took %lld ms and cannot be done in slices here",
			  (long long)(w->visit_ns / CLOCK_NS_PER_MS));
}

static struct borrow_job job_of(const struct walk *w, int64_t wait_ns)
{
	return (struct borrow_job){
		.py = w->py, .gadgets = w->gadgets, .lodging = w->lodging, .wait = w->wait,
		.filters = w->filters, .pace = w->pace, .wait_ns = wait_ns,
	};
}

/* The next request, and a block for it, should one have to be made. */
static enum lt_errc prepare(struct walk *w, struct borrow_job *job, struct agent_block *block,
			    struct lt_err *err)
{
	job->block_size = block_fill(w->py, w->visit, w->max_types, block);
	if (!job->block_size)
		return lt_err_set(err, LT_E_REMOTE, errno, "reading the lock of pending calls");
	job->block = block;
	if (++w->request == 0)
		w->request = 1;
	return LT_OK;
}

/* A note has taken them out by itself. After an exec they are gone, too: that others find out. */
static void notice_gone(struct walk *w)
{
	if (w->lodging.code && remote_probe(&w->py->remote, w->lodging.code, NULL) != LT_OK &&
	    python_same(w->py))
		w->lodging = (struct lodging){0};
}

static enum lt_errc begin_errand(struct walk *w, int errand, struct borrow_job *job,
				 struct agent_block *block, struct lt_err *err)
{
	notice_gone(w);
	job->lodging = w->lodging;
	block->order = job->order;
	if (!write_order(w, &job->order)) {
		w->lost = true;
		return lt_err_set(err, LT_E_REPLACED, errno, "leaktop's pages are gone");
	}
	w->errand = errand;
	return borrow_begin(&w->borrower, job, err);
}

enum lt_errc walk_begin(struct walk *w, int64_t size_bytes, int64_t deadline_ns,
			  struct lt_err *err)
{
	struct agent_block block;
	struct borrow_job job = job_of(w, deadline_ns - clock_mono_ns());
	enum lt_errc rc = may_visit(w, err);

	job.object_least = OBJECT_LEAST;
	job.max_pause_ns = w->max_pause_ns;
	if (rc != LT_OK)
		return rc;
	if ((rc = prepare(w, &job, &block, err)) != LT_OK)
		return rc;
	job.order = (struct agent_order){
		.max_objects = (uint64_t)(size_bytes > 0 ? size_bytes : INT64_MAX) / OBJECT_LEAST,
		.slice_ticks = w->max_pause_ns ? pace_ticks(&w->pace, w->max_pause_ns / 2) : 0,
		.op = AGENT_OP_BEGIN, .request = w->request,
	};
	return begin_errand(w, COUNTS, &job, &block, err);
}

bool walk_busy(const struct walk *w)
{
	return w->borrower.child > 0;
}

int walk_fd(const struct walk *w)
{
	return walk_busy(w) ? w->borrower.fd : -1;
}

static enum lt_errc status_error(uint32_t status, struct lt_err *err)
{
	switch (status) {
	case AGENT_OK:
		return LT_OK;
	case AGENT_NO_THREAD_STATE:
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0,
				  "the main thread does not run Python");
	case AGENT_COLLECTING:
		return lt_err_set(err, LT_E_COLLECTING, 0, "lists are incomplete while it runs");
	case AGENT_POST_REFUSED:
		return lt_err_set(err, LT_E_BUSY, 0, "its queue of pending calls is full");
	case AGENT_SEVERAL:
		return lt_err_set(err, LT_E_INTERPRETERS, 0,
				  "which of them its main thread is in is not known");
	case AGENT_OTHER_STATE:
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0,
				  "the main thread holds the GIL under a second thread state");
	case AGENT_LOCKED:
		return lt_err_set(err, LT_E_BUSY, 0, "the lock of pending calls is taken");
	case AGENT_LOOP:
		return lt_err_set(err, LT_E_BAD_DATA, 0, "a list of the collector does not end");
	case AGENT_BROKEN:
		return lt_err_set(err, LT_E_BAD_DATA, 0, "a list of the collector is damaged");
	case AGENT_RESTLESS:
		return lt_err_set(err, LT_E_COLLECTING, 0, "again and again, while it was counted");
	case AGENT_OUTSIDE:
		return lt_err_set(err, LT_E_BUSY, 0, "it maps memory faster than it is counted");
	case AGENT_LATE:
		return lt_err_set(err, LT_E_BUSY, 0, "the note was read too late");
	case AGENT_MORE:
		return lt_err_set(err, LT_E_TIMEOUT, 0, "too many slices");
	default:
		return lt_err_set(err, LT_E_BAD_DATA, 0, "the helper answered %u", status);
	}
}

static void merge(struct walk *w, const struct agent_block *b, struct census_result *ret)
{
	size_t n = 0, *place_of = NULL, known = 0;

	names_trim(w->names);
	for (uint32_t i = 0; i < b->types; i++) {
		const struct agent_type *t = &w->table[i];
		size_t number;

		if (!t->count)		/* met in a part that was taken back */
			continue;
		number = names_of(w->names, w->py, t);
		if (number >= known) {		/* place_of[number]: where it is in types[], + 1 */
			size_t more = names_count(w->names) + 256;

			place_of = mem_resize(place_of, more, sizeof(*place_of));
			memset(place_of + known, 0, (more - known) * sizeof(*place_of));
			known = more;
		}
		if (!place_of[number]) {
			place_of[number] = ++n;
			w->types[n - 1] = (struct census_type){0};
		}
		w->types[place_of[number] - 1].count += t->count;
		w->types[place_of[number] - 1].bytes += t->bytes;
		w->types[place_of[number] - 1].name = names_text(w->names, number);
	}
	free(place_of);
	ret->types = w->types;
	ret->n_types = n;
}

static enum lt_errc read_table(struct walk *w, const struct agent_block *b, struct lt_err *err)
{
	if (b->max_types > TYPES_MOST || b->types > b->max_types ||
	    b->table_at + (uint64_t)b->types * sizeof(struct agent_type) > w->lodging.block_size)
		return lt_err_set(err, LT_E_BAD_DATA, 0, "the helper's block is damaged");
	w->table = mem_resize(w->table, b->max_types, sizeof(*w->table));
	if (!remote_read(&w->py->remote, w->lodging.block + b->table_at, w->table,
			 b->types * sizeof(*w->table)))
		return lt_err_set(err, LT_E_REMOTE, errno, "reading the helper's table");
	for (uint32_t i = 0; i < b->types; i++)
		w->table[i].name[AGENT_NAME - 1] = '\0';
	if (w->types_cap < b->types) {
		w->types_cap = b->max_types;
		w->types = mem_resize(w->types, w->types_cap, sizeof(*w->types));
	}
	return LT_OK;
}

/* Objects of types beyond the table: counted in all, shown by no name. Next time there is room. */
static void make_room(struct walk *w, const struct agent_block *b)
{
	if (b->left_out && b->max_types >= w->max_types && b->max_types < TYPES_MOST)
		w->max_types = b->max_types * 4;
}

static enum lt_errc read_answer(struct walk *w, struct census_result *ret, struct lt_err *err)
{
	struct agent_block b;
	enum lt_errc rc;

	if (!remote_read(&w->py->remote, w->lodging.block, &b, sizeof(b)))
		return lt_err_set(err, LT_E_REMOTE, errno, "reading the helper's block");
	if (b.answer != w->request)
		return lt_err_set(err, LT_E_BAD_DATA, 0, "the helper answered another request");
	if ((rc = status_error(b.status, err)) != LT_OK || (rc = read_table(w, &b, err)) != LT_OK)
		return rc;
	merge(w, &b, ret);
	ret->objects = (int64_t)b.objects;
	ret->approximate = b.approximate != 0;
	ret->restarts = b.restarts;
	w->visit_ns = b.walk ? 0 : ret->hold_ns;
	for (int i = 0; i < CENSUS_LISTS; i++)
		ret->list_objects[i] = b.walk ? (int64_t)b.list_objects[i] : LT_UNKNOWN;
	make_room(w, &b);
	if (b.left_out)
		return lt_err_set(err, LT_E_BAD_DATA, 0, "more than %u types: making room",
				  b.max_types);
	return LT_OK;
}

static void take_result(struct walk *w, struct census_result *ret)
{
	struct borrow_result r;

	borrow_end(&w->borrower, &r);
	w->lodging = r.lodging;
	w->lost |= r.lost;
	w->request = r.request;
	w->wait = r.wait;
	w->filters = r.filters;
	*ret = (struct census_result){
		.err = r.err, .pending = r.pending, .stops = r.stops, .stopped_ns = r.stopped_ns,
		.longest_stop_ns = r.longest_stop_ns, .cpu_ns = r.cpu_ns, .objects = LT_UNKNOWN,
		.slices = r.slices, .hold_ns = r.longest_hold_ns, .held_ns = r.hold_ns,
	};
}

void walk_end(struct walk *w, struct census_result *ret)
{
	take_result(w, ret);
	if (w->errand == LEAVES && ret->err.code != LT_OK)
		cancel(w, AGENT_OP_LEAVE);
	else if (w->errand == COUNTS && ret->err.code == LT_OK)
		(void)read_answer(w, ret, &ret->err);
	else if (w->errand == COUNTS)
		cancel(w, AGENT_OP_BEGIN);
	if (ret->err.code == LT_E_REPLACED)
		walk_forget(w);
}

/* ---- gc.collect() ----------------------------------------------------------------------- */

enum lt_errc walk_collect_begin(struct walk *w, int64_t wait_ns, struct lt_err *err)
{
	struct agent_block block;
	struct borrow_job job = job_of(w, wait_ns);
	enum lt_errc rc;

	job.collect = true;
	if (!w->py->sym.gc_collect || !w->py->sym.err_fetch || !w->py->sym.err_restore)
		return lt_err_set(err, LT_E_LAYOUT, 0, "this Python exports no PyGC_Collect");
	if ((rc = prepare(w, &job, &block, err)) != LT_OK)
		return rc;
	job.order = (struct agent_order){
		.until_ticks = pace_until(&w->pace, wait_ns),
		.op = AGENT_OP_COLLECT, .request = w->request,
	};
	return begin_errand(w, COLLECTS, &job, &block, err);
}

static void read_collected(struct walk *w, struct census_collected *ret)
{
	struct agent_block b;

	if (!remote_read(&w->py->remote, w->lodging.block, &b, offsetof(struct agent_block, saved)))
		lt_err_set(&ret->cost.err, LT_E_REMOTE, errno, "reading the helper's block");
	else if (b.answer != w->request)
		lt_err_set(&ret->cost.err, LT_E_BAD_DATA, 0, "the helper answered another request");
	else if (b.status == AGENT_CANNOT)
		lt_err_set(&ret->cost.err, LT_E_LAYOUT, 0,
			   "the collector is off, and the gc module is not there to be asked");
	else
		(void)status_error(b.status, &ret->cost.err);
	if (ret->cost.err.code != LT_OK)
		return;
	ret->unreachable = b.unreachable;
	ret->took_ns = pace_ns(&w->pace, b.hold_ticks, BORROW_COLLECT_NS);
}

void walk_collect_end(struct walk *w, struct census_collected *ret)
{
	*ret = (struct census_collected){.unreachable = LT_UNKNOWN, .took_ns = LT_UNKNOWN};
	take_result(w, &ret->cost);
	if (ret->cost.err.code == LT_OK)
		read_collected(w, ret);
	else
		cancel(w, AGENT_OP_BEGIN);
	if (ret->cost.err.code == LT_E_REPLACED)
		walk_forget(w);
}

/* ---- the end --------------------------------------------------------------------------- */

void walk_hurry(struct walk *w)
{
	borrow_hurry(&w->borrower);
}

void walk_abandon(struct walk *w)
{
	w->lost |= walk_busy(w);
	borrow_abandon(&w->borrower);
}

enum lt_errc walk_leave_begin(struct walk *w, int64_t deadline_ns, struct lt_err *err)
{
	struct borrow_job job = job_of(w, deadline_ns - clock_mono_ns());

	job.leave = true;
	if (!w->lodging.code && !w->lost)
		return LT_OK;
	cancel(w, AGENT_OP_LEAVE);
	w->errand = LEAVES;
	return borrow_begin(&w->borrower, &job, err);
}

enum lt_errc walk_leave(struct walk *w, int64_t deadline_ns, struct census_result *ret)
{
	enum lt_errc rc;

	*ret = (struct census_result){.objects = LT_UNKNOWN};
	rc = walk_leave_begin(w, deadline_ns, &ret->err);
	if (rc == LT_OK && walk_busy(w))
		walk_end(w, ret);
	return rc == LT_OK ? ret->err.code : rc;
}

int walk_mappings(const struct walk *w)
{
	struct maps maps = {0};
	int n = 0;

	if (maps_read(w->py->remote.pid, &maps, NULL) != LT_OK)
		return 0;		/* the process is gone, and they with it */
	n += w->lodging.code && maps_find(&maps, w->lodging.code);
	n += w->lodging.block && maps_find(&maps, w->lodging.block);
	maps_done(&maps);
	return n;
}
