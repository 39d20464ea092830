#include "agent/arch.h"

/* The kernel lets everybody read it (CNTKCTL_EL1.EL0VCTEN), on all CPUs the same. */
uint64_t agent_arch_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}
