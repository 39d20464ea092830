/*
 * What each pool contributed to the totals, kept small: some ten bytes of state a pool, and the
 * counts of its types as a run of numbers of variable length. When a pool is read again its old
 * contribution is taken out and the new one put in, so that totals never need a full sum.
 */
#ifndef LT_CENSUS_SCAN_STORE_H
#define LT_CENSUS_SCAN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/arenas.h"

struct pool_state {		/* all zero: empty, or never read */
	uint16_t live, touched, free_at;	/* as in struct pool: the signature */
	uint16_t length;	/* bytes of its part of the arena's run */
	uint8_t size8;		/* block size / 8 */
	bool dirty;		/* to be read in this pass: its header tells of a change, */
	bool hot;		/* or did so in the last one */
};

struct arena_state {
	uint64_t address;	/* 0: none */
	uint64_t first;		/* its first pool */
	uint32_t n_pools;
	bool known;		/* the headers of its pools were read */
	bool changed;		/* one of its pools did, by the look under way */
	uint8_t quiet;		/* looks in a row that found no change */
	struct pool_state *pools;
	uint8_t *run;
	uint32_t length, cap;
};

struct store_total {		/* of one type */
	uint64_t count, bytes;	/* of blocks */
	uint64_t owned;		/* bytes besides the blocks */
};

struct store {			/* zero it to begin; owns all it points to */
	struct arena_state *arenas;	/* by place in the table of arenas */
	size_t n_arenas;
	struct store_total *totals;	/* by number of the type */
	size_t n_totals;
	uint64_t blocks, block_bytes, explained;

	/* block sizes / 8 by (address - map_from) / pool size, where arenas lie close together */
	uint8_t *map;
	uint64_t map_from, map_n;	/* n 0: they are too far apart */
	uint32_t map_shift;
};

struct store_entry {		/* one type in one pool */
	uint32_t number, count;
	uint64_t owned;
};

void store_done(struct store *s);

/* Makes the arenas of the store those of the table: what is gone is taken out of the totals. */
void store_follow(struct store *s, const struct arenas *a);
/* Room for the totals of types 0 .. n-1. */
void store_types(struct store *s, size_t n);

/*
 * Replaces what the pool contributed; pool NULL: it is empty now. explained: bytes of all pools
 * that its objects own, their blocks included.
 */
void store_put(struct store *s, size_t arena, uint32_t pool, const struct pool *now,
	       const struct store_entry *entries, size_t n, uint64_t explained);

/* Notes the block size of a pool, which store_put does too. */
void store_size(struct store *s, size_t arena, uint32_t pool, uint32_t size);

#define STORE_EMPTY 0xffu	/* a pool without a block in use, or not looked at yet */

/* The block size / 8 of the pool that addr is in, or STORE_EMPTY; 0: it is in no pool. */
static inline uint32_t store_size8(const struct store *s, uint64_t addr)
{
	uint64_t i = (addr - s->map_from) >> s->map_shift;

	return addr >= s->map_from && i < s->map_n ? s->map[i] : 0;
}

static inline bool store_same(const struct pool_state *state, const struct pool *now)
{
	return state->live == now->live && state->touched == now->touched &&
	       state->free_at == now->free_at && state->size8 * 8u == now->size;
}

#endif
