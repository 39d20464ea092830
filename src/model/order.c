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
	double low;		/* the smaller of this and the previous refresh's key */
	double bar;		/* what another row's low must exceed to pass this one */
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

static double by_nothing(const struct snapshot_row *r)
{
	return 0;
}

static double (*const figure_of[SORT_COUNT_OF])(const struct snapshot_row *) = {
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
	free(o->by_low);
	free(o->by_bar);
	free(o->heap);
	*o = (struct order){0};
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
		o->by_low = mem_resize(o->by_low, o->cap, sizeof(*o->by_low));
		o->by_bar = mem_resize(o->by_bar, o->cap, sizeof(*o->by_bar));
		o->heap = mem_resize(o->heap, o->cap, sizeof(*o->heap));
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
	uint32_t *by_place = o->heap;	/* index + 1; the heap is not in use yet */
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

static double bar_of(double key)
{
	return isfinite(key) ? key + CLEARLY * fabs(key) : key;
}

/* o->items[i] is the row at o->rows[i]. */
static void fill_items(struct order *o, const struct snapshot_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_row *r = &rows[o->rows[i]];
		const struct order_memory *m = &o->memory[r->id];
		double key = key_of(o, r), before = m->place ? m->key : key;

		o->items[i] = (struct order_item){
			.row = o->rows[i],
			.low = fmin(key, before),
			.bar = bar_of(fmax(key, before)),
		};
	}
}

static bool anything_passes(const struct order *o, size_t n)
{
	double best_below = -INFINITY;

	while (n--) {
		if (best_below > o->items[n].bar)
			return true;
		best_below = fmax(best_below, o->items[n].low);
	}
	return false;
}

static int compare_low(const void *a, const void *b, void *items)
{
	const struct order_item *v = items;

	return compare_numbers(v[*(const uint32_t *)a].low, v[*(const uint32_t *)b].low);
}

static int compare_bar(const void *a, const void *b, void *items)
{
	const struct order_item *v = items;

	return compare_numbers(v[*(const uint32_t *)a].bar, v[*(const uint32_t *)b].bar);
}

static void heap_push(uint32_t *heap, size_t n, uint32_t v)
{
	for (; n && heap[(n - 1) / 2] > v; n = (n - 1) / 2)
		heap[n] = heap[(n - 1) / 2];
	heap[n] = v;
}

/* n entries before; the smallest is returned and gone. */
static uint32_t heap_pop(uint32_t *heap, size_t n)
{
	uint32_t top = heap[0], v = heap[--n];
	size_t at = 0;

	for (size_t kid; (kid = 2 * at + 1) < n; at = kid) {
		if (kid + 1 < n && heap[kid + 1] < heap[kid])
			kid++;
		if (heap[kid] >= v)
			break;
		heap[at] = heap[kid];
	}
	heap[at] = v;
	return top;
}

/*
 * Places one row after the other: always the one that was highest before among those that no row
 * still waiting may pass. Whom the waiting may pass is decided by the largest `low` of them; as it
 * falls, more rows come below it and into the heap.
 */
static void let_pass(struct order *o, size_t n)
{
	size_t low = 0, bar = 0, waiting = 0;

	for (size_t i = 0; i < n; i++)
		o->by_low[i] = o->by_bar[i] = (uint32_t)i;
	qsort_r(o->by_low, n, sizeof(*o->by_low), compare_low, o->items);
	qsort_r(o->by_bar, n, sizeof(*o->by_bar), compare_bar, o->items);
	for (size_t i = 0; i < n; i++) {
		uint32_t next;

		while (o->items[o->by_low[low]].out)
			low++;
		while (bar < n && o->items[o->by_bar[bar]].bar >= o->items[o->by_low[low]].low)
			heap_push(o->heap, waiting++, o->by_bar[bar++]);
		next = heap_pop(o->heap, waiting--);
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
		else if (anything_passes(o, n))
			let_pass(o, n);
	}
	remember(o, rows, n, step == ORDER_KEEP ? kept : 0);
	return o->rows;
}
