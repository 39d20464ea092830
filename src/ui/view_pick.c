#include "config.h"
#include "ui/view_pick.h"

#include <stdio.h>
#include <string.h>

#include "ui/line.h"
#include "ui/rows.h"
#include "util/clean.h"
#include "util/mem.h"
#include "util/num.h"

struct pick_state {
	const struct processes *list;	/* borrowed: the screen's, always at the same place */
	struct rows rows;
	pid_t pid;			/* of the selected row, which the cursor follows */
	bool moved;			/* off the first row; on it the cursor stays on it */
	size_t origin;			/* where a find began */
};

enum { COL_PID, COL_USER, COL_RSS, COL_AGE, COL_PYTHON, COL_WHERE, COL_COMMAND, COLS };

static const struct {
	const char *title;
	int width;			/* 0: what is left */
	bool right;
	int cols_least;			/* of the screen; else the column is left out */
} columns[COLS] = {
	[COL_PID] = {"PID", 7, true, 0},
	[COL_USER] = {"USER", 8, false, 60},
	[COL_RSS] = {"RSS", 6, true, 0},
	[COL_AGE] = {"AGE", 6, true, 50},
	[COL_PYTHON] = {"PYTHON", 7, false, 50},
	[COL_WHERE] = {"CONTAINER", 19, false, 100},
	[COL_COMMAND] = {"COMMAND", 0, false, 0},
};

static void pick_open(void *state, const struct view_ctx *ctx)
{
	struct pick_state *st = state;

	st->list = ctx->processes;
}

/* ---- the cursor -------------------------------------------------------------------------- */

static void cursor_to(struct pick_state *st, int64_t to)
{
	int64_t last = (int64_t)st->list->n - 1;

	if (last < 0)
		return;
	st->rows.cursor = (size_t)(to < 0 ? 0 : to > last ? last : to);
	st->pid = st->list->rows[st->rows.cursor].pid;
	st->moved = st->rows.cursor > 0;
}

