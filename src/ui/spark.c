#include "config.h"
#include "ui/spark.h"

#include <math.h>
#include <string.h>

#include "util/num.h"

#define LEVELS 8
#define LEAST_S 3.0			/* in a cell of text */

static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ramp[LEVELS] = {".", ":", "-", "=", "+", "*", "#", "@"};

int spark_merge(size_t n, double cell_s, int width)
{
	size_t most = width > 0 ? (size_t)width + (size_t)width / 10 : n, merge = 1;

	if (cell_s > 0 && cell_s < LEAST_S)
		merge = (size_t)ceil(LEAST_S / cell_s);
	while (most > 0 && (n + merge - 1) / merge > most)
		merge++;
	return (int)merge;
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

/*
 * The newest on the right, but cells share a column by their place from the oldest on: so what a
 * column shows is fixed once its time is over, and the row moves once for all of its cells.
 */
static int gather(const struct series_view *s, int merge, int width, int64_t *ret)
{
	size_t step = merge > 0 ? (size_t)merge : 1, group = (s->n + step - 1) / step;
	int first = width;

	while (first > 0 && group-- > 0) {
		size_t from = group * step, to = from + step < s->n ? from + step : s->n;

		ret[--first] = floor_of(s, from, to);
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
