#include "agent/arch.h"

#define NR_GETPID 39

uint64_t agent_arch_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

uint32_t agent_arch_pid(void)
{
	uint64_t ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(NR_GETPID) : "rcx", "r11", "memory");
	return (uint32_t)ret;
}
