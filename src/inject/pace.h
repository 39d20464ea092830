/* How fast the CPU's counter runs, which the helper reads for want of a clock that is as cheap. */
#ifndef LT_INJECT_PACE_H
#define LT_INJECT_PACE_H

#include <stdint.h>

struct pace {			/* when the counter was where */
	uint64_t ticks;
	int64_t ns;
};

void pace_begin(struct pace *p);
/* Each sleeps for a millisecond if pace_begin was only just now. */
uint64_t pace_ticks(const struct pace *p, int64_t ns);
/* Where the counter will be then. */
uint64_t pace_until(const struct pace *p, int64_t ns);
int64_t pace_ns(const struct pace *p, uint64_t ticks, int64_t most);

#endif
