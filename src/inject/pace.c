#include "config.h"
#include "inject/pace.h"

#include "inject/arch.h"
#include "util/clock.h"

#define ENOUGH_NS (1 * CLOCK_NS_PER_MS)

void pace_begin(struct pace *p)
{
	p->ns = clock_mono_ns();
	p->ticks = arch_ticks();
}

static double ticks_per_ns(const struct pace *p)
{
	int64_t ns = clock_mono_ns() - p->ns;

	if (ns < ENOUGH_NS) {
		clock_sleep_ns(ENOUGH_NS);
		ns = clock_mono_ns() - p->ns;
	}
	return (double)(arch_ticks() - p->ticks) / (double)ns;
}

uint64_t pace_ticks(const struct pace *p, int64_t ns)
{
	double ticks = (double)ns * ticks_per_ns(p);

	return ticks > 1 ? (uint64_t)ticks : 1;
}

uint64_t pace_until(const struct pace *p, int64_t ns)
{
	return arch_ticks() + pace_ticks(p, ns);
}

int64_t pace_ns(const struct pace *p, uint64_t ticks, int64_t most)
{
	double ns = (double)ticks / ticks_per_ns(p);

	return ns < (double)most ? (int64_t)ns : most;
}
