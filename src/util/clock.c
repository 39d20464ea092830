#include "config.h"
#include "util/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_boot_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

int64_t clock_cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

double clock_wall_s(void)
{
	return (double)read_ns(CLOCK_REALTIME) / 1e9;
}

void clock_sleep_ns(int64_t ns)
{
	struct timespec ts = {ns / CLOCK_NS_PER_S, ns % CLOCK_NS_PER_S};

	nanosleep(&ts, NULL);
}
