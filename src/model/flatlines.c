#include "config.h"
#include "model/flatlines.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"
#include "util/num.h"

void flatlines_done(struct flatlines *f)
{
	free(f->lines);
	free(f->slots);
	*f = (struct flatlines){0};
}

void flatlines_reset(struct flatlines *f, size_t most)
{
	f->n = 0;
	if (most <= f->cap && f->slots) {
		memset(f->slots, 0, f->n_slots * sizeof(*f->slots));
		return;
	}
	flatlines_done(f);
	for (f->n_slots = 1024; f->n_slots < most * 2; f->n_slots *= 2)
		;
	f->cap = f->n_slots / 2;
	f->lines = mem_array(f->cap, sizeof(*f->lines));
	f->slots = mem_array(f->n_slots, sizeof(*f->slots));
}

static void fill(struct flatline *line, int64_t count, const int64_t seen[SERIES_CELLS])
{
	line->count = count;
	for (size_t i = 0; i < SERIES_CELLS; i++)
		line->cells[i] = num_known(seen[i]) ? count : LT_UNKNOWN;
}

const int64_t *flatlines_get(struct flatlines *f, int64_t count, const int64_t seen[SERIES_CELLS])
{
	/* Fibonacci hashing: small counts, of which there are most, spread over the table. */
	size_t at = ((uint64_t)count * 0x9e3779b97f4a7c15u >> 32) & (f->n_slots - 1);

	for (; f->slots[at]; at = (at + 1) & (f->n_slots - 1))
		if (f->lines[f->slots[at] - 1].count == count)
			return f->lines[f->slots[at] - 1].cells;
	fill(&f->lines[f->n], count, seen);
	f->slots[at] = (uint32_t)++f->n;
	return f->lines[f->n - 1].cells;
}
