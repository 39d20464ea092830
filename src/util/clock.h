/* Time. Monotonic nanoseconds for durations, wall seconds for what a person or a log reads. */
#ifndef LT_UTIL_CLOCK_H
#define LT_UTIL_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_MS 1000000LL
#define CLOCK_NS_PER_S  1000000000LL

int64_t clock_mono_ns(void);	/* CLOCK_MONOTONIC */
int64_t clock_boot_ns(void);	/* CLOCK_BOOTTIME: /proc/PID/stat's starttime counts in it */
int64_t clock_cpu_ns(void);	/* CLOCK_PROCESS_CPUTIME_ID: what this process has used */
double clock_wall_s(void);	/* CLOCK_REALTIME, seconds since 1970 */
void clock_sleep_ns(int64_t ns);

#endif
