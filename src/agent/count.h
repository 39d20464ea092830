/*
 * The table of types in the block: what an object adds to it. Reads what the interpreter keeps
 * valid while the GIL is held: an object, its type, and the tables of dicts; but believes nobody
 * that it did (guard.h).
 */
#ifndef LT_AGENT_COUNT_H
#define LT_AGENT_COUNT_H

#include "agent/guard.h"

/* Forgets all types and sums. */
void count_reset(struct agent_block *b);
/*
 * Up to the end of ob_type the object is known to be there. 0: it leads to where nothing is, and
 * was not counted.
 */
int count_object(struct agent_block *b, uint64_t obj);

/* Two places to go back to: what was counted after count_save(which) is taken out again. */
void count_save(struct agent_block *b, int which);
void count_restore(struct agent_block *b, int which);

#endif
