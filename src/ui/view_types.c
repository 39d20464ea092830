#include "config.h"
#include "ui/view_types.h"

#include <stdio.h>
#include <string.h>

#include "model/filter.h"
#include "model/verdict.h"
#include "ui/columns.h"
#include "ui/drill.h"
#include "ui/header.h"
#include "ui/line.h"
#include "ui/notice.h"
#include "ui/pane.h"
#include "ui/pane_held.h"
#include "ui/rows.h"
#include "util/clean.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/text.h"

struct types_state {
	struct rows rows;
	uint32_t id;			/* of the selected type, which the cursor follows */
	bool moved;			/* off the first row; on it the cursor stays on it */
	bool unfollow;			/* F: the cursor keeps its place instead */
	int skip;			/* columns scrolled away */
	bool more;			/* there are more on the right */
	struct { size_t cursor; uint32_t id; bool moved; } origin;	/* where a find began */
};

struct layout {
	int rows;			/* of screens with at least so many rows */
	int meters;
	bool state;			/* a row for the state, always */
	bool gap;			/* a blank row above the table */
	bool status;			/* a row for the order, the filter and messages, and above
					 * it one for why the selected type has its word */
	bool pane;			/* instead of that one row the whole pane of reasons */
};

static const struct layout layouts[] = {
	{36, HEADER_METERS, true, true, true, true},
	{30, HEADER_METERS, true, true, true, false},
	{16, 5, true, false, true, false},
	{8, 2, false, false, false, false},
	{0, 1, false, false, false, false},
};
#define TINY_ROWS 6
#define TINY_COLS 40

static const struct layout *layout_of(int rows)
{
	size_t i = 0;

	while (rows < layouts[i].rows)
		i++;
	return &layouts[i];
}

static void cursor_to(struct types_state *st, const struct snapshot *snap, size_t to)
{
	if (snap->n_rows == 0)
		return;
	st->rows.cursor = to < snap->n_rows ? to : snap->n_rows - 1;
	st->id = snap->rows[st->rows.cursor].id;
	st->moved = st->rows.cursor > 0;
}

/* Rows have moved, come and gone since the last frame: find the one the cursor is on. */
static void cursor_settle(struct types_state *st, const struct snapshot *snap)
{
	size_t i = 0;

	if (snap->n_rows == 0)
		return;
	if (st->moved && !st->unfollow) {
		while (i < snap->n_rows && snap->rows[i].id != st->id)
			i++;
		if (i < snap->n_rows) {
			st->rows.cursor = i;
			return;
		}
	}
	if (!st->moved)
		st->rows.cursor = 0;
	else if (st->rows.cursor >= snap->n_rows)
		st->rows.cursor = snap->n_rows - 1;
	st->id = snap->rows[st->rows.cursor].id;
}

static void table_draw(struct types_state *st, const struct snapshot *snap, struct canvas *c,
		       int y, int end, const struct view_ctx *ctx)
{
	struct columns_plan plan;
	char empty[200];

	columns_lay_out(&plan, snap, c->cols, ctx, st->skip);
	st->more = plan.more;
	columns_draw_head(&plan, c, y++, ctx);
	st->rows.page = end > y ? (size_t)(end - y) : 0;
	cursor_settle(st, snap);
	rows_scroll(&st->rows, snap->n_rows);
	notice_empty(empty, sizeof(empty), snap);
	canvas_put(c, y, 1, c->cols - 1, ATTR_PLAIN, empty);
	c->cursor_row = y;
	rows_clicks(&st->rows, snap->n_rows, c, y);
	for (size_t i = 0; i < st->rows.page && st->rows.top + i < snap->n_rows; i++) {
		size_t at = st->rows.top + i;
		bool selected = at == st->rows.cursor;

		columns_draw_row(&plan, snap, at, c, y + (int)i, selected, ctx);
		if (selected)
			c->cursor_row = y + (int)i;
	}
}

/* "2 tagged: +25 360, +26.6M" */
static void put_tags(struct line *l, const struct snapshot *snap, const struct view_ctx *ctx)
{
	struct tags_sum sum;
	char count[32], bytes[32];

	tags_sum(&ctx->tags, snap, &sum);
	line_put(l, ATTR_NOTICE, "%zu tagged", sum.n);
	if (num_known(sum.count_delta))
		line_put(l, ATTR_NOTICE, ": %s, %s",
			 num_signed(sum.count_delta, count, sizeof(count)),
			 num_ssize(sum.bytes_delta, bytes, sizeof(bytes)));
	line_put(l, ATTR_NOTICE, "   ");
}

static void status_draw(const struct types_state *st, const struct snapshot *snap,
			struct canvas *c, int y, const struct view_ctx *ctx)
{
	static const char *const names[] = {
#define X(id, name, help) name,
		SNAPSHOT_SORTS(X)
#undef X
	};
	struct line l = line_begin(c, y);

