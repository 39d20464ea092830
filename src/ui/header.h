/* The meters at the top of the screen, one row each: a const table, most important first. */
#ifndef LT_UI_HEADER_H
#define LT_UI_HEADER_H

#include "ui/view.h"

#define HEADER_METERS 8

struct header_meter {
	const char *name, *help;
	int rows, cols;			/* the least screen that it is on */
	void (*draw)(struct canvas *c, int row, const struct snapshot *snap,
		     const struct view_ctx *ctx);
};

extern const struct header_meter header_meters[HEADER_METERS];

/* The first n that the canvas has room for, from its top row. Returns how many rows they took. */
int header_draw(struct canvas *c, int n, const struct snapshot *snap, const struct view_ctx *ctx);

/* The whole screen in one row, for terminals with room for no more. */
void header_draw_tiny(struct canvas *c, const struct snapshot *snap, const struct view_ctx *ctx);

#endif
