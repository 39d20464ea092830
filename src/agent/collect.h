/*
 * gc.collect() in the target, because the user asked for it: by a note alone, so it runs where the
 * interpreter runs pending calls and signal handlers, and is to the program what a handler of its
 * own would be that calls gc.collect(). Here, and nowhere else, the helper runs the target's code.
 */
#ifndef LT_AGENT_COLLECT_H
#define LT_AGENT_COLLECT_H

#include "agent/abi.h"

/* Which process it is for. At the time of posting. */
void collect_post(struct agent_block *b);
/* The GIL is held, no collection is under way. An enum agent_status; b->unreachable. */
uint32_t collect_run(struct agent_block *b);

#endif
