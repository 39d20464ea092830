/*
 * What the helper may read. It would be the first, and perhaps the only one, to follow a pointer
 * that a program or an extension of it has damaged; so every address that it finds in the target
 * is looked up first in the ranges that leaktop took from /proc/PID/maps right before the stop.
 *
 * Memory mapped since then is in no range. Nothing can be asked here - a system call stops the
 * thread twice while leaktop follows it, with the GIL in its hands - so a slice that meets such an
 * address ends, and leaktop comes again with fresh ranges. An address that is still in none was
 * never an honest one. Memory unmapped since then holds nothing that the interpreter refers to.
 */
#ifndef LT_AGENT_GUARD_H
#define LT_AGENT_GUARD_H

#include "agent/abi.h"

/* What is done now and then: small rather than fast, for all of the helper is three pages. */
#define AGENT_COLD __attribute__((noinline, cold))

#define READ(type, addr) (*(const type *)(uintptr_t)(addr))

/* Forgets which ranges matched: there are new ones. */
void guard_begin(struct agent_block *b);
/* Looks in all ranges. 0: in none; b->missed is the address. */
int guard_find(struct agent_block *b, uint64_t at, uint64_t n);
/* Something was not as it should be. AGENT_OUTSIDE: if new ranges may help; else AGENT_BROKEN. */
uint32_t guard_status(struct agent_block *b);
/* Can what was missed last be done without, as it will not come? Then it is forgotten. */
int guard_excuses(struct agent_block *b);

/*
 * May n bytes at `at` be read? 0 < n <= 4096. Nearly always the range has them that matched last
 * in this MiB, or in another that shares its place: arenas are mapped next to one another.
 */
static inline int guard_has(struct agent_block *b, uint64_t at, uint64_t n)
{
	const struct agent_range *r = &b->recent[at >> 20 & (AGENT_RECENT - 1)];

	return __builtin_expect(at - r->at <= r->size - n, 1) || guard_find(b, at, n);
}

/* The same for a word, both at multiples of 8, near one that was found: ranges are whole pages. */
static inline int guard_has_near(struct agent_block *b, uint64_t at, uint64_t found)
{
	return __builtin_expect((at ^ found) < 4096, 1) || guard_has(b, at, 8);
}

#endif
