#include "config.h"

#include "census/scan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "census/scan_kinds.h"
#include "census/scan_pool.h"
#include "census/scan_store.h"
#include "target/arenas.h"
#include "util/clock.h"
#include "util/mem.h"

#define BATCH_BYTES (256u << 10)	/* stays in the cache between the copy and the look */
#define BATCH_POOLS 128u
#define HEADERS	    1024u		/* read in one call */
#define TURNS	    16u			/* an arena is read whole once in so many passes, */
#define BUSY_TURNS  4u			/* or in so many where pools changed lately */

/*
 * Arenas where nothing changes for some passes are looked at every REST passes only, a part of
 * them each time. When many of that part have changed after all, the others are not left out.
 */
#define QUIET	    4u
#define LATELY	    2u			/* looks after a change: a busy arena */
#define REST	    4u
#define SURPRISE    8u			/* more than one in so many */

enum phase { IDLE, HEADS, MORE_HEADS, BODIES };

struct wanted {
	size_t arena;
	uint32_t pool;
};

struct scan {
	const struct python *py;
	struct arenas *arenas;
	struct kinds kinds;
	struct store store;
	struct counter *counter;
	enum phase phase;
	uint32_t pass;
	bool full, began;
	size_t at_arena;		/* where the phase goes on */
	uint32_t at_pool;
	size_t resting, woken;		/* arenas looked at that were quiet; of them changed */
	struct wanted wanted[HEADERS];	/* of the batch under way */
	struct iovec pieces[HEADERS];
	size_t n_wanted;
	unsigned char *bytes;		/* BATCH_BYTES, COUNTER_BEYOND; NULL between passes */
	struct store fed;		/* totals only */
	uint64_t fed_objects;
	struct census_type *types;
	size_t types_cap;
	int64_t pools, pools_read, cpu_ns;
};

static void open_parts(struct scan *s)
{
	s->arenas = arenas_new(s->py);
	kinds_init(&s->kinds, s->py, s->arenas);
	s->counter->py = s->py;
	s->counter->arenas = s->arenas;
	s->counter->store = &s->store;
	s->counter->kinds = &s->kinds;
}

static void close_parts(struct scan *s)
{
	counter_done(s->counter);
	store_done(&s->store);
	store_done(&s->fed);
	kinds_done(&s->kinds);
	arenas_free(s->arenas);
}

struct scan *scan_new(const struct python *py)
{
	struct scan *s = MEM_NEW(struct scan);

	s->py = py;
	s->counter = MEM_NEW(struct counter);
	open_parts(s);
	return s;
}

void scan_free(struct scan *s)
{
	if (!s)
		return;
	close_parts(s);
	free(s->counter);
	free(s->bytes);
	free(s->types);
	free(s);
}

void scan_forget(struct scan *s)
{
	close_parts(s);
	open_parts(s);
	s->fed_objects = 0;
	s->phase = IDLE;
	s->began = false;
}

enum lt_errc scan_possible(struct scan *s, struct lt_err *err)
{
	enum lt_errc rc = arenas_refresh(s->arenas, err);

	return rc == LT_OK ? arenas_check_blocks(s->arenas, err) : rc;
}

static int64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * CLOCK_NS_PER_S + t.tv_nsec;
}

enum lt_errc scan_begin(struct scan *s, bool full, struct lt_err *err)
{
	int64_t began = cpu_now();
	enum lt_errc rc;

	if (s->kinds.n >= KINDS_MOST)		/* most of them must have died: begin anew */
		scan_forget(s);
	if ((rc = arenas_refresh(s->arenas, err)) != LT_OK)
		return rc;
	store_follow(&s->store, s->arenas);
	kinds_refresh(&s->kinds);
	s->full = full || !s->began;
	s->began = true;
	s->pass++;
	s->pools = s->pools_read = 0;
	s->at_arena = 0;
	s->at_pool = 0;
	s->resting = s->woken = 0;
	s->phase = HEADS;
	s->cpu_ns = cpu_now() - began;
	return LT_OK;
}

/*
 * Is the arena read whole in this pass, whatever its headers say? A block that is freed and taken
 * again leaves its pool's header as it was, and where pools change that happens.
 */
static bool is_turn(const struct scan *s, size_t arena)
{
	uint32_t turns = s->store.arenas[arena].quiet < LATELY ? BUSY_TURNS : TURNS;

	return s->full || arena % turns == s->pass % turns;
}

