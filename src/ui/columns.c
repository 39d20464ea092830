#include "config.h"
#include "ui/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/ratchet.h"
#include "ui/spark.h"
#include "ui/text.h"
#include "util/mem.h"
#include "util/num.h"

#define FIRST_COL 1
#define TYPE_LEAST_NARROW 16		/* of TYPE on screens below 60 columns */
#define TYPES_NAME 256			/* a type's name is cut to 255 bytes by the model */
#define TREND_NOISE 50			/* objects: see spark.h */

/* "hold 6m"; LEAK stands out on a screen without colours; what does not move is blank. */
static const char *verdict_text(const struct columns_cell *cell, char *buf, size_t size)
{
	enum ratchet_word word = cell->row->word;
	char since[16];

	if (word == RATCHET_FLAT || word == RATCHET_EARLY)
		return "";
	if (word == RATCHET_LEAK)
		return "LEAK";
	if (word != RATCHET_HOLD)
		return ratchet_word_text(word);
	snprintf(buf, size, "hold %s", text_rough(cell->row->quiet_s, since, sizeof(since)));
	return buf;
}

static const char *type_text(const struct columns_cell *cell, char *buf, size_t size)
{
	if (!cell->member)
		return cell->row->name;
	snprintf(buf, size, "`- %s", cell->row->name);
	return buf;
}

static const char *count_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return text_count(cell->row->count, 0, cell->width, buf, size);
}

static const char *size_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return num_size(cell->row->bytes, buf, size);
}

static const char *count_delta_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return text_count(cell->row->count_delta, 1, cell->width, buf, size);
}

static const char *size_delta_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return num_ssize(cell->row->bytes_delta, buf, size);
}

/* The type's share of the growth of RSS. Blank where either did not grow: no share of nothing. */
static const char *share_text(const struct columns_cell *cell, char *buf, size_t size)
{
	int64_t all = cell->snap->memory_delta.rss, own = cell->row->bytes_delta;

	buf[0] = '\0';
	if (num_known(all) && num_known(own) && all > 0 && own > 0)
		snprintf(buf, size, own > all ? ">100%%" : "%.0f%%",
			 100 * (double)own / (double)all);
	return buf;
}

static const char *rate_text(const struct columns_cell *cell, char *buf, size_t size)
{
	double per_minute = cell->row->rate * 60;

	num_rate(per_minute, buf, size);
	if (strlen(buf) > (size_t)cell->width)
		text_count((int64_t)per_minute, 1, cell->width, buf, size);
	return buf;
}

static const char *trend_text(const struct columns_cell *cell, char *buf, size_t size)
{
	struct spark_style style = {TREND_NOISE, cell->merge, cell->ascii};

	return size < SPARK_TEXT_MAX ? "" : spark_text(&cell->row->trend, &style, cell->width, buf);
}

static const char *last_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return text_rough(cell->row->grew_ago_s, buf, size);
}

static const struct column all[] = {
	{"VERDICT", "leak, suspect, growing, hold, churn, shrink; blank: flat", 8, 0, COLUMNS_LEFT,
	 SORT_VERDICT, false, verdict_text},
	{"TYPE", "full name", 23, 0, COLUMNS_TAIL, SORT_NAME, true, type_text},
	{"COUNT", "live objects", 9, 2, COLUMNS_RIGHT, SORT_COUNT, false, count_text},
	{"SIZE", "bytes of them", 6, 6, COLUMNS_RIGHT, SORT_SIZE, false, size_text},
	{"+COUNT", "objects since the baseline", 8, 1, COLUMNS_RIGHT, SORT_GROWTH, false,
	 count_delta_text},
	{"+SIZE", "bytes since the baseline", 7, 5, COLUMNS_RIGHT, SORT_SIZE_GROWTH, false,
	 size_delta_text},
	{"%GROW", "share of the growth of RSS", 5, 8, COLUMNS_RIGHT, COLUMNS_NO_SORT, false,
	 share_text},
	{"RATE/min", "objects per minute, lately", 8, 3, COLUMNS_RIGHT, SORT_RATE, false,
	 rate_text},
	{"TREND", "the floor of COUNT over time", 10, 4, COLUMNS_LEFT, COLUMNS_NO_SORT, false,
	 trend_text},
	{"LAST", "how long ago it last rose", 5, 7, COLUMNS_RIGHT, COLUMNS_NO_SORT, false,
	 last_text},
};
#define RANK_LAST 8

const struct column *columns_all(size_t *ret_n)
{
	*ret_n = COUNT_OF(all);
	return all;
}

static bool is_elastic(const struct column *column)
{
	return column->align == COLUMNS_TAIL;
}

static int width_in(const struct column *column, int cols)
{
	if (is_elastic(column) && cols < 60)
		return TYPE_LEAST_NARROW;
	if (column->text == trend_text)
		return column->width * (cols >= 180 ? 6 : cols >= 140 ? 3 : cols >= 110 ? 2 : 1);
	return column->width;
}

/* Columns with ranks up to `rank` and a blank between any two. */
static int width_up_to(int rank, int cols)
{
	int sum = 0;

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i].rank <= rank)
			sum += width_in(&all[i], cols) + 1;
	return sum - 1;
}

static size_t longest_trend(const struct snapshot *snap, double *ret_cell_s)
{
	size_t n = 0;

	*ret_cell_s = 0;
	for (size_t i = 0; i < snap->n_rows; i++) {
		const struct series_view *trend = &snap->rows[i].trend;

		n = trend->n > n ? trend->n : n;
		*ret_cell_s = trend->cell_s > *ret_cell_s ? trend->cell_s : *ret_cell_s;
	}
	return n;
}

