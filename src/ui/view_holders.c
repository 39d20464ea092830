#include "config.h"
#include "ui/view_holders.h"

#include <stdio.h>
#include <string.h>

#include "model/holding_text.h"
#include "model/holding_tree.h"
#include "ui/drill.h"
#include "ui/keeps.h"
#include "ui/rows.h"
#include "util/clean.h"
#include "util/mem.h"
#include "util/num.h"

#define FOLDED_MAX 64			/* rows that are folded */
#define PATH_COL 16
#define LEN_WIDTH 8
#define LEN_COLS 64			/* columns of screen from which lengths are shown */
#define INDENT_MOST 12			/* deeper rows stand no further to the right */
#define DETAIL_ROWS 18			/* rows of screen from which the holder is told */
#define DETAIL_LINES 8			/* it takes, with a blank one */
#define TEXT 40

enum kind { PATHS, CYCLES, NO_PATH, FREED };

struct shown {				/* a row of the screen */
	enum kind kind;
	size_t at;			/* PATHS: in the tree */
	size_t samples;
};

struct holders_state {
	char about[sizeof(((struct view_ctx *)0)->about)];
	struct holding_row tree[HOLDING_TREE_ROWS];
	struct shown shown[HOLDING_TREE_ROWS + 3];
	size_t n;
	struct rows rows;
	uint32_t key;			/* of the row the cursor is on, which it follows */
	bool moved;
	uint32_t folded[FOLDED_MAX];
	size_t n_folded;
	bool values;			/* as last drawn */
};

static void holders_open(void *state, const struct view_ctx *ctx)
{
	struct holders_state *st = state;

	memcpy(st->about, ctx->about, sizeof(st->about));
}

/* ---- which rows there are ------------------------------------------------------------------ */

static size_t fold_of(const struct holders_state *st, uint32_t key)
{
	size_t i = 0;

	while (i < st->n_folded && st->folded[i] != key)
		i++;
	return i;
}

static bool is_folded(const struct holders_state *st, uint32_t key)
{
	return fold_of(st, key) < st->n_folded;
}

static void fold(struct holders_state *st, uint32_t key, bool on)
{
	size_t i = fold_of(st, key);

	if (on && i == st->n_folded && i < FOLDED_MAX)
		st->folded[st->n_folded++] = key;
	else if (!on && i < st->n_folded)
		st->folded[i] = st->folded[--st->n_folded];
}

static void show(struct holders_state *st, enum kind kind, size_t at, size_t samples)
{
	if (samples)
		st->shown[st->n++] = (struct shown){kind, at, samples};
}

static uint32_t key_of(const struct holders_state *st, size_t i)
{
	const struct shown *s = &st->shown[i];

	return s->kind == PATHS ? st->tree[s->at].key : (uint32_t)s->kind;
}

static void fill(struct holders_state *st, const struct holding *h, bool values)
{
	size_t n = holding_tree(h, values, st->tree);

	st->n = 0;
	st->values = values;
	for (size_t i = 0; i < n;) {
		show(st, PATHS, i, st->tree[i].samples);
		i = is_folded(st, st->tree[i].key) ? holding_tree_end(st->tree, n, i) : i + 1;
	}
	show(st, CYCLES, 0, holding_in_cycles(h));
	show(st, NO_PATH, 0, h->no_path);
	show(st, FREED, 0, h->freed);
}

/* The container of the first path is what is asked for: the cursor begins there. */
static size_t first_row(const struct holders_state *st)
{
	for (size_t i = 0; i < st->n; i++)
		if (st->shown[i].kind == PATHS && st->tree[st->shown[i].at].container)
			return i;
	return 0;
}

static void settle(struct holders_state *st)
{
	size_t i = 0;

	if (st->n == 0)
		return;
	while (i < st->n && key_of(st, i) != st->key)
		i++;
	if (!st->moved)
		st->rows.cursor = first_row(st);
	else if (i < st->n)
		st->rows.cursor = i;
	else if (st->rows.cursor >= st->n)
		st->rows.cursor = st->n - 1;
	st->key = key_of(st, st->rows.cursor);
	rows_scroll(&st->rows, st->n);
}

/* ---- drawing ------------------------------------------------------------------------------- */

static void head_draw(struct canvas *c, int y)
{
	canvas_blank(c, y, 0, c->cols, ATTR_HEAD);
	canvas_put(c, y, 5, c->cols - 5, ATTR_HEAD, "OBJS SHARE PATH (root first)");
	if (c->cols < LEN_COLS)
		return;
	canvas_put_right(c, y, c->cols - 2 * LEN_WIDTH - 1, LEN_WIDTH, ATTR_HEAD, "LEN");
	canvas_put_right(c, y, c->cols - LEN_WIDTH, LEN_WIDTH, ATTR_HEAD, "+LEN");
}

static void share_draw(struct canvas *c, int y, enum attr attr, size_t samples, size_t of)
{
	char text[TEXT];

	snprintf(text, sizeof(text), "%zu/%zu", samples, of);
	canvas_put_right(c, y, 1, 8, attr, text);
	snprintf(text, sizeof(text), "%.0f%%", of ? 100 * (double)samples / (double)of : 0);
	canvas_put_right(c, y, 10, 5, attr, text);
}