/* Are the headers of the arena read in this phase? */
static bool wants_heads(const struct scan *s, size_t arena)
{
	const struct arena_state *a = &s->store.arenas[arena];
	bool resting = a->quiet >= QUIET && arena % REST != s->pass % REST;

	/* sizes of blocks are asked for before their pool is read: they come from its header */
	if (is_turn(s, arena) && a->known)
		return false;
	return s->phase == HEADS ? !resting : resting;
}

/* The next pool that was ever in use, by phase. false: there is none left. */
static bool next_pool(struct scan *s, struct wanted *ret)
{
	for (; s->at_arena < arenas_count(s->arenas); s->at_arena++, s->at_pool = 0) {
		const struct pool_state *pools = s->store.arenas[s->at_arena].pools;
		uint32_t n = arenas_at(s->arenas, s->at_arena)->carved;
		bool all = s->phase == BODIES ? is_turn(s, s->at_arena)
					      : wants_heads(s, s->at_arena);

		for (; s->at_pool < n; s->at_pool++) {
			if (!all && (s->phase != BODIES || !pools[s->at_pool].dirty))
				continue;
			*ret = (struct wanted){s->at_arena, s->at_pool++};
			return true;
		}
	}
	return false;
}

static uint64_t address_of(const struct scan *s, const struct wanted *w)
{
	return arenas_at(s->arenas, w->arena)->first +
	       (uint64_t)w->pool * arenas_pool_size(s->arenas);
}

/* Collects up to `most` pools, `bytes` of each, and reads them; neighbours in one piece. */
static void read_batch(struct scan *s, size_t most, size_t bytes)
{
	size_t n_pieces = 0;

	for (s->n_wanted = 0; s->n_wanted < most; s->n_wanted++) {
		struct wanted *w = &s->wanted[s->n_wanted];
		uint64_t addr;

		if (!next_pool(s, w))
			break;
		addr = address_of(s, w);
		if (n_pieces && (uintptr_t)s->pieces[n_pieces - 1].iov_base +
					s->pieces[n_pieces - 1].iov_len == addr)
			s->pieces[n_pieces - 1].iov_len += bytes;
		else
			s->pieces[n_pieces++] = (struct iovec){(void *)(uintptr_t)addr, bytes};
	}
	if (!s->bytes)
		s->bytes = mem_pages(BATCH_BYTES + COUNTER_BEYOND);
	remote_read_pieces(&s->py->remote, s->pieces, n_pieces, s->bytes);
}

/* All pools of the arena were looked at: has any changed? */
static void settle(struct scan *s, struct arena_state *a)
{
	if (a->quiet >= QUIET) {
		s->resting++;
		s->woken += a->changed;
	}
	if (!a->known)			/* all is new, which tells nothing */
		a->quiet = LATELY;
	else if (a->changed)
		a->quiet = 0;
	else if (a->quiet < QUIET)
		a->quiet++;
	a->changed = false;
	a->known = true;
}

/* Marks the pools that are not as they were; notes the sizes of those never seen. */
static void look_at_heads(struct scan *s)
{
	read_batch(s, HEADERS, POOL_HEADER);
	for (size_t i = 0; i < s->n_wanted; i++) {
		struct wanted *w = &s->wanted[i];
		struct arena_state *a = &s->store.arenas[w->arena];
		struct pool_state *state = &a->pools[w->pool];
		struct pool now = {0};

		(void)pool_parse(s->bytes + i * POOL_HEADER, address_of(s, w),
				 arenas_pool_size(s->arenas), &now);
		state->dirty = state->hot || !store_same(state, &now);
		a->changed |= !store_same(state, &now);
		if (state->live == 0)
			store_size(&s->store, w->arena, w->pool, now.size);
		if (w->pool + 1 == arenas_at(s->arenas, w->arena)->carved)
			settle(s, a);
	}
	s->pools += (int64_t)s->n_wanted;
}

static void count_bodies(struct scan *s)
{
	uint32_t size = arenas_pool_size(s->arenas);
	size_t most = BATCH_BYTES / size < BATCH_POOLS ? BATCH_BYTES / size : BATCH_POOLS;

	read_batch(s, most, size);
	for (size_t i = 0; i < s->n_wanted; i++) {
		struct wanted *w = &s->wanted[i];
		const unsigned char *bytes = s->bytes + i * size;
		struct arena_state *a = &s->store.arenas[w->arena];
		struct counter *c = s->counter;
		struct pool now = {0};
		bool changed;

		if (!pool_parse(bytes, address_of(s, w), size, &now)) {
			store_put(&s->store, w->arena, w->pool, NULL, NULL, 0, 0);
			continue;
		}
		changed = a->pools[w->pool].live && !store_same(&a->pools[w->pool], &now);
		if (changed)
			a->quiet = 0;
		counter_pool(c, &now, bytes, address_of(s, w));
		store_types(&s->store, s->kinds.n);
		store_put(&s->store, w->arena, w->pool, &now, c->entries, c->n, c->explained);
		a->pools[w->pool].hot = changed;
	}
	s->pools_read += (int64_t)s->n_wanted;
}

