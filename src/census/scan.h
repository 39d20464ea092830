/*
 * Counting from outside: the small objects of every type, with the true size of their blocks,
 * read from pymalloc's pools while the target runs. Nothing is stopped or written, so it also
 * serves --readonly. A pass is cut into steps of bounded CPU time; the first one reads every
 * pool, later ones those whose header tells of a change and 1/16 of the others.
 *
 * Not counted: objects over 512 bytes (they come from malloc; see scan_feed), those of other
 * interpreters, and in 2.7 int and float, which have pages of their own. A block that was freed
 * and taken again since the last pass with its pool's header as it was is seen within 16 passes.
 */
#ifndef LT_CENSUS_SCAN_H
#define LT_CENSUS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "census/counted.h"
#include "target/arenas.h"
#include "target/python.h"
#include "util/err.h"

struct scan;

struct scan_result {
	const struct census_type *types;	/* borrowed until the next scan_begin */
	size_t n_types;
	int64_t objects;	/* the sum of all counts */
	int64_t blocks;		/* in use in the pools, object or not */
	int64_t block_bytes;	/* their size */
	int64_t explained;	/* of block_bytes: what the types own */
	int64_t large_objects, large_bytes;	/* of what was fed, included above */
	int64_t arena_bytes;	/* block_bytes / arena_bytes: how full the arenas are */
	int64_t pools, pools_read;
	int64_t cpu_ns;		/* of leaktop */
	bool full;		/* every pool was read */
};

/* py is borrowed and must outlive it. */
struct scan *scan_new(const struct python *py);
void scan_free(struct scan *s);

/* LT_E_ALLOCATOR where there are no pools that can be read (PYTHONMALLOC=malloc, debug). */
enum lt_errc scan_possible(struct scan *s, struct lt_err *err);

/* A pass begins; full: read every pool. LT_E_ALLOCATOR or LT_E_GONE, LT_E_REMOTE. */
enum lt_errc scan_begin(struct scan *s, bool full, struct lt_err *err);
/* Works for about budget_ns of CPU time, a millisecond at least. true: the pass has ended. */
bool scan_step(struct scan *s, int64_t budget_ns);
/* What the last pass found. */
void scan_result(struct scan *s, struct scan_result *ret);

/* Forgets all it knows: the target runs another program now. */
void scan_forget(struct scan *s);

/* The arenas as this pass found them; borrowed until the next scan_begin. */
const struct arenas *scan_arenas(const struct scan *s);

/* Forgets what was fed before: large objects are about to be shown anew. */
void scan_feed_begin(struct scan *s);
/*
 * Between scan_begin and the last step: a block outside of the pools, of block_size
 * bytes; the first n of them are at `bytes`, all or 128 at least. true: it begins with an object
 * and is counted, until the next scan_feed_begin.
 */
bool scan_feed(struct scan *s, const void *bytes, size_t n, uint64_t block_size);

#endif
