/*
 * Who points to whom, upwards from the sampled objects: nodes are objects, blocks of memory that
 * belong to an object (a list's items, a dict's table) and frames; a link says at which word of
 * the owner the reference was seen. Bounded: what is beyond the limits is left out and counted.
 */
#ifndef LT_HOLDERS_GRAPH_H
#define LT_HOLDERS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/blocks.h"
#include "holders/hop.h"

enum node_kind { NODE_OBJECT, NODE_RAW, NODE_FRAME };

#define GRAPH_NO_ROOT UINT32_MAX
#define GRAPH_HOPS    4		/* both ways of two lists */

struct node {
	uint64_t addr;			/* of the object, the block, the frame's locals */
	uint64_t size;			/* of the block, from addr on */
	uint64_t moved;			/* chained: the list's head that was seen last; 0: itself */
	const struct typed *typed;	/* of an object */
	enum node_kind kind;
	bool sample, sought;
	bool counted, newest;		/* a sample: of the fair ones, of the newest */
	bool root;			/* it has a name of its own */
	bool crowd;			/* or had one: it is one of many, see crowd.h */
	bool unread;			/* memory of an unknown allocator refers to it */
	bool chained;			/* leaps lead to it: the list's head, or was */
	uint8_t passed;			/* by walks over the chain, a bit for each hop */
	uint32_t what;			/* NODE_FRAME: which; NODE_RAW: of which named dict */
	uint32_t links;			/* the first one + 1; 0: none */
	uint32_t n_links;
	uint8_t orphaned;		/* so often nobody was found who refers to it, a block */
	uint16_t depth;			/* from the samples */
	uint16_t height;		/* to the nearest root; GRAPH_FAR: none is known */
};

#define GRAPH_FAR 0xffffu

struct link {
	uint32_t target, owner;
	int64_t at;			/* the word: owner's addr + at */
	uint32_t next;			/* of the same target, + 1 */
	uint32_t checked;		/* against so many owners of its owner, a block */
	bool dead;			/* remains of a reference */
	bool named;			/* it is by this word that its owner has a name */
	bool aside;			/* a leap goes the same way */
	uint8_t leap;			/* over many objects, by hops[leap - 1]; 0: it is a word */
};

struct graph {			/* zero it to begin; owns all it points to */
	struct node *nodes;
	size_t n, cap;
	struct link *links;
	size_t n_links, cap_links;
	uint32_t *places;		/* a hash of nodes by address, + 1 */
	size_t n_places;
	int64_t left_out;		/* links beyond the limits */
	struct hop hops[GRAPH_HOPS];	/* of its chains */
	size_t n_hops;
	bool above_tasks;		/* no task is a root: there is a crowd of them */
	bool of_tasks;			/* nor is any where tasks are what is sampled */
};

void graph_done(struct graph *g);
/* The node of that address, made if need be; *ret_new tells. GRAPH_NONE: there are too many. */
#define GRAPH_NONE UINT32_MAX
uint32_t graph_node(struct graph *g, enum node_kind kind, uint64_t addr, bool *ret_new);
/* The one that is there; GRAPH_NONE: none is. */
uint32_t graph_find(const struct graph *g, uint64_t addr);
/* target is held by owner. named: and that has a name by it. false: left out, or known. */
bool graph_link(struct graph *g, uint32_t target, uint32_t owner, int64_t at, bool named);
/* Is it a way up? Not to a root by another word than what it has its name by. */
bool graph_leads(const struct graph *g, const struct link *l);
/* Does any object, frame or named dict hold the node, directly or through blocks? */
bool graph_has_object(const struct graph *g, uint32_t node);
/* How far each node is from a root. Returns how many samples reach one. */
size_t graph_measure(struct graph *g);

#endif
