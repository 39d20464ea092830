#include "config.h"

#include "holders/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders/chains.h"
#include "holders/crowd.h"
#include "holders/levels.h"
#include "holders/merge.h"
#include "holders/newest.h"
#include "holders/paths.h"
#include "holders/refs.h"
#include "holders/rings.h"
#include "holders/sample.h"
#include "holders/sweep.h"
#include "target/pyobj.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define NEWEST_TOLD   10		/* a part of so many of them */
#define STEP_LEAST_NS CLOCK_NS_PER_MS
#define LEVELS_OF_RINGS 20u	/* as many as ten objects and their tables */
#define LEVELS_OF_CHAINS 6u	/* before what is climbed may be a chain */
#define LEVELS_OF_CROWD 12u	/* above tasks and such, of which there are many */
#define RINGS_TRIED   8u
#define ABOVE_MOST    64u	/* nodes above garbage that are looked at for another holder */
#define LEVELS_BEYOND 5u	/* above calls: for a name that stays */
#define IMMORTAL      (1 << 29)		/* 3.12+: references to it are not counted */

enum phase { IDLE, TAKE, NEWEST, SAMPLE_POOLS, SAMPLE_CHUNKS, LEVELS, LEAPS, PATHS, DONE };

struct found {			/* the strings of a result */
	struct holder holder;
	char *path, *shown;
	char root[160], container[128];
};

struct holders {
	const struct python *py;
	struct levels up;
	struct merge merge;
	struct chains chains;

	enum phase phase;
	struct sweep sweep;
	struct sample sample;
	struct newest newest;
	size_t n_nodes;			/* of the graph that are samples */
	bool named;			/* the samples were given one by one: each has its path */
	unsigned crowd_level;		/* where the search went on above a crowd; 0: it did not */
	unsigned beyond;		/* levels that were searched though calls hold all */

	uint32_t next_sample;		/* PATHS: node */
	size_t above_c;			/* samples that C code holds by other objects */
	size_t below_orphans;		/* samples in rings that a block of nobody refers to */
	size_t not_in_rings;		/* samples that a root reaches, without a path or a ring */
	uint64_t held_by_c;		/* one of those that only C code holds */
	size_t newest_by_c;
	int64_t begun_ns, begun_cpu_ns;

	struct rings rings;
	struct holders_cycle *cycles;	/* owned; its strings are in rings */
	struct found *found;		/* owned */
	struct holder *list;
	size_t n_found;
	struct holders_result result;
	int64_t counts[HOLDERS_SAMPLES], explained[HOLDERS_SAMPLES];
	size_t n_counts;
};

struct holders *holders_new(const struct python *py)
{
	struct holders *h = MEM_NEW(struct holders);

	h->py = py;
	return h;
}

static void forget_found(struct holders *h)
{
	for (size_t i = 0; i < h->n_found; i++) {
		free(h->found[i].path);
		free(h->found[i].shown);
	}
	free(h->found);
	free(h->list);
	free(h->cycles);
	rings_done(&h->rings);
	h->cycles = NULL;
	h->found = NULL;
	h->list = NULL;
	h->n_found = 0;
	h->result = (struct holders_result){0};
}

void holders_abandon(struct holders *h)
{
	sweep_done(&h->sweep);
	levels_done(&h->up);
	merge_done(&h->merge);
	chains_done(&h->chains);
	h->phase = h->phase == DONE ? DONE : IDLE;
}

void holders_free(struct holders *h)
{
	if (!h)
		return;
	holders_abandon(h);
	forget_found(h);
	free(h);
}

static enum lt_errc begin(struct holders *h, enum phase phase, struct lt_err *err)
{
	enum lt_errc rc;

	h->phase = IDLE;
	holders_abandon(h);
	forget_found(h);
	rc = levels_init(&h->up, h->py, err);
	if (rc != LT_OK)
		return rc;
	h->begun_ns = clock_mono_ns();
	h->begun_cpu_ns = clock_cpu_ns();
	sample_begin(&h->sample, (uint64_t)h->begun_ns);
	sweep_init(&h->sweep, &h->up, sample_offer, &h->sample);
	newest_begin(&h->newest, h->py, h->up.book, NULL);
	h->n_counts = h->n_nodes = h->newest_by_c = 0;
	h->held_by_c = 0;
	h->crowd_level = h->beyond = 0;
	h->not_in_rings = h->below_orphans = h->above_c = 0;
	h->phase = phase;
	return LT_OK;
}

enum lt_errc holders_begin(struct holders *h, const char *type, struct lt_err *err)
{
	enum lt_errc rc = begin(h, NEWEST, err);

