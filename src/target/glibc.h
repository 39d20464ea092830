/*
 * The variables of glibc's malloc in a process: main_arena, the ring of arenas, the heaps of thread
 * arenas, the size of what it has mapped. No symbol tells where they are: they are known by their
 * form. Offsets as in malloc/malloc.c and malloc/arena.c, glibc 2.27 to 2.43 (2.43 has no fastbins
 * any more, so the bins begin 88 bytes earlier). Everything read is checked, nothing is trusted.
 */
#ifndef LT_TARGET_GLIBC_H
#define LT_TARGET_GLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/maps.h"
#include "target/elf.h"
#include "target/remote.h"

#define GLIBC_FASTBINS   10
#define GLIBC_ARENAS_MAX 1024u		/* glibc's own limit is 8 for each CPU */
#define GLIBC_HEAP_MAX   (64ull << 20)	/* HEAP_MAX_SIZE: thread heaps begin at a multiple of it */

struct glibc {
	struct remote remote;
	uint64_t main_arena;		/* 0: not found */
	uint64_t bins_at;		/* offset of bins[] in struct malloc_state */
	uint64_t sbrk_base;		/* address of mp_.sbrk_base; 0: not found */
};

struct glibc_arena {			/* struct malloc_state */
	uint64_t addr, top, next;
	uint64_t system_bytes;
	uint64_t fastbins[GLIBC_FASTBINS];	/* heads; 0 where there are none */
};

struct glibc_heap {			/* struct heap_info: a piece of a thread's arena */
	uint64_t addr, arena;
	uint64_t first;			/* where its chunks begin */
	uint64_t end;
};

/* libc: the object that holds malloc. false: no arena has been found in it. */
bool glibc_find(const struct remote *r, const struct elf *libc, const struct maps *maps,
		struct glibc *ret);

/* The arena at addr as it is now; false where there is none (any more). */
bool glibc_arena(const struct glibc *g, uint64_t addr, struct glibc_arena *ret);

/* The ring of arenas, main_arena first; how many (at most max). */
size_t glibc_arenas(const struct glibc *g, struct glibc_arena *ret, size_t max);

/* Is there a heap of one of the arenas at addr, a multiple of GLIBC_HEAP_MAX? limit: the end of
 * its mapping. */
bool glibc_heap(const struct glibc *g, const struct glibc_arena *arenas, size_t n, uint64_t addr,
		uint64_t limit, struct glibc_heap *ret);

/* Does this version have fastbins? */
bool glibc_fastbins(const struct glibc *g);

/* What malloc has given mappings of their own, in its own words. 2.43 counts 16 bytes too many for
 * each that it has freed. false: unknown. */
struct glibc_mmapped {
	int64_t n, bytes;
};
bool glibc_mmapped(const struct glibc *g, struct glibc_mmapped *ret);

#endif
