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
/*
 * The first block of the deque that a block of items belongs to. The link left of the first one is
 * never set, so it may lead on to a block or two that were part of a deque once.
 */
uint64_t deque_first(const struct remote *r, uint64_t block);

struct deque_walk {
	uint64_t block, index;
	int64_t left;		/* items to come */
};

/* Of a deque with n items. */
void deque_begin(const struct python *py, uint64_t deque, int64_t n, struct deque_walk *ret);
/* From left to right. false: there is no more, or it cannot be read. */
bool deque_next(const struct python *py, struct deque_walk *w, uint64_t *ret_item);

#endif