	h->named = false;
	if (rc == LT_OK)
		typebook_want(h->up.book, type);
	return rc;
}

enum lt_errc holders_begin_objects(struct holders *h, const uint64_t *objects, size_t n,
				   struct lt_err *err)
{
	enum lt_errc rc = begin(h, TAKE, err);
	struct block block;

	h->named = true;
	for (size_t i = 0; i < n && rc == LT_OK; i++)
		if (levels_block(&h->up, objects[i], &block))
			(void)sample_take(&h->sample, &block);
	return rc;
}

/* ---- the sample ---- */

static struct node *make_sample(struct holders *h, const struct block *block)
{
	uint32_t i = levels_node(&h->up, block);
	struct node *n = i == GRAPH_NONE ? NULL : &h->up.graph.nodes[i];

	if (n) {
		h->n_nodes += !n->sample;
		n->sample = true;
		h->up.graph.of_tasks |= !h->named && block->typed->form == FORM_TASK;
	}
	return n;
}

static void make_samples(struct holders *h)
{
	struct block block;
	struct node *n;

	for (size_t i = 0; i < h->sample.n; i++)
		if ((n = make_sample(h, &h->sample.list[i])))
			n->counted = true;
	for (size_t i = 0; i < h->newest.n; i++)
		if (levels_block(&h->up, h->newest.list[i], &block) &&
		    block.typed->wanted && (n = make_sample(h, &block)))
			n->newest = true;
}

/* ---- what was found, in words ---- */

static struct found *add_found(struct holders *h)
{
	h->found = mem_resize(h->found, h->n_found + 1, sizeof(*h->found));
	h->found[h->n_found] = (struct found){.holder = {.length = LT_UNKNOWN}};
	return &h->found[h->n_found++];
}

static void take_merged(struct holders *h, const struct merged *m, uint64_t object)
{
	const struct step *at = merge_container(m);
	struct buf text = {0}, shown = {0};
	struct found *f = add_found(h);

	merge_text(m, false, &text);
	merge_text(m, true, &shown);
	f->path = mem_strdup(buf_text(&text));
	f->shown = mem_strdup(buf_text(&shown));
	buf_done(&text);
	buf_done(&shown);
	snprintf(f->root, sizeof(f->root), "%s", merge_root(m));
	f->holder.samples = m->count;
	f->holder.newest = m->newest;
	f->holder.object = object;
	f->holder.example = h->up.graph.nodes[m->first].addr;
	if (at) {
		f->holder.address = at->container;
		f->holder.container_type = at->typed ? at->typed->type : 0;
		f->holder.length_at = refs_length_at(&h->up.roots, at->container, at->typed);
		f->holder.length = refs_length(&h->up.roots, at->container, at->typed);
		snprintf(f->container, sizeof(f->container), "%s",
			 at->typed ? at->typed->name : "");
	}
}

static void take_c(struct holders *h, uint64_t object, size_t samples, uint64_t example)
{
	struct found *f = add_found(h);

	f->path = mem_strdup("held only by C code");
	f->shown = mem_strdup(f->path);
	snprintf(f->root, sizeof(f->root), "C code");
	f->holder.samples = samples;
	f->holder.object = object;
	f->holder.newest = h->newest_by_c;
	f->holder.example = example;
}

/* Of an object that was asked for: the best path it has, alone. */
static void take_best(struct holders *h, uint64_t object)
{
	if (h->merge.n) {
		merge_sort(&h->merge);
		take_merged(h, h->merge.list[0], object);
	}
	merge_done(&h->merge);
}

/* ---- paths ---- */

static bool is_alive(const struct holders *h, const struct node *n, int64_t *ret_count)
{
	*ret_count = pyobj_refs(&h->py->remote, n->addr, n->typed->type);
	return *ret_count != 0;
}

/* References that were found, of count. */
static int64_t count_links(const struct graph *g, const struct node *n, int64_t count)
{
	int64_t found = 0;

	for (uint32_t i = n->links; i; i = g->links[i - 1].next)
		found += !g->links[i - 1].dead && !g->links[i - 1].leap;
	return found < count ? found : count;
}

static void held_by_nobody(struct holders *h, const struct node *n)
{
	if (n->unread) {
		h->result.no_path += n->counted;
		h->result.incomplete = true;
		return;
	}
	h->result.c_only += n->counted;
	h->newest_by_c += n->newest;
	h->held_by_c = n->addr;
	if (h->named)
		take_c(h, n->addr, 1, n->addr);
}

