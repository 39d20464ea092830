#include "config.h"
#include "model/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/mem.h"
#include "util/num.h"

#define CLEARLY 0.05		/* of the figure to be beaten */

struct order_item {		/* a row on its way to a place */
	double now, before;	/* its key, at this refresh and at the previous one */
	double most_now, most_before;	/* the largest of those further down */
	size_t rival;		/* nobody before this one can pass it */
	uint32_t row;
	bool out;		/* placed */
};

/* How a sort key reads a row; a row without the figure comes last either way round. */
static double number(int64_t v)
{
	return num_known(v) ? (double)v : NAN;
}

static double by_growth(const struct snapshot_row *r)
{
	return number(r->count_delta);
}

static double by_count(const struct snapshot_row *r)
{
	return number(r->count);
}

static double by_size(const struct snapshot_row *r)
{
	return number(r->bytes);
}

static double by_size_growth(const struct snapshot_row *r)
{
	return number(r->bytes_delta);
}

static double by_rate(const struct snapshot_row *r)
{
	return r->rate;
}

/* Grows with v as its logarithm does: 5 % more are one step, wherever it stands. */
static double in_steps(double v)
{
	return isnan(v) ? -100 : copysign(log1p(fabs(v)), v);
}

#define WORD_STEPS 10000	/* more than all that differs within a word */
#define SCORE_STEPS 200
#define SCORES 5		/* of the score's 100: finer is no difference */
#define OWN_STEPS 4000		/* dicts and lists are what a class holds: the class is first */
#define CAUSE_STEPS 2000	/* and then what is no part of others: a Logger, a Thread */

static double by_verdict(const struct snapshot_row *r)
{
	int word = r->word == RATCHET_EARLY ? RATCHET_FLAT : (int)r->word;
	double key = (RATCHET_WORDS_OF - word) * (double)WORD_STEPS + r->own * OWN_STEPS;

	if (word <= RATCHET_GROWING && !r->own && !r->part)
		key += CAUSE_STEPS;
	if (word <= RATCHET_GROWING)
		key += floor((double)r->reason.score / 100 * SCORES) * SCORE_STEPS;
	return key + in_steps(number(r->bytes_delta));
}

static double by_nothing(const struct snapshot_row *r)
{
	return 0;
}

static double (*const figure_of[SORT_COUNT_OF])(const struct snapshot_row *) = {
	[SORT_VERDICT] = by_verdict,
	[SORT_GROWTH] = by_growth,
	[SORT_COUNT] = by_count,
	[SORT_SIZE] = by_size,
	[SORT_SIZE_GROWTH] = by_size_growth,
	[SORT_RATE] = by_rate,
	[SORT_NAME] = by_nothing,
};

static double key_of(const struct order *o, const struct snapshot_row *r)
{
	double v = figure_of[o->sort](r);

	if (isnan(v))
		return -INFINITY;
	return o->reversed ? -v : v;
}

void order_done(struct order *o)
{
	free(o->memory);
	free(o->rows);
	free(o->items);
	free(o->by_place);
	*o = (struct order){0};
}

void order_forget(struct order *o)
{
	struct order kept = {.sort = o->sort, .reversed = o->reversed};

	order_done(o);
	*o = kept;
}

void order_by(struct order *o, enum snapshot_sort sort, bool reversed)
{
	o->settled = false;
	o->sort = sort;
	o->reversed = reversed;
}

static void make_room(struct order *o, const struct snapshot_row *rows, size_t n)
{
	size_t ids = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].id >= ids)
			ids = (size_t)rows[i].id + 1;
	if (ids > o->n_memory) {
		ids += ids / 2;
		o->memory = mem_resize(o->memory, ids, sizeof(*o->memory));
		memset(o->memory + o->n_memory, 0, (ids - o->n_memory) * sizeof(*o->memory));
		o->n_memory = ids;
	}
	if (n > o->cap || !o->cap) {
		o->cap = n + n / 2 + 16;
		o->rows = mem_resize(o->rows, o->cap, sizeof(*o->rows));
		o->items = mem_resize(o->items, o->cap, sizeof(*o->items));
		o->by_place = mem_resize(o->by_place, o->cap, sizeof(*o->by_place));
	}
}

/* -1: a comes first. */
static int compare_numbers(double a, double b)
{
	return a > b ? -1 : a < b;
}

static int compare_names(const char *a, const char *b)
{
	int c = strcasecmp(a, b);

	return c ? c : strcmp(a, b);
}

struct order_sorting {
	const struct order *o;
	const struct snapshot_row *rows;
};

/* The exact order: the key, then what a person would look at next, at last the stable id. */
static int compare_rows(const void *pa, const void *pb, void *arg)
{
	const struct order_sorting *s = arg;
	const struct snapshot_row *a = &s->rows[*(const uint32_t *)pa];
	const struct snapshot_row *b = &s->rows[*(const uint32_t *)pb];
	int c = compare_numbers(key_of(s->o, a), key_of(s->o, b));
	int tie = 0;

	if (c)
		return c;
	if (s->o->sort == SORT_NAME)
		tie = compare_names(a->name, b->name);
	if (!tie)
		tie = compare_numbers((double)a->bytes_delta, (double)b->bytes_delta);
	if (!tie)
		tie = compare_numbers((double)a->count, (double)b->count);
	if (tie)
		return s->o->reversed ? -tie : tie;
	return a->id < b->id ? -1 : a->id > b->id;
}

