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

/* By how much the scan is wrong, in objects. */
static uint64_t error_of(const struct census_type *walked, uint64_t scanned)
{
	if (scanned < walked->count)
		return walked->count - scanned;
	return may_be_untracked(walked->name) ? 0 : scanned - walked->count;
}

bool agree(const struct census_result *scan, const struct census_result *walk, char *why,
	   size_t size)
{
	struct census_type *sorted = mem_array(scan->n_types + 1, sizeof(*sorted));
	double worst = 1.0 / AGREE_SHARE;
	bool fine = true;

	if (scan->n_types)
		memcpy(sorted, scan->types, scan->n_types * sizeof(*sorted));
	qsort(sorted, scan->n_types, sizeof(*sorted), by_name);
	for (size_t i = 0; i < walk->n_types; i++) {
		const struct census_type *w = &walk->types[i], *s;
		uint64_t scanned;
		double share;

		if (w->count <= AGREE_LEAST)
			continue;
		s = bsearch(w, sorted, scan->n_types, sizeof(*sorted), by_name);
		scanned = s ? s->count : 0;
		share = (double)error_of(w, scanned) / (double)w->count;
		if (share <= worst)
			continue;
		worst = share;
		fine = false;
		snprintf(why, size, "the scan finds %" PRIu64 " of %" PRIu64 " %s", scanned,
			 w->count, w->name);
	}
	free(sorted);
	return fine;
}
