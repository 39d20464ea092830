/*
 * One row of a canvas, filled from the left by whole pieces. A piece that does not fit is left
 * out together with all behind it, so the pieces stand in the order of their worth and no figure
 * is ever cut in two.
 */
#ifndef LT_UI_LINE_H
#define LT_UI_LINE_H

#include <stdbool.h>

#include "ui/canvas.h"

struct line {
	struct canvas *canvas;		/* borrowed */
	int row, at, end;		/* next free column; first column not to be used */
	bool full;			/* a piece did not fit */
};

struct line line_begin(struct canvas *c, int row);
/* Blanks at a piece's end need not fit. */
void line_put(struct line *l, enum attr attr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "s:sort" in a bar of keys, and a blank; a click on it is that key. */
void line_put_key(struct line *l, const char *label, int key);
/* From the right end, which moves left; dropped where it does not fit. */
void line_put_end(struct line *l, enum attr attr, const char *text);
/* Text that may be cut: a name, a sentence. */
void line_put_cut(struct line *l, enum attr attr, const char *text);

#endif
