/*
 * The reason pane: why the selected type has its word, under the table where there is room. A
 * const table of lines; a new one is a file of its own and one row in pane.c.
 */
#ifndef LT_UI_PANE_H
#define LT_UI_PANE_H

#include "ui/line.h"
#include "ui/view.h"

struct pane_line {
	const char *label, *help;
	/* What stands behind the label, from l->at on; nothing where nothing is known. */
	void (*put)(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		    const struct view_ctx *ctx);
};

const struct pane_line *pane_lines(size_t *ret_n);

/* Rows that the pane takes, its title included: always the same, so that nothing jumps. */
int pane_rows(void);

/* From row y on; row NULL: no type is selected, the pane is blank. */
void pane_draw(struct canvas *c, int y, const struct snapshot *snap,
	       const struct snapshot_row *row, const struct view_ctx *ctx);

#endif
