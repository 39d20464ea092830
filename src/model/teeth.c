#include "config.h"
#include "model/teeth.h"

#include <math.h>

#include "util/clock.h"
#include "util/num.h"

#define MARGIN 1.5			/* the usual rise is a mean of unlike ones */

void teeth_init(struct teeth *t, int64_t first)
{
	*t = (struct teeth){.last = first};
}

/* A mean of which the latest is an eighth. */
static void learn(float *mean, double latest)
{
	*mean += (float)(latest - (double)*mean) / (*mean > 0 ? 8 : 1);
}

void teeth_put(struct teeth *t, int64_t v, int64_t gap_ns)
{
	double rise = (double)v - (double)t->last;

	if (!num_known(v))
		return;
	if (num_known(t->last) && rise < 0)
		learn(&t->fall, -rise);
	else if (num_known(t->last) && rise > 0 && gap_ns > 0)
		learn(&t->climb, rise * (double)CLOCK_NS_PER_S / (double)gap_ns);
	t->last = v;
}

double teeth_late(const struct teeth *t, int64_t pace_ns)
{
	double pace_s = (double)pace_ns / (double)CLOCK_NS_PER_S;

	return MARGIN * fmin((double)t->climb * pace_s, (double)t->fall);
}
