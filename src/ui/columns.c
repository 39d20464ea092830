#include "config.h"
#include "ui/columns.h"

#include <stdio.h>
#include <string.h>

#include "model/ratchet.h"
#include "ui/spark.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/text.h"

#define FIRST_COL 1
#define TYPE_LEAST_NARROW 16		/* of TYPE on screens below 60 columns */
#define TYPES_NAME 256			/* a type's name is cut to 255 bytes by the model */
#define TREND_NOISE 50			/* objects: see spark.h */

static const char *cell_text(const struct columns_place *place, const struct cells_cell *cell,
			     const struct spark_style *style, char *buf, size_t size)
{
	if (place->column->id != CELLS_TREND)
		return cells_text(place->column->id, cell, buf, size);
	return size < SPARK_TEXT_MAX ? "" : spark_text(&cell->row->trend, style, cell->width, buf);
}

/* X(ID, rank, order, smallest first) */
#define PLAN(X) \
	X(VERDICT, 0, SORT_VERDICT, false) \
	X(TYPE, 0, SORT_NAME, true) \
	X(COUNT, 2, SORT_COUNT, false) \
	X(SIZE, 6, SORT_SIZE, false) \
	X(GROWTH, 1, SORT_GROWTH, false) \
	X(SIZE_GROWTH, 5, SORT_SIZE_GROWTH, false) \
	X(SHARE, 8, COLUMNS_NO_SORT, false) \
	X(RATE, 3, SORT_RATE, false) \
	X(TREND, 4, COLUMNS_NO_SORT, false) \
	X(LAST, 7, COLUMNS_NO_SORT, false)

static const struct column all[] = {
#define X(id, rank, sort, rises) \
	[CELLS_##id] = {CELLS_##id, &cells_columns[CELLS_##id], rank, sort, rises},
	PLAN(X)
#undef X
};

const struct column *columns_all(size_t *ret_n)
{
	*ret_n = COUNT_OF(all);
	return all;
}

static bool is_elastic(const struct column *column)
{
	return column->id == CELLS_TYPE;
}

static int width_in(const struct column *column, int cols, enum text_unit unit)
{
	static const int wider[TEXT_UNITS_OF] = {[TEXT_BYTES] = 6, [TEXT_KIB] = 3, [TEXT_MIB] = 1};
	int width = column->of->width;

	if (is_elastic(column) && cols < 60)
		return TYPE_LEAST_NARROW;
	if (is_elastic(column))		/* a column of sizes is not lost for its unit */
		return width - wider[unit];
	if (column->id == CELLS_TREND)
		return width * (cols >= 140 ? 3 : cols >= 110 ? 2 : 1);
	if (column->id == CELLS_SIZE || column->id == CELLS_SIZE_GROWTH)
		return width + wider[unit];
	return width;
}

struct candidate {			/* a column that may be shown */
	const struct column *column;
	int rank, width;
};

static bool is_scrolled(const struct column *column, int at, int skip)
{
	return column->id != CELLS_VERDICT && !is_elastic(column) && at < skip;
}

/* What may be shown, from left to right. A choice of one's own goes from the right. */
static int gather(struct candidate v[CELLS_OF], int cols, const struct view_ctx *ctx, int skip)
{
	const struct cells_choice *choice = &ctx->columns;
	int n = choice->n ? choice->n : CELLS_OF, kept = 0, at = 0;

	for (int i = 0; i < n; i++) {
		const struct column *column = &all[choice->n ? choice->at[i] : i];

		if (is_scrolled(column, at, skip)) {
			at++;
			continue;
		}
		at += column->id != CELLS_VERDICT && !is_elastic(column);
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
	struct candidate v[CELLS_OF];
	int n = gather(v, cols, ctx, skip), rank = CELLS_OF, room = cols - FIRST_COL;
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
		if (column->id == CELLS_TREND) {
			size_t cells = longest_trend(snap, &cell_s);

			ret->merge = spark_merge(cells, cell_s, place->width);
			ret->span_s = cell_s * ret->merge * place->width;
		}
		col += place->width + 1;
		ret->n++;
	}
}

/* Of a long name the end is shown, and all of what stands in front of it. */
static void put_name(struct canvas *c, int y, const struct columns_place *place, enum attr attr,
		     const char *text)
{
	size_t len = strlen(CELLS_MEMBER);
	int mark = 0;

	if (strncmp(text, CELLS_MEMBER, len) == 0) {
		mark = canvas_put(c, y, place->col, (int)len, attr, CELLS_MEMBER);
		text += len;
	}
	canvas_put_tail(c, y, place->col + mark, place->width - mark, attr, text);
}

static void put_aligned(struct canvas *c, int y, const struct columns_place *place, enum attr attr,
			const char *text)
{
	if (place->column->of->right)
		canvas_put_right(c, y, place->col, place->width, attr, text);
	else if (is_elastic(place->column))
		put_name(c, y, place, attr, text);
	else
		canvas_put(c, y, place->col, place->width, attr, text);
}

/* The mark behind the title of the sorted column; it may stand in the blank between two. */
static void put_sort_mark(struct canvas *c, int y, const struct columns_place *place,
			  const struct view_ctx *ctx)
{
	bool rising = place->column->rises != ctx->reversed;
	int col = place->column->of->right
		  ? place->col + place->width : place->col + (int)strlen(place->column->of->title);

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

		snprintf(title, sizeof(title), "%s", column->of->title);
		if (column->id == CELLS_TREND && plan->span_s > 0)
			snprintf(title, sizeof(title), "%s %s", column->of->title,
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
	struct spark_style style = {TREND_NOISE, plan->merge, ctx->ascii};
	bool tagged = tags_has(&ctx->tags, row->id);
	enum attr attr = selected ? ATTR_CURSOR : tagged ? ATTR_TAGGED : ATTR_PLAIN;
	char buf[SPARK_TEXT_MAX + TYPES_NAME];

	canvas_blank(c, y, 0, c->cols, attr);
	canvas_put(c, y, 0, 1, attr, mark_of(selected, tagged));
	for (int i = 0; i < plan->n; i++) {
		const struct columns_place *place = &plan->place[i];
		struct cells_cell cell = {snap, row, place->width, ctx->unit,
					  cells_member(snap, at)};
		bool word = place->column->id == CELLS_VERDICT;
		const char *text = cell_text(place, &cell, &style, buf, sizeof(buf));

		if (ctx->blank_zeros && strcmp(text, "0") == 0)
			text = "";
		put_aligned(c, y, place, word ? word_attr(row->word, selected) : attr, text);
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
