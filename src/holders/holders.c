#include "config.h"

#include "holders/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders/levels.h"
#include "holders/merge.h"
#include "holders/paths.h"
#include "holders/refs.h"
#include "holders/rings.h"
#include "holders/sample.h"
#include "holders/sweep.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define STEP_LEAST_NS CLOCK_NS_PER_MS
#define LEVELS_OF_RINGS 20u	/* as many as ten objects and their tables */
#define IMMORTAL      (1 << 29)		/* 3.12+: references to it are not counted */

enum phase { IDLE, TAKE, SAMPLE_POOLS, SAMPLE_CHUNKS, LEVELS, PATHS, DONE };

struct found {			/* the strings of a result */
	struct holder holder;
	char *path, *shown;
	char root[160], container[128];
};

struct holders {
	const struct python *py;
	struct levels up;
	struct merge merge;

	enum phase phase;
	struct sweep sweep;
	struct sample sample;
	bool named;			/* the samples were given one by one: each has its path */

	uint32_t next_sample;		/* PATHS: node */
	uint64_t held_by_c;		/* one of those that only C code holds */
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
	h->n_counts = 0;
	h->phase = phase;
	return LT_OK;
}

enum lt_errc holders_begin(struct holders *h, const char *type, struct lt_err *err)
{
	enum lt_errc rc = begin(h, SAMPLE_POOLS, err);

	h->named = false;
	if (rc == LT_OK)
		typebook_want(h->up.book, type);
	return rc;
}

/* The block of pymalloc that an object lies in, or one of malloc that is as long as it says. */
static bool block_of(struct holders *h, uint64_t object, struct block *ret)
{
	const struct typed *t = typebook_of(h->up.book, object);

	if (!t)
		return false;
	if (blocks_find(&h->up.blocks, object, ret) == BLOCKS_IN_USE && ret->object == object)
		return true;
	*ret = (struct block){
		.start = object - t->before, .size = t->before + t->basic, .object = object,
		.typed = t,
	};
	return true;
}

enum lt_errc holders_begin_objects(struct holders *h, const uint64_t *objects, size_t n,
				   struct lt_err *err)
{
	enum lt_errc rc = begin(h, TAKE, err);
	struct block block;

	h->named = true;
	for (size_t i = 0; i < n && rc == LT_OK; i++)
		if (block_of(h, objects[i], &block))
			(void)sample_take(&h->sample, &block);
	return rc;
}

/* ---- the sample ---- */

static void make_samples(struct holders *h)
{
	for (size_t i = 0; i < h->sample.n; i++) {
		uint32_t n = levels_node(&h->up, &h->sample.list[i]);

		if (n != GRAPH_NONE)
			h->up.graph.nodes[n].sample = true;
	}
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
	uint64_t head[2];

	if (!remote_read(&h->py->remote, n->addr, head, sizeof(head)) ||
	    head[1] != n->typed->type || (uint32_t)head[0] == 0)
		return false;
	*ret_count = (int64_t)(uint32_t)head[0];
	return true;
}

/* References that were found, of count. */
static int64_t count_links(const struct graph *g, const struct node *n, int64_t count)
{
	int64_t found = 0;

	for (uint32_t i = n->links; i; i = g->links[i - 1].next)
		found += !g->links[i - 1].dead;
	return found < count ? found : count;
}

static void paths_of(struct holders *h, uint32_t sample)
{
	const struct node *n = &h->up.graph.nodes[sample];
	int64_t count;

	if (!is_alive(h, n, &count)) {
		h->result.freed++;
		return;
	}
	if (count < IMMORTAL) {
		h->counts[h->n_counts] = count;
		h->explained[h->n_counts++] = count_links(&h->up.graph, n, count);
	}
	if (!graph_has_object(&h->up.graph, sample) && n->unread) {
		h->result.no_path++;
		h->result.incomplete = true;
		return;
	}
	if (!graph_has_object(&h->up.graph, sample)) {
		h->result.c_only++;
		h->held_by_c = n->addr;
		if (h->named)
			take_c(h, n->addr, 1, n->addr);
		return;
	}
	if (paths_find(&h->up.roots, &h->up.graph, sample, &h->merge)) {
		if (h->named)
			take_best(h, n->addr);
	} else if (rings_find(&h->rings, &h->up.roots, &h->up.graph, sample)) {
		h->result.cyclic = n->addr;
	} else {
		h->result.no_path++;
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

static void take_rings(struct holders *h)
{
	struct rings *r = &h->rings;

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

static void make_list(struct holders *h)
{
	size_t most = h->merge.n < HOLDERS_PATHS ? h->merge.n : HOLDERS_PATHS;
	size_t alive = h->sample.n - h->result.freed;

	merge_sort(&h->merge);
	for (size_t i = 0; i < most; i++)
		take_merged(h, h->merge.list[i], 0);
	if (h->result.c_only && !h->named)
		take_c(h, 0, h->result.c_only, h->held_by_c);
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

static enum phase level_ends(struct holders *h)
{
	struct levels *u = &h->up;
	bool all = graph_measure(&u->graph) == h->sample.n;

	if (!all && u->level < HOLDERS_DEEPEST &&
	    !(u->level >= LEVELS_OF_RINGS && all_in_rings(h)) && levels_next(u))
		return LEVELS;
	h->result.incomplete |= !all && u->level >= HOLDERS_DEEPEST;
	h->next_sample = 0;
	return PATHS;
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
	case SAMPLE_POOLS:
		if (sweep_pools(&h->sweep))
			return SAMPLE_POOLS;
		if (h->sample.instances)
			return sampling_ends(h);
		levels_begin_chunks(&h->up);
		return SAMPLE_CHUNKS;
	case SAMPLE_CHUNKS:
		return sweep_chunks(&h->sweep, budget_ns) ? SAMPLE_CHUNKS : sampling_ends(h);
	case LEVELS:
		return levels_step(&h->up, budget_ns) ? level_ends(h) : LEVELS;
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
	return h->phase == LEVELS ? h->up.level : 0;
}

int64_t holders_length(const struct python *py, uint64_t address, uint64_t container_type,
		       uint64_t length_at)
{
	uint64_t head[2], n;

	if (!length_at || !remote_read(&py->remote, address, head, sizeof(head)) ||
	    head[1] != container_type || (uint32_t)head[0] == 0 ||
	    !remote_u64(&py->remote, length_at, &n) || n >= 1ull << 40)
		return LT_UNKNOWN;
	return (int64_t)n;
}

void holders_result(const struct holders *h, struct holders_result *ret)
{
	*ret = h->result;
}
