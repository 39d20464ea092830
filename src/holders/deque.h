/*
 * The blocks of a collections.deque: links to the blocks beside it and the items between them.
 * Facts: Modules/_collectionsmodule.c, BLOCKLEN 62 in 2.7 and 64 from 3.6 on.
 */
#ifndef LT_HOLDERS_DEQUE_H
#define LT_HOLDERS_DEQUE_H

#include <stdbool.h>
#include <stdint.h>

#include "target/python.h"

/* May a block of memory of that size be one? */
bool deque_is_block(uint64_t size);
/* What the blocks of a deque with n items take, at least. */
int64_t deque_bytes(const struct python *py, int64_t n);
/* The block beside it, where the two refer to each other as those of a deque do; or 0. */
uint64_t deque_beside(const struct remote *r, uint64_t block, bool left);

struct deque_marks {			/* zero it to begin; owns all it points to */
	struct deque_mark { uint64_t block, first; } *marks;
	uint64_t *way;			/* of the walk under way */
};

void deque_done(struct deque_marks *d);
/*
 * The first block of the deque that a block of items belongs to. The link left of the first one is
 * never set, so it may lead on to blocks that were part of a deque once; or, in a queue whose last
 * block was its first one before, to that: then they are a ring, and it is the lowest of them. The
 * marks spare a second way along a long deque: for as long as its blocks may be taken to stay.
 */
uint64_t deque_first(struct deque_marks *d, const struct remote *r, uint64_t block);

/* Is the word, of one of its blocks, between its first and its last item? Of a deque with n. */
bool deque_uses(const struct python *py, uint64_t deque, int64_t n, uint64_t word);

struct deque_walk {
	uint64_t block, index;
	int64_t left;		/* items to come */
};

/* Of a deque with n items. */
void deque_begin(const struct python *py, uint64_t deque, int64_t n, struct deque_walk *ret);
/* From left to right. false: there is no more, or it cannot be read. */
bool deque_next(const struct python *py, struct deque_walk *w, uint64_t *ret_item);

#endif
