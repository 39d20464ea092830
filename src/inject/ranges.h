/*
 * What of a process' memory the helper may read (agent/guard.h): the mappings in which Python's
 * objects, types and their names can be.
 *
 * Left out, though they can be read, are those where a read may fail or do something: mappings that
 * are shared, for another process can cut the file behind them short or it is a device, and private
 * ones of files that no code runs from (SIGBUS beyond their end). A file that code runs from is
 * taken for whole: the program itself would die of it.
 */
#ifndef LT_INJECT_RANGES_H
#define LT_INJECT_RANGES_H

#include <stddef.h>

#include "agent/abi.h"
#include "proc/maps.h"

struct ranges {				/* zero it to begin */
	struct agent_range *list;	/* owned; sorted, no two touch */
	size_t n;
};

/* Replaces what is in *r. */
void ranges_take(struct ranges *r, const struct maps *maps);
/* Leaves at most so many: the smallest go. What is missing is refused, never read. */
void ranges_cut(struct ranges *r, size_t most);
void ranges_done(struct ranges *r);

#endif
