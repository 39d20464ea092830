#include "config.h"
#include "ui/drill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/holding.h"
#include "ui/line.h"
#include "util/clean.h"
#include "util/num.h"
#include "util/text.h"

#define OLD_S 30.0			/* a key asks for a search anew */
#define TEXT 40

const struct snapshot_row *drill_row(const struct snapshot *snap, const char *type)
{
	for (size_t i = 0; i < snap->n_rows; i++)
		if (!strcmp(snap->rows[i].name, type))
			return &snap->rows[i];
	return NULL;
}

bool drill_is_searching(const struct snapshot *snap, const char *type)
{
	return snap->searching.type[0] && !strcmp(snap->searching.type, type);
}

void drill_title(struct canvas *c, int y, const struct snapshot *snap, const char *what,
		 const struct view_ctx *ctx)
{
	struct line l = line_begin(c, y);
	char clock[TEXT], who[sizeof(snap->target->command)];

	line_put(&l, ATTR_TITLE, "leaktop %d ", (int)snap->target->pid);
	line_put_end(&l, ATTR_PLAIN, text_clock(ctx->now, clock, sizeof(clock)));
	text_program(snap->target->command, who, sizeof(who));
	if (l.at + clean_width(who) + clean_width(ctx->about) + clean_width(what) + 6 <= l.end)
		line_put(&l, ATTR_PLAIN, "%s > ", who);
	if (l.at + clean_width(ctx->about) + clean_width(what) + 3 <= l.end) {
		line_put(&l, ATTR_PLAIN, "%s > %s", ctx->about, what);
		return;
	}
	l.at += canvas_put_tail(c, y, l.at, l.end - l.at, ATTR_PLAIN, ctx->about);
}

static void put_objects(struct line *l, const struct snapshot *snap, const char *type)
{
	const struct snapshot_row *row = drill_row(snap, type);
	char count[TEXT], grown[TEXT];

	if (!row)
		return;
	line_put(l, ATTR_PLAIN, "%s objects  ", num_count(row->count, count, sizeof(count)));
	if (num_known(row->count_delta))
		line_put(l, ATTR_PLAIN, "%s since base  ",
			 num_signed(row->count_delta, grown, sizeof(grown)));
}

static void put_found(struct line *l, const struct holding *h, const struct view_ctx *ctx)
{
	char ago[TEXT];
	double took_s = (double)h->time_ns / 1e9;

	if (h->code != LT_OK) {
		line_put_cut(l, ATTR_ALERT, "no search: ");
		line_put_cut(l, ATTR_ALERT, h->why);
		return;
	}
	line_put(l, ATTR_PLAIN, "%zu sampled in %.1fs, nothing was stopped  ", h->sampled, took_s);
	line_put(l, ATTR_PLAIN, "%s ago  ", text_rough(fmax(0, ctx->now - h->t), ago,
						       sizeof(ago)));
	if (h->incomplete)
		line_put(l, ATTR_NOTICE, "incomplete: some was beyond a limit");
}

void drill_state(struct canvas *c, int y, const struct snapshot *snap, const struct view_ctx *ctx)
{
	const struct holding *h = snapshot_holding(snap, ctx->about);
	struct line l = line_begin(c, y);

	put_objects(&l, snap, ctx->about);
	if (drill_is_searching(snap, ctx->about))
		line_put(&l, ATTR_NOTICE, "searching, %.0f%%%s  ", snap->searching.progress * 100,
			 snap->searching.asked ? " (Esc stops)" : "");
	else if (!h)
		line_put(&l, ATTR_NOTICE, "not searched (t searches)");
	if (h && !drill_is_searching(snap, ctx->about))
		put_found(&l, h, ctx);
}

void drill_section(struct canvas *c, int y, const char *title)
{
	int at = canvas_put(c, y, 0, c->cols, ATTR_PLAIN, "-- ");

	at += canvas_put(c, y, at, c->cols - at, ATTR_TITLE, title);
	for (at++; at < c->cols;)
		at += canvas_put(c, y, at, c->cols - at, ATTR_PLAIN, "-");
}

/* How many bytes of text fit into cols columns, ending before a blank if there is one. */
static size_t fitting(const char *text, int cols)
{
	size_t n = 0, blank = 0, left = strlen(text);
	int width = 0;

	while (n < left) {
		char one[8] = "";
		unsigned code;
		size_t len = clean_decode(text + n, left - n, &code);

		len = len ? len : 1;
		memcpy(one, text + n, len < sizeof(one) ? len : 1);
		if (text[n] == ' ')
			blank = n;
		width += clean_width(one);
		if (width > cols)
			return blank ? blank : n > 0 ? n : len;
		n += len;
	}
	return n;
}

int drill_wrap(struct canvas *c, int y, int most, enum attr attr, const char *text)
{
	char row[1024];

	for (; *text && most > 0; most--, y++) {
		size_t n = fitting(text, c->cols);

		snprintf(row, sizeof(row), "%.*s", (int)n, text);
		canvas_put(c, y, 0, c->cols, attr, row);
		text += n;
		text += strspn(text, " ");
	}
	return y;
}

/* "Esc:back", "n/N:cycle": the key that a click there is. */
static int key_of(const char *label)
{
	if (strncmp(label, "Esc:", 4) == 0)
		return UI_KEY_ESC;
	return strncmp(label, "Enter:", 6) == 0 ? UI_KEY_ENTER : label[0];
}

void drill_bar(struct canvas *c, const char *keys, const struct view_ctx *ctx)
{
	struct line l = line_begin(c, c->rows - 1);

	if (ctx->message[0]) {
		line_put_cut(&l, ATTR_NOTICE, ctx->message);
		return;
	}
	while (*keys) {
		int n = (int)strcspn(keys, " ");
		char label[TEXT];

		snprintf(label, sizeof(label), "%.*s", n, keys);
		line_put_key(&l, label, key_of(label));
		keys += n;
		keys += strspn(keys, " ");
	}
}

void drill_ask(const struct snapshot *snap, const char *type, struct ui_request *ret)
{
	const struct holding *h = snapshot_holding(snap, type);
	bool old = !h || h->code != LT_OK || !(snap->t - h->t <= OLD_S);

	ret->ask = old && !snap->ended && !drill_is_searching(snap, type) ? UI_SEARCH : UI_REDRAW;
	snprintf(ret->text, sizeof(ret->text), "%s", type);
}

enum view_result drill_key(const struct snapshot *snap, const char *type,
			   enum keys_action action, struct ui_request *ret)
{
	switch (action) {
	case KEYS_BACK:
		if (!drill_is_searching(snap, type) || !snap->searching.asked)
			return VIEW_CLOSE;
		ret->ask = UI_SEARCH_STOP;
		return VIEW_DONE;
	case KEYS_RESAMPLE:
		ret->ask = UI_SEARCH;
		snprintf(ret->text, sizeof(ret->text), "%s", type);
		return VIEW_DONE;
	default:
		return VIEW_IGNORED;
	}
}
