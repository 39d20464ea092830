#include "config.h"

#include "holders/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders/blocks.h"
#include "holders/climb.h"
#include "holders/graph.h"
#include "holders/merge.h"
#include "holders/rings.h"
#include "holders/roots.h"
#include "holders/seek.h"
#include "target/cheap.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define STEP_LEAST_NS CLOCK_NS_PER_MS
#define POOLS_AT_ONCE 16u
#define VISITS_MAX    2000u	/* of nodes, in the search for one sample's paths */
#define PATHS_OF_ONE  16u
#define NEAR	      6		/* steps longer than the shortest path, and no further */
#define INSIDE_WORDS  33u	/* pointers into a block of values: 3.11, 3.12 */
#define LEVELS_OF_RINGS 20u	/* as many as ten objects and their tables */
#define DEQUE_BLOCK   528u	/* collections.deque: the links left and right, and items */
#define DEQUE_BLOCK_27 512u
#define DEQUE_BLOCKS  (1u << 17)
#define DEQUE_FIRST   8		/* that may be its first one */
#define IMMORTAL      (1 << 29)		/* 3.12+: references to it are not counted */

enum phase { IDLE, SAMPLE_POOLS, SAMPLE_CHUNKS, SEEK, CHUNKS, PATHS, DONE };

struct found {			/* the strings of a result */
	struct holder holder;
	char *path, *shown;
	char root[160], container[128];
};

struct holders {
	const struct python *py;
	struct arenas *arenas;
	struct cheap *cheap;
	struct maps maps;		/* of the chunk pass */
	struct typebook *book;
	struct blocks blocks;
	struct seek seek;
	struct graph graph;
	struct roots roots;
	struct merge merge;

	enum phase phase;
	unsigned char *bytes;		/* pools read at once */
	size_t arena;
	uint32_t pool;
	uint64_t random;
	int64_t instances;
	uint64_t sample[HOLDERS_SAMPLES];
	struct block sample_block[HOLDERS_SAMPLES];
	size_t sampled;

	struct seek_hit *pending;	/* hits outside of the pools, by address */
	size_t n_pending, cap_pending;
	unsigned level;
	uint32_t next_sample;		/* PATHS: node */
	int64_t begun_ns, begun_cpu_ns;
	int64_t bytes_read;

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
	h->bytes = mem_array(POOLS_AT_ONCE, py->layout->pool_size);
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
	seek_done(&h->seek);
	graph_done(&h->graph);
	roots_done(&h->roots);
	merge_done(&h->merge);
	blocks_done(&h->blocks);
	typebook_free(h->book);
	arenas_free(h->arenas);
	cheap_free(h->cheap);
	maps_done(&h->maps);
	free(h->pending);
	h->maps = (struct maps){0};
	h->book = NULL;
	h->arenas = NULL;
	h->cheap = NULL;
	h->pending = NULL;
	h->n_pending = h->cap_pending = 0;
	h->phase = h->phase == DONE ? DONE : IDLE;
}

void holders_free(struct holders *h)
{
	if (!h)
		return;
	holders_abandon(h);
	forget_found(h);
	free(h->bytes);
	free(h);
}

static enum lt_errc read_maps(struct holders *h, struct lt_err *err)
{
	maps_done(&h->maps);
	h->maps = (struct maps){0};
	return maps_read(h->py->remote.pid, &h->maps, err);
}

enum lt_errc holders_begin(struct holders *h, const char *type, struct lt_err *err)
{
	enum lt_errc rc;

