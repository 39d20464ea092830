#include "agent/arch.h"

#define NR_CLOCK_GETTIME 228
#define MONOTONIC 1

uint64_t agent_arch_clock_ns(void)
{
	struct { int64_t s, ns; } ts = {0, 0};
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"((long)NR_CLOCK_GETTIME), "D"((long)MONOTONIC), "S"(&ts)
			 : "rcx", "r11", "memory");
	return ret == 0 ? (uint64_t)ts.s * 1000000000u + (uint64_t)ts.ns : 0;
}
