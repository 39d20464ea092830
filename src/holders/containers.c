#include "config.h"

#include "holders/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders/levels.h"
#include "holders/refs.h"
#include "holders/sweep.h"
#include "util/clock.h"
#include "util/mem.h"

#define FOLLOWED_MAX  32768u	/* containers; the table has at least twice as many places */
#define PLACES_LEAST  1024u	/* a power of two, as every size of it */
#define HISTORIES_MAX 4096u	/* of those whose length has changed */
#define POINTS	      16u	/* lengths that are remembered of each */
#define QUARTERS      4u
#define STEADY_LEAST  5u	/* points before anything is called steady */
#define SIGNATURE     4		/* leading items by which a tuple is known again */
#define STEP_LEAST_NS CLOCK_NS_PER_MS

struct point {
	int64_t ns, length;
};

struct history {		/* when it is full, of each two points the shorter one stays */
	struct point points[POINTS];
	unsigned n;
	unsigned stride, skipped;	/* passes that one point stands for; 0: it is free */
};

struct followed {
	uint64_t key;		/* its address; of a tuple its signature. 0: a free place */
	uint64_t address, type;
	struct point first;
	int64_t length, before;	/* in the pass under way or the last one; in the one before */
	uint32_t pass;		/* in which it was seen last */
	uint32_t history;	/* + 1; 0: it never changed */
	unsigned rises, falls;
};

enum phase { IDLE, POOLS, CHUNKS };

struct containers {
	const struct python *py;
	struct levels up;
	struct sweep sweep;
	enum phase phase;
	struct followed *places;	/* a hash by key */
	size_t n_places, n;
	struct history *histories;
	size_t history;			/* those before it are in use: memory stays untouched */
	struct container_growth *growing;	/* after the last pass that ended */
	size_t n_growing;
	int64_t least;
	uint32_t pass;
	int64_t now_ns, begun_cpu_ns;
	struct containers_cost cost;
};

struct containers *containers_new(const struct python *py)
{
	struct containers *c = MEM_NEW(struct containers);

	c->py = py;
	c->least = CONTAINERS_LEAST;
	c->n_places = PLACES_LEAST;
	c->places = mem_array(c->n_places, sizeof(*c->places));
	c->histories = mem_array(HISTORIES_MAX, sizeof(*c->histories));
	c->growing = mem_array(CONTAINERS_GROWING, sizeof(*c->growing));
	return c;
}

void containers_abandon(struct containers *c)
{
	sweep_done(&c->sweep);
	levels_done(&c->up);
	c->phase = IDLE;
}

void containers_free(struct containers *c)
{
	if (!c)
		return;
	containers_abandon(c);
	free(c->places);
	free(c->histories);
	free(c->growing);
	free(c);
}

/* ---- how a length went on ---- */

static void add_point(struct history *h, int64_t ns, int64_t length)
{
	struct point *last = h->n ? &h->points[h->n - 1] : NULL;

	if (last && h->skipped + 1 < h->stride) {
		h->skipped++;
		if (length < last->length)
			*last = (struct point){ns, length};
		return;
	}
	if (h->n == POINTS) {
		for (unsigned i = 0; i < POINTS / 2; i++) {
			const struct point *a = &h->points[i * 2], *b = a + 1;

			h->points[i] = b->length < a->length ? *b : *a;
		}
		h->n = POINTS / 2;
		h->stride *= 2;
	}
	h->points[h->n++] = (struct point){ns, length};
	h->skipped = 0;
}

/* Does its floor rise from each quarter of the time to the next one? */
static bool is_steady(const struct history *h)
{
	int64_t floors[QUARTERS];

	if (h->n < STEADY_LEAST)
		return false;
	for (unsigned i = h->n; i-- > 0;) {
		unsigned q = i * QUARTERS / h->n, next = (i + 1) * QUARTERS / h->n;

		if (q != next || h->points[i].length < floors[q])
			floors[q] = h->points[i].length;
	}
	for (unsigned q = 1; q < QUARTERS; q++)
		if (floors[q] <= floors[q - 1])
			return false;
	return true;
}

static bool grows(const struct containers *c, const struct followed *f)
{
	return f->history && is_steady(&c->histories[f->history - 1]);
}

static void forget_history(struct containers *c, struct followed *f)
{
	size_t i = f->history;

	f->history = 0;
	if (i-- == 0)
		return;
	c->histories[i] = (struct history){0};
	if (i < c->history)
		c->history = i;
}

