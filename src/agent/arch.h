/* What the helper needs from the CPU: written once per CPU in arch_*.c, chosen by the build. */
#ifndef LT_AGENT_ARCH_H
#define LT_AGENT_ARCH_H

#include <stdint.h>

/* clock_gettime(CLOCK_MONOTONIC) by a raw system call: no libc, no vdso, errno untouched. */
uint64_t agent_arch_clock_ns(void);

#endif
