/* What the helper needs from the CPU: written once per CPU in arch_*.c, chosen by the build. */
#ifndef LT_AGENT_ARCH_H
#define LT_AGENT_ARCH_H

#include <stdint.h>

/*
 * A counter of the CPU that runs at an even pace (inject/arch.h has the same for leaktop). Not
 * clock_gettime: while leaktop follows the thread, a system call costs it more than a thousand
 * objects, with the GIL in its hands. A program that forbids itself the counter (prctl PR_SET_TSC)
 * could not ask for the time either: the vdso reads it, too.
 */
uint64_t agent_arch_ticks(void);

/*
 * Which process this is: a child has another number, whatever else it has inherited. That is a
 * system call, which inject/policy.c knows of.
 */
uint32_t agent_arch_pid(void);

#endif