/* Its first point is the length that it had until now. */
static void begin_history(struct containers *c, struct followed *f)
{
	struct history *h;

	while (c->history < HISTORIES_MAX && c->histories[c->history].stride)
		c->history++;
	if (c->history == HISTORIES_MAX)
		return;
	h = &c->histories[c->history++];
	*h = (struct history){.stride = 1};
	add_point(h, f->first.ns, f->first.length);
	f->history = (uint32_t)c->history;
}

/* ---- the table ---- */

static struct followed *place_of(struct containers *c, uint64_t key)
{
	size_t at = (size_t)((key >> 3) * 0x9e3779b97f4a7c15u >> 32) & (c->n_places - 1);

	while (c->places[at].key && c->places[at].key != key)
		at = (at + 1) & (c->n_places - 1);
	return &c->places[at];
}

/* A table of n_places instead, with those that are worth a place; keep NULL: all. */
static void rebuild(struct containers *c, size_t n_places,
		    bool (*keep)(const struct containers *c, const struct followed *f))
{
	struct followed *old = c->places;
	size_t n_old = c->n_places;

	c->places = mem_array(n_places, sizeof(*c->places));
	c->n_places = n_places;
	c->n = 0;
	for (size_t i = 0; i < n_old; i++) {
		if (!old[i].key)
			continue;
		if (!keep || keep(c, &old[i])) {
			*place_of(c, old[i].key) = old[i];
			c->n++;
		} else {
			forget_history(c, &old[i]);
		}
	}
	free(old);
}

/* Takes out those that are not worth a place. */
static void keep_only(struct containers *c,
		      bool (*keep)(const struct containers *c, const struct followed *f))
{
	size_t kept = 0, n_places = PLACES_LEAST;

	for (size_t i = 0; i < c->n_places; i++)
		kept += c->places[i].key && keep(c, &c->places[i]);
	if (kept == c->n)
		return;
	while (n_places < kept * 2)
		n_places *= 2;
	rebuild(c, n_places, keep);
}

static bool is_long(const struct containers *c, const struct followed *f)
{
	return f->length >= c->least || grows(c, f);
}

static bool was_seen(const struct containers *c, const struct followed *f)
{
	return f->pass == c->pass;
}

static void make_room(struct containers *c)
{
	while (c->n > FOLLOWED_MAX / 4 * 3 && c->least < INT64_MAX / 2) {
		c->least *= 2;
		keep_only(c, is_long);
	}
}

static void note(struct containers *c, uint64_t key, const struct block *b, int64_t length)
{
	struct followed *f = place_of(c, key);

	if (f->key && f->type != b->typed->type) {	/* another one is there by now */
		forget_history(c, f);
		*f = (struct followed){.key = key};
	} else if (!f->key) {
		if (length < c->least)
			return;
		if (c->n == FOLLOWED_MAX) {
			make_room(c);
			if (c->n == FOLLOWED_MAX || length < c->least)
				return;
		}
		if ((c->n + 1) * 2 > c->n_places)
			rebuild(c, c->n_places * 2, NULL);
		f = place_of(c, key);
		*f = (struct followed){.key = key};
		c->n++;
	}
	if (!f->type) {
		f->type = b->typed->type;
		f->first = (struct point){c->now_ns, length};
		f->before = length;
	} else if (f->pass == c->pass && length <= f->length) {
		return;			/* tuples that begin alike: the longest counts */
	} else if (f->pass != c->pass) {
		f->before = f->length;
	}
	f->pass = c->pass;
	f->address = b->object;
	f->length = length;
}

static uint64_t word(const struct block *b, int64_t at)
{
	uint64_t v = 0, from = b->object - b->start + (uint64_t)at;

	if (from + 8 <= b->n)
		memcpy(&v, b->bytes + from, sizeof(v));
	return v;
}

/* An odd number, which no address is. */
static uint64_t signature(const struct containers *c, const struct block *b)
{
	uint64_t hash = b->typed->type;

	for (int i = 0; i < SIGNATURE; i++)
		hash = (hash ^ word(b, c->py->layout->tuple_item + i * 8)) * 0x9e3779b97f4a7c15u;
	return (hash ^ hash >> 29) | 1;
}

