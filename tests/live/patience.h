/*
 * How long tests wait for a state that must come. Slow is not wrong: only what stands still is to
 * be told from it. LT_PATIENCE: how many times as long, where the machine is an emulated one.
 */
#ifndef LT_TESTS_LIVE_PATIENCE_H
#define LT_TESTS_LIVE_PATIENCE_H

#include <stdint.h>
#include <stdlib.h>

static inline int patience_times(void)
{
	const char *text = getenv("LT_PATIENCE");
	long times = text ? strtol(text, NULL, 10) : 1;

	return times < 1 ? 1 : times > 60 ? 60 : (int)times;
}

static inline int patience_s(void)
{
	return 60 * patience_times();
}

static inline int patience_ms(void)
{
	return patience_s() * 1000;
}

static inline int64_t patience_ns(void)
{
	return patience_s() * (int64_t)1000000000;
}

#endif
