/*
 * A heap of pymalloc made up in this process: a table of arenas, pools in mapped memory, types.
 * What reads a target reads ourselves.
 */
#ifndef LT_TESTS_MADE_HEAP_H
#define LT_TESTS_MADE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"

#define MADE_PLACES 32
#define MADE_HEAPTYPE (1ul << 9)
#define MADE_READY  (1ul << 12)
#define MADE_GC	    (1ul << 14)
#define MADE_LIST   (1ul << 25)
#define MADE_DICT   (1ul << 29)

struct made_type {		/* as much of a PyTypeObject as is looked at */
	uint64_t words[0x380 / 8];
};

struct made_place {		/* CPython's struct arena_object */
	uint64_t address, pool_address;
	uint32_t free_pools, total_pools;
	uint64_t freepools, next, prev;
};

struct made_heap {
	struct python py;
	struct made_place *table;	/* mapped: outside of the interpreter's data */
	size_t n_places;
	struct made_type *types;	/* mapped as well */
	size_t n_types;
	uint32_t pool_size;
};

/* Of the version whose layout is asked for; begins with the types type, str, list and dict. */
void made_heap_init(struct made_heap *h, uint32_t version_hex);
void made_heap_done(struct made_heap *h);

/* The word in the interpreter's data that points to the table, and one beside it. */
extern uint64_t made_roots[2];

/* A type with the flags given. Its address. */
uint64_t made_heap_type(struct made_heap *h, const char *name, uint64_t basicsize, uint64_t flags);
/* An arena of `pools` pools in the next place of the table; its pools begin at its address. */
uint64_t made_heap_arena(struct made_heap *h, uint32_t pools);
/* Makes the n-th pool of the arena one of blocks of `size` bytes, none in use. Its address. */
unsigned char *made_heap_pool(struct made_heap *h, size_t arena, uint32_t n, uint32_t size);
/* The next block of the pool, in use now, zeroed; NULL where it is full. */
unsigned char *made_block(struct made_heap *h, unsigned char *pool);
void made_free(unsigned char *pool, unsigned char *block);
/* A block that holds an object of the type `before` bytes from its start. */
unsigned char *made_object(struct made_heap *h, unsigned char *pool, uint64_t type,
			   uint32_t before);

static inline void made_put(unsigned char *at, uint64_t v)
{
	__builtin_memcpy(at, &v, sizeof(v));
}

#endif