	holders_abandon(h);
	forget_found(h);
	rc = read_maps(h, err);
	if (rc != LT_OK)
		return rc;
	h->begun_ns = clock_mono_ns();
	h->begun_cpu_ns = clock_cpu_ns();
	h->book = typebook_new(h->py);
	typebook_want(h->book, type);
	h->arenas = arenas_new(h->py);
	if (arenas_refresh(h->arenas, NULL) != LT_OK) {	/* PYTHONMALLOC=malloc */
		arenas_free(h->arenas);
		h->arenas = NULL;
	}
	blocks_init(&h->blocks, h->py, h->arenas, h->book);
	seek_init(&h->seek, &h->py->remote);
	h->cheap = cheap_new(&h->py->remote, &h->maps);
	h->arena = h->pool = 0;
	h->instances = 0;
	h->sampled = 0;
	h->level = 0;
	h->bytes_read = 0;
	h->n_counts = 0;
	h->random = 0x9e3779b97f4a7c15u ^ (uint64_t)h->begun_ns;
	h->phase = SAMPLE_POOLS;
	return LT_OK;
}

/* ---- the sample: a fair choice of all instances (reservoir) ---- */

static uint64_t next_random(struct holders *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return h->random;
}

static void sample_block(void *arg, const struct block *block)
{
	struct holders *h = arg;
	size_t at;

	if (!block->object || !block->typed->wanted)
		return;
	h->instances++;
	at = h->sampled;
	if (at == HOLDERS_SAMPLES)
		at = (size_t)(next_random(h) % (uint64_t)h->instances);
	else
		h->sampled++;
	if (at < HOLDERS_SAMPLES)
		h->sample_block[at] = *block;
}

/* A run of pools. false: all are done. */
static bool sample_pools(struct holders *h)
{
	uint32_t size = h->py->layout->pool_size, n;
	const struct arena *a;
	uint64_t at;
	size_t got;

	while (h->arenas && h->arena < arenas_count(h->arenas) &&
	       h->pool >= arenas_at(h->arenas, h->arena)->carved) {
		h->arena++;
		h->pool = 0;
	}
	if (!h->arenas || h->arena >= arenas_count(h->arenas))
		return false;
	a = arenas_at(h->arenas, h->arena);
	n = a->carved - h->pool < POOLS_AT_ONCE ? a->carved - h->pool : POOLS_AT_ONCE;
	at = a->first + (uint64_t)h->pool * size;
	got = remote_read_some(&h->py->remote, at, h->bytes, (size_t)n * size);
	h->bytes_read += (int64_t)got;
	for (uint32_t i = 0; i < n && got >= (size_t)(i + 1) * size; i++)
		blocks_of_pool(&h->blocks, at + (uint64_t)i * size, h->bytes + (size_t)i * size,
			       sample_block, h);
	h->pool += n;
	return true;
}

static void sample_chunk(void *arg, const struct cheap_chunk *chunk)
{
	struct holders *h = arg;
	struct block block;

	blocks_chunk(&h->blocks, chunk->addr, chunk->usable, chunk->head, chunk->head_len, &block);
	sample_block(h, &block);
}

/* ---- levels ---- */

static const struct { uint64_t left_at, right_at; } deque_links[] = {
	{0, DEQUE_BLOCK - 8},				/* 3.6+: left, 64 items, right */
	{DEQUE_BLOCK_27 - 8, DEQUE_BLOCK_27 - 16},	/* 2.7: 62 items, right, left */
};

/* The block beside it, where the two refer to each other as those of a deque do; or 0. */
static uint64_t beside(const struct holders *h, uint64_t block, bool left)
{
	const struct remote *r = &h->py->remote;
	uint64_t other, back;

	for (size_t i = 0; i < COUNT_OF(deque_links); i++) {
		uint64_t to = left ? deque_links[i].left_at : deque_links[i].right_at;
		uint64_t from = left ? deque_links[i].right_at : deque_links[i].left_at;

		if (remote_u64(r, block + to, &other) && other && other % 8 == 0 &&
		    remote_u64(r, other + from, &back) && back == block)
			return other;
	}
	return 0;
}

static bool is_deque_block(uint64_t size)
{
	return size >= DEQUE_BLOCK_27 && size <= DEQUE_BLOCK + 24;
}

