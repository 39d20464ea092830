/*
 * A walk over the chunks of one piece of glibc's heap, header by header, in bounded steps. It reads
 * windows of 4 to 256 KiB and jumps over contents that are longer. Private to the C heap's reader.
 */
#ifndef LT_TARGET_CHUNKS_H
#define LT_TARGET_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/pagemap.h"
#include "target/cheap.h"
#include "target/remote.h"

struct chunks_region {
	uint64_t start, end;		/* of chunks */
	uint64_t top;			/* the arena's last chunk; 0: not in here */
	bool main;			/* of main_arena */
};

#define CHUNKS_TCACHES 32	/* of threads; no more are remembered */

struct chunks {
	const struct remote *remote;	/* borrowed, as the next two */
	struct pagemap *pages;
	const struct chunks_region *regions;	/* all of the pass, by address */
	size_t n_regions;
	uint64_t fast_max;		/* largest chunk in a fastbin; 0: there are none */
	cheap_each *each;
	void *arg;
	struct cheap_totals *sum;	/* what is counted is added here */
	/* Before glibc 2.32 nothing in a chunk tells that it is cached: counters of tcaches do. */
	uint64_t list_ends;		/* cached chunks seen that end a list: 2.32 or later */
	int64_t old_bytes, old_chunks;	/* in tcaches, by their counters */
	uint64_t tcaches[CHUNKS_TCACHES];	/* seen in this and earlier passes */
	size_t n_tcaches;

	const struct chunks_region *region;
	uint64_t pos;			/* the chunk that is next */
	uint64_t lost;			/* !synced: where the walk came to nothing */
	bool synced, again;
	unsigned tries;			/* places looked at to go on from, in this region */
	unsigned char *window;		/* owned; NULL between passes */
	uint64_t at;			/* what it holds: [at, at + n) of the target */
	size_t n, want;
	size_t headers;			/* chunks begun in the window */
	unsigned char head[16 + CHEAP_HEAD];
};

/* Gives the window back; the next pass takes one again. */
void chunks_done(struct chunks *w);
void chunks_begin(struct chunks *w, const struct chunks_region *region);
/* Goes on until the region's end (false) or for one window (true). */
bool chunks_step(struct chunks *w);

#endif
