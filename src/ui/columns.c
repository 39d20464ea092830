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
	return text_size(cell->row->bytes, 0, cell->ctx->unit, cell->width, buf, size);
}

static const char *count_delta_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return text_count(cell->row->count_delta, 1, cell->width, buf, size);
}

static const char *size_delta_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return text_size(cell->row->bytes_delta, 1, cell->ctx->unit, cell->width, buf, size);
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

	if (fabs(per_minute) >= 100)
		per_minute = text_two_digits(per_minute);
	num_rate(per_minute, buf, size);
	if (strlen(buf) > (size_t)cell->width)
		text_count((int64_t)per_minute, 1, cell->width, buf, size);
	return buf;
}

static const char *trend_text(const struct columns_cell *cell, char *buf, size_t size)
{
	struct spark_style style = {TREND_NOISE, cell->merge, cell->ctx->ascii};

	return size < SPARK_TEXT_MAX ? "" : spark_text(&cell->row->trend, &style, cell->width, buf);
}

static const char *last_text(const struct columns_cell *cell, char *buf, size_t size)
{
	return text_rough(cell->row->grew_ago_s, buf, size);
}

static const struct column all[] = {
#define X(id, name, title, help) [COLUMNS_##id] = {name, title, help, PLAN_##id},
#define PLAN_VERDICT 8, 0, COLUMNS_LEFT, SORT_VERDICT, false, verdict_text
#define PLAN_TYPE 23, 0, COLUMNS_TAIL, SORT_NAME, true, type_text
#define PLAN_COUNT 9, 2, COLUMNS_RIGHT, SORT_COUNT, false, count_text
#define PLAN_SIZE 6, 6, COLUMNS_RIGHT, SORT_SIZE, false, size_text
#define PLAN_GROWTH 8, 1, COLUMNS_RIGHT, SORT_GROWTH, false, count_delta_text
#define PLAN_SIZE_GROWTH 7, 5, COLUMNS_RIGHT, SORT_SIZE_GROWTH, false, size_delta_text
#define PLAN_SHARE 5, 8, COLUMNS_RIGHT, COLUMNS_NO_SORT, false, share_text
#define PLAN_RATE 8, 3, COLUMNS_RIGHT, SORT_RATE, false, rate_text
#define PLAN_TREND 10, 4, COLUMNS_LEFT, COLUMNS_NO_SORT, false, trend_text
#define PLAN_LAST 5, 7, COLUMNS_RIGHT, COLUMNS_NO_SORT, false, last_text
	COLUMNS(X)
#undef X
};

const struct column *columns_all(size_t *ret_n)
{
	*ret_n = COUNT_OF(all);
	return all;
}

static bool is_elastic(const struct column *column)
{
	return column->align == COLUMNS_TAIL;
}

static int width_in(const struct column *column, int cols, enum text_unit unit)
{
	static const int wider[TEXT_UNITS_OF] = {[TEXT_BYTES] = 6, [TEXT_KIB] = 3, [TEXT_MIB] = 1};

	if (is_elastic(column) && cols < 60)
		return TYPE_LEAST_NARROW;
	if (is_elastic(column))		/* a column of sizes is not lost for its unit */
		return column->width - wider[unit];
	if (column->text == trend_text)
		return column->width * (cols >= 180 ? 4 : cols >= 140 ? 3 : cols >= 110 ? 2 : 1);
	if (column->text == size_text || column->text == size_delta_text)
		return column->width + wider[unit];
	return column->width;
}

struct candidate {			/* a column that may be shown */
	const struct column *column;
	int rank, width;
};

static bool is_scrolled(const struct column *column, int at, int skip)
{
	return column->text != verdict_text && !is_elastic(column) && at < skip;
}

/* What may be shown, from left to right. A choice of one's own goes from the right. */
static int gather(struct candidate v[COLUMNS_MAX], int cols, const struct view_ctx *ctx, int skip)
{
	const struct columns_choice *choice = &ctx->columns;
	int n = choice->n ? choice->n : COLUMNS_OF, kept = 0, at = 0;

	for (int i = 0; i < n; i++) {
		const struct column *column = &all[choice->n ? choice->at[i] : i];

		if (is_scrolled(column, at, skip)) {
			at++;
			continue;
		}
		at += column->text != verdict_text && !is_elastic(column);
		v[kept++] = (struct candidate){
			.column = column, .width = width_in(column, cols, ctx->unit),
			.rank = !choice->n ? column->rank : is_elastic(column) ? 0 : i,
		};
	}
	return kept;
}

