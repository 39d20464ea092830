/*
 * The table of types as text: its columns, and what a cell of each says. The screen and the batch
 * table are made of the same cells.
 */
#ifndef LT_MODEL_CELLS_H
#define LT_MODEL_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/snapshot.h"
#include "util/text.h"

/* X(ID, name in --fields, title, width, on the right, help), from left to right */
#define CELLS(X) \
	X(VERDICT, "verdict", "VERDICT", 8, false, \
	  "leak, suspect, growing, hold, churn, shrink; or flat") \
	X(TYPE, "name", "TYPE", 23, false, "full name") \
	X(COUNT, "count", "COUNT", 9, true, "live objects") \
	X(SIZE, "size", "SIZE", 6, true, "bytes of them") \
	X(GROWTH, "growth", "+COUNT", 8, true, "objects since the baseline") \
	X(SIZE_GROWTH, "dsize", "+SIZE", 7, true, "bytes since the baseline") \
	X(SHARE, "share", "%GROW", 5, true, "share of the growth of RSS") \
	X(RATE, "rate", "RATE/min", 8, true, "objects per minute, lately") \
	X(TREND, "trend", "TREND", 10, false, "the floor of COUNT over time") \
	X(LAST, "last", "LAST", 5, true, "how long ago it last rose")

enum cells_id {
#define X(id, ...) CELLS_##id,
	CELLS(X)
#undef X
	CELLS_OF
};

struct cells_column {
	const char *name, *title, *help;
	int width;			/* TYPE, TREND: the least */
	bool right;			/* aligned */
};

extern const struct cells_column cells_columns[CELLS_OF];

struct cells_choice {			/* --fields; n 0: none was made */
	int n;
	unsigned char at[CELLS_OF];	/* enum cells_id */
};

struct cells_cell {			/* what the text of a cell is made from */
	const struct snapshot *snap;
	const struct snapshot_row *row;
	int width;			/* columns that it may take; names may take more */
	enum text_unit unit;		/* of sizes */
	bool member;			/* of the group whose head is above */
};

#define CELLS_MEMBER "`- "		/* in front of a member's name; a name is cut behind it */

/*
 * buf or a text that outlives the call; "" where there is nothing to say, and for TREND, which is
 * a picture.
 */
const char *cells_text(enum cells_id id, const struct cells_cell *cell, char *buf, size_t size);

/* Row `at` is of a group, and right below its head or another member. */
bool cells_member(const struct snapshot *snap, size_t at);

/*
 * "verdict,name,count" in that order; the name is always shown. false, and in msg what is not a
 * column's name. "" is no choice.
 */
bool cells_choose(const char *text, struct cells_choice *ret, char *msg, size_t size);

#endif