static void lengths_draw(struct canvas *c, int y, enum attr attr, const struct holding_path *p)
{
	char n[TEXT];

	if (c->cols < LEN_COLS)
		return;
	canvas_put_right(c, y, c->cols - 2 * LEN_WIDTH - 1, LEN_WIDTH, attr,
			 num_count(p->length, n, sizeof(n)));
	canvas_put_right(c, y, c->cols - LEN_WIDTH, LEN_WIDTH, attr,
			 p->growth.readings > 1 ? num_signed(p->length_delta, n, sizeof(n)) : "");
}

static void path_draw(struct canvas *c, int y, enum attr attr, const struct holders_state *st,
		      const struct holding *h, size_t at)
{
	const struct holding_row *row = &st->tree[at];
	const struct holding_path *p = &h->paths[row->path];
	int indent = row->depth < INDENT_MOST ? row->depth : INDENT_MOST;
	int end = c->cols < LEN_COLS ? c->cols : c->cols - 2 * LEN_WIDTH - 2;
	int col = PATH_COL, least;

	if (row->depth > 0) {
		col += (indent - 1) * 3;
		col += canvas_put(c, y, col, end - col, attr,
				  is_folded(st, row->key) ? "`+ " : "`- ");
	} else if (is_folded(st, row->key)) {
		col += canvas_put(c, y, col, end - col, attr, "+ ");
	}
	least = row->container ? clean_width(p->container) + 2 : row->fans ? 18 : 0;
	least = end - col - least > 8 ? least : 0;
	col += clean_width(row->text) <= end - col
	       ? canvas_put(c, y, col, end - col, attr, row->text)
	       : canvas_put_tail(c, y, col, end - col - least, attr, row->text);
	if (row->container) {
		canvas_put(c, y, col + 2, end - col - 2, attr, p->container);
		lengths_draw(c, y, attr, p);
	} else if (row->fans && end - col >= 18) {
		if (row->leaf && end - col >= clean_width(st->about) + 20) {
			canvas_put(c, y, col + 2, end - col - 2, attr, st->about);
			col += 2 + clean_width(st->about);
		}
		canvas_put(c, y, col, end - col, attr, "  <- fans out here");
	}
}

static void row_draw(struct canvas *c, int y, const struct holders_state *st,
		     const struct holding *h, size_t i)
{
	static const char *const words[] = {
		[CYCLES] = "no root: garbage in cycles (c shows them)",
		[NO_PATH] = "no path to a name was found",
		[FREED] = "freed while it was searched",
	};
	const struct shown *s = &st->shown[i];
	bool selected = i == st->rows.cursor;
	enum attr attr = selected ? ATTR_CURSOR : ATTR_PLAIN;

	canvas_blank(c, y, 0, c->cols, attr);
	if (selected)
		canvas_put(c, y, 0, 1, attr, ">");
	share_draw(c, y, attr, s->samples, s->kind == FREED ? h->sampled : holding_alive(h));
	if (s->kind == PATHS)
		path_draw(c, y, attr, st, h, s->at);
	else
		canvas_put(c, y, PATH_COL, c->cols - PATH_COL, attr, words[s->kind]);
	if (selected)
		c->cursor_row = y;
}

static void put_interval(struct canvas *c, int y, const struct holding *h,
			 const struct holding_path *p)
{
	char text[200], n[TEXT];

	snprintf(text, sizeof(text), "shares are of the sample: %.0f%% means %.0f..%.0f%% of all "
		 "%s (95%% interval)", 100 * p->share, 100 * p->low, 100 * p->high,
		 num_count(h->instances, n, sizeof(n)));
	canvas_put(c, y, 0, c->cols, ATTR_PLAIN, text);
}

/* The holder that the cursor is on, from row y to the row before end. */
static void detail_draw(struct canvas *c, int y, int end, const struct holders_state *st,
			const struct holding *h)
{
	const struct shown *s = &st->shown[st->rows.cursor];
	char text[HOLDING_TEXT + HOLDING_NAME];
	const struct holding_path *p;

	if (st->n == 0 || s->kind != PATHS)
		return;
	p = &h->paths[st->tree[s->at].path];
	drill_section(c, y++, "the holder");
	y = drill_wrap(c, y, end - y - 3 > 1 ? 3 : 1, ATTR_PLAIN,
		       holding_text_sentence(p, st->values, text, sizeof(text)));
	if (end - y > 3)
		y++;
	if (y < end)
		y = drill_wrap(c, y, 2, ATTR_PLAIN, holding_text_advice(p, text, sizeof(text)));
	if (y < end)
		canvas_put(c, y++, 0, c->cols, ATTR_PLAIN,
			   holding_text_refcounts(h, text, sizeof(text)));
	if (y < end)
		put_interval(c, y, h, p);
}

static int least_of(int a, int b)
{
	return a < b ? a : b;
}

