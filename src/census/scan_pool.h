/*
 * What is in a pool: each block that is in use is looked at for an object, which has a known
 * type at the place that this type demands (behind a gc head, or the words of a managed dict)
 * and a sane reference count. What the object owns besides its block - a list's array, a dict's
 * table - is added by the block that it points to, so the sizes are the true ones.
 */
#ifndef LT_CENSUS_SCAN_POOL_H
#define LT_CENSUS_SCAN_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "census/scan_kinds.h"
#include "census/scan_store.h"
#include "target/arenas.h"

#define COUNTER_DICTS 1024u
#define COUNTER_NDARRAYS 256u
#define COUNTER_DIMS 8u

struct counter_dict {		/* a dict whose table lies in malloc'ed memory */
	uint32_t entry;
	uint64_t keys;
};

struct counter_ndarray {	/* an array of numpy: items and strides are told elsewhere */
	uint32_t entry, n_dims;
	uint64_t dims, strides;
};

struct counter {		/* counts one pool after the other; zero it to begin */
	const struct python *py;
	const struct arenas *arenas;
	const struct store *store;	/* tells the size of blocks that are pointed to */
	struct kinds *kinds;
	uint32_t *place;		/* by number of the type: its entry + 1 in this pool */
	size_t n_places;
	struct store_entry entries[POOL_BLOCKS_MAX];
	size_t n;
	uint64_t explained;
	struct counter_dict dicts[COUNTER_DICTS];
	size_t n_dicts;
	struct counter_ndarray ndarrays[COUNTER_NDARRAYS];
	size_t n_ndarrays;
	uint64_t descriptor;		/* of the array.array seen last, and its itemsize */
	uint32_t itemsize;
};

void counter_done(struct counter *c);

/*
 * bytes: the whole pool, read from addr; COUNTER_BEYOND bytes behind it can be read, too, whatever
 * they are. Fills entries[0..n) and explained.
 */
#define COUNTER_BEYOND 64u
void counter_pool(struct counter *c, const struct pool *p, const unsigned char *bytes,
		  uint64_t addr);

/*
 * One block of any size; the first n bytes of it are at hand, all or COUNTER_ENOUGH at least.
 * false: no object. entries[0] is what it is.
 */
#define COUNTER_ENOUGH 128u
bool counter_block(struct counter *c, const unsigned char *bytes, size_t n, uint64_t block_size);

#endif
