#include "config.h"
#include "model/rate.h"

#include <math.h>
#include <stddef.h>

#include "util/clock.h"
#include "util/num.h"

#define MARK_EVERY_NS (4 * CLOCK_NS_PER_S)
#define WINDOW_NS (60 * CLOCK_NS_PER_S)

int rate_clock_mark(struct rate_clock *c, int64_t now_ns)
{
	int slot = (int)(c->n % RATE_MARKS);

	if (c->n && now_ns - c->at_ns[(c->n - 1) % RATE_MARKS] < MARK_EVERY_NS)
		return -1;
	c->at_ns[slot] = now_ns;
	c->n++;
	return slot;
}

struct rate_span rate_clock_span(const struct rate_clock *c, int64_t read_ns, int64_t now_ns,
				 int64_t window_ns)
{
	uint64_t i = c->n > RATE_MARKS ? c->n - RATE_MARKS : 0;

	for (; i < c->n; i++) {
		int64_t at_ns = c->at_ns[i % RATE_MARKS];

		if (now_ns - at_ns <= window_ns && at_ns < read_ns)
			return (struct rate_span){
				.slot = (int)(i % RATE_MARKS),
				.seconds = (double)(read_ns - at_ns) / (double)CLOCK_NS_PER_S,
			};
	}
	return (struct rate_span){.slot = -1, .seconds = 0};
}

int64_t rate_window_ns(int64_t pace_ns)
{
	int64_t wide_ns = pace_ns + pace_ns / 4;

	return wide_ns > WINDOW_NS ? wide_ns : WINDOW_NS;
}

double rate_over(const struct rate_span *span, const int64_t marks[RATE_MARKS], int64_t v)
{
	int64_t delta;

	if (span->slot < 0)
		return NAN;
	delta = marks ? num_delta(v, marks[span->slot]) : 0;
	return num_known(delta) ? (double)delta / span->seconds : NAN;
}
