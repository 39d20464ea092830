/*
 * Sparklines: a series drawn in n cells of text. Newest on the right, the unknown past blank, a
 * gap blank ('_' in ASCII), and a row that does not move is dots, not a full bar.
 */
#ifndef LT_UI_SPARK_H
#define LT_UI_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

#define SPARK_WIDTH_MAX SERIES_CELLS
#define SPARK_TEXT_MAX (SPARK_WIDTH_MAX * 3 + 1)	/* a block takes three bytes */

struct spark_style {
	int64_t noise;			/* a range below it is no movement: 50 objects, 1 MiB */
	int merge;			/* series cells in one cell of text, at least 1 */
	bool ascii;
};

/* How many of n series cells, of cell_s seconds, share a cell of text: as few as there is room for,
 * but 3 s of them, so that not every refresh in the first minutes draws all sparklines anew. A
 * tenth of the width may not be seen, of the oldest, rather than half of it be left empty. */
int spark_merge(size_t n, double cell_s, int width);

/*
 * Draws min..max of what is visible. Merged cells show their minimum, as the series itself
 * does: the floor is what growth is judged by. width is at most SPARK_WIDTH_MAX. Returns buf.
 */
char *spark_text(const struct series_view *s, const struct spark_style *style, int width,
		 char buf[SPARK_TEXT_MAX]);

#endif