/* Columns with ranks up to `rank` and a blank between any two. */
static int width_up_to(const struct candidate *v, int n, int rank)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		if (v[i].rank <= rank)
			sum += v[i].width + 1;
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

void columns_lay_out(struct columns_plan *ret, const struct snapshot *snap, int cols,
		     const struct view_ctx *ctx, int skip)
{
	struct candidate v[COLUMNS_MAX];
	int n = gather(v, cols, ctx, skip), rank = COLUMNS_MAX, room = cols - FIRST_COL;
	int col = FIRST_COL, spare;
	double cell_s;

	while (rank > 0 && width_up_to(v, n, rank) > room)
		rank--;
	spare = room - width_up_to(v, n, rank);
	*ret = (struct columns_plan){.merge = 1};
	for (int i = 0; i < n; i++) {
		struct columns_place *place = &ret->place[ret->n];
		const struct column *column = v[i].column;

		ret->more |= v[i].rank > rank;
		if (v[i].rank > rank)
			continue;
		*place = (struct columns_place){column, col, v[i].width};
		if (is_elastic(column))
			place->width += spare;
		if (column->text == trend_text) {
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

/* The number key that sorts so. */
static int nth_of(int sort)
{
	enum snapshot_sort of_n;
	int n = 1;

	while (columns_nth_sort(n, &of_n) && (int)of_n != sort)
		n++;
	return n;
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
		if (column->sort != COLUMNS_NO_SORT)
			canvas_zone(c, y, place->col, place->width, '0' + nth_of(column->sort));
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

/* '>' the cursor, '+' a tag, '*' both. */
static const char *mark_of(bool selected, bool tagged)
{
	return selected ? (tagged ? "*" : ">") : tagged ? "+" : " ";
}

void columns_draw_row(const struct columns_plan *plan, const struct snapshot *snap, size_t at,
		      struct canvas *c, int y, bool selected, const struct view_ctx *ctx)
{
	const struct snapshot_row *row = &snap->rows[at];
	/* Of a group, and right below its head or another member. */
	bool member = at > 0 && row->head != row->id && snap->rows[at - 1].head == row->head;
	bool tagged = tags_has(&ctx->tags, row->id);
	enum attr attr = selected ? ATTR_CURSOR : tagged ? ATTR_TAGGED : ATTR_PLAIN;
	char buf[SPARK_TEXT_MAX + TYPES_NAME];

	canvas_blank(c, y, 0, c->cols, attr);
	canvas_put(c, y, 0, 1, attr, mark_of(selected, tagged));
	for (int i = 0; i < plan->n; i++) {
		const struct columns_place *place = &plan->place[i];
		struct columns_cell cell = {snap, row, ctx, place->width, plan->merge, member};
		bool word = place->column->text == verdict_text;
		const char *text = place->column->text(&cell, buf, sizeof(buf));

		if (ctx->blank_zeros && strcmp(text, "0") == 0)
			text = "";
		put_aligned(c, y, place, word ? word_attr(row->word, selected) : attr, text);
	}
}

static int column_named(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (strlen(all[i].name) == len && strncmp(all[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

static void choose(struct columns_choice *choice, int id)
{
	for (int i = 0; i < choice->n; i++)
		if (choice->at[i] == id)
			return;
	choice->at[choice->n++] = (unsigned char)id;
}

bool columns_choose(const char *text, struct columns_choice *ret, char *msg, size_t size)
{
	struct columns_choice choice = {0};

	while (*text) {
		size_t len = strcspn(text, ",");
		int id = column_named(text, len);

		if (id < 0) {
			snprintf(msg, size, "%.*s", (int)len, text);
			return false;
		}
		choose(&choice, id);
		text += len;
		text += *text == ',';
	}
	if (choice.n)
		choose(&choice, COLUMNS_TYPE);
	*ret = choice;
	return true;
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
