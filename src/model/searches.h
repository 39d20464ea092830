/*
 * What the searches for holders have found so far, the last one of each of at most SEARCHES_KEPT
 * types, and which type is to be searched next. Part of the model, which owns it.
 */
#ifndef LT_MODEL_SEARCHES_H
#define LT_MODEL_SEARCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/holding.h"
#include "model/snapshot.h"

#define SEARCHES_KEPT 16
#define SEARCHES_TYPES 4		/* so many types are searched by themselves */

struct searches_entry {
	struct holding found;
	int64_t wait_ns;		/* until it may be searched again */
};

struct searches {			/* zero it to begin, searches_done() to end */
	struct searches_entry *kept[SEARCHES_KEPT];	/* owned */
	const struct holding *shown[SEARCHES_KEPT];	/* the same, for snapshots */
	size_t n;
	struct holding_search now;
	uint64_t version;		/* of all but now */
};

void searches_done(struct searches *s);
/* found is copied. Where the table is full the oldest one goes. */
void searches_put(struct searches *s, const struct holding *found);
/* The containers of a type's paths have these lengths at now_ns, LT_UNKNOWN where they are gone. */
void searches_lengths(struct searches *s, const char *type, const int64_t *lengths, size_t n,
		      int64_t now_ns);
/* What was found of a type; NULL: nothing yet. */
const struct holding *searches_found(const struct searches *s, const char *type);
void searches_show(const struct searches *s, struct snapshot *ret);

/*
 * The type to be searched next, borrowed from snap: leaks, suspects, what grows and what seems to;
 * of a group its head, classes of one's own before Python's. A type that always gives the same
 * answer is asked less and less often. last: it is the last chance, so what was asked just now is
 * new enough. NULL: none.
 */
const char *searches_next(const struct searches *s, const struct snapshot *snap, int64_t now_ns,
			  bool last);

#endif
