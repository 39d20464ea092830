/*
 * The table of types in the block: what an object adds to it. Reads only what the interpreter
 * keeps valid while the GIL is held: an object, its type, and the tables of lists, dicts and sets.
 */
#ifndef LT_AGENT_COUNT_H
#define LT_AGENT_COUNT_H

#include "agent/abi.h"

#define READ(type, addr) (*(const type *)(uintptr_t)(addr))

/* Forgets all types and sums. */
void count_reset(struct agent_block *b);
void count_object(struct agent_block *b, uint64_t obj);

/* Two places to go back to: what was counted after count_save(which) is taken out again. */
void count_save(struct agent_block *b, int which);
void count_restore(struct agent_block *b, int which);

#endif