static void look_at(void *arg, const struct block *b)
{
	struct containers *c = arg;
	int64_t at, length;

	if (!b->object)
		return;
	at = refs_length_in(c->py, b->typed);
	length = at == LAYOUT_NONE ? 0 : (int64_t)word(b, at);
	if (length < CONTAINERS_LEAST || length >= (int64_t)1 << 40)
		return;
	note(c, b->typed->form == FORM_TUPLE ? signature(c, b) : b->object, b, length);
}

/* ---- a pass ---- */

enum lt_errc containers_begin(struct containers *c, int64_t now_ns, struct lt_err *err)
{
	enum lt_errc rc;

	containers_abandon(c);
	rc = levels_init(&c->up, c->py, err);
	if (rc != LT_OK)
		return rc;
	sweep_init(&c->sweep, &c->up, look_at, c);
	c->pass++;
	c->now_ns = now_ns;
	c->begun_cpu_ns = clock_cpu_ns();
	c->phase = POOLS;
	return LT_OK;
}

/* One container's length of this pass joins those before. */
static void go_on(struct containers *c, struct followed *f)
{
	f->rises += f->length > f->before;
	f->falls += f->length < f->before;
	if (!f->history && f->length != f->first.length)
		begin_history(c, f);
	if (!f->history)
		return;
	add_point(&c->histories[f->history - 1], c->now_ns, f->length);
	if (f->length <= f->first.length) {	/* nothing is left of what it had grown by */
		forget_history(c, f);
		f->first = (struct point){c->now_ns, f->length};
	}
}

static void describe(struct containers *c, const struct followed *f, struct container_growth *ret)
{
	const struct typed *t = typebook_find(c->up.book, f->type);
	double seconds = (double)(c->now_ns - f->first.ns) / CLOCK_NS_PER_S;

	*ret = (struct container_growth){
		.address = f->address, .length = f->length,
		.length_delta = f->length - f->first.length,
		.length_rate = seconds > 0 ? (double)(f->length - f->first.length) / seconds : 0,
		.seen_ns = f->first.ns, .rises = f->rises, .falls = f->falls,
	};
	snprintf(ret->type, sizeof(ret->type), "%s",
		 t ? typebook_name(c->up.book, t) : "");
}

/* Keeps the list in order: most items gained first. */
static void add_growing(struct containers *c, const struct followed *f)
{
	int64_t delta = f->length - f->first.length;
	size_t at = c->n_growing;

	while (at > 0 && c->growing[at - 1].length_delta < delta)
		at--;
	if (at == CONTAINERS_GROWING)
		return;
	if (c->n_growing < CONTAINERS_GROWING)
		c->n_growing++;
	memmove(c->growing + at + 1, c->growing + at,
		(c->n_growing - at - 1) * sizeof(*c->growing));
	describe(c, f, &c->growing[at]);
}

static void end_pass(struct containers *c)
{
	keep_only(c, was_seen);
	c->n_growing = 0;
	for (size_t i = 0; i < c->n_places; i++) {
		if (!c->places[i].key)
			continue;
		go_on(c, &c->places[i]);
		if (grows(c, &c->places[i]))
			add_growing(c, &c->places[i]);
	}
	c->cost = (struct containers_cost){
		.followed = c->n, .least = c->least, .bytes_read = c->up.bytes_read,
		.cpu_ns = clock_cpu_ns() - c->begun_cpu_ns,
	};
	containers_abandon(c);
}

static enum phase work(struct containers *c, int64_t budget_ns)
{
	if (c->phase == POOLS && sweep_pools(&c->sweep))
		return POOLS;
	if (c->phase == POOLS)
		levels_begin_chunks(&c->up);
	if (sweep_chunks(&c->sweep, budget_ns))
		return CHUNKS;
	end_pass(c);
	return IDLE;
}

bool containers_step(struct containers *c, int64_t budget_ns)
{
	int64_t end = clock_mono_ns() + (budget_ns > STEP_LEAST_NS ? budget_ns : STEP_LEAST_NS);

	while (c->phase != IDLE) {
		int64_t left = end - clock_mono_ns();

		if (left <= 0)
			return false;
		c->phase = work(c, left);
	}
	return true;
}

size_t containers_growing(const struct containers *c, const struct container_growth **ret)
{
	*ret = c->growing;
	return c->n_growing;
}

void containers_cost(const struct containers *c, struct containers_cost *ret)
{
	*ret = c->cost;
}
