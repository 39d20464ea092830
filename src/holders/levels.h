/*
 * The search upwards, one level after the other: pass over memory for all nodes whose holders are
 * not known yet, tell the hits in pools by their pools, those in malloc's chunks by a walk over
 * these, add what was found to the graph.
 */
#ifndef LT_HOLDERS_LEVELS_H
#define LT_HOLDERS_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/blocks.h"
#include "holders/deque.h"
#include "holders/graph.h"
#include "holders/roots.h"
#include "holders/seek.h"
#include "target/arenas.h"
#include "target/cheap.h"
#include "util/err.h"

struct levels {			/* levels_init to begin; owns all it points to but py */
	const struct python *py;
	struct arenas *arenas;		/* NULL: there are none (PYTHONMALLOC=malloc) */
	struct cheap *cheap;
	struct maps maps;		/* of the walk over chunks */
	struct typebook *book;
	struct blocks blocks;
	struct seek seek;
	struct graph graph;
	struct roots roots;
	struct deque_marks deques;
	struct seek_hit *pending;	/* hits outside of the pools, by address */
	size_t n_pending, cap_pending;
	unsigned level;
	int64_t bytes_read;
	bool in_chunks;			/* of the level under way: the walk has begun */
	bool incomplete;		/* hits were left out, in any level */
};

enum lt_errc levels_init(struct levels *u, const struct python *py, struct lt_err *err);
/* Fine on a zeroed one. */
void levels_done(struct levels *u);

/* Before the first level: reads what has a name. */
void levels_roots(struct levels *u);
/* Begins a walk over the chunks as they are now, for cheap_step. */
void levels_begin_chunks(struct levels *u);
/* The node of an object or block, made if need be; GRAPH_NONE: there are too many. */
uint32_t levels_node(struct levels *u, const struct block *b);
/* The block of pymalloc that an object lies in, or one of malloc that is as long as it says. */
bool levels_block(struct levels *u, uint64_t object, struct block *ret);
/* The next level begins. false: there is nothing to look for. */
bool levels_next(struct levels *u);
/* Goes on for about budget_ns. true: the level has ended, the graph has what it found. */
bool levels_step(struct levels *u, int64_t budget_ns);

#endif
