/*
 * The lists are rings of PyGC_Heads: next and prev with flags in their low bits (3.8+), to 3.7 a
 * third word. What the collector and the program do to them while the GIL is not held:
 *
 *   an object is made or tracked		appended to generation 0
 *   an object dies or is untracked		unlinked where it was
 *   a collection of generation g		0..g are emptied: joined, put in another order, what
 *						lives appended to generation g + 1; in the last one
 *						to itself, objects in another order
 *   gc.freeze(), gc.unfreeze()		a whole list appended to another
 *
 * So a list that is not collected keeps its order and grows at its end only. Each list has four
 * bookmarks while it is walked: HEAD must stay the first (else the list was emptied); LO and
 * HI, with everything that is not counted yet between them; TAIL, behind which is what was appended
 * since. A collection of the last generation does not empty it: there the canary comes before
 * HEAD is a tuple that holds it. Its one reference comes from an object behind it in the
 * list, so the collector takes it for unreachable, finds it again through the tuple and appends it
 * to the end (move_unreachable, visit_reachable: 2.7 to 3.15). Where it is still in its place,
 * nothing was collected.
 *
 * Bookmarks are objects with references that no object accounts for: no collection frees them or
 * moves them within a list. If leaktop never comes back they are 16 empty lists and a tuple.
 *
 * The count is exact as of the last slice but for objects that were made, died or changed their
 * size behind a bookmark since the first: lists are finished from the oldest to the youngest, and
 * the last slice goes through all of them to their very ends. What was counted of generations 0
 * and 1 is taken back when they are collected meanwhile, for their objects come along again.
 */
#include "agent/ring.h"

#include "agent/count.h"
#include "agent/guard.h"
#include "agent/links.h"

#define RESTARTS 3		/* exact tries; then rebuilt lists cost exactness, not time */
#define RESTARTS_MOST 12
#define LOOK_EVERY 16		/* pairs of objects between two looks at the counter */
#define ROLLBACKS 16		/* of young generations, likewise */
#define STUCK_MOST 8		/* slices that chase a list's end through memory that is new */
#define STUCK_OBJECTS 1000u	/* ... and count fewer than these */
#define CHASE 1024		/* objects passed at once on the way to such an end */

/* ---- bookmarks -------------------------------------------------------------------------- */

/* 0: its neighbours do not know it; touching them would make it worse. */
AGENT_COLD static int mark_unlink(uint64_t at)
{
	uint64_t before = prev_of(at), behind = next_of(at);

	if (!behind)
		return 1;		/* never linked, or untracked by the interpreter's end */
	if (!before || next_of(before) != at || prev_of(behind) != at)
		return 0;
	set_next(before, behind);
	set_prev(behind, before);
	WRITE(at, 0);
	WRITE(at + 8, 0);
	return 1;
}

static uint32_t refs_wanted(int i)
{
	return i == AGENT_CANARY ? 1 : AGENT_MARK_REFS;
}

/* One that an earlier walk made may be in use by the program: its count of references is kept. */
static void make_mark(struct agent_block *b, int i)
{
	uint64_t at = mark_at(b, i), obj = at + b->gc_head_size, items;

	if (READ(uint64_t, obj + b->ob_type))
		return;
	if (b->gc_head_size > 16)
		WRITE(at + 16, b->mark_refs);
	WRITE(obj, refs_wanted(i));
	WRITE(obj + b->ob_type, b->list_type);
	if (i != OLDEST * AGENT_ROLES + AGENT_HEAD)
		return;
	/* a tuple's basicsize ends where its items begin; 3.14+ has its hash before them */
	items = READ(uint64_t, b->tuple_type + b->tp_basicsize);
	WRITE(obj + b->ob_type, b->tuple_type);
	WRITE(obj + b->ob_size, 1);
	if (items > b->ob_size + 8u)
		WRITE(obj + b->ob_size + 8, UINT64_MAX);
	WRITE(obj + items, mark_at(b, AGENT_CANARY) + b->gc_head_size);
}