static void sort_exactly(const struct order *o, const struct snapshot_row *rows, uint32_t *v,
			 size_t n)
{
	struct order_sorting s = {.o = o, .rows = rows};

	qsort_r(v, n, sizeof(*v), compare_rows, &s);
}

/* o->rows = the previous order of these rows, new ones behind. Returns how many are not new. */
static size_t recall(struct order *o, const struct snapshot_row *rows, size_t n)
{
	uint32_t *by_place = o->by_place;	/* index + 1 */
	size_t kept = 0, at;

	if (!o->settled)
		o->n_placed = 0;
	memset(by_place, 0, o->n_placed * sizeof(*by_place));
	for (size_t i = 0; i < n && o->settled; i++)
		if (o->memory[rows[i].id].place)
			by_place[o->memory[rows[i].id].place - 1] = (uint32_t)i + 1;
	for (size_t place = 0; place < o->n_placed; place++)
		if (by_place[place])
			o->rows[kept++] = by_place[place] - 1;
	at = kept;
	for (size_t i = 0; i < n; i++)
		if (!o->settled || !o->memory[rows[i].id].place)
			o->rows[at++] = (uint32_t)i;
	return kept;
}

/* What another row's key must exceed to beat this one. */
static double bar_of(const struct order *o, double key)
{
	if (o->sort == SORT_VERDICT)
		return key + CLEARLY;	/* its steps are logarithms already */
	return isfinite(key) ? key + CLEARLY * fabs(key) : key;
}

static bool passes(const struct order *o, const struct order_item *a, const struct order_item *b)
{
	return a->now > bar_of(o, b->now) && a->before > bar_of(o, b->before);
}

/* o->items[i] is the row at o->rows[i]. */
static void fill_items(struct order *o, const struct snapshot_row *rows, size_t n)
{
	double most_now = -INFINITY, most_before = -INFINITY;

	for (size_t i = n; i-- > 0;) {
		const struct snapshot_row *r = &rows[o->rows[i]];
		const struct order_memory *m = &o->memory[r->id];
		double now = key_of(o, r), before = m->place ? m->key : now;

		o->items[i] = (struct order_item){
			.row = o->rows[i], .now = now, .before = before, .rival = i + 1,
			.most_now = most_now, .most_before = most_before,
		};
		most_now = fmax(most_now, now);
		most_before = fmax(most_before, before);
	}
}

/* Does a row further down, still waiting, pass row i? Few rows are looked at one by one. */
static bool is_passed(struct order *o, size_t n, size_t i)
{
	struct order_item *b = &o->items[i];

	if (b->most_now <= bar_of(o, b->now) || b->most_before <= bar_of(o, b->before))
		return false;
	while (b->rival < n && (o->items[b->rival].out || !passes(o, &o->items[b->rival], b)))
		b->rival++;
	return b->rival < n;
}

/*
 * Places one row after the other: always the one that was highest before among those that no row
 * still waiting passes. "Passes" has no circles, so there is always one; and to ask those further
 * down is enough, for a row above that passes it would have been taken first, or is itself passed
 * by one further down, which then passes both.
 */
static void let_pass(struct order *o, size_t n)
{
	size_t first = 0;		/* waiting */

	for (size_t i = 0; i < n; i++) {
		size_t next;

		while (o->items[first].out)
			first++;
		for (next = first; o->items[next].out || is_passed(o, n, next); next++)
			;
		o->items[next].out = true;
		o->rows[i] = o->items[next].row;
	}
}

/* Keys are those of the latest refresh: rows before `from` keep theirs. */
static void remember(struct order *o, const struct snapshot_row *rows, size_t n, size_t from)
{
	for (size_t i = 0; i < o->n_memory; i++)
		o->memory[i].place = 0;
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_row *r = &rows[o->rows[i]];

		o->memory[r->id].place = (uint32_t)i + 1;
		if (i >= from)
			o->memory[r->id].key = key_of(o, r);
	}
	o->n_placed = n;
	o->settled = true;
}

const uint32_t *order_rows(struct order *o, const struct snapshot_row *rows, size_t n,
			   enum order_step step)
{
	size_t kept;

	make_room(o, rows, n);
	kept = recall(o, rows, n);
	sort_exactly(o, rows, o->rows + kept, n - kept);
	if (kept && step == ORDER_REFRESH) {
		fill_items(o, rows, n);
		if (o->sort == SORT_NAME && kept < n)
			sort_exactly(o, rows, o->rows, n);
		else
			let_pass(o, n);
	}
	remember(o, rows, n, step == ORDER_KEEP ? kept : 0);
	return o->rows;
}