/* A block that refers to it was nobody's, each time: it was moved, or C code has it. */
static bool has_orphan(const struct graph *g, uint32_t node)
{
	for (uint32_t i = g->nodes[node].links; i; i = g->links[i - 1].next) {
		const struct node *o = &g->nodes[g->links[i - 1].owner];

		if (!g->links[i - 1].dead && o->kind == NODE_RAW && !o->n_links && !o->root)
			return true;
	}
	return false;
}

/* The same of what is above it. */
static bool is_below_orphan(const struct graph *g, uint32_t sample)
{
	uint32_t above[ABOVE_MOST];
	size_t n = 0;

	above[n++] = sample;
	for (size_t i = 0; i < n; i++) {
		if (has_orphan(g, above[i]))
			return true;
		for (uint32_t k = g->nodes[above[i]].links; k; k = g->links[k - 1].next) {
			uint32_t owner = g->links[k - 1].owner;
			size_t seen = 0;

			while (seen < n && above[seen] != owner)
				seen++;
			if (seen == n && n < ABOVE_MOST && !g->links[k - 1].dead)
				above[n++] = owner;
		}
	}
	return false;
}

/*
 * What a root seemed to reach is held, or was: few of them are looked at twice, for a search for a
 * ring through much that lives takes long and finds nothing.
 */
static bool may_be_garbage(const struct holders *h, const struct node *n)
{
	return n->height == GRAPH_FAR || h->not_in_rings < RINGS_TRIED;
}

