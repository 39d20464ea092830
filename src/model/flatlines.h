/*
 * Trends of types whose count never changed. Most types of a server are such, and a series each
 * would be most of leaktop's memory: so all types with the same count share one line.
 */
#ifndef LT_MODEL_FLATLINES_H
#define LT_MODEL_FLATLINES_H

#include <stddef.h>
#include <stdint.h>

#include "model/series.h"

struct flatline {
	int64_t count;
	int64_t cells[SERIES_CELLS];
};

struct flatlines {		/* zero it to begin, flatlines_done() to end */
	struct flatline *lines;	/* owned; room for `cap`, only used ones are ever touched */
	size_t n, cap;
	uint32_t *slots;	/* hash table: index in lines + 1, 0 free */
	size_t n_slots;		/* a power of two */
};

void flatlines_done(struct flatlines *f);
/* Forgets all lines and makes room for `most` different ones. */
void flatlines_reset(struct flatlines *f, size_t most);
/* `count` wherever `seen` has a reading. Borrowed until flatlines_reset. */
const int64_t *flatlines_get(struct flatlines *f, int64_t count, const int64_t seen[SERIES_CELLS]);

#endif
