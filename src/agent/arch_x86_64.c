#include "agent/arch.h"

uint64_t agent_arch_ticks(void)
{
	return __builtin_ia32_rdtsc();
}