AGENT_COLD static int make_marks(struct agent_block *b)
{
	uint64_t items = b->tuple_type ? READ(uint64_t, b->tuple_type + b->tp_basicsize) : 0;

	if (items < b->ob_size + 8u || b->gc_head_size + items + 8 > sizeof(struct agent_mark))
		return 0;
	for (int i = 0; i < AGENT_MARKS; i++)
		make_mark(b, i);
	return 1;
}

AGENT_COLD uint32_t ring_unlink(struct agent_block *b)
{
	uint32_t status = AGENT_OK;

	for (int i = 0; i < AGENT_MARKS; i++) {
		uint64_t at = mark_at(b, i), obj = at + b->gc_head_size;

		if (!mark_unlink(at) || (READ(uint64_t, obj + b->ob_type) &&
				    READ(uint32_t, obj) != refs_wanted(i)))
			status = AGENT_HELD;
	}
	for (int i = 0; i < AGENT_LISTS; i++)
		b->open[i] = 0;
	return status;
}

/* ---- lists ------------------------------------------------------------------------------ */

static uint64_t canary(const struct agent_block *b)
{
	return mark_at(b, AGENT_CANARY);
}

/* is_place, once for all that is not done for each object. */
AGENT_COLD static int is_there(struct agent_block *b, uint64_t at)
{
	return is_place(b, at);
}

AGENT_COLD static int has_first(struct agent_block *b, int list)
{
	uint64_t head = b->head[list], first = next_of(head);

	return first == head || (is_there(b, first) && prev_of(first) == head);
}

AGENT_COLD static int has_last(struct agent_block *b, int list)
{
	uint64_t head = b->head[list], last = prev_of(head);

	return last == head || (is_there(b, last) && next_of(last) == head);
}

/*
 * The last object behind `from`; where that is in no range, as far as ranges reach: what comes
 * behind it is in one, too, for a bookmark is put between the two. `from`: there is none.
 */
AGENT_COLD static uint64_t find_end(struct agent_block *b, int list, uint64_t from)
{
	uint64_t at = from, next;

	if (has_last(b, list))
		return prev_of(b->head[list]);
	for (int n = 0; b->missed && n < CHASE; n++, at = next) {
		next = next_of(at);
		if (!is_there(b, next) || prev_of(next) != at || !is_there(b, next_of(next)))
			break;
	}
	if (at != from)
		b->missed = 0;
	return at;
}

AGENT_COLD static int open_list(struct agent_block *b, int list)
{
	uint64_t head = b->head[list], end;

	if (!has_first(b, list))
		return 0;
	end = find_end(b, list, head);
	if (end == head && next_of(head) != head)
		return 0;
	for (int role = 0; role < AGENT_ROLES; role++)
		if (is_linked(mark(b, list, role)))
			return 0;
	link_behind(mark(b, list, AGENT_HEAD), head);
	if (list == OLDEST)
		link_behind(canary(b), head);
	link_behind(mark(b, list, AGENT_LO), mark(b, list, AGENT_HEAD));
	link_behind(mark(b, list, AGENT_TAIL), end == head ? mark(b, list, AGENT_LO) : end);
	link_behind(mark(b, list, AGENT_HI), prev_of(mark(b, list, AGENT_TAIL)));
	b->open[list] = 1;
	return 1;
}

AGENT_COLD static void close_list(struct agent_block *b, int list)
{
	for (int role = 0; role < AGENT_ROLES; role++)
		(void)mark_unlink(mark(b, list, role));
	b->open[list] = 0;
}

/* What was appended behind TAIL becomes what is to be counted. 0: none of it is to be had. */
AGENT_COLD static int go_on_behind_tail(struct agent_block *b, int list)
{
	uint64_t lo = mark(b, list, AGENT_LO), hi = mark(b, list, AGENT_HI);
	uint64_t tail = mark(b, list, AGENT_TAIL), end;

	if (!is_there(b, next_of(tail)) || prev_of(next_of(tail)) != tail)
		return 0;
	end = find_end(b, list, tail);
	if (end == tail)
		return 0;
	mark_unlink(lo);
	mark_unlink(hi);
	link_behind(lo, tail);
	mark_unlink(tail);
	link_behind(tail, end);
	link_behind(hi, prev_of(tail));
	return 1;
}

