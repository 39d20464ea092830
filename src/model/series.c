#include "config.h"
#include "model/series.h"

#include "util/clock.h"
#include "util/num.h"

#define CELL_MIN_NS CLOCK_NS_PER_S
#define CELL_MAX_FIRST_NS (60 * CLOCK_NS_PER_S)

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static void note_gap(struct series_grid *g, int64_t gap_ns)
{
	if (gap_ns == 0)
		return;
	if (g->gap_ns == 0) {
		g->cell_ns = clamp(gap_ns, CELL_MIN_NS, CELL_MAX_FIRST_NS);
		g->pace_ns = gap_ns;
	} else {
		g->pace_ns = gap_ns < g->gap_ns ? gap_ns : g->gap_ns;
	}
	g->gap_ns = gap_ns;
}

struct series_step series_grid_step(struct series_grid *g, int64_t now_ns)
{
	struct series_step step = {0};
	int64_t gap_ns, k;

	if (g->n == 0) {
		*g = (struct series_grid){.base_ns = now_ns, .last_ns = now_ns,
					  .cell_ns = CELL_MIN_NS, .n = 1};
		return step;
	}
	if (now_ns < g->last_ns)
		now_ns = g->last_ns;
	gap_ns = now_ns - g->last_ns;
	note_gap(g, gap_ns);
	while ((k = (now_ns - g->base_ns) / g->cell_ns) >= SERIES_CELLS ||
	       g->pace_ns / 2 >= g->cell_ns) {
		g->cell_ns *= 2;
		g->n = (g->n + 1) / 2;
		step.merges++;
	}
	g->bridge = (size_t)k == g->n + 1 && gap_ns / 2 < g->cell_ns;
	if ((size_t)k >= g->n)
		g->n = (size_t)k + 1;
	g->last_ns = now_ns;
	return step;
}

void series_clear(int64_t cells[SERIES_CELLS])
{
	for (size_t i = 0; i < SERIES_CELLS; i++)
		cells[i] = LT_UNKNOWN;
}

static int64_t floor_of(int64_t a, int64_t b)
{
	if (!num_known(a))
		return b;
	if (!num_known(b))
		return a;
	return a < b ? a : b;
}

static void merge_pairs(int64_t cells[SERIES_CELLS])
{
	for (size_t i = 0; i < SERIES_CELLS / 2; i++)
		cells[i] = floor_of(cells[2 * i], cells[2 * i + 1]);
	for (size_t i = SERIES_CELLS / 2; i < SERIES_CELLS; i++)
		cells[i] = LT_UNKNOWN;
}

void series_follow(int64_t cells[SERIES_CELLS], const struct series_step *step)
{
	/* Seven merges bring 64 cells into the first one; more change nothing. */
	for (int i = 0; i < step->merges && i < 7; i++)
		merge_pairs(cells);
}

/*
 * A timer that fires a little late now and then leaves a cell empty between two readings. The
 * larger neighbour fills it: merged with either neighbour later, it cannot lower a true floor.
 */
static void bridge(int64_t cells[SERIES_CELLS], size_t open, int64_t v)
{
	int64_t left = open >= 2 ? cells[open - 2] : LT_UNKNOWN;

	if (num_known(left) && !num_known(cells[open - 1]) && !num_known(cells[open]))
		cells[open - 1] = left > v ? left : v;
}

void series_put(int64_t cells[SERIES_CELLS], const struct series_grid *g, int64_t v)
{
	size_t open = g->n - 1;

	if (g->n == 0 || !num_known(v))
		return;
	if (g->bridge)
		bridge(cells, open, v);
	cells[open] = floor_of(cells[open], v);
}

struct series_view series_show(const int64_t cells[SERIES_CELLS], const struct series_grid *g)
{
	return (struct series_view){.cells = cells, .n = g->n,
				    .cell_s = (double)g->cell_ns / (double)CLOCK_NS_PER_S};
}
