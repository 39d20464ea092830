/* The pane's line on who holds the selected type. */
#ifndef LT_UI_PANE_HELD_H
#define LT_UI_PANE_HELD_H

#include "ui/line.h"
#include "ui/view.h"

/* "197/200 sampled via __main__._CONNECTIONS  list, 48 213 items, +12.4/s   (2 no path)" */
void pane_held_put(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		   const struct view_ctx *ctx);
/* The containers that grow, whatever is in them: as many as fit. */
void pane_held_put_growing(struct line *l, const struct snapshot *snap,
			   const struct snapshot_row *row, const struct view_ctx *ctx);
/* "held by __main__._CONNECTIONS (list, 48 213 items)"; "" where nothing is known. Returns buf. */
char *pane_held_brief(const struct snapshot *snap, const struct snapshot_row *row,
		      const struct view_ctx *ctx, char *buf, size_t size);

#endif
