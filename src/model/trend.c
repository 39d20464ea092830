#include "config.h"
#include "model/trend.h"

#include <math.h>
#include <stdlib.h>

#include "util/num.h"

#define CELLS_MIN 8
#define SPAN_MIN_S 20.0
#define SLOWS       0.5
#define SLOWS_SOON  0.85		/* below SOON_S */
#define SOON_S      120.0
#define Z         1.96			/* 95 % */
#define PAIRS_MAX (SERIES_CELLS * (SERIES_CELLS - 1) / 2)

struct point {
	double x, y;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The last cell is still open: its floor is only that of its beginning. */
static size_t closed_cells(const struct series_view *s, struct point points[SERIES_CELLS])
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < s->n; i++)
		if (num_known(s->cells[i]))
			points[n++] = (struct point){(double)i * s->cell_s, (double)s->cells[i]};
	return n;
}

static double slope_at(const double *slopes, size_t n, double rank)
{
	return slopes[(size_t)fmin(fmax(rank, 0), (double)(n - 1))];
}

/* The median, and the ranks C/2 to either side of it (Sen 1968). */
static void fit(const struct point *p, size_t n, struct trend *ret)
{
	double slopes[PAIRS_MAX], count = (double)n, half;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && k < PAIRS_MAX; j++)
			slopes[k++] = (p[j].y - p[i].y) / (p[j].x - p[i].x);
	qsort(slopes, k, sizeof(*slopes), by_value);
	half = Z * sqrt(count * (count - 1) * (2 * count + 5) / 18) / 2;
	ret->low = slope_at(slopes, k, (double)k / 2 - half);
	ret->slope = slope_at(slopes, k, (double)k / 2);
	ret->high = slope_at(slopes, k, (double)k / 2 + half);
	ret->span_s = p[n - 1].x - p[0].x;
	ret->n = n;
}

bool trend_fit(const struct series_view *series, struct trend *ret)
{
	struct point points[SERIES_CELLS];
	size_t n = closed_cells(series, points);

	if (n < CELLS_MIN)
		return false;
	fit(points, n, ret);
	return true;
}

static double least(const struct point *p, size_t n)
{
	double y = p[0].y;

	for (size_t i = 1; i < n; i++)
		y = fmin(y, p[i].y);
	return y;
}

bool trend_goes_on(const struct series_view *series, double late)
{
	struct point points[SERIES_CELLS];
	size_t n = closed_cells(series, points), third = n / 3;
	struct trend t;
	double last, share;

	if (!trend_fit(series, &t) || t.span_s < SPAN_MIN_S || t.low <= 0)
		return false;
	if (least(points + n / 2, n - n / 2) - least(points, n / 2) <= late)
		return false;
	last = points[n - 1].y - points[n - 1 - third].y;
	share = (points[n - 1].x - points[n - 1 - third].x) / t.span_s;
	return last >= (points[n - 1].y - points[0].y) * share / 3;
}

bool trend_slows(const struct series_view *series)
{
	struct point points[SERIES_CELLS];
	size_t n = closed_cells(series, points), half = n / 2;
	struct trend first, second;

	if (n < CELLS_MIN)
		return false;
	fit(points, half, &first);
	fit(points + half, n - half, &second);
	return second.slope < first.slope * (points[n - 1].x - points[0].x < SOON_S ? SLOWS_SOON
										   : SLOWS);
}
