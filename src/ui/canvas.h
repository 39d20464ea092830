/*
 * A grid of cells in memory: what the screen will look like. Views draw here, term.c copies it
 * to the terminal, tests read it as text. Nothing else of the ui touches the terminal, so nothing
 * that a target chose can reach it raw: control bytes and broken UTF-8 become '?' here (I8).
 *
 * Embedded: zero it to begin, canvas_done() to end. Owns `cells`.
 */
#ifndef LT_UI_CANVAS_H
#define LT_UI_CANVAS_H

#include <stdbool.h>

#include "ui/attr.h"
#include "util/buf.h"

struct canvas_cell {
	char text[5];			/* one character as UTF-8 */
	unsigned char width;		/* 1 or 2; 0: the right half of the wide one before it */
	unsigned char attr;		/* enum attr */
};

#define CANVAS_ZONES 32

/* What a mouse may press: rows of a list, of which one has the cursor, and places with a key. */
struct canvas_clicks {
	int body_row, body_rows;	/* of the list; rows 0: there is none */
	int n;
	struct { int row, col, width, key; } zones[CANVAS_ZONES];
};

struct canvas {
	int rows, cols;
	bool ascii;			/* other characters become '?' */
	struct canvas_cell *cells;	/* owned, rows * cols */
	int cursor_row, cursor_col;	/* of the hardware cursor, which screen readers follow */
	bool cursor_shown;
	struct canvas_clicks clicks;
};

void canvas_done(struct canvas *c);
/* Makes it rows x cols and blank, cursor in the corner and invisible. */
void canvas_reset(struct canvas *c, int rows, int cols);

/*
 * All of these clip: at `width` columns from col, and at the canvas. The rest of the width is
 * left as it was. Return how many columns were taken.
 */
int canvas_put(struct canvas *c, int row, int col, int width, enum attr attr, const char *text);
/* Right-aligned. A figure that does not fit becomes '#': part of a number would be a lie. */
int canvas_put_right(struct canvas *c, int row, int col, int width, enum attr attr,
		     const char *text);
/* Where it does not fit the end is kept, behind a mark: "~.HTTPConnectionPool". */
int canvas_put_tail(struct canvas *c, int row, int col, int width, enum attr attr,
		    const char *text);

void canvas_blank(struct canvas *c, int row, int col, int width, enum attr attr);

/* Pressing there is that key. More than CANVAS_ZONES are ignored. */
void canvas_zone(struct canvas *c, int row, int col, int width, int key);

/* Appends a row as UTF-8, without the blanks at its end. */
void canvas_text(const struct canvas *c, int row, struct buf *b);

#endif
