/*
 * One pass over the memory of the target: every word that equals one of the addresses sought.
 * Addresses are only compared, never followed. Anonymous and private writable memory that is
 * resident is read, so no page is made or swapped in by it.
 */
#ifndef LT_HOLDERS_SEEK_H
#define LT_HOLDERS_SEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/maps.h"
#include "proc/pagemap.h"
#include "target/remote.h"

struct seek_hit {
	uint64_t at;		/* address of the word */
	uint32_t target;	/* the number given with seek_add */
};

struct seek_slot {
	uint64_t value;
	uint32_t target;
	uint32_t hits;
};

struct seek {			/* seek_init to begin; owns all it points to */
	const struct remote *remote;
	struct seek_slot *slots;	/* a hash */
	size_t n_slots, n_values;
	uint64_t *filter;		/* a bit for each value */
	uint64_t low, high;		/* of all values */
	struct seek_hit *hits;
	size_t n_hits, cap_hits;
	bool full;			/* hits were left out */

	struct maps maps;
	struct pagemap pages;
	size_t map;
	uint64_t pos;
	unsigned char *window;
	int64_t bytes;			/* read in this pass */
	int64_t total;			/* of the mappings of this pass, for progress */
};

void seek_init(struct seek *s, const struct remote *r);
void seek_done(struct seek *s);
/* Forgets all addresses and hits. */
void seek_clear(struct seek *s);
/* Looks for words equal to value; each value once. */
void seek_add(struct seek *s, uint64_t value, uint32_t target);
/* A pass begins: reads the map of memory anew. false: it is not there any more. */
bool seek_begin(struct seek *s);
/* Goes on for about budget_ns. true: the pass has ended and its hits are in order of address. */
bool seek_step(struct seek *s, int64_t budget_ns);
/* After it: looks at this memory again, where hits may have been left out; none is now. */
void seek_range(struct seek *s, uint64_t addr, uint64_t size);
/* After all of these. */
void seek_sort(struct seek *s);

#endif
