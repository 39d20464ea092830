#include "config.h"
#include "ui/keeps.h"

#include <inttypes.h>
#include <stdio.h>

#include "ui/drill.h"
#include "util/clean.h"
#include "util/num.h"

#define BYTES_WIDTH 9
#define NAME_COL 11
#define SHARE_WIDTH 12
#define SHARE_END 80		/* where it ends, for the eye to find its line */
#define SHARE_COLS 60		/* columns of screen from which it is told */
#define TELLING 10		/* per cent from which the share of the heaviest is told */
#define ROWS_LEAST 4		/* or all: the title, the object, a part, how many more */
#define TEXT 200

/* Does another one of its parent's at that depth come after it? */
static bool goes_on(const struct holding_inside *in, size_t i, unsigned depth)
{
	for (i++; i < in->n && in->parts[i].depth >= depth; i++)
		if (in->parts[i].depth == depth)
			return true;
	return false;
}

static const char *name_of(const struct holding_part *p, bool values)
{
	return p->depth == 0 ? p->type : values ? p->shown : p->name;
}

/* Where the types begin: behind the longest name, but in the left half. */
static int type_col(const struct canvas *c, const struct holding_inside *in, bool values)
{
	int col = 0;

	for (size_t i = 1; i < in->n; i++) {
		const struct holding_part *p = &in->parts[i];
		int end = NAME_COL + 3 * (int)p->depth + clean_width(name_of(p, values)) + 2;

		col = end > col ? end : col;
	}
	return col < c->cols / 2 ? col : c->cols / 2;
}

static size_t heaviest(const struct holding_inside *in)
{
	size_t best = 0;

	for (size_t i = 1; i < in->n; i++)
		if (best == 0 || in->parts[i].bytes > in->parts[best].bytes)
			best = i;
	return best;
}

static void title_draw(struct canvas *c, int y, const struct holding_inside *in)
{
	char text[TEXT], n[32];
	int width;

	if (in->address)
		snprintf(text, sizeof(text), "one of them (%#" PRIx64 ") keeps alive",
			 in->address);
	else
		snprintf(text, sizeof(text), "one of them keeps alive");
	drill_section(c, y, text);
	width = clean_width(text) + 5;
	snprintf(text, sizeof(text), " retained %s%s ", in->incomplete ? "over " : "~",
		 num_size(in->bytes, n, sizeof(n)));
	if (width + clean_width(text) < c->cols)
		canvas_put(c, y, c->cols - 1 - clean_width(text), c->cols, ATTR_PLAIN, text);
}

/* Returns the column behind it. */
static int type_draw(struct canvas *c, int y, int col, int end, const struct holding_part *p)
{
	char text[TEXT], n[32];

	if (p->shared)
		snprintf(text, sizeof(text), "%s, not counted", p->type);
	else if (p->length != LT_UNKNOWN)
		snprintf(text, sizeof(text), "%s, len %s", p->type,
			 num_count(p->length, n, sizeof(n)));
	else
		snprintf(text, sizeof(text), "%s", p->type);
	return col + canvas_put(c, y, col, end - col, ATTR_PLAIN, text);
}

static void share_draw(struct canvas *c, int y, int col, double percent)
{
	char text[32];
	int end = c->cols < SHARE_END ? c->cols : SHARE_END;

	end = end > col + SHARE_WIDTH ? end : col + SHARE_WIDTH;
	snprintf(text, sizeof(text), "%.0f%% of it", percent);
	canvas_put_right(c, y, end - SHARE_WIDTH, SHARE_WIDTH, ATTR_PLAIN, text);
}

static void part_draw(struct canvas *c, int y, const struct holding_inside *in, size_t i,
		      int types, bool values)
{
	const struct holding_part *p = &in->parts[i];
	double percent = in->bytes > 0 ? 100.0 * (double)p->bytes / (double)in->bytes : 0;
	bool told = i > 0 && i == heaviest(in) && percent >= TELLING && !in->incomplete &&
		    c->cols >= SHARE_COLS;
	char text[TEXT], n[32];
	int col = NAME_COL, end = told ? c->cols - SHARE_WIDTH : c->cols;

	snprintf(text, sizeof(text), "%s B", num_count(p->bytes, n, sizeof(n)));
	canvas_put_right(c, y, 0, BYTES_WIDTH, ATTR_PLAIN, p->shared ? "shared" : text);
	for (unsigned d = 1; d <= p->depth; d++)
		col += canvas_put(c, y, col, end - col, ATTR_PLAIN,
				  d < p->depth ? goes_on(in, i, d) ? "|  " : "   "
					       : goes_on(in, i, d) ? "|- " : "`- ");
	if (p->depth == 0) {
		canvas_put(c, y, col, end - col, ATTR_PLAIN, name_of(p, values));
		return;
	}
	canvas_put(c, y, col, types - col - 1, ATTR_PLAIN, name_of(p, values));
	col = type_draw(c, y, types, end, p);
	if (told)
		share_draw(c, y, col, percent);
}

int keeps_draw(struct canvas *c, int y, int rows, const struct holding_inside *in, bool values)
{
	size_t n = in->n, untold = in->untold;
	int types = type_col(c, in, values), begin = y;
	char text[TEXT];

	if (n == 0 || rows < 2)
		return 0;
	if (n + (untold > 0) > (size_t)rows - 1) {
		if (rows < ROWS_LEAST)
			return 0;
		n = (size_t)rows - 2;
		untold += in->n - n;
	}
	title_draw(c, y++, in);
	for (size_t i = 0; i < n; i++)
		part_draw(c, y++, in, i, types, values);
	if (untold) {
		snprintf(text, sizeof(text), "and %zu more", untold);
		canvas_put(c, y++, NAME_COL, c->cols - NAME_COL, ATTR_PLAIN, text);
	}
	return y - begin;
}
