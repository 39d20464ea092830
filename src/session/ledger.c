#include "config.h"
#include "session/ledger.h"

#include <stdlib.h>

#include "model/ledger.h"
#include "proc/maps.h"
#include "proc/pagemap.h"
#include "proc/resident.h"
#include "target/cheap.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define EVERY_NS  (10 * CLOCK_NS_PER_S)
#define SHARE     200		/* never more than 1/200 of the time, as for PSS */
/* Of a pass, in one sample: keys wait for so long. The first is to be seldom in pieces. */
#define PIECE_NS  (20 * CLOCK_NS_PER_MS)
#define FIRST_NS  (100 * CLOCK_NS_PER_MS)

struct ledger_source {
	struct remote remote;
	struct pagemap pages;
	struct cheap *heap;		/* NULL until the first reading */
	bool walking;			/* a pass is under way */
	bool any;			/* one has ended */
	int64_t shown;			/* n_passes of the last pass of another's */
	int64_t due_ns, spent_ns;
};

struct ledger_source *ledger_source_new(const struct remote *remote)
{
	struct ledger_source *l = MEM_NEW(struct ledger_source);

	l->remote = *remote;
	pagemap_open(remote->pid, &l->pages);
	return l;
}

void ledger_source_free(struct ledger_source *l)
{
	if (!l)
		return;
	cheap_free(l->heap);
	pagemap_close(&l->pages);
	free(l);
}

void ledger_source_forget(struct ledger_source *l)
{
	cheap_free(l->heap);
	l->heap = NULL;
	l->walking = l->any = false;
	l->due_ns = l->shown = 0;
	pagemap_close(&l->pages);
	pagemap_open(l->remote.pid, &l->pages);
}

static void begin_pass(struct ledger_source *l, const struct maps *maps)
{
	if (!l->heap)
		l->heap = cheap_new(&l->remote, maps);
	cheap_begin(l->heap, maps, NULL, 0);
	l->walking = true;
	l->spent_ns = 0;
}

/* All that is known now. */
static void fill(struct ledger_source *l, const struct maps *maps, const struct cheap_totals *heap,
		 const struct ledger_objects *objects, struct sample *s)
{
	struct ledger_facts facts = {
		.rss = s->memory.rss,
		.c_live = heap->live_resident, .c_free = heap->free_resident,
		.arenas = objects->arenas, .arenas_used = objects->arenas_used,
		.objects_in_c = objects->in_c,
	};
	struct resident r;

	pagemap_forget(&l->pages);
	resident_read(l->remote.pid, maps, &l->pages, &r);
	facts.stacks = r.stacks;
	facts.mapped = num_known(r.file) && num_known(r.shmem) ? r.file + r.shmem : LT_UNKNOWN;
	ledger_split(&facts, &s->ledger);
}

/* A piece of a pass of its own. The totals, when it has ended. */
static const struct cheap_totals *work(struct ledger_source *l, const struct maps *maps)
{
	if (!l->walking)
		begin_pass(l, maps);
	l->walking = cheap_step(l->heap, l->any ? PIECE_NS : FIRST_NS, NULL, NULL);
	l->any |= !l->walking;
	return l->walking ? NULL : cheap_totals(l->heap);
}

/* A new pass of another's: one of its own is not needed. */
static const struct cheap_totals *take(struct ledger_source *l, const struct ledger_heap *heap)
{
	cheap_free(l->heap);
	l->heap = NULL;
	l->walking = false;
	l->spent_ns = 0;
	l->shown = heap->n_passes;
	return heap->totals;
}

void ledger_source_read(struct ledger_source *l, const struct ledger_objects *objects,
			const struct ledger_heap *heap, struct sample *s)
{
	int64_t begin = clock_mono_ns(), rest;
	const struct cheap_totals *totals;
	struct maps maps = {0};

	s->oom_score = resident_oom_score(l->remote.pid);
	if ((!l->walking && begin < l->due_ns) ||
	    (heap->totals && heap->n_passes == l->shown) ||
	    maps_read(l->remote.pid, &maps, NULL) != LT_OK)
		return;
	totals = heap->totals ? take(l, heap) : work(l, &maps);
	if (totals)
		fill(l, &maps, totals, objects, s);
	maps_done(&maps);
	l->spent_ns += clock_mono_ns() - begin;
	rest = l->spent_ns * SHARE;
	l->due_ns = begin + (rest > EVERY_NS ? rest : EVERY_NS);
}
