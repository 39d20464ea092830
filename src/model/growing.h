/*
 * Containers that grow, each by its path: often the line to fix, also where what is in them are
 * plain strings. Plain data: a source fills it, the model keeps the latest for views and sinks.
 */
#ifndef LT_MODEL_GROWING_H
#define LT_MODEL_GROWING_H

#include <stddef.h>
#include <stdint.h>

#include "model/holding.h"

#define GROWING_MAX 8

struct growing_container {
	char path[HOLDING_TEXT];	/* "__main__._LINES"; keys of dicts are [...] */
	char shown[HOLDING_TEXT];	/* the same with the keys' values */
	char root[HOLDING_NAME];	/* "module __main__" */
	char type[HOLDING_NAME];	/* "list" */
	int64_t length, length_delta;	/* items now, and since it was first seen */
	double length_rate;		/* items per second */
	int64_t rises, falls;		/* passes in which it was longer, shorter than before */
};

struct growing {
	double t;			/* wall seconds, of the last pass */
	struct growing_container list[GROWING_MAX];	/* most items gained first */
	size_t n;
};

/*
 * The one that gains as many items as there are more objects of a type that rises so fast, or a
 * whole part of them: a document has two dicts. NULL: there is none.
 */
const struct growing_container *growing_with(const struct growing *g, double per_second);

/* "list, 48 213 items, +16.7/s". Returns buf. */
char *growing_container(const struct growing_container *c, char *buf, size_t size);

/* "__main__._LINES  list, 48 213 items, +16.7/s". values: of keys. Returns buf. */
char *growing_text(const struct growing_container *c, bool values, char *buf, size_t size);

#endif
