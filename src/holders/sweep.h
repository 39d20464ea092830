/*
 * One pass over all blocks in use: those of pymalloc's pools, or chunks of malloc. Each is told
 * with the object in it. In pieces of bounded work; it counts what it read in levels.bytes_read.
 */
#ifndef LT_HOLDERS_SWEEP_H
#define LT_HOLDERS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/blocks.h"
#include "holders/levels.h"

struct sweep {
	struct levels *up;	/* borrowed: arenas, blocks and the C heap */
	blocks_each *each;
	void *arg;
	size_t arena;
	uint32_t pool;
	unsigned char *bytes;	/* owned: pools read at once */
};

/* A pass begins. */
void sweep_init(struct sweep *s, struct levels *up, blocks_each *each, void *arg);
void sweep_done(struct sweep *s);
/* Some pools. false: all are done. */
bool sweep_pools(struct sweep *s);
/* After levels_begin_chunks: goes on for about budget_ns. false: all are done. */
bool sweep_chunks(struct sweep *s, int64_t budget_ns);

#endif
