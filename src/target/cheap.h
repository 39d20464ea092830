/*
 * The C heap of the target, read from outside while it runs: chunks of glibc's malloc in use, free
 * or on top, in the main arena, the thread arenas and mappings of their own. Nothing is stopped
 * and no page is read that is not resident.
 *
 * Relied on (malloc/malloc.c and arena.c, glibc 2.27 to 2.43): a chunk is {prev_size, size | flags}
 * and its user memory; the next one's PREV_INUSE says whether it is in use, and, if it is not, the
 * next one's prev_size repeats its size. Places of variables are found by their form, since their
 * symbols are stripped. Other allocators (musl, jemalloc, tcmalloc, mimalloc) are named, not read.
 *
 * One pass is cheap_begin and cheap_step until it returns false. The heap changes meanwhile: what
 * does not fit together is read again, then skipped to the next place from which it does, and
 * counted as unknown.
 */
#ifndef LT_TARGET_CHEAP_H
#define LT_TARGET_CHEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/maps.h"
#include "target/remote.h"

#define CHEAP_HEAD 128		/* leading bytes of a chunk's memory that are handed on */

struct cheap;

enum cheap_kind {
	CHEAP_GLIBC,
	CHEAP_MUSL, CHEAP_JEMALLOC, CHEAP_TCMALLOC, CHEAP_MIMALLOC,
	CHEAP_OTHER,		/* answers for malloc, but none of these */
};

struct cheap_range {
	uint64_t start, end;
};

struct cheap_chunk {
	uint64_t addr;		/* as malloc returned it */
	uint64_t usable;	/* as malloc_usable_size() */
	const void *head;	/* its first head_len bytes; borrowed during the call */
	size_t head_len;	/* CHEAP_HEAD, or less where it or its page ends before */
	bool mmapped;		/* has a mapping of its own */
};
typedef void cheap_each(void *arg, const struct cheap_chunk *chunk);

/* Bytes of chunks with their headers. The arenas are live - mmapped + cached + free + top +
 * unknown, but for what glibc itself keeps in them. */
struct cheap_totals {
	int64_t live;		/* in use, mmapped ones included */
	int64_t cached;		/* freed, but kept for the next malloc in a tcache or fastbin */
	int64_t free;		/* in bins */
	int64_t top;		/* the unused ends of the arenas */
	int64_t mmapped;	/* of live: chunks with a mapping of their own */
	int64_t unknown;	/* in the arenas, but could not be walked */
	int64_t n_live;		/* chunks */
	int64_t live_resident;	/* the parts of these that are resident */
	int64_t free_resident;	/* cached + free + top: what could be given back */
	int64_t unknown_resident;
	int64_t arenas;		/* the main one and those of threads */
	int64_t pass_ns;	/* time spent in the steps of the pass */
};

/* Never NULL. Looks for the allocator and its variables; the maps are not kept. */
struct cheap *cheap_new(const struct remote *r, const struct maps *maps);
void cheap_free(struct cheap *c);

enum cheap_kind cheap_kind(const struct cheap *c);
/* "glibc", "jemalloc", or the cleaned name of the file that answers for malloc. */
const char *cheap_allocator(const struct cheap *c);

/*
 * A new pass over the heap as it lies in fresh maps. skip: ranges, in order of address, that are
 * known to belong to something else (pymalloc's arenas) and need no search; may be NULL.
 */
void cheap_begin(struct cheap *c, const struct maps *maps, const struct cheap_range *skip,
		 size_t n_skip);
/*
 * Works for about budget_ns (a piece of 256 KiB more at most) and calls each (may be NULL) for
 * every chunk in use, in no order to rely on; before glibc 2.32 also for those in fastbins, and
 * before 2.29 in tcaches, which cannot be told there one by one. false: the pass is complete.
 */
bool cheap_step(struct cheap *c, int64_t budget_ns, cheap_each *each, void *arg);

/* Of the last complete pass; all LT_UNKNOWN before the first and where the kind is not glibc.
 * Borrowed until cheap_free. */
const struct cheap_totals *cheap_totals(const struct cheap *c);

#endif
