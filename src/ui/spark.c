#include "config.h"
#include "ui/spark.h"

#include <string.h>

#include "util/num.h"

#define LEVELS 8

static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ramp[LEVELS] = {".", ":", "-", "=", "+", "*", "#", "@"};

int spark_merge(size_t n, int width)
{
	return width > 0 && n > (size_t)width ? (int)(n / (size_t)width) : 1;
}

/* The minimum of the known cells in [from, to); LT_UNKNOWN where there is none. */
static int64_t floor_of(const struct series_view *s, size_t from, size_t to)
{
	int64_t least = LT_UNKNOWN;

	for (size_t i = from; i < to; i++)
		if (num_known(s->cells[i]) && (!num_known(least) || s->cells[i] < least))
			least = s->cells[i];
	return least;
}

/* Columns are counted from the newest cell: a moment is in the same column in every row. */
static int gather(const struct series_view *s, int merge, int width, int64_t *ret)
{
	size_t to = s->n, step = merge > 0 ? (size_t)merge : 1;
	int first = width;

	while (first > 0 && to > 0) {
		size_t from = to > step ? to - step : 0;

		ret[--first] = floor_of(s, from, to);
		to = from;
	}
	return first;
}

/*
 * The scale is the range seen, but never less than the noise or 1 % of the highest value: else
 * 3 objects in 600 000 would look like a mountain.
 */
static double scale_of(const int64_t *v, int from, int to, int64_t noise, double *ret_lo)
{
	double lo = 0, hi = 0, least;
	bool any = false;

	for (int i = from; i < to; i++) {
		double x = (double)v[i];

		if (!num_known(v[i]))
			continue;
		lo = !any || x < lo ? x : lo;
		hi = !any || x > hi ? x : hi;
		any = true;
	}
	*ret_lo = lo;
	least = hi / 100 > (double)noise ? hi / 100 : (double)noise;
	if (least < 1)
		least = 1;
	return hi - lo > least ? hi - lo : least;
}

char *spark_text(const struct series_view *s, const struct spark_style *style, int width,
		 char buf[SPARK_TEXT_MAX])
{
	const char *const *glyphs = style->ascii ? ramp : blocks;
	int64_t v[SPARK_WIDTH_MAX];
	int level[SPARK_WIDTH_MAX] = {0}, top = 0, first;
	double lo, range;
	char *at = buf;

	width = width < 0 ? 0 : width < SPARK_WIDTH_MAX ? width : SPARK_WIDTH_MAX;
	first = gather(s, style->merge, width, v);
	range = scale_of(v, first, width, style->noise, &lo);
	for (int i = first; i < width; i++) {
		level[i] = num_known(v[i]) ? (int)((LEVELS - 1) * ((double)v[i] - lo) / range + 0.5)
					   : -1;
		top = level[i] > top ? level[i] : top;
	}
	for (int i = 0; i < width; i++) {
		const char *glyph = i < first ? " "
				    : level[i] < 0 ? (style->ascii ? "_" : " ")
				    : top == 0 ? "." : glyphs[level[i]];

		at = stpcpy(at, glyph);
	}
	*at = '\0';
	return buf;
}
