#include "agent/arch.h"

#define NR_GETPID 172

/* The kernel lets everybody read it (CNTKCTL_EL1.EL0VCTEN), on all CPUs the same. */
uint64_t agent_arch_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}

uint32_t agent_arch_pid(void)
{
	register uint64_t nr __asm__("x8") = NR_GETPID;
	register uint64_t ret __asm__("x0");

	__asm__ volatile("svc #0" : "=r"(ret) : "r"(nr) : "memory");
	return (uint32_t)ret;
}
