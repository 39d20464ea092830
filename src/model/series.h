/*
 * Series over the whole session in bounded memory. One grid of time cells is shared by all series,
 * so that every sparkline on a screen spans the same time; a series is SERIES_CELLS integers owned
 * by whoever needs one. A cell holds the minimum read in its time, LT_UNKNOWN where nothing was.
 *
 * Cells start at base + k * width. When the grid is full, pairs of cells are merged and the width
 * doubles: a closed cell never shifts, it only ever becomes half of a wider one.
 */
#ifndef LT_MODEL_SERIES_H
#define LT_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct series_grid {		/* zero it to begin */
	int64_t base_ns, cell_ns;
	size_t n;		/* cells so far, the last one is open; 0: no sample yet */
	int64_t last_ns;	/* of the latest sample */
	int64_t gap_ns;		/* between the last two samples */
	int64_t pace_ns;	/* the smaller of the last two gaps: one stall is not a new pace */
	bool bridge;		/* the latest sample skipped one cell by jitter, not by a stall */
};

struct series_step {		/* what a series must do to follow its grid */
	int merges;
};

/*
 * Moves the grid to now_ns (never back: an earlier time counts as last_ns) and opens the cells up
 * to it. The first two samples set the width: their distance, from 1 s to 1 min. When samples come
 * two cells apart or more, twice in a row, the cells widen: a slower pace is not a row of gaps.
 */
struct series_step series_grid_step(struct series_grid *g, int64_t now_ns);

void series_clear(int64_t cells[SERIES_CELLS]);
/* Every living series must follow every step of its grid. */
void series_follow(int64_t cells[SERIES_CELLS], const struct series_step *step);
/* A reading at the time of the latest step. */
void series_put(int64_t cells[SERIES_CELLS], const struct series_grid *g, int64_t v);
/* Borrows cells. */
struct series_view series_show(const int64_t cells[SERIES_CELLS], const struct series_grid *g);

#endif
