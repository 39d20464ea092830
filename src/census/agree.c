#include "config.h"
#include "census/agree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct census_type *)a)->name, ((const struct census_type *)b)->name);
}

static bool may_be_untracked(const char *name)
{
	return strcmp(name, "tuple") == 0 || strcmp(name, "dict") == 0;
}

/* A scan's types, sorted by their names; owned. */
struct sorted {
	struct census_type *types;
	size_t n;
};

static struct sorted sort(const struct census_result *scan)
{
	struct sorted s = {.types = mem_array(scan->n_types + 1, sizeof(*s.types)),
			   .n = scan->n_types};

	if (s.n)
		memcpy(s.types, scan->types, s.n * sizeof(*s.types));
	qsort(s.types, s.n, sizeof(*s.types), by_name);
	return s;
}

static uint64_t count_in(const struct sorted *s, const struct census_type *type)
{
	const struct census_type *found = bsearch(type, s->types, s->n, sizeof(*s->types), by_name);

	return found ? found->count : 0;
}

/* By how much the nearest of what was scanned is wrong, in objects. */
static uint64_t error_of(const struct census_type *walked, uint64_t least, uint64_t most)
{
	if (most < walked->count)
		return walked->count - most;
	return least <= walked->count || may_be_untracked(walked->name) ? 0
									: least - walked->count;
}

static bool compare(const struct sorted *before, const struct sorted *after,
		    const struct census_result *walk, char *why, size_t size)
{
	double worst = 1.0 / AGREE_SHARE;
	bool fine = true;

	for (size_t i = 0; i < walk->n_types; i++) {
		const struct census_type *w = &walk->types[i];
		uint64_t x, y;
		double share;

		if (w->count <= AGREE_LEAST)
			continue;
		x = count_in(before, w);
		y = count_in(after, w);
		share = (double)error_of(w, x < y ? x : y, x < y ? y : x) / (double)w->count;
		if (share <= worst)
			continue;
		worst = share;
		fine = false;
		snprintf(why, size, "the scan finds %" PRIu64 " of %" PRIu64 " %s", y, w->count,
			 w->name);
	}
	return fine;
}

bool agree(const struct census_result *before, const struct census_result *after,
	   const struct census_result *walk, char *why, size_t size)
{
	struct sorted x = sort(before), y = sort(after ? after : before);
	bool fine = compare(&x, &y, walk, why, size);

	free(x.types);
	free(y.types);
	return fine;
}
