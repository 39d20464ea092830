/*
 * The search for chunks of malloc that have a mapping of their own. The kernel joins neighbouring
 * mappings, so they lie among anything else. A chunk begins, at the offset that its alignment asks
 * for in the first page of its mapping, with {offset, size | IS_MMAPPED}; offset + size is whole
 * pages, since 2.43 all but 16 bytes of them. Alignments up to 64 are looked for; a chunk with a
 * larger one is found by the header that it had before it was aligned: its address is wrong then,
 * its size is not. Private to the C heap's reader.
 */
#ifndef LT_TARGET_MMAPPED_H
#define LT_TARGET_MMAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/pagemap.h"
#include "target/cheap.h"
#include "target/glibc.h"
#include "target/remote.h"

struct mmapped {
	const struct remote *remote;	/* borrowed, as the next */
	struct pagemap *pages;
	cheap_each *each;
	void *arg;
	struct glibc_mmapped told;	/* what there is to find; n < 0: not known */
	struct cheap_range *places;	/* owned: where to look, by address */
	size_t n_places, cap_places;
	struct cheap_range *old;	/* owned: found in the last pass */
	struct cheap_range *found;	/* owned: in this one */
	size_t n_old, n_found, cap_old, cap_found;
	size_t again;			/* of the old ones, where they are all there are */
	size_t place;
	uint64_t pos;			/* in it */
	size_t batch;			/* pages looked at in one call */
	uint64_t counted;		/* resident pages of the last one found, so far */
	int64_t bytes, resident;	/* of all found */
};

void mmapped_init(struct mmapped *m);
void mmapped_done(struct mmapped *m);
/* A new pass, told NULL: not known. Then mmapped_place by address, then mmapped_step. */
void mmapped_begin(struct mmapped *m, const struct glibc_mmapped *told);
void mmapped_place(struct mmapped *m, uint64_t start, uint64_t end);
/* A bounded piece of work; false: done. */
bool mmapped_step(struct mmapped *m);

#endif
