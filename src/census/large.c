#include "config.h"
#include "census/large.h"

#include <stdlib.h>

#include "proc/maps.h"
#include "target/arenas.h"
#include "target/cheap.h"
#include "util/clock.h"
#include "util/mem.h"

struct large {
	const struct python *py;
	double share;
	struct cheap *heap;		/* NULL until the first pass */
	int64_t due_ns, spent_ns;
	int64_t n_passes;
};

struct large *large_new(const struct python *py, double share)
{
	struct large *l = MEM_NEW(struct large);

	l->py = py;
	l->share = share;
	return l;
}

void large_free(struct large *l)
{
	if (!l)
		return;
	cheap_free(l->heap);
	free(l);
}

void large_forget(struct large *l)
{
	cheap_free(l->heap);
	l->heap = NULL;
	l->due_ns = l->n_passes = 0;
}

bool large_begin(struct large *l, struct scan *s)
{
	struct maps maps = {0};
	int64_t begin = clock_mono_ns();
	struct cheap_range *arenas;
	size_t n;

	if (begin < l->due_ns || maps_read(l->py->remote.pid, &maps, NULL) != LT_OK)
		return false;
	if (!l->heap)
		l->heap = cheap_new(&l->py->remote, &maps);
	scan_feed_begin(s);
	n = arenas_ranges(scan_arenas(s), &arenas);	/* which are no chunks */
	cheap_begin(l->heap, &maps, arenas, n);
	free(arenas);
	maps_done(&maps);
	l->spent_ns = clock_mono_ns() - begin;
	return true;
}

static void feed(void *arg, const struct cheap_chunk *chunk)
{
	(void)scan_feed(arg, chunk->head, chunk->head_len, chunk->usable);
}

bool large_step(struct large *l, struct scan *s, int64_t budget_ns)
{
	int64_t begin = clock_mono_ns();
	bool more = cheap_step(l->heap, budget_ns, feed, s);

	l->spent_ns += clock_mono_ns() - begin;
	l->n_passes += !more;
	if (!more && l->share > 0)
		l->due_ns = clock_mono_ns() + (int64_t)((double)l->spent_ns / l->share);
	return !more;
}

const struct cheap_totals *large_heap(const struct large *l, int64_t *n_passes)
{
	*n_passes = l->n_passes;
	return l->n_passes ? cheap_totals(l->heap) : NULL;
}