static void next_phase(struct scan *s)
{
	bool surprised = s->woken * SURPRISE > s->resting;

	if (s->phase == HEADS && surprised)
		s->phase = MORE_HEADS;
	else
		s->phase = s->phase == BODIES ? IDLE : BODIES;
	s->at_arena = 0;
	s->at_pool = 0;
}

bool scan_step(struct scan *s, int64_t budget_ns)
{
	int64_t began = cpu_now();

	while (s->phase != IDLE && cpu_now() - began < budget_ns) {
		if (s->phase == BODIES)
			count_bodies(s);
		else
			look_at_heads(s);
		if (s->n_wanted == 0)
			next_phase(s);
	}
	if (s->phase == IDLE) {
		free(s->bytes);
		s->bytes = NULL;
	}
	s->cpu_ns += cpu_now() - began;
	return s->phase == IDLE;
}

const struct arenas *scan_arenas(const struct scan *s)
{
	return s->arenas;
}

void scan_feed_begin(struct scan *s)
{
	store_done(&s->fed);
	s->fed_objects = 0;
}

bool scan_feed(struct scan *s, const void *bytes, size_t n, uint64_t block_size)
{
	struct counter *c = s->counter;
	struct store_total *t;

	if (!counter_block(c, bytes, n, block_size))
		return false;
	store_types(&s->store, s->kinds.n);
	store_types(&s->fed, s->store.n_totals);
	t = &s->fed.totals[c->entries[0].number];
	t->count++;
	t->bytes += block_size;
	t->owned += c->entries[0].owned;
	s->fed.explained += c->explained - block_size;
	s->fed.block_bytes += block_size;
	s->fed_objects++;
	return true;
}

static struct store_total total_of(const struct scan *s, size_t number)
{
	struct store_total t = {0};

	if (number < s->store.n_totals)
		t = s->store.totals[number];
	if (number < s->fed.n_totals) {
		t.count += s->fed.totals[number].count;
		t.bytes += s->fed.totals[number].bytes;
		t.owned += s->fed.totals[number].owned;
	}
	return t;
}

static void merge(struct scan *s, struct scan_result *ret)
{
	size_t n_names = kinds_names(&s->kinds), *place = mem_array(n_names + 1, sizeof(*place));

	if (s->types_cap < n_names) {
		s->types_cap = n_names;
		s->types = mem_resize(s->types, n_names, sizeof(*s->types));
	}
	for (size_t i = 0; i < s->kinds.n; i++) {
		const struct kind *kind = &s->kinds.list[i];
		struct store_total t = total_of(s, i);
		struct census_type *type;

		if (kind->dead || t.count == 0)
			continue;
		if (!place[kind->name]) {
			place[kind->name] = ++ret->n_types;
			s->types[ret->n_types - 1] = (struct census_type){
				.name = kinds_text(&s->kinds, kind->name)};
		}
		type = &s->types[place[kind->name] - 1];
		type->count += t.count;
		type->bytes += t.bytes + t.owned;
		ret->objects += (int64_t)t.count;
	}
	free(place);
	ret->types = s->types;
}

void scan_result(struct scan *s, struct scan_result *ret)
{
	uint64_t explained = s->store.explained + s->fed.explained;

	*ret = (struct scan_result){
		.blocks = (int64_t)s->store.blocks,
		.block_bytes = (int64_t)s->store.block_bytes,
		.large_objects = (int64_t)s->fed_objects,
		.large_bytes = (int64_t)s->fed.block_bytes,
		.pools_read = s->pools_read, .cpu_ns = s->cpu_ns, .full = s->full,
	};
	ret->explained = (int64_t)(explained < s->store.block_bytes ? explained
								    : s->store.block_bytes);
	for (size_t i = 0; i < arenas_count(s->arenas); i++) {
		const struct arena *a = arenas_at(s->arenas, i);

		if (!a->address)
			continue;
		ret->arena_bytes += (int64_t)a->pools * arenas_pool_size(s->arenas);
		ret->pools += a->pools - a->free;
	}
	merge(s, ret);
}
