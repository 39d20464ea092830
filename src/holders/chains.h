/*
 * Chains: a linked list is climbed one object a level, which ends long before its head does, and a
 * list that grows at its head has a new one by the time that the last one was looked for. So the
 * words by which such objects refer to the next are learned from those that were climbed, and once
 * any of the chain is reached from a root it is walked downwards: a leap leads from each node on
 * the way to where the walk began.
 */
#ifndef LT_HOLDERS_CHAINS_H
#define LT_HOLDERS_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/graph.h"
#include "holders/roots.h"

#define CHAINS_FAR 24		/* links to a root: a path that long is a chain's */

struct chains {			/* zero it to begin; owns all it points to */
	uint32_t *tops;		/* nodes to begin a walk at, nearest to a root first */
	size_t n, next, hop;
	uint32_t top;		/* of the walk under way */
	uint64_t at;		/* 0: none is */
	unsigned hops;		/* of all walks */
	bool leapt;		/* a leap was added since it began */
};

void chains_done(struct chains *c);
/* Learns what chains there are from nodes that are far from a root. true: there are some. */
bool chains_learn(struct graph *g, const struct roots *r);
/* Of a graph that was measured; those that were walked before are left out. */
void chains_begin(struct chains *c, struct graph *g);
/* Goes on for about budget_ns. true: that is all; with c->leapt the graph is to be measured. */
bool chains_step(struct chains *c, struct graph *g, const struct remote *r, int64_t budget_ns);

#endif
