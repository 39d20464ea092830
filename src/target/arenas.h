/*
 * Where pymalloc keeps small blocks: the interpreter's own table of arenas, found in the data of
 * the object that holds it, and the pools in them. Read from outside, nothing is stopped; every
 * figure was chosen by the target and may be half changed, so all is checked. Facts: obmalloc.c
 * and pycore_obmalloc.h, the same structs in 2.7 - 3.15.
 */
#ifndef LT_TARGET_ARENAS_H
#define LT_TARGET_ARENAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"
#include "util/err.h"

#define POOL_HEADER	48u	/* sizeof(struct pool_header), blocks follow */
#define POOL_BLOCK_MAX	512u	/* SMALL_REQUEST_THRESHOLD: larger ones come from malloc */
#define POOL_BLOCKS_MAX 2048u	/* (16 KiB - header) / 8 and then some */
#define ARENA_POOLS_MAX 256u

struct arena {
	uint64_t address;	/* 0: this place of the table is not in use */
	uint64_t first;		/* its first pool; the others follow at pool_size */
	uint32_t pools;		/* that it has room for */
	uint32_t carved;	/* that were ever in use: beyond these the memory is untouched */
	uint32_t free;		/* of `pools`, not in use now */
};

struct arenas;			/* owns the table it read */

/* py is borrowed and must outlive it. */
struct arenas *arenas_new(const struct python *py);
void arenas_free(struct arenas *a);

/*
 * Reads the table anew. LT_E_ALLOCATOR where there is none or it is empty (PYTHONMALLOC=malloc,
 * mimalloc, or a build without pymalloc), LT_E_LAYOUT where it is not found.
 */
enum lt_errc arenas_refresh(struct arenas *a, struct lt_err *err);
/* Places of the table: the number of one is the arenaindex of its pools. */
size_t arenas_count(const struct arenas *a);
const struct arena *arenas_at(const struct arenas *a, size_t index);
uint32_t arenas_pool_size(const struct arenas *a);
/* Which arena's pools contain addr, in the table as last read? and which pool of it? */
bool arenas_find(const struct arenas *a, uint64_t addr, size_t *ret_index, uint32_t *ret_pool);

/* Where they lie, by address, for cheap_begin to skip. How many; caller frees *ret with free(). */
struct cheap_range;
size_t arenas_ranges(const struct arenas *a, struct cheap_range **ret);

/* A pool with at least one block in use. */
struct pool {
	uint16_t size;		/* bytes of each block */
	uint16_t live;		/* blocks in use */
	uint16_t touched;	/* blocks that ever were: 0 .. touched - 1 */
	uint16_t free_at;	/* offset in the pool of the first free block, 0: none is */
};

/* The header at `header`, read from addr. false: an empty pool, or none. */
bool pool_parse(const void *header, uint64_t addr, uint32_t pool_size, struct pool *ret);

/*
 * Sets the bit of each free block among the touched ones. false where the chain of free blocks
 * does not agree with the header (it changed while it was read): bits of it may be wrong.
 */
bool pool_free_bits(const struct pool *p, const void *bytes, uint64_t addr,
		    uint64_t bits[POOL_BLOCKS_MAX / 64]);

/*
 * Are the objects in the pools, and at the start of their blocks? LT_E_ALLOCATOR with
 * PYTHONMALLOC=malloc, or =debug, which shifts them. Of the table as last read.
 */
enum lt_errc arenas_check_blocks(struct arenas *a, struct lt_err *err);

#endif