	if (ctx->message[0]) {
		line_put_cut(&l, ATTR_NOTICE, ctx->message);
		return;
	}
	if (ctx->state[0])
		line_put_cut(&l, ctx->state_alert ? ATTR_ALERT : ATTR_NOTICE, ctx->state);
	if (ctx->state[0])
		line_put(&l, ATTR_PLAIN, "   ");
	line_put(&l, ATTR_PLAIN, "sort: %s%s   ", names[ctx->sort],
		 ctx->reversed ? " reversed" : "");
	if (ctx->tags.n)
		put_tags(&l, snap, ctx);
	if (snap->filter[0])
		line_put(&l, ATTR_NOTICE, "filter: %s   ", snap->filter);
	if (snap->hide_flat)
		line_put(&l, ATTR_NOTICE, "unchanged types hidden   ");
	if (snap->order_held > 0 && !ctx->paused)
		line_put(&l, ATTR_NOTICE, "order held %gs   ", snap->order_held * ctx->delay_s);
	if (st->unfollow)
		line_put(&l, ATTR_NOTICE, "cursor keeps its place   ");
	if (ctx->unit != TEXT_AUTO)
		line_put(&l, ATTR_NOTICE, "sizes in %s   ", text_unit_name(ctx->unit));
	if (st->skip)
		line_put(&l, ATTR_NOTICE, "%d columns on the left   ", st->skip);
	line_put(&l, ATTR_PLAIN, "%zu of %zu types shown", snap->n_rows, snap->n_listed);
}

/* "Connection: floor rose in 14/15 epochs, straight, survived 12 full collections" */
static void reason_draw(const struct snapshot_row *row, const struct snapshot *snap,
			struct canvas *c, int y, const struct view_ctx *ctx)
{
	struct line l = line_begin(c, y);
	const char *dot = strrchr(row->name, '.');
	char reason[400];

	line_put_cut(&l, ATTR_LABEL, dot && dot[1] ? dot + 1 : row->name);
	line_put_cut(&l, ATTR_PLAIN, ": ");
	if (!pane_held_brief(snap, row, ctx, reason, sizeof(reason))[0])
		verdict_reason(row, reason, sizeof(reason));
	line_put_cut(&l, ATTR_PLAIN, reason);
}

/* Rows between the table and the key bar. */
static int reason_rows(const struct layout *layout)
{
	if (layout->pane)
		return pane_rows() + 2;		/* a blank one behind it, the status */
	return layout->status ? 2 : 0;
}

/* What is worth its room in the key bar, most first; behind them the others that have a label. */
static const enum keys_action bar_first[] = {
	KEYS_HELP, KEYS_WHO, KEYS_ALLOC, KEYS_SORT_MENU, KEYS_FIND, KEYS_BASELINE_NOW, KEYS_PAUSE,
	KEYS_UNITS, KEYS_ACT,
};

static bool is_in_bar(enum keys_action action)
{
	for (size_t i = 0; i < COUNT_OF(bar_first); i++)
		if (bar_first[i] == action)
			return true;
	return action == KEYS_QUIT;		/* has its own place */
}

static void put_key(struct line *l, const struct keys_row *row)
{
	line_put_key(l, row->bar, row->keys[0]);
}

static void put_keys(struct line *l)
{
	const struct keys_row *rows;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(bar_first); i++)
		put_key(l, keys_row(bar_first[i]));
	rows = keys_rows(&n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].bar && !is_in_bar(rows[i].action))
			put_key(l, &rows[i]);
}

/* As many keys as there is room for; how to leave is always among them. */
static void bar_draw(const struct types_state *st, const struct snapshot *snap, struct canvas *c,
		     int y)
{
	struct line l = line_begin(c, y);
	const char *way_out = keys_row(KEYS_QUIT)->bar;
	char place[48];

	snprintf(place, sizeof(place), "%zu/%zu", snap->n_rows ? st->rows.cursor + 1 : 0,
		 snap->n_rows);
	line_put_end(&l, ATTR_PLAIN, place);
	l.end -= clean_width(way_out) + 1;
	put_keys(&l);
	l.end += clean_width(way_out) + 1;
	l.full = false;
	put_key(&l, keys_row(KEYS_QUIT));
}

/* Pieces stand two blanks apart; one that does not fit is left out, not cut. */
static void notice_draw(struct canvas *c, int y, struct notice *notice)
{
	char *end;

	while (clean_width(notice->text) > c->cols) {
		char *gap = NULL;

		for (end = notice->text; (end = strstr(end, "  ")) != NULL; end += 2)
			gap = end;
		if (!gap)
			break;
		*gap = '\0';
	}
	canvas_put(c, y, 0, c->cols, notice->attr, notice->text);
}

