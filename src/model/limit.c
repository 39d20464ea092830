#include "config.h"
#include "model/limit.h"

#include <math.h>
#include <stdlib.h>

#include "util/num.h"

#define CELLS_MIN  8
#define SPAN_MIN_S 60.0
#define RATIO_MAX  3.0		/* of the ends of the interval: wider is no forecast */
#define FAR_S      (30 * 86400.0)
#define Z          1.96		/* 95 % */

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
	if (rank < 0)
		rank = 0;
	if (rank > (double)(n - 1))
		rank = (double)(n - 1);
	return slopes[(size_t)rank];
}

/* Of the median, and of the ranks C/2 to either side of it (Sen 1968). */
static void fit(const struct point *p, size_t n, double *low, double *mid, double *high)
{
	static const size_t most = SERIES_CELLS * (SERIES_CELLS - 1) / 2;
	double slopes[SERIES_CELLS * (SERIES_CELLS - 1) / 2];
	double count = (double)n, half;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && k < most; j++)
			slopes[k++] = (p[j].y - p[i].y) / (p[j].x - p[i].x);
	qsort(slopes, k, sizeof(*slopes), by_value);
	half = Z * sqrt(count * (count - 1) * (2 * count + 5) / 18) / 2;
	*low = slope_at(slopes, k, (double)k / 2 - half);
	*mid = slope_at(slopes, k, (double)k / 2);
	*high = slope_at(slopes, k, (double)k / 2 + half);
}

bool limit_time_to_full(const struct series_view *rss, int64_t now, int64_t limit,
			struct limit_full *ret)
{
	struct point points[SERIES_CELLS];
	size_t n = closed_cells(rss, points);
	double low, mid, high, room;

	if (!num_known(limit) || !num_known(now) || limit <= now || n < CELLS_MIN ||
	    points[n - 1].x - points[0].x < SPAN_MIN_S)
		return false;
	fit(points, n, &low, &mid, &high);
	room = (double)(limit - now);
	if (low <= 0 || high / low > RATIO_MAX || room / mid > FAR_S)
		return false;
	*ret = (struct limit_full){
		.seconds = room / mid, .soonest_s = room / high, .latest_s = room / low,
		.slope = mid,
	};
	return true;
}