/* Rows have moved since the last frame: find the one that the cursor is on. */
static void cursor_settle(struct pick_state *st)
{
	size_t i = 0, n = st->list->n;

	while (st->moved && i < n && st->list->rows[i].pid != st->pid)
		i++;
	if (!st->moved || n == 0)
		st->rows.cursor = 0;
	else if (i < n)
		st->rows.cursor = i;
	else if (st->rows.cursor >= n)
		st->rows.cursor = n - 1;
	if (n)
		st->pid = st->list->rows[st->rows.cursor].pid;
	rows_scroll(&st->rows, n);
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* "/usr/lib/venv/bin/python3 api.py" -> "python3 api.py": the rest tells processes apart. */
static const char *without_folder(const char *command)
{
	const char *end = strchrnul(command, ' '), *slash = NULL;

	if (command[0] == '/')
		slash = memrchr(command, '/', (size_t)(end - command));
	return slash && slash[1] != ' ' && slash[1] ? slash + 1 : command;
}

static const char *cell_text(const struct process_row *row, int col, char *buf, size_t size)
{
	switch (col) {
	case COL_PID:
		snprintf(buf, size, "%d", (int)row->pid);
		return buf;
	case COL_USER:
		return row->user;
	case COL_RSS:
		return num_size(row->rss_bytes, buf, size);
	case COL_AGE:
		return num_span(row->age_s > 0 ? row->age_s : 0, buf, size);
	case COL_PYTHON:
		return row->python[0] ? row->python : "?";
	case COL_WHERE:
		return row->where;
	default:
		if (!process_refused(row))
			return without_folder(row->command);
		/* the word first: a command may be longer than the row */
		snprintf(buf, size, "[%s] %s", lt_err_info(row->refusal.code)->code,
			 without_folder(row->command));
		return buf;
	}
}

/* row NULL: the head. */
static void row_draw(struct canvas *c, int y, const struct process_row *row, enum attr attr)
{
	char text[400];
	int at = 1;

	canvas_blank(c, y, 0, c->cols, attr);
	for (int i = 0; i < COLS; i++) {
		int width = columns[i].width ? columns[i].width : c->cols - at;
		const char *cell = row ? cell_text(row, i, text, sizeof(text)) : columns[i].title;

		if (c->cols < columns[i].cols_least || width <= 0)
			continue;
		if (columns[i].right && clean_width(cell) <= width)
			canvas_put_right(c, y, at, width, attr, cell);
		else
			canvas_put(c, y, at, width, attr, cell);
		at += width + 1;
	}
}

static enum attr row_attr(const struct process_row *row, bool selected)
{
	if (selected)
		return ATTR_CURSOR;
	return process_refused(row) ? ATTR_CALM : ATTR_PLAIN;
}

/* What Enter would do with the selected process, in two lines at most. */
static void reason_draw(const struct pick_state *st, struct canvas *c, int y, int rows,
			const struct view_ctx *ctx)
{
	const struct process_row *row = st->list->n ? &st->list->rows[st->rows.cursor] : NULL;
	char text[300];

	if (ctx->message[0]) {
		canvas_put(c, y, 0, c->cols, ATTR_NOTICE, ctx->message);
		return;
	}
	if (!row)
		return;
	if (row->refusal.code == LT_OK) {
		snprintf(text, sizeof(text), "Enter watches %d", (int)row->pid);
		canvas_put(c, y, 0, c->cols, ATTR_PLAIN, text);
		return;
	}
	snprintf(text, sizeof(text), "%s: ", process_refused(row) ? "refused" : "read-only");
	lt_err_text(&row->refusal, text + strlen(text), sizeof(text) - strlen(text));
	canvas_put(c, y, 0, c->cols, process_refused(row) ? ATTR_ALERT : ATTR_NOTICE, text);
	if (rows > 1)
		canvas_put(c, y + 1, 0, c->cols, ATTR_PLAIN,
			   lt_err_info(row->refusal.code)->remedy);
}

static void title_draw(const struct pick_state *st, struct canvas *c)
{
	const struct processes *list = st->list;
	struct line l = line_begin(c, 0);

	line_put(&l, ATTR_TITLE, "leaktop   ");
	line_put(&l, ATTR_PLAIN, "which Python process?   ");
	if (list->filter[0])
		line_put(&l, ATTR_NOTICE, "filter: %s   ", list->filter);
	if (list->searching)
		line_put(&l, ATTR_NOTICE, "searching...");
	else
		line_put(&l, ATTR_PLAIN, "%zu of %zu", list->n, list->n_all);
}

static void pick_draw(void *state, const struct snapshot *snap, struct canvas *c,
		      const struct view_ctx *ctx)
{
	struct pick_state *st = state;
	int notes = c->rows >= 10 ? 2 : c->rows >= 5 ? 1 : 0, bar = c->rows >= 6 ? 1 : 0;
	int first = c->rows >= 4 ? 2 : 0, end = c->rows - notes - bar;

	if (first) {
		title_draw(st, c);
		row_draw(c, 1, NULL, ATTR_HEAD);
	}
	st->rows.page = end > first ? (size_t)(end - first) : 0;
	cursor_settle(st);
	canvas_put(c, first, 1, c->cols - 1, ATTR_PLAIN, st->list->empty);
	c->cursor_row = first;
	rows_clicks(&st->rows, st->list->n, c, first);
	for (size_t i = 0; i < st->rows.page && st->rows.top + i < st->list->n; i++) {
		const struct process_row *row = &st->list->rows[st->rows.top + i];
		bool selected = st->rows.top + i == st->rows.cursor;
		int y = first + (int)i;

		row_draw(c, y, row, row_attr(row, selected));
		if (selected) {
			canvas_put(c, y, 0, 1, ATTR_CURSOR, ">");
			c->cursor_row = y;
		}
	}
	if (notes)
		reason_draw(st, c, end, notes, ctx);
	if (bar)
		canvas_put(c, c->rows - 1, 0, c->cols, ATTR_KEY,
			   "Enter:watch Up Down:move /:find f:filter r:refresh q:quit");
}

/* ---- keys -------------------------------------------------------------------------------- */

/* What else the screen does that makes sense here. */
static bool is_shared(enum keys_action action)
{
	static const enum keys_action shared[] = {
		KEYS_HELP, KEYS_BACK, KEYS_FIND, KEYS_FIND_NEXT, KEYS_FIND_PREVIOUS, KEYS_FILTER,
		KEYS_RESAMPLE, KEYS_COLOR, KEYS_REDRAW, KEYS_SUSPEND, KEYS_QUIT,
	};

	for (size_t i = 0; i < COUNT_OF(shared); i++)
		if (shared[i] == action)
			return true;
	return false;
}

static enum view_result pick_key(void *state, const struct snapshot *snap, int key,
				 enum keys_action action, struct ui_request *ret)
{
	struct pick_state *st = state;
	size_t to;

	if (is_shared(action))
		return VIEW_IGNORED;
	if (rows_move(&st->rows, st->list->n, action, &to)) {
		cursor_to(st, (int64_t)to);
		ret->ask = UI_REDRAW;
	} else if (key == UI_KEY_ENTER && st->list->n) {
		ret->ask = UI_WATCH;
		ret->pid = st->pid;
	}
	return VIEW_DONE;
}

static bool has(const struct process_row *row, const char *text)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)row->pid);
	return strcasestr(row->command, text) || strcasestr(row->user, text) ||
	       strcasestr(row->where, text) || strstr(pid, text);
}

static bool pick_find(void *state, const struct snapshot *snap, enum view_find how,
		      const char *text)
{
	struct pick_state *st = state;
	size_t n = st->list->n, step = how == FIND_PREVIOUS ? n - 1 : 1, at = st->rows.cursor;

	if (how == FIND_BEGIN)
		st->origin = st->rows.cursor;
	if (how == FIND_CANCEL)
		cursor_to(st, (int64_t)st->origin);
	if (how == FIND_BEGIN || how == FIND_CANCEL)
		return true;
	if (n == 0)
		return false;
	at = how == FIND_HERE ? st->origin % n : (at + step) % n;
	for (size_t i = 0; i < n; i++, at = (at + step) % n) {
		if (!has(&st->list->rows[at], text))
			continue;
		cursor_to(st, (int64_t)at);
		return true;
	}
	return false;
}

const struct view_ops view_pick = {
	.name = "pick",
	.help = "Python processes, the largest first",
	.state_size = sizeof(struct pick_state),
	.open = pick_open,
	.draw = pick_draw,
	.key = pick_key,
	.find = pick_find,
};