void columns_lay_out(struct columns_plan *ret, const struct snapshot *snap, int cols)
{
	int rank = RANK_LAST, room = cols - FIRST_COL, col = FIRST_COL, spare;
	double cell_s;

	while (rank > 0 && width_up_to(rank, cols) > room)
		rank--;
	spare = room - width_up_to(rank, cols);
	*ret = (struct columns_plan){.merge = 1};
	for (size_t i = 0; i < COUNT_OF(all) && ret->n < COLUMNS_MAX; i++) {
		struct columns_place *place = &ret->place[ret->n];

		if (all[i].rank > rank)
			continue;
		place->column = &all[i];
		place->col = col;
		place->width = width_in(&all[i], cols) + (is_elastic(&all[i]) ? spare : 0);
		if (all[i].text == trend_text) {
			ret->merge = spark_merge(longest_trend(snap, &cell_s), place->width);
			ret->span_s = cell_s * ret->merge * place->width;
		}
		col += place->width + 1;
		ret->n++;
	}
}

static void put_aligned(struct canvas *c, int y, const struct columns_place *place, enum attr attr,
			const char *text)
{
	if (place->column->align == COLUMNS_RIGHT)
		canvas_put_right(c, y, place->col, place->width, attr, text);
	else if (place->column->align == COLUMNS_TAIL)
		canvas_put_tail(c, y, place->col, place->width, attr, text);
	else
		canvas_put(c, y, place->col, place->width, attr, text);
}

/* The mark behind the title of the sorted column; it may stand in the blank between two. */
static void put_sort_mark(struct canvas *c, int y, const struct columns_place *place,
			  const struct view_ctx *ctx)
{
	bool rising = place->column->rises != ctx->reversed;
	int col = place->column->align == COLUMNS_RIGHT
		  ? place->col + place->width : place->col + (int)strlen(place->column->title);

	canvas_put(c, y, col, 1, ATTR_HEAD_SORT,
		   ctx->ascii ? (rising ? "^" : "v") : (rising ? "▲" : "▼"));
}

void columns_draw_head(const struct columns_plan *plan, struct canvas *c, int y,
		       const struct view_ctx *ctx)
{
	char span[24], title[48];

	canvas_blank(c, y, 0, c->cols, ATTR_HEAD);
	for (int i = 0; i < plan->n; i++) {
		const struct columns_place *place = &plan->place[i];
		const struct column *column = place->column;
		bool sorted = column->sort == (int)ctx->sort;

		snprintf(title, sizeof(title), "%s", column->title);
		if (column->text == trend_text && plan->span_s > 0)
			snprintf(title, sizeof(title), "%s %s", column->title,
				 text_rough(plan->span_s, span, sizeof(span)));
		put_aligned(c, y, place, sorted ? ATTR_HEAD_SORT : ATTR_HEAD, title);
		if (sorted)
			put_sort_mark(c, y, place, ctx);
	}
}

/* Changes with the word, about once a minute, and not with the figures. */
static enum attr word_attr(enum ratchet_word word, bool selected)
{
	static const enum attr attrs[RATCHET_WORDS_OF] = {
		[RATCHET_LEAK] = ATTR_LEAK, [RATCHET_SUSPECT] = ATTR_SUSPECT,
		[RATCHET_GROWING] = ATTR_GROW, [RATCHET_HOLD] = ATTR_HOLD,
		[RATCHET_CHURN] = ATTR_CALM, [RATCHET_SHRINK] = ATTR_CALM,
		[RATCHET_FLAT] = ATTR_PLAIN, [RATCHET_EARLY] = ATTR_PLAIN,
	};

	if (selected)
		return word <= RATCHET_SUSPECT ? ATTR_CURSOR_STRONG : ATTR_CURSOR;
	return attrs[word];
}

void columns_draw_row(const struct columns_plan *plan, const struct snapshot *snap, size_t at,
		      struct canvas *c, int y, bool selected, bool ascii)
{
	const struct snapshot_row *row = &snap->rows[at];
	/* Of a group, and right below its head or another member. */
	bool member = at > 0 && row->head != row->id && snap->rows[at - 1].head == row->head;
	enum attr attr = selected ? ATTR_CURSOR : ATTR_PLAIN;
	char buf[SPARK_TEXT_MAX + TYPES_NAME];

	canvas_blank(c, y, 0, c->cols, attr);
	if (selected)
		canvas_put(c, y, 0, 1, attr, ">");
	for (int i = 0; i < plan->n; i++) {
		const struct columns_place *place = &plan->place[i];
		struct columns_cell cell = {snap, row, place->width, plan->merge, ascii, member};
		bool word = place->column->text == verdict_text;

		put_aligned(c, y, place, word ? word_attr(row->word, selected) : attr,
			    place->column->text(&cell, buf, sizeof(buf)));
	}
}

bool columns_nth_sort(int n, enum snapshot_sort *ret)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		if (all[i].sort == COLUMNS_NO_SORT || --n > 0)
			continue;
		*ret = (enum snapshot_sort)all[i].sort;
		return true;
	}
	return false;
}

enum snapshot_sort columns_next_sort(enum snapshot_sort sort, int step)
{
	enum snapshot_sort at = sort, next = sort;

	for (int n = 1; columns_nth_sort(n, &at); n++)
		if (at == sort && columns_nth_sort(n + step > 0 ? n + step : 1, &next))
			return next;
	return sort;
}
