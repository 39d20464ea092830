#include "config.h"
#include "ui/pane_held.h"

#include <stdio.h>

#include "model/holding_text.h"
#include "ui/drill.h"
#include "util/clean.h"
#include "util/num.h"

char *pane_held_brief(const struct snapshot *snap, const struct snapshot_row *row,
		      const struct view_ctx *ctx, char *buf, size_t size)
{
	const struct holding *h = snapshot_holding(snap, row->name);

	char ring[HOLDING_TEXT];

	buf[0] = '\0';
	if (h && h->code == LT_OK && holding_is_cyclic(h))
		snprintf(buf, size, "cycle %s",
			 holding_text_ring(&h->cycles[0], ring, sizeof(ring)));
	else if (h && h->code == LT_OK && h->n_paths)
		holding_text_line(h, ctx->values, buf, size);
	else if (!h && row->word <= RATCHET_GROWING && snap->growing && snap->growing->n)
		snprintf(buf, size, "most grows %s",
			 growing_text(&snap->growing->list[0], ctx->values, ring, sizeof(ring)));
	return buf;
}

/* What else there is beside the best path. */
static void put_others(struct line *l, const struct holding *h, const struct holding_path *best)
{
	size_t in_cycles = holding_in_cycles(h);

	if (h->n_paths > 1)
		line_put(l, ATTR_PLAIN, "   %zu more path%s", h->n_paths - 1,
			 h->n_paths == 2 ? "" : "s");
	if (in_cycles)
		line_put(l, ATTR_PLAIN, "   %zu in cycles", in_cycles);
	if (h->no_path)
		line_put(l, ATTR_PLAIN, "   %zu no path", h->no_path);
}

static void put_best(struct line *l, const struct holding *h, const struct holding_path *best,
		     bool values)
{
	char name[HOLDING_TEXT], what[HOLDING_NAME + 64];

	if (holding_has_newest(h, best))
		line_put(l, ATTR_PLAIN, "%zu/%zu newest via ", best->newest, h->newest);
	else
		line_put(l, ATTR_PLAIN, "%zu/%zu sampled via ", best->samples, holding_alive(h));
	holding_text_holder(best, values, name, sizeof(name));
	holding_text_container(best, what, sizeof(what));
	if (clean_width(name) <= l->end - l->at)
		line_put_cut(l, ATTR_SUSPECT, name);
	else				/* its end says more */
		l->at += canvas_put_tail(l->canvas, l->row, l->at, l->end - l->at, ATTR_SUSPECT,
					 name);
	if (what[0])
		line_put(l, ATTR_PLAIN, "  %s", what);
	put_others(l, h, best);
}

static void put_cycle(struct line *l, const struct snapshot *snap, const struct holding *h)
{
	char text[HOLDING_TEXT];

	if (2 * holding_in_cycles(h) > holding_alive(h))
		line_put(l, ATTR_PLAIN, "%zu/%zu in cycles  ", holding_in_cycles(h),
			 holding_alive(h));
	else
		line_put(l, ATTR_PLAIN, "%zu/%zu newest in cycles  ", h->newest_cyclic,
			 h->newest);
	line_put_cut(l, ATTR_SUSPECT, holding_text_ring(&h->cycles[0], text, sizeof(text)));
}

void pane_held_put(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		   const struct view_ctx *ctx)
{
	const struct holding *h = snapshot_holding(snap, row->name);
	const struct holding_path *best = h ? holding_best(h) : NULL;
	char text[HOLDING_TEXT];

	if (h && h->code == LT_OK && holding_is_cyclic(h))
		put_cycle(l, snap, h);
	else if (h && h->code == LT_OK && best)
		put_best(l, h, best, ctx->values);
	else if (drill_is_searching(snap, row->name))
		line_put(l, ATTR_PLAIN, "searching, %.0f%%", snap->searching.progress * 100);
	else if (h)
		line_put_cut(l, ATTR_PLAIN, holding_text_line(h, false, text, sizeof(text)));
	else
		line_put(l, ATTR_PLAIN, "not searched: Enter does");
}

void pane_held_put_growing(struct line *l, const struct snapshot *snap,
			   const struct snapshot_row *row, const struct view_ctx *ctx)
{
	const struct growing *g = snap->growing;
	char text[2 * HOLDING_TEXT];

	if (!g || !g->n) {
		line_put(l, ATTR_PLAIN, "no container is known to grow steadily");
		return;
	}
	for (size_t i = 0; i < g->n; i++) {
		growing_text(&g->list[i], ctx->values, text, sizeof(text));
		if (i == 0)
			line_put_cut(l, ATTR_SUSPECT, text);
		else			/* whole or not at all */
			line_put(l, ATTR_PLAIN, "; %s", text);
	}
}
