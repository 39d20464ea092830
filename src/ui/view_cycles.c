#include "config.h"
#include "ui/view_cycles.h"

#include <stdio.h>
#include <string.h>

#include "model/gchealth.h"
#include "model/holding_text.h"
#include "ui/drill.h"
#include "ui/keeps.h"
#include "ui/line.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/text.h"

#define TEXT 40
#define LABEL_WIDTH 11

struct cycles_state {
	char about[sizeof(((struct view_ctx *)0)->about)];
	size_t top;			/* cycles scrolled away */
};

static void cycles_open(void *state, const struct view_ctx *ctx)
{
	struct cycles_state *st = state;

	memcpy(st->about, ctx->about, sizeof(st->about));
}

static void put_title(struct canvas *c, int y, const struct holding *h, size_t i)
{
	const struct holding_cycle *cycle = &h->cycles[i];
	char text[200], n[TEXT], clock[TEXT];

	snprintf(text, sizeof(text), "%zu/%zu: %zu of %zu sampled, about %s objects, since %s",
		 i + 1, h->n_cycles, cycle->samples, holding_alive(h),
		 num_count(cycle->instances, n, sizeof(n)),
		 text_clock(cycle->since, clock, sizeof(clock)));
	drill_section(c, y, text);
}

/* One member a row: its type, and by which attribute it refers to the next one. */
static int put_ring(struct canvas *c, int y, int end, const struct holding_cycle *cycle)
{
	for (size_t i = 0; i < cycle->n && y < end; i++, y++) {
		struct line l = line_begin(c, y);
		const char *name = cycle->attributes[i];
		size_t next = (i + 1) % cycle->n;

		line_put(&l, ATTR_PLAIN, "  ");
		line_put_cut(&l, ATTR_TITLE, holding_text_short(cycle->types[i]));
		line_put_cut(&l, ATTR_SUSPECT, name[0] == '[' || name[0] == '.' ? "" : ".");
		line_put_cut(&l, ATTR_SUSPECT, name);
		line_put_cut(&l, ATTR_PLAIN, " -> ");
		line_put_cut(&l, ATTR_PLAIN, holding_text_short(cycle->types[next]));
		if (next == 0)
			line_put(&l, ATTR_PLAIN, "   and round again");
	}
	return y;
}

static int put_labelled(struct canvas *c, int y, const char *label, const char *text)
{
	struct line l = line_begin(c, y);

	line_put(&l, ATTR_LABEL, "%-*s", LABEL_WIDTH, label);
	line_put_cut(&l, ATTR_PLAIN, text);
	return y + 1;
}

static int put_collector(struct canvas *c, int y, const struct snapshot *snap)
{
	struct gchealth_facts facts;
	char text[200];

	gchealth_facts(snap, &facts);
	return put_labelled(c, y, "collector",
			    holding_text_collector(&facts, snap->gc_full_ago_s, text,
						   sizeof(text)));
}

static void rings_draw(struct cycles_state *st, const struct snapshot *snap,
		       const struct holding *h, struct canvas *c, int y, int end)
{
	char text[HOLDING_TEXT];

	if (st->top >= h->n_cycles)
		st->top = h->n_cycles - 1;
	for (size_t i = st->top; i < h->n_cycles && y + 1 < end; i++) {
		put_title(c, y++, h, i);
		y = put_ring(c, y, end, &h->cycles[i]);
		if (y < end)
			y = put_labelled(c, y, "mend", holding_text_mend(&h->cycles[i], text,
									 sizeof(text)));
		if (i == st->top && y < end)
			y = put_collector(c, y, snap);
		y += end - y > 3;
	}
	if (holding_is_cyclic(h) && y < end)
		(void)keeps_draw(c, y, end - y, &h->inside, false);
}

static void none_draw(struct canvas *c, int y, int end, const struct snapshot *snap,
		      const struct holding *h)
{
	char text[HOLDING_TEXT + HOLDING_NAME];

	if (h->code == LT_OK && h->sampled)
		canvas_put(c, y++, 0, c->cols, ATTR_PLAIN,
			   "none of those sampled is garbage in a cycle");
	y = drill_wrap(c, y, 3, ATTR_PLAIN, holding_text_line(h, false, text, sizeof(text)));
	if (y < end)
		put_collector(c, y, snap);
}

static void cycles_draw(void *state, const struct snapshot *snap, struct canvas *c,
			const struct view_ctx *ctx)
{
	struct cycles_state *st = state;
	const struct holding *h = snapshot_holding(snap, st->about);
	int y = c->rows >= 16 ? 3 : 2, end = c->rows - 1;

	drill_title(c, 0, snap, "cycles", ctx);
	drill_state(c, 1, snap, ctx);
	c->cursor_row = y;
	if (h && h->n_cycles)
		rings_draw(st, snap, h, c, y, end);
	else if (h)
		none_draw(c, y, end, snap, h);
	drill_bar(c, "Esc:back n/N:cycle Enter:who t:again y:copy q:quit", ctx);
}

static enum view_result cycles_key(void *state, const struct snapshot *snap, int key,
				   enum keys_action action, struct ui_request *ret)
{
	struct cycles_state *st = state;
	const struct holding *h = snapshot_holding(snap, st->about);
	size_t n = h ? h->n_cycles : 0;

	ret->ask = UI_REDRAW;
	switch (action) {
	case KEYS_FIND_NEXT:
	case KEYS_DOWN:
		st->top += st->top + 1 < n;
		return VIEW_DONE;
	case KEYS_FIND_PREVIOUS:
	case KEYS_UP:
		st->top -= st->top > 0;
		return VIEW_DONE;
	case KEYS_COPY:
		if (st->top < n) {
			ret->ask = UI_COPY;
			holding_text_ring(&h->cycles[st->top], ret->text, sizeof(ret->text));
		}
		return VIEW_DONE;
	case KEYS_WHO:
		snprintf(ret->text, sizeof(ret->text), "%s", st->about);
		return VIEW_OPEN;
	default:
		return drill_key(snap, st->about, action, ret);
	}
}

const struct view_ops view_cycles = {
	.name = "cycles",
	.help = "rings of garbage of a type",
	.state_size = sizeof(struct cycles_state),
	.modal = true,
	.open = cycles_open,
	.draw = cycles_draw,
	.key = cycles_key,
};
