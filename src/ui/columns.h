/*
 * Where the columns of the table of types stand on the screen: a const table, from left to right.
 * Which of them are shown follows from the room; TYPE takes what is left.
 */
#ifndef LT_UI_COLUMNS_H
#define LT_UI_COLUMNS_H

#include "ui/view.h"

#define COLUMNS_NO_SORT (-1)

struct column {
	enum cells_id id;
	const struct cells_column *of;
	int rank;			/* 0 is always shown, the highest is the first to go */
	int sort;			/* enum snapshot_sort or COLUMNS_NO_SORT */
	bool rises;			/* its natural order is smallest first */
};

struct columns_place {
	const struct column *column;
	int col, width;
};

struct columns_plan {
	int n;
	struct columns_place place[CELLS_OF];
	int merge;
	double span_s;			/* time that the trend column shows */
	bool more;			/* columns on the right have no room */
};

const struct column *columns_all(size_t *ret_n);

/*
 * Column 0 of the screen is the cursor's mark; the plan uses 1 to cols - 1. skip: so many columns
 * behind the name are scrolled away.
 */
void columns_lay_out(struct columns_plan *ret, const struct snapshot *snap, int cols,
		     const struct view_ctx *ctx, int skip);
void columns_draw_head(const struct columns_plan *plan, struct canvas *c, int y,
		       const struct view_ctx *ctx);
/* Row `at` of snap. */
void columns_draw_row(const struct columns_plan *plan, const struct snapshot *snap, size_t at,
		      struct canvas *c, int y, bool selected, const struct view_ctx *ctx);

/* The order of the n-th column that can be sorted by, n from 1; false where there is none. */
bool columns_nth_sort(int n, enum snapshot_sort *ret);
/* The order of the next such column to the right (step 1) or left (-1), stopping at the ends. */
enum snapshot_sort columns_next_sort(enum snapshot_sort sort, int step);

#endif