/* Has an open list been left alone, or only appended to? */
AGENT_COLD static int stands(const struct agent_block *b, int list)
{
	uint64_t first = b->head[list], head = mark(b, list, AGENT_HEAD);

	if (list == OLDEST) {
		if (next_of(first) != canary(b) || READ(uint32_t, canary(b) + b->gc_head_size) != 1)
			return 0;
		first = canary(b);
	}
	return next_of(first) == head && is_linked(mark(b, list, AGENT_LO)) &&
	       is_linked(mark(b, list, AGENT_HI)) && is_linked(mark(b, list, AGENT_TAIL));
}

AGENT_COLD static void begin(struct agent_block *b)
{
	(void)ring_unlink(b);
	count_reset(b);
	b->missed = 0;
	b->stuck = 0;
	b->approximate = 0;
}

/*
 * The oldest list was rebuilt, or a whole list moved. After some exact tries: only the canary is
 * put back, and what the collector has appended to the end again is counted again.
 */
AGENT_COLD static uint32_t restart(struct agent_block *b)
{
	if (b->restarts++ >= RESTARTS && b->open[OLDEST] && has_first(b, OLDEST) &&
	    mark_unlink(canary(b))) {
		link_behind(canary(b), b->head[OLDEST]);
		if (stands(b, OLDEST) && (!b->open[PERMANENT] || stands(b, PERMANENT))) {
			b->approximate = 1;
			return AGENT_OK;
		}
	}
	if (b->restarts > RESTARTS_MOST)
		return AGENT_RESTLESS;
	begin(b);
	return AGENT_OK;
}

/* Young lists were emptied: what was counted of them is in older ones now, and comes again. */
AGENT_COLD static void roll_back(struct agent_block *b, int to)
{
	for (int list = to; list >= 0; list--)
		close_list(b, list);
	if (++b->rollbacks <= ROLLBACKS)
		count_restore(b, to);
	else
		b->approximate = 1;
}

AGENT_COLD static uint32_t look_again(struct agent_block *b)
{
	if ((b->open[PERMANENT] && !stands(b, PERMANENT)) ||
	    (b->open[OLDEST] && !stands(b, OLDEST))) {
		uint32_t status = restart(b);

		if (status != AGENT_OK)
			return status;
	}
	for (int list = 1; list >= 0; list--)
		if (b->open[list] && !stands(b, list)) {
			roll_back(b, list);
			break;
		}
	return AGENT_OK;
}

/* ---- the walk --------------------------------------------------------------------------- */

static int count_one(struct agent_block *b, int list, uint64_t at)
{
	if (is_mark(b, at))
		return 1;
	if (!count_object(b, at + b->gc_head_size))
		return 0;
	b->list_objects[list]++;
	return 1;
}

/* Is what the walk from the newer end would come to in no range? Then the other one will see. */
static inline int is_lost(struct agent_block *b, uint64_t at)
{
	if (is_place(b, at))
		return 0;
	b->missed = 0;
	return 1;
}

/* Begins to wait for it while there is other work; it will be looked at next. */
static inline void touch(uint64_t at)
{
	(void)*(const volatile uint64_t *)(uintptr_t)at;
}

/*
 * From both ends at once: each step waits for memory, and two waits overlap. The newest object is
 * often in memory that is new: then the walk goes from the older end alone. A node is believed
 * only if the one before knows it and it knows the one before: a ring that was damaged, by the
 * program or by an extension of it, must not lead the walk astray. Nor is it counted before it is
 * known that the one behind it can be read: a bookmark is put between the two.
 */
static uint32_t between(struct agent_block *b, int list, uint64_t *lo, uint64_t *hi)
{
	uint64_t at = next_of(*lo);
	int alone;

	if (!is_place(b, at))
		return guard_status(b);
	alone = is_lost(b, prev_of(*hi));
	for (uint32_t n = 1; at != *hi; at = next_of(*lo), n++) {
		if (prev_of(at) != *lo || !is_place(b, next_of(at)))
			return guard_status(b);
		touch(next_of(at));
		if (!count_one(b, list, at))
			return guard_status(b);
		*lo = at;
		at = prev_of(*hi);
		if (at == *lo)
			break;
		if (!alone && next_of(at) != *hi)
			return guard_status(b);
		alone = alone || is_lost(b, prev_of(at));
		if (!alone) {
			touch(prev_of(at));
			if (!count_one(b, list, at))
				return guard_status(b);
			*hi = at;
		}
		if (b->objects > b->order.max_objects)
			return AGENT_LOOP;
		if (n % LOOK_EVERY == 0 && is_spent(b))
			return AGENT_MORE;
	}
	return AGENT_OK;
}