/*
 * The first block of the deque that a block of items belongs to. The link left of the first one is
 * never set, so it may lead on to a block or two that were part of a deque once.
 */
static uint64_t first_of_deque(const struct holders *h, uint64_t block, uint64_t size)
{
	uint64_t left;

	for (uint32_t i = 0; is_deque_block(size) && i < DEQUE_BLOCKS &&
			     (left = beside(h, block, true)); i++)
		block = left;
	return block;
}

static void seek_node(struct holders *h, uint32_t i)
{
	struct node *n = &h->graph.nodes[i];
	const struct layout *l = h->py->layout;

	n->sought = true;
	seek_add(&h->seek, n->addr, i);
	if (n->kind == NODE_OBJECT) {
		if (l->tuple_item != 0x18)	/* 3.14+: references in frames have flags */
			seek_add(&h->seek, n->addr | 1, i);
		return;
	}
	for (uint64_t k = 0, at = n->addr; is_deque_block(n->size) && k < DEQUE_FIRST &&
					   (at = beside(h, at, false)); k++)
		seek_add(&h->seek, at, i);
	if (l->values_at == LAYOUT_NONE || n->size > POOL_BLOCK_MAX)
		return;
	for (uint64_t k = 0; k < INSIDE_WORDS && k * 8 < n->size; k++) {
		if (k)
			seek_add(&h->seek, n->addr + k * 8, i);
		if (l->values_tagged)
			seek_add(&h->seek, n->addr + k * 8 - 1, i);
	}
}

/* Looks for whoever holds what has no known holder yet. false: there is nothing to look for. */
static bool next_level(struct holders *h)
{
	size_t before;

	seek_clear(&h->seek);
	for (uint32_t i = 0; i < h->graph.n; i++)
		if (!h->graph.nodes[i].sought && !h->graph.nodes[i].root)
			seek_node(h, i);
	before = h->seek.n_values;
	h->level++;
	return before && seek_begin(&h->seek);
}

static uint32_t node_of_block(struct holders *h, const struct block *b)
{
	uint64_t addr = b->object ? b->object : first_of_deque(h, b->start, b->size);
	bool is_new;
	uint32_t i = graph_node(&h->graph, b->object ? NODE_OBJECT : NODE_RAW, addr, &is_new);
	struct node *n;

	if (i == GRAPH_NONE)
		return i;
	n = &h->graph.nodes[i];
	if (is_new) {
		n->typed = b->object ? b->typed : NULL;
		n->size = b->start + b->size - b->object;
		if (!b->object)
			n->size = b->size;
		n->depth = (uint16_t)h->level;
	}
	return i;
}

static void add_holder(struct holders *h, uint32_t target, uint64_t word, const struct block *b)
{
	const struct typed *t = h->graph.nodes[target].typed;
	int64_t at = (int64_t)(word - b->object);
	bool root = roots_dict(&h->roots, b->object ? b->object : b->start) != NULL;
	uint32_t owner;

	if (b->object && !climb_holds(&h->roots, b->typed, b->object, at, t))
		return;
	if (b->object && !root)
		root = climb_is_root(&h->roots, b->typed, b->object, at, t);
	owner = node_of_block(h, b);
	if (owner == GRAPH_NONE || (owner == target && !b->object))
		return;
	if (!h->graph.nodes[owner].sample)
		h->graph.nodes[owner].root |= root;
	graph_link(&h->graph, target, owner, (int64_t)(word - h->graph.nodes[owner].addr));
}

static void add_frame(struct holders *h, uint32_t target, uint64_t word, const struct frame *f)
{
	bool is_new;
	uint32_t i = graph_node(&h->graph, NODE_FRAME, f->locals, &is_new);

	if (i == GRAPH_NONE)
		return;
	h->graph.nodes[i].root = true;
	graph_link(&h->graph, target, i, (int64_t)(word - f->locals));
}

