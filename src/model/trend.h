/* The slope of a series with its interval, and whether its growth goes on. Pure. */
#ifndef LT_MODEL_TREND_H
#define LT_MODEL_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "model/snapshot.h"

struct trend {				/* per second */
	double slope;			/* Theil and Sen's: the median of all pairs */
	double low, high;		/* its 95 % interval, after Kendall */
	double span_s;			/* from the first cell to the last */
	size_t n;			/* cells that were read */
};

/* Of the closed cells; false where fewer than 8 were read. */
bool trend_fit(const struct series_view *series, struct trend *ret);

/*
 * Does it rise for certain, and still? Its last third must rise by a third of what it would in a
 * straight line: what has come to rest, or was one step, does not. At least 20 s. The least of the
 * second half is above that of the first, by more than `late`: see teeth.h.
 */
bool trend_goes_on(const struct series_view *series, double late);

/*
 * Does its second half rise by less than half of its first, as a cache's does that fills? Below
 * 120 s by less than 0.85 of it: a warm-up of a minute shows no more of itself in 30 s.
 */
bool trend_slows(const struct series_view *series);

#endif
