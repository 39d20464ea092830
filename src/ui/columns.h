/*
 * The columns of the table of types: a const table, from left to right. Which of them are shown
 * follows from the room; TYPE takes what is left.
 */
#ifndef LT_UI_COLUMNS_H
#define LT_UI_COLUMNS_H

#include "ui/view.h"

#define COLUMNS_NO_SORT (-1)

/* X(ID, name in --fields, title, help), from left to right */
#define COLUMNS(X) \
	X(VERDICT, "verdict", "VERDICT", "leak, suspect, growing, hold, churn, shrink; or flat") \
	X(TYPE, "name", "TYPE", "full name") \
	X(COUNT, "count", "COUNT", "live objects") \
	X(SIZE, "size", "SIZE", "bytes of them") \
	X(GROWTH, "growth", "+COUNT", "objects since the baseline") \
	X(SIZE_GROWTH, "dsize", "+SIZE", "bytes since the baseline") \
	X(SHARE, "share", "%GROW", "share of the growth of RSS") \
	X(RATE, "rate", "RATE/min", "objects per minute, lately") \
	X(TREND, "trend", "TREND", "the floor of COUNT over time") \
	X(LAST, "last", "LAST", "how long ago it last rose")

enum columns_id {
#define X(id, ...) COLUMNS_##id,
	COLUMNS(X)
#undef X
	COLUMNS_OF
};

enum columns_align { COLUMNS_LEFT, COLUMNS_RIGHT, COLUMNS_TAIL };

struct columns_place;
struct columns_plan;

struct columns_cell {			/* what one cell is drawn from */
	const struct snapshot *snap;
	const struct snapshot_row *row;
	const struct view_ctx *ctx;
	int width;
	int merge;			/* of the trend: see spark.h */
	bool member;			/* of the group whose head is above */
};

struct column {
	const char *name, *title, *help;
	int width;			/* TYPE, TREND: the least */
	int rank;			/* 0 is always shown, the highest is the first to go */
	enum columns_align align;
	int sort;			/* enum snapshot_sort or COLUMNS_NO_SORT */
	bool rises;			/* its natural order is smallest first */
	/* Returns buf or a text that outlives the call. */
	const char *(*text)(const struct columns_cell *cell, char *buf, size_t size);
};

struct columns_place {
	const struct column *column;
	int col, width;
};

struct columns_plan {
	int n;
	struct columns_place place[COLUMNS_MAX];
	int merge;
	double span_s;			/* time that the trend column shows */
	bool more;			/* columns on the right have no room */
};

const struct column *columns_all(size_t *ret_n);

/*
 * "verdict,name,count" in that order; the name is always shown. false, and in msg what is not a
 * column's name. "" is no choice.
 */
bool columns_choose(const char *text, struct columns_choice *ret, char *msg, size_t size);

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