static void keep_pending(struct holders *h, const struct seek_hit *hit)
{
	if (h->n_pending == h->cap_pending) {
		h->cap_pending = h->cap_pending ? h->cap_pending * 2 : 256;
		h->pending = mem_resize(h->pending, h->cap_pending, sizeof(*h->pending));
	}
	h->pending[h->n_pending++] = *hit;
}

/* Memory of files and stacks has no blocks. */
static bool has_chunks(const struct holders *h, uint64_t addr)
{
	const struct map *m = maps_find(&h->seek.maps, addr);

	return m && !m->inode && strncmp(m->path, "[stack", 6) != 0;
}

static void sort_hits(struct holders *h)
{
	h->n_pending = 0;
	blocks_forget(&h->blocks);
	for (size_t i = 0; i < h->seek.n_hits; i++) {
		const struct seek_hit *hit = &h->seek.hits[i];
		const struct frame *f = roots_frame(&h->roots, hit->at);
		struct block block;

		if (f)
			add_frame(h, hit->target, hit->at, f);
		switch (blocks_find(&h->blocks, hit->at, &block)) {
		case BLOCKS_IN_USE:
			if (!f || block.typed)
				add_holder(h, hit->target, hit->at, &block);
			break;
		case BLOCKS_OUTSIDE:
			if (!f && has_chunks(h, hit->at))
				keep_pending(h, hit);
			break;
		case BLOCKS_FREE:
			break;
		}
	}
}

static void chunk_of_hits(void *arg, const struct cheap_chunk *chunk)
{
	struct holders *h = arg;
	size_t low = 0, high = h->n_pending;
	struct block block;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (h->pending[mid].at < chunk->addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == h->n_pending || h->pending[low].at - chunk->addr >= chunk->usable)
		return;
	blocks_chunk(&h->blocks, chunk->addr, chunk->usable, chunk->head, chunk->head_len, &block);
	for (; low < h->n_pending && h->pending[low].at - chunk->addr < chunk->usable; low++)
		add_holder(h, h->pending[low].target, h->pending[low].at, &block);
}

static void begin_chunks(struct holders *h)
{
	if (read_maps(h, NULL) != LT_OK)
		h->n_pending = 0;
	else
		cheap_begin(h->cheap, &h->maps, NULL, 0);
}

static void make_samples(struct holders *h)
{
	for (size_t i = 0; i < h->sampled; i++) {
		uint32_t n = node_of_block(h, &h->sample_block[i]);

		if (n != GRAPH_NONE)
			h->graph.nodes[n].sample = true;
	}
}

/* ---- paths ---- */

struct walk {
	struct holders *h;
	struct chain chain;
	uint32_t of[CLIMB_CHAIN];	/* the nodes' numbers */
	uint32_t sample;
	unsigned visits, paths;
	unsigned most;			/* nodes a path may have */
	struct path path;
};

static void walk_up(struct walk *w, uint32_t node);

static bool is_on_path(const struct walk *w, uint32_t node)
{
	for (size_t i = 0; i < w->chain.n; i++)
		if (w->of[i] == node)
			return true;
	return false;
}

/* The holders of node that are at this distance from a root. */
static void walk_links(struct walk *w, uint32_t node, uint16_t height)
{
	const struct graph *g = &w->h->graph;

	for (uint32_t i = g->nodes[node].links; i; i = g->links[i - 1].next) {
		const struct link *l = &g->links[i - 1];

		if (l->dead || g->nodes[l->owner].height != height || is_on_path(w, l->owner))
			continue;
		w->chain.at[w->chain.n - 1] = l->at;
		walk_up(w, l->owner);
	}
}

