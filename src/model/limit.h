/*
 * When memory will be full: the trend of a series, drawn on to the limit. Pure. An answer is given
 * only where the trend deserves one.
 */
#ifndef LT_MODEL_LIMIT_H
#define LT_MODEL_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"

struct limit_full {
	double seconds;			/* from now */
	double soonest_s, latest_s;	/* the 95 % interval of the slope */
	double slope;			/* bytes per second */
};

/*
 * now: the latest reading; limit: what it must not reach; the slope is model/trend.h's. false: no
 * trend or less than a minute of it, no limit, a slope that may as well be none or the ends of
 * whose interval differ by more than 3 times, or a time longer than 30 days.
 */
bool limit_time_to_full(const struct series_view *rss, int64_t now, int64_t limit,
			struct limit_full *ret);

#endif
