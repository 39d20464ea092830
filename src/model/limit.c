#include "config.h"
#include "model/limit.h"

#include "model/trend.h"
#include "util/num.h"

#define SPAN_MIN_S 60.0
#define RATIO_MAX  3.0		/* of the ends of the interval: wider is no forecast */
#define FAR_S      (30 * 86400.0)

bool limit_time_to_full(const struct series_view *rss, int64_t now, int64_t limit,
			struct limit_full *ret)
{
	struct trend t;
	double room;

	if (!num_known(limit) || !num_known(now) || limit <= now || !trend_fit(rss, &t) ||
	    t.span_s < SPAN_MIN_S || t.low <= 0 || t.high / t.low > RATIO_MAX)
		return false;
	room = (double)(limit - now);
	if (room / t.slope > FAR_S)
		return false;
	*ret = (struct limit_full){
		.seconds = room / t.slope, .soonest_s = room / t.high, .latest_s = room / t.low,
		.slope = t.slope,
	};
	return true;
}