static void walk_up(struct walk *w, uint32_t node)
{
	const struct graph *g = &w->h->graph;
	const struct node *n = &g->nodes[node];

	if (w->chain.n >= w->most || w->chain.n + n->height >= w->most ||
	    ++w->visits > VISITS_MAX || w->paths >= PATHS_OF_ONE)
		return;
	w->of[w->chain.n] = node;
	w->chain.nodes[w->chain.n++] = n;
	if (n->root && w->chain.n > 1) {
		if (climb(&w->h->roots, &w->chain, &w->path)) {
			merge_add(&w->h->merge, w->sample, &w->path);
			w->paths++;
		}
	} else {
		for (uint16_t near = 0; near < NEAR; near++)
			walk_links(w, node, (uint16_t)(n->height - 1 + near));
	}
	w->chain.n--;
}

static bool is_alive(const struct holders *h, const struct node *n, int64_t *ret_count)
{
	uint64_t head[2];

	if (!remote_read(&h->py->remote, n->addr, head, sizeof(head)) ||
	    head[1] != n->typed->type || (uint32_t)head[0] == 0)
		return false;
	*ret_count = (int64_t)(uint32_t)head[0];
	return true;
}

static void paths_of(struct holders *h, uint32_t sample)
{
	const struct node *n = &h->graph.nodes[sample];
	int64_t count;
	struct walk *w;

	if (!is_alive(h, n, &count)) {
		h->result.freed++;
		return;
	}
	if (count < IMMORTAL) {
		h->counts[h->n_counts] = count;
		h->explained[h->n_counts++] = n->n_links;
	}
	if (!graph_has_object(&h->graph, sample)) {
		h->result.c_only++;
		return;
	}
	w = MEM_NEW(struct walk);
	w->h = h;
	w->sample = sample;
	w->most = n->height + NEAR + 1u;
	if (w->most > CLIMB_CHAIN)
		w->most = CLIMB_CHAIN;
	if (n->height < GRAPH_FAR)
		walk_up(w, sample);
	if (w->paths == 0 && !rings_find(&h->rings, &h->roots, &h->graph, sample))
		h->result.no_path++;
	free(w);
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

static void take_merged(struct holders *h, const struct merged *m, struct found *f)
{
	const struct step *at = merge_container(m);
	struct buf text = {0}, shown = {0};

	merge_text(m, false, &text);
	merge_text(m, true, &shown);
	f->path = mem_strdup(buf_text(&text));
	f->shown = mem_strdup(buf_text(&shown));
	buf_done(&text);
	buf_done(&shown);
	snprintf(f->root, sizeof(f->root), "%s", merge_root(m));
	f->holder = (struct holder){.length = LT_UNKNOWN, .samples = m->count};
	if (at) {
		f->holder.address = at->container;
		f->holder.length = climb_length(&h->roots, at->container, at->typed);
		snprintf(f->container, sizeof(f->container), "%s", at->typed ? at->typed->name : "");
	}
}

static void take_c(const struct holders *h, struct found *f)
{
	f->path = mem_strdup("held only by C code");
	f->shown = mem_strdup(f->path);
	snprintf(f->root, sizeof(f->root), "C code");
	f->holder = (struct holder){.length = LT_UNKNOWN, .samples = h->result.c_only};
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

static void make_result(struct holders *h)
{
	size_t most = h->merge.n < HOLDERS_PATHS ? h->merge.n : HOLDERS_PATHS;
	size_t alive = h->sampled - h->result.freed;

	merge_sort(&h->merge);
	h->found = mem_array(most + 1, sizeof(*h->found));
	h->list = mem_array(most + 1, sizeof(*h->list));
	for (size_t i = 0; i < most; i++)
		take_merged(h, h->merge.list[i], &h->found[h->n_found++]);
	if (h->result.c_only)
		take_c(h, &h->found[h->n_found++]);
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
	h->result.list = h->list;
	h->result.n = h->n_found;
	h->result.sampled = h->sampled;
	h->result.instances = h->instances;
	h->result.levels = h->level;
	h->result.bytes_read = h->bytes_read;
	h->result.incomplete = h->graph.left_out || h->merge.left_out || h->seek.full;
	h->result.time_ns = clock_mono_ns() - h->begun_ns;
	h->result.cpu_ns = clock_cpu_ns() - h->begun_cpu_ns;
	sum_refcounts(h);
	take_rings(h);
	h->phase = DONE;
	holders_abandon(h);
}

/* Does any of the objects that refer to the block use the word of it? */
static bool is_used(const struct holders *h, const struct node *raw, uint64_t word)
{
	const struct graph *g = &h->graph;

	for (uint32_t i = raw->links; i; i = g->links[i - 1].next) {
		const struct link *by = &g->links[i - 1];
		const struct node *o = &g->nodes[by->owner];

		if (o->kind != NODE_OBJECT ||
		    climb_uses(&h->roots, o->typed, o->addr, by->at, word))
			return true;
	}
	return false;
}

/*
 * A list's items and an instance's values have room for more than there are: what is in these
 * words was there before.
 */
static void bury_remains(struct holders *h)
{
	struct graph *g = &h->graph;

	for (size_t i = 0; i < g->n_links; i++) {
		struct link *l = &g->links[i];
		const struct node *raw = &g->nodes[l->owner];

		if (raw->kind != NODE_RAW || l->checked == raw->n_links)
			continue;
		l->checked = raw->n_links;
		l->dead = !is_used(h, raw, raw->addr + (uint64_t)l->at);
	}
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

	for (uint32_t i = 0; i < h->graph.n && all; i++)
		if (h->graph.nodes[i].sample && h->graph.nodes[i].height == GRAPH_FAR)
			all = rings_find(&rings, &h->roots, &h->graph, i);
	rings_done(&rings);
	return all;
}

static enum phase level_ends(struct holders *h)
{
	h->bytes_read += h->seek.bytes;
	bury_remains(h);
	if (graph_measure(&h->graph) < h->sampled && h->level < HOLDERS_DEEPEST &&
	    !(h->level >= LEVELS_OF_RINGS && all_in_rings(h)) && next_level(h))
		return SEEK;
	h->next_sample = 0;
	return PATHS;
}

static enum phase sampling_ends(struct holders *h)
{
	roots_read(&h->roots, h->py, h->book);
	make_samples(h);
	return next_level(h) ? SEEK : PATHS;
}

static bool next_path(struct holders *h)
{
	for (; h->next_sample < h->graph.n; h->next_sample++)
		if (h->graph.nodes[h->next_sample].sample) {
			paths_of(h, h->next_sample++);
			return true;
		}
	return false;
}

static enum phase work(struct holders *h, int64_t budget_ns)
{
	switch (h->phase) {
	case SAMPLE_POOLS:
		if (sample_pools(h))
			return SAMPLE_POOLS;
		if (h->instances)
			return sampling_ends(h);
		begin_chunks(h);
		return SAMPLE_CHUNKS;
	case SAMPLE_CHUNKS:
		return cheap_step(h->cheap, budget_ns, sample_chunk, h) ? SAMPLE_CHUNKS
									 : sampling_ends(h);
	case SEEK:
		if (!seek_step(&h->seek, budget_ns))
			return SEEK;
		sort_hits(h);
		if (h->n_pending == 0)
			return level_ends(h);
		begin_chunks(h);
		return CHUNKS;
	case CHUNKS:
		return cheap_step(h->cheap, budget_ns, chunk_of_hits, h) ? CHUNKS : level_ends(h);
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
	double level = h->seek.total ? (double)h->seek.bytes / (double)h->seek.total : 0;

	switch (h->phase) {
	case IDLE:
		return 0;
	case DONE:
		return 1;
	case SAMPLE_POOLS:
	case SAMPLE_CHUNKS:
		return 0.05;
	case PATHS:
		return 0.95;
	default:		/* most paths have five levels or fewer */
		return 0.1 + 0.85 * ((double)h->level - 1 + (level < 1 ? level : 1)) /
				     ((double)h->level + 4);
	}
}

void holders_result(const struct holders *h, struct holders_result *ret)
{
	*ret = h->result;
}