/* Are two neighbours what they say of each other? That both can be read is known (between). */
static int are_joined(uint64_t before, uint64_t behind)
{
	return next_of(before) == behind && prev_of(behind) == before;
}

/* LO and HI go to where the walk got, unless the next link on their way is damaged. */
AGENT_COLD static uint32_t walk_list(struct agent_block *b, int list)
{
	uint64_t lo = mark(b, list, AGENT_LO), hi = mark(b, list, AGENT_HI);
	uint64_t from = lo, to = hi;
	uint32_t status = between(b, list, &from, &to);

	if (status != AGENT_OK && status != AGENT_MORE && status != AGENT_OUTSIDE)
		return status;
	if ((from != lo && !are_joined(from, next_of(from))) ||
	    (to != hi && !are_joined(prev_of(to), to)))
		return AGENT_BROKEN;
	if (from != lo && mark_unlink(lo))
		link_behind(lo, from);
	if (to != hi && mark_unlink(hi))
		link_behind(hi, prev_of(to));
	return status;
}

/* From the first to the last that it has now. */
AGENT_COLD static uint32_t walk_to_end(struct agent_block *b, int list)
{
	uint32_t status;

	while ((status = walk_list(b, list)) == AGENT_OK) {
		if (next_of(mark(b, list, AGENT_TAIL)) == b->head[list])
			break;
		if (!go_on_behind_tail(b, list))
			return guard_status(b);
		if (is_spent(b))
			return AGENT_MORE;
	}
	return status;
}

/* From where the last slice got to. */
AGENT_COLD static uint32_t walk_on(struct agent_block *b, int list)
{
	if (!b->open[list]) {
		if (list < OLDEST)
			count_save(b, list);
		if (!open_list(b, list))
			return guard_status(b);
	}
	return walk_to_end(b, list);
}

/*
 * A program that maps memory all the time has its newest objects where no range is, however new
 * the ranges are: after some tries a list's end is done without.
 */
AGENT_COLD static uint32_t walk(struct agent_block *b)
{
	for (int list = PERMANENT; list >= 0; list--) {
		uint32_t status;

		if (!b->head[list])
			continue;
		/* nothing to keep a place in, and gc.get_freeze_count() tells of bookmarks */
		if (list == PERMANENT && next_of(b->head[list]) == b->head[list])
			continue;
		status = walk_on(b, list);
		if (status == AGENT_OUTSIDE && b->stuck >= STUCK_MOST)
			b->approximate = 1;
		else if (status != AGENT_OK)
			return status;
	}
	return AGENT_OK;
}

/* Did the slice that began with so many objects come to where memory is new, and soon? */
AGENT_COLD static void note_stuck(struct agent_block *b, uint32_t status, uint64_t objects)
{
	if (b->stuck >= STUCK_MOST)
		return;
	if (b->objects > objects + STUCK_OBJECTS)
		b->stuck = 0;
	else if (status == AGENT_OUTSIDE)
		b->stuck++;
}

uint32_t ring_slice(struct agent_block *b)
{
	uint32_t status = AGENT_OK;
	uint64_t objects;

	if (b->order.op == AGENT_OP_BEGIN) {
		b->restarts = b->rollbacks = 0;
		begin(b);
		if (!make_marks(b))
			return AGENT_CANNOT;
	} else {
		status = look_again(b);
	}
	b->until_objects = b->order.slice_objects ? b->objects + b->order.slice_objects
						  : UINT64_MAX;
	objects = b->objects;
	if (status == AGENT_OK)
		status = walk(b);
	note_stuck(b, status, objects);
	if (status != AGENT_MORE && status != AGENT_OUTSIDE)
		(void)ring_unlink(b);
	return status;
}
