/*
 * Walking the collector's lists in slices. Between two slices the program runs, and bookmarks in
 * the lists keep the place; at the end, or when leaktop asks, they are taken out again.
 */
#ifndef LT_AGENT_RING_H
#define LT_AGENT_RING_H

#include "agent/abi.h"

/* One slice; the GIL is held and no collection is under way. An enum agent_status. */
uint32_t ring_slice(struct agent_block *b);
/* AGENT_OK, or AGENT_HELD while somebody refers to a bookmark: the block must stay. */
uint32_t ring_unlink(struct agent_block *b);

#endif