static void types_draw(void *state, const struct snapshot *snap, struct canvas *c,
		       const struct view_ctx *ctx)
{
	const struct layout *layout = layout_of(c->rows);
	struct types_state *st = state;
	struct notice notice;
	const struct snapshot_row *row;
	int y, end = c->rows - 1 - reason_rows(layout);

	if (c->rows < TINY_ROWS || c->cols < TINY_COLS) {
		header_draw_tiny(c, snap, ctx);
		return;
	}
	y = header_draw(c, layout->meters, snap, ctx);
	notice_pick(&notice, snap, ctx);
	if (layout->state || notice.attr == ATTR_ALERT || notice.attr == ATTR_NOTICE)
		notice_draw(c, y++, &notice);
	y += layout->gap ? 1 : 0;
	table_draw(st, snap, c, y, end, ctx);
	row = snap->seq && st->rows.cursor < snap->n_rows ? &snap->rows[st->rows.cursor] : NULL;
	if (layout->pane)
		pane_draw(c, end, snap, row, ctx);
	else if (layout->status && row)
		reason_draw(row, snap, c, end, ctx);
	if (layout->status)
		status_draw(st, snap, c, c->rows - 2, ctx);
	if (!layout->status && !ctx->message[0] && (ctx->replay || ctx->state_alert))
		canvas_put(c, c->rows - 1, 0, c->cols,
			   ctx->state_alert ? ATTR_ALERT : ATTR_NOTICE, ctx->state);
	else if (layout->status || !ctx->message[0])
		bar_draw(st, snap, c, c->rows - 1);
	else
		canvas_put(c, c->rows - 1, 0, c->cols, ATTR_NOTICE, ctx->message);
}

/* As in htop the cursor goes on to the next row, so that several are tagged in a row. */
static void tag(struct types_state *st, const struct snapshot *snap, struct ui_request *ret)
{
	if (st->rows.cursor >= snap->n_rows)
		return;
	ret->ask = UI_TAG;
	ret->id = snap->rows[st->rows.cursor].id;
	cursor_to(st, snap, st->rows.cursor + 1);
	st->moved = true;
}

static enum view_result copy_name(const struct types_state *st, const struct snapshot *snap,
				  struct ui_request *ret)
{
	if (st->rows.cursor >= snap->n_rows)
		return VIEW_IGNORED;
	ret->ask = UI_COPY;
	snprintf(ret->text, sizeof(ret->text), "%s", snap->rows[st->rows.cursor].name);
	return VIEW_DONE;
}

static enum view_result types_key(void *state, const struct snapshot *snap, int key,
				  enum keys_action action, struct ui_request *ret)
{
	struct types_state *st = state;
	size_t to;

	if (rows_move(&st->rows, snap->n_rows, action, &to)) {
		cursor_to(st, snap, to);
		ret->ask = UI_HOLD_ORDER;
		return VIEW_DONE;
	}
	if ((action == KEYS_WHO || action == KEYS_CYCLES) && st->rows.cursor < snap->n_rows) {
		drill_ask(snap, snap->rows[st->rows.cursor].name, ret);
		return VIEW_OPEN;
	}
	ret->ask = UI_REDRAW;
	switch (action) {
	case KEYS_FOLLOW:
		st->unfollow = !st->unfollow;
		return VIEW_DONE;
	case KEYS_LEFT:
		st->skip -= st->skip > 0;
		return VIEW_DONE;
	case KEYS_RIGHT:
		st->skip += st->more;
		return VIEW_DONE;
	case KEYS_TAG:
		tag(st, snap, ret);
		return VIEW_DONE;
	case KEYS_COPY:
		return copy_name(st, snap, ret);
	default:
		return VIEW_IGNORED;
	}
}

/*
 * What is typed is a regular expression as the filter's; as long as it is none yet ("a(" on its
 * way to "a(b|c)") it is what it looks like.
 */
static bool find_from(struct types_state *st, const struct snapshot *snap, size_t at, size_t step,
		      const char *text)
{
	struct filter filter = {0};
	bool plain = !filter_set(&filter, text, NULL, 0), found = false;

	for (size_t i = 0; i < snap->n_rows && !found; i++, at = (at + step) % snap->n_rows) {
		if (at >= snap->n_rows)
			continue;
		found = plain ? strcasestr(snap->rows[at].name, text) != NULL
			      : filter_shows(&filter, snap->rows[at].name);
		if (found)
			cursor_to(st, snap, at);
	}
	filter_done(&filter);
	return found;
}

static bool types_find(void *state, const struct snapshot *snap, enum view_find how,
		       const char *text)
{
	struct types_state *st = state;
	size_t n = snap->n_rows, step = how == FIND_PREVIOUS ? n - 1 : 1, at = st->rows.cursor;

	if (how == FIND_BEGIN || how == FIND_CANCEL) {
		if (how == FIND_BEGIN) {
			st->origin.cursor = st->rows.cursor;
			st->origin.id = st->id;
			st->origin.moved = st->moved;
		} else {
			st->rows.cursor = st->origin.cursor;
			st->id = st->origin.id;
			st->moved = st->origin.moved;
		}
		return true;
	}
	if (n == 0)
		return false;
	at = how == FIND_HERE ? st->origin.cursor : (at + step) % n;
	return find_from(st, snap, at, step, text);
}

const struct view_ops view_types = {
	.name = "types",
	.help = "live objects by type, what leaks first",
	.state_size = sizeof(struct types_state),
	.draw = types_draw,
	.key = types_key,
	.find = types_find,
};