static void paths_of(struct holders *h, uint32_t sample)
{
	const struct node *n = &h->up.graph.nodes[sample];
	int64_t count;

	if (!is_alive(h, n, &count)) {
		h->result.freed += n->counted;
		return;
	}
	h->result.newest += n->newest;
	if (count < IMMORTAL && n->counted) {
		h->counts[h->n_counts] = count;
		h->explained[h->n_counts++] = count_links(&h->up.graph, n, count);
	}
	if (!graph_has_object(&h->up.graph, sample)) {
		held_by_nobody(h, n);
	} else if (paths_find(&h->up.roots, &h->up.graph, sample, &h->merge)) {
		if (h->named)
			take_best(h, n->addr);
	} else if (may_be_garbage(h, n) &&
		   rings_find(&h->rings, &h->up.roots, &h->up.graph, sample)) {
		h->result.cyclic = n->addr;
		h->result.newest_cyclic += n->newest;
		h->below_orphans += n->counted && is_below_orphan(&h->up.graph, sample);
	} else if (n->height == GRAPH_FAR &&
		   paths_of_c(&h->up.roots, &h->up.graph, sample, &h->merge)) {
		h->above_c += n->counted;
		if (h->named)
			take_best(h, n->addr);
	} else {
		h->result.no_path += n->counted;
		h->not_in_rings += n->height != GRAPH_FAR;
	}
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void sum_refcounts(struct holders *h)
{
	int64_t *c = h->counts;
	size_t n = h->n_counts;

	h->result.refcounts.min = h->result.refcounts.median = LT_UNKNOWN;
	h->result.refcounts.max = h->result.refcounts.explained = LT_UNKNOWN;
	if (n == 0)
		return;
	qsort(c, n, sizeof(*c), by_number);
	qsort(h->explained, n, sizeof(*c), by_number);
	h->result.refcounts.min = c[0];
	h->result.refcounts.median = c[n / 2];
	h->result.refcounts.max = c[n - 1];
	h->result.refcounts.explained = h->explained[n / 2];
}

/*
 * Garbage is what nothing refers to but itself. Remains refer to some of it, but where a block of
 * nobody refers to most, what holds them has moved: tasks and their futures are rings, too.
 */
static void deny_rings(struct holders *h)
{
	size_t samples = 0;

	for (size_t i = 0; i < h->rings.n; i++)
		samples += h->rings.list[i].samples;
	if (2 * h->below_orphans <= samples)
		return;
	h->result.no_path += samples;
	h->result.cyclic = 0;
	h->result.newest_cyclic = 0;
	rings_done(&h->rings);
}

static void take_rings(struct holders *h)
{
	struct rings *r = &h->rings;

	deny_rings(h);
	rings_sort(r);
	h->cycles = mem_array(r->n, sizeof(*h->cycles));
	for (size_t i = 0; i < r->n; i++) {
		struct holders_cycle *c = &h->cycles[i];

		c->n = r->list[i].n;
		c->samples = r->list[i].samples;
		for (size_t k = 0; k < c->n; k++) {
			c->types[k] = r->list[i].types[k];
			c->attributes[k] = r->list[i].attributes[k];
		}
	}
	h->result.cycles = h->cycles;
	h->result.n_cycles = r->n;
}

/* What holds a few of the newest alone is at work with them: a call, a queue. */
static bool is_worth_telling(const struct holders *h, size_t samples, size_t newest)
{
	return samples > 0 || (newest > 0 && NEWEST_TOLD * newest >= h->result.newest);
}

static void make_list(struct holders *h)
{
	size_t alive = h->sample.n - h->result.freed;

	merge_sort(&h->merge);
	for (size_t i = 0; i < h->merge.n && h->n_found < HOLDERS_PATHS; i++)
		if (is_worth_telling(h, h->merge.list[i]->count, h->merge.list[i]->newest))
			take_merged(h, h->merge.list[i], 0);
	if (is_worth_telling(h, h->result.c_only, h->newest_by_c) && !h->named)
		take_c(h, 0, h->result.c_only, h->held_by_c);
	h->result.c_only += h->above_c;
	h->list = mem_array(h->n_found, sizeof(*h->list));
	for (size_t i = 0; i < h->n_found; i++) {
		struct found *f = &h->found[i];

		f->holder.path = f->path;
		f->holder.shown = f->shown;
		f->holder.root = f->root;
		f->holder.container = f->container;
		f->holder.share = alive ? (double)f->holder.samples / (double)alive : 0;
		merge_interval(f->holder.samples, alive, &f->holder.share_low,
			       &f->holder.share_high);
		h->list[i] = f->holder;
	}
}

static void make_result(struct holders *h)
{
	make_list(h);
	h->result.list = h->list;
	h->result.n = h->n_found;
	h->result.sampled = h->sample.n;
	h->result.instances = h->sample.instances;
	h->result.levels = h->up.level;
	h->result.bytes_read = h->up.bytes_read;
	h->result.incomplete |= h->up.graph.left_out || h->merge.left_out || h->up.incomplete;
	h->result.time_ns = clock_mono_ns() - h->begun_ns;
	h->result.cpu_ns = clock_cpu_ns() - h->begun_cpu_ns;
	sum_refcounts(h);
	take_rings(h);
	h->phase = DONE;
	holders_abandon(h);
}

/* ---- the steps ---- */

/*
 * Is each sample that no root reaches in a ring? Then, when the search has gone on for longer than
 * any path that a person would follow, it is garbage.
 */
static bool all_in_rings(struct holders *h)
{
	struct rings rings = {0};
	bool all = true;

	for (uint32_t i = 0; i < h->up.graph.n && all; i++)
		if (h->up.graph.nodes[i].sample && h->up.graph.nodes[i].height == GRAPH_FAR)
			all = rings_find(&rings, &h->up.roots, &h->up.graph, i);
	rings_done(&rings);
	return all;
}

static bool may_go_on(const struct holders *h)
{
	unsigned level = h->up.level;

	return level < HOLDERS_DEEPEST &&
	       !(h->crowd_level && level >= h->crowd_level + LEVELS_OF_CROWD);
}

/* Do roots reach all samples? Distances are measured for that. */
static bool reaches_all(struct holders *h)
{
	return graph_measure(&h->up.graph) == h->n_nodes;
}

/* Is it only one of many that holds most of them? Then who holds all of these? */
static bool goes_above(struct holders *h, bool *all)
{
	struct levels *u = &h->up;

	if (h->named || !may_go_on(h) || !crowd_find(&u->graph, &u->roots))
		return false;
	if (!h->crowd_level)
		h->crowd_level = u->level;
	*all = reaches_all(h);
	return true;
}

/* A queue is a local of its worker's call, and an attribute of what a person knows by name. */
static bool looks_beyond(struct holders *h)
{
	return !h->named && may_go_on(h) && h->beyond < LEVELS_BEYOND &&
	       crowd_in_calls(&h->up.graph) && ++h->beyond;
}

/* Is any sample so far from a root, or none known to it, that it may be one of a chain's? */
static bool is_in_chain(struct holders *h, bool all)
{
	const struct graph *g = &h->up.graph;
	bool far = !all && h->up.level >= LEVELS_OF_CHAINS;

	for (size_t i = 0; i < g->n && all && !far; i++)
		far = g->nodes[i].sample && g->nodes[i].height >= CHAINS_FAR;
	return far && chains_learn(&h->up.graph, &h->up.roots);
}

static enum phase next_level(struct holders *h, bool all)
{
	struct levels *u = &h->up;

	while (all && goes_above(h, &all))
		;
	if (all && looks_beyond(h) && levels_next(u))
		return LEVELS;
	if (!all && may_go_on(h) && !(u->level >= LEVELS_OF_RINGS && all_in_rings(h)) &&
	    levels_next(u))
		return LEVELS;
	if (!all && goes_above(h, &all) && levels_next(u))
		return LEVELS;
	if (crowd_restore(&u->graph))
		(void)graph_measure(&u->graph);
	h->result.incomplete |= !all && u->level >= HOLDERS_DEEPEST;
	h->next_sample = 0;
	return PATHS;
}

static enum phase level_ends(struct holders *h)
{
	bool all = reaches_all(h);

	if (!is_in_chain(h, all))
		return next_level(h, all);
	chains_begin(&h->chains, &h->up.graph);
	return LEAPS;
}

static enum phase leap(struct holders *h, int64_t budget_ns)
{
	struct levels *u = &h->up;

	if (!chains_step(&h->chains, &u->graph, &h->py->remote, budget_ns))
		return LEAPS;
	return next_level(h, reaches_all(h));
}

struct large {
	const struct python *py;
	bool any;
};

/* Of what is wanted, may some lie in malloc's chunks though others are in pools? */
static void note_large(void *arg, const struct typed *t)
{
	struct large *l = arg;
	bool varies = (t->item && t->type != l->py->sym.long_type) ||
		      t->type == l->py->sym.unicode_type;

	l->any |= t->wanted && (varies || t->before + t->basic > POOL_BLOCK_MAX);
}

static bool may_be_large(const struct holders *h)
{
	struct large l = {.py = h->py};

	typebook_each(h->up.book, note_large, &l);
	return l.any;
}

static enum phase sampling_ends(struct holders *h)
{
	levels_roots(&h->up);
	make_samples(h);
	h->next_sample = 0;
	return levels_next(&h->up) ? LEVELS : PATHS;
}

static bool next_path(struct holders *h)
{
	for (; h->next_sample < h->up.graph.n; h->next_sample++)
		if (h->up.graph.nodes[h->next_sample].sample) {
			paths_of(h, h->next_sample++);
			return true;
		}
	return false;
}

static enum phase work(struct holders *h, int64_t budget_ns)
{
	switch (h->phase) {
	case TAKE:
		return sampling_ends(h);
	case NEWEST:
		return newest_step(&h->newest) ? NEWEST : SAMPLE_POOLS;
	case SAMPLE_POOLS:
		if (sweep_pools(&h->sweep))
			return SAMPLE_POOLS;
		if (h->sample.instances && !may_be_large(h))
			return sampling_ends(h);
		levels_begin_chunks(&h->up);
		return SAMPLE_CHUNKS;
	case SAMPLE_CHUNKS:
		return sweep_chunks(&h->sweep, budget_ns) ? SAMPLE_CHUNKS : sampling_ends(h);
	case LEVELS:
		return levels_step(&h->up, budget_ns) ? level_ends(h) : LEVELS;
	case LEAPS:
		return leap(h, budget_ns);
	case PATHS:
		if (next_path(h))
			return PATHS;
		make_result(h);
		return DONE;
	case IDLE:
	case DONE:
		break;
	}
	return h->phase;
}

bool holders_step(struct holders *h, int64_t budget_ns)
{
	int64_t end;

	if (budget_ns < STEP_LEAST_NS)
		budget_ns = STEP_LEAST_NS;
	end = clock_mono_ns() + budget_ns;
	while (h->phase != IDLE && h->phase != DONE) {
		int64_t left = end - clock_mono_ns();

		if (left <= 0)
			return false;
		h->phase = work(h, left);
	}
	return true;
}

double holders_progress(const struct holders *h)
{
	double level = h->up.seek.total ? (double)h->up.seek.bytes / (double)h->up.seek.total : 0;

	switch (h->phase) {
	case IDLE:
		return 0;
	case DONE:
		return 1;
	case TAKE:
	case NEWEST:
	case SAMPLE_POOLS:
	case SAMPLE_CHUNKS:
		return 0.05;
	case PATHS:
		return 0.95;
	default:		/* most paths have five levels or fewer */
		return 0.1 + 0.85 * ((double)h->up.level - 1 + (level < 1 ? level : 1)) /
				     ((double)h->up.level + 4);
	}
}

unsigned holders_level(const struct holders *h)
{
	return h->phase == LEVELS || h->phase == LEAPS ? h->up.level : 0;
}

int64_t holders_length(const struct python *py, uint64_t address, uint64_t container_type,
		       uint64_t length_at)
{
	uint64_t n;

	if (!length_at || !pyobj_refs(&py->remote, address, container_type) ||
	    !remote_u64(&py->remote, length_at, &n) || n >= 1ull << 40)
		return LT_UNKNOWN;
	return (int64_t)n;
}

void holders_result(const struct holders *h, struct holders_result *ret)
{
	*ret = h->result;
}
