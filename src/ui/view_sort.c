#include "config.h"
#include "ui/view_sort.h"

#include <stdio.h>

#include "util/clean.h"
#include "util/mem.h"

struct sort_state {
	int at;				/* enum snapshot_sort */
	bool reversed;
};

static const struct { const char *name, *help; } orders[] = {
#define X(id, name, help) {name, help},
	SNAPSHOT_SORTS(X)
#undef X
};
#define TITLE "sort by        (Enter:take R:reverse Esc:back)"

static void sort_open(void *state, const struct view_ctx *ctx)
{
	struct sort_state *st = state;

	st->at = (int)ctx->sort;
	st->reversed = ctx->reversed;
}

static void row_draw(struct canvas *c, int y, int col, int width, enum attr attr, const char *text)
{
	canvas_blank(c, y, col, width, attr);
	canvas_put(c, y, col + 1, width - 2, attr, text);
}

/* On a screen too low for the whole list, the part around the cursor is shown. */
static void sort_draw(void *state, const struct snapshot *snap, struct canvas *c,
		      const struct view_ctx *ctx)
{
	const struct sort_state *st = state;
	int n = (int)COUNT_OF(orders), page = c->rows - 2 < n ? c->rows - 2 : n;
	int top = st->at >= page ? st->at - page + 1 : 0;
	int width = 0, y = c->rows > n + 10 ? 6 : 0, col;
	char text[128];

	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "> %-8s %s", orders[i].name, orders[i].help);
		width = clean_width(text) + 2 > width ? clean_width(text) + 2 : width;
	}
	width = width < c->cols ? width : c->cols;
	col = (c->cols - width) / 2;
	row_draw(c, y, col, width, ATTR_HEAD, TITLE);
	c->clicks.body_row = y + 1;
	c->clicks.body_rows = page;
	for (int i = 0; i < page; i++) {
		bool selected = top + i == st->at;

		snprintf(text, sizeof(text), "%c %-8s %s%s", selected ? '>' : ' ',
			 orders[top + i].name, orders[top + i].help,
			 selected && st->reversed ? " (reversed)" : "");
		row_draw(c, y + 1 + i, col, width, selected ? ATTR_TITLE : ATTR_MENU, text);
		if (selected) {
			c->cursor_row = y + 1 + i;
			c->cursor_col = col;
		}
	}
}

static enum view_result sort_key(void *state, const struct snapshot *snap, int key,
				 enum keys_action action, struct ui_request *ret)
{
	struct sort_state *st = state;
	int last = (int)COUNT_OF(orders) - 1;

	ret->ask = UI_REDRAW;
	if (key == UI_KEY_ENTER) {
		ret->ask = UI_SORT;
		ret->sort = (enum snapshot_sort)st->at;
		ret->reversed = st->reversed;
		return VIEW_CLOSE;
	}
	if (action == KEYS_BACK || action == KEYS_SORT_MENU)
		return VIEW_CLOSE;
	if (action == KEYS_UP && st->at > 0)
		st->at--;
	else if (action == KEYS_DOWN && st->at < last)
		st->at++;
	else if (action == KEYS_FIRST)
		st->at = 0;
	else if (action == KEYS_LAST)
		st->at = last;
	else if (action == KEYS_REVERSE)
		st->reversed = !st->reversed;
	else
		return VIEW_IGNORED;
	return VIEW_DONE;
}

const struct view_ops view_sort = {
	.name = "sort",
	.help = "choose the order of the table",
	.state_size = sizeof(struct sort_state),
	.overlay = true,
	.modal = true,
	.open = sort_open,
	.draw = sort_draw,
	.key = sort_key,
};
