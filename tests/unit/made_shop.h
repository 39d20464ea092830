/*
 * A target made up for the search for holders: a heap of 3.8 with a module `shop`, whose globals
 * and objects are made here, and which a child then has that stands still.
 */
#ifndef LT_TESTS_MADE_SHOP_H
#define LT_TESTS_MADE_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "holders/holders.h"
#include "made_heap.h"

#define SHOP_GC	    16u		/* bytes in front of an object that the collector knows */
#define SHOP_BEFORE 0x10	/* of a node of a list: the node before it, what it has */
#define SHOP_ITEM   0x18

struct shop {			/* shop_init to begin */
	struct made_heap heap;
	unsigned char *pools[33];	/* by block size / 16: the one to take from */
	uint32_t next_pool;
	uint64_t interp[0x400 / 8];
	uint64_t module_type, item_type, tuple_type;
	uint64_t globals;		/* the module's dict */
	uint64_t *large;		/* owned: the array of a large list */
	void *ballast;			/* owned: makes each level longer than a step */
	pid_t child;
	struct holders *search;		/* owned, once there is one, and what it found: */
	struct holders_result r;
};

void shop_init(struct shop *m);
void shop_done(struct shop *m);

/* ---- its heap; objects are told by their address ---- */

static inline uint64_t shop_addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* In use, cleared, with no object in it. */
unsigned char *shop_block(struct shop *m, uint32_t size);
/* A word of an object or of any memory. */
void shop_put(uint64_t object, int32_t at, uint64_t v);
/* In a block of `size`, `before` bytes from its start. */
uint64_t shop_object(struct shop *m, uint64_t type, uint32_t before, uint32_t size);
/* A shop.Item, which has no references. */
uint64_t shop_item(struct shop *m);
/* An ASCII str. */
uint64_t shop_text(struct shop *m, const char *s);
/* With room for more; a large array lies in malloc'ed memory. */
uint64_t shop_list(struct shop *m, const uint64_t *items, size_t n, size_t room);
/* Up to 10 entries. */
uint64_t shop_dict(struct shop *m);
void shop_set(uint64_t dict, uint64_t key, uint64_t value);
/* A list of nodes: each with an object, and with the one before it. */
void shop_nodes(struct shop *m, uint64_t type, uint64_t *nodes, size_t n);
/* 64 MiB more to search. */
void shop_add_ballast(struct shop *m);
/* Is what lies in malloc's chunks found? Of a sanitizer's it is not. */
bool shop_has_chunks(const struct shop *m);

/* ---- the child, and the search in it ---- */

/* From here on the heap is that of a child which stands still. */
void shop_stand_still(struct shop *m);
void shop_end_child(struct shop *m);
/* Changes a word of the child. */
void shop_poke(const struct shop *m, uint64_t at, uint64_t v);
/* A search for what holds shop.Items begins, goes on to its end; all of it. */
void shop_begin(struct shop *m);
void shop_finish(struct shop *m, int64_t step_ns);
void shop_search(struct shop *m);
/* Goes on to the third level: what holds the list that holds the sample is looked for now. */
void shop_search_to_3(struct shop *m);

#endif