/* Nothing was found: why, in words. */
static void empty_draw(struct canvas *c, int y, const struct snapshot *snap,
		       const struct holding *h, const char *type)
{
	char text[HOLDING_TEXT];

	if (h)
		drill_wrap(c, y, 3, ATTR_PLAIN, holding_text_line(h, false, text, sizeof(text)));
	else if (drill_is_searching(snap, type))
		canvas_put(c, y, 0, c->cols, ATTR_PLAIN, "searching for who refers to them...");
}

/* What one keeps alive, where the holder leaves room for it, and the holder. */
static void below_draw(struct canvas *c, int y, int end, const struct holders_state *st,
		       const struct holding *h)
{
	int detail = end - DETAIL_LINES + 1;
	int taken = keeps_draw(c, y, detail - 1 - y, &h->inside, st->values);

	detail_draw(c, least_of(detail, taken ? y + taken + 1 : y), end, st, h);
}

static void holders_draw(void *state, const struct snapshot *snap, struct canvas *c,
			 const struct view_ctx *ctx)
{
	struct holders_state *st = state;
	const struct holding *h = snapshot_holding(snap, st->about);
	int y = 2, end = c->rows - 1, detail = c->rows >= DETAIL_ROWS ? DETAIL_LINES : 0;

	drill_title(c, 0, snap, "who holds", ctx);
	drill_state(c, 1, snap, ctx);
	y += c->rows >= DETAIL_ROWS;
	st->n = 0;
	if (h && h->code == LT_OK)
		fill(st, h, ctx->values);
	if (st->n == 0) {
		empty_draw(c, y, snap, h, st->about);
		c->cursor_row = y;
	} else {
		head_draw(c, y++);
		st->rows.page = end - detail > y ? (size_t)(end - detail - y) : 1;
		settle(st);
		rows_clicks(&st->rows, st->n, c, y);
		for (size_t i = 0; i < st->rows.page && st->rows.top + i < st->n; i++)
			row_draw(c, y + (int)i, st, h, st->rows.top + i);
		if (detail)
			below_draw(c, y + (int)st->n + 1, end, st, h);
	}
	drill_bar(c, "Esc:back Enter:fold n/N:holder c:cycles v:values t:again y:copy q:quit", ctx);
}

/* ---- keys ---------------------------------------------------------------------------------- */

static void go(struct holders_state *st, size_t to)
{
	if (st->n == 0)
		return;
	st->rows.cursor = to;
	st->key = key_of(st, st->rows.cursor);
	st->moved = true;
}

/* The next holder: where a path ends, or a kind of its own. */
static void go_holder(struct holders_state *st, int step)
{
	for (int64_t i = (int64_t)st->rows.cursor + step; i >= 0 && i < (int64_t)st->n; i += step) {
		const struct shown *s = &st->shown[i];

		if (s->kind != PATHS || st->tree[s->at].leaf) {
			go(st, (size_t)i);
			return;
		}
	}
}

static void copy_path(const struct holders_state *st, const struct holding *h,
		      struct ui_request *ret)
{
	const struct shown *s = &st->shown[st->rows.cursor];
	const struct holding_path *p;

	if (s->kind != PATHS)
		return;
	p = &h->paths[st->tree[s->at].path];
	ret->ask = UI_COPY;
	snprintf(ret->text, sizeof(ret->text), "%s", st->values ? p->shown : p->path);
}

/* Moves the cursor. false: not such a key. */
static bool move(struct holders_state *st, enum keys_action action)
{
	size_t to;

	if (rows_move(&st->rows, st->n, action, &to)) {
		go(st, to);
		return true;
	}
	if (action != KEYS_FIND_NEXT && action != KEYS_FIND_PREVIOUS)
		return false;
	go_holder(st, action == KEYS_FIND_NEXT ? 1 : -1);
	return true;
}

static bool fold_key(struct holders_state *st, enum keys_action action)
{
	uint32_t key;

	if (action != KEYS_WHO && action != KEYS_SLOWER && action != KEYS_FASTER)
		return false;
	if (st->n && st->shown[st->rows.cursor].kind == PATHS) {
		key = key_of(st, st->rows.cursor);
		fold(st, key, action == KEYS_WHO ? !is_folded(st, key) : action == KEYS_FASTER);
		st->key = key;
		st->moved = true;
	}
	return true;
}

static enum view_result holders_key(void *state, const struct snapshot *snap, int key,
				    enum keys_action action, struct ui_request *ret)
{
	struct holders_state *st = state;
	const struct holding *h = snapshot_holding(snap, st->about);

	ret->ask = UI_REDRAW;
	if (move(st, action) || fold_key(st, action))
		return VIEW_DONE;
	if (action == KEYS_COPY && h && st->n) {
		copy_path(st, h, ret);
		return VIEW_DONE;
	}
	if (action == KEYS_CYCLES) {
		snprintf(ret->text, sizeof(ret->text), "%s", st->about);
		return VIEW_OPEN;
	}
	return drill_key(snap, st->about, action, ret);
}

const struct view_ops view_holders = {
	.name = "holders",
	.help = "who holds the objects of a type",
	.state_size = sizeof(struct holders_state),
	.modal = true,
	.open = holders_open,
	.draw = holders_draw,
	.key = holders_key,
};
