#include "config.h"

#include "holders/levels.h"

#include <stdlib.h>
#include <string.h>

#include "holders/deque.h"
#include "holders/newest.h"
#include "holders/refs.h"
#include "target/pyobj.h"
#include "util/mem.h"

#define INSIDE_WORDS   33u	/* pointers into a block of values: 3.11, 3.12 */
#define ORPHANED_MOST  2	/* times that a block without an owner is looked for again */
#define DEQUE_FIRST    256	/* blocks of a deque that may be its first one */

static enum lt_errc read_maps(struct levels *u, struct lt_err *err)
{
	maps_done(&u->maps);
	u->maps = (struct maps){0};
	return maps_read(u->py->remote.pid, &u->maps, err);
}

enum lt_errc levels_init(struct levels *u, const struct python *py, struct lt_err *err)
{
	enum lt_errc rc;

	*u = (struct levels){.py = py};
	rc = read_maps(u, err);
	if (rc != LT_OK)
		return rc;
	u->book = typebook_new(py);
	u->arenas = arenas_new(py);
	if (arenas_refresh(u->arenas, NULL) != LT_OK) {
		arenas_free(u->arenas);
		u->arenas = NULL;
	}
	blocks_init(&u->blocks, py, u->arenas, u->book);
	seek_init(&u->seek, &py->remote);
	u->cheap = cheap_new(&py->remote, &u->maps);
	return LT_OK;
}

void levels_done(struct levels *u)
{
	seek_done(&u->seek);
	graph_done(&u->graph);
	roots_done(&u->roots);
	blocks_done(&u->blocks);
	typebook_free(u->book);
	arenas_free(u->arenas);
	cheap_free(u->cheap);
	maps_done(&u->maps);
	deque_done(&u->deques);
	free(u->pending);
	*u = (struct levels){0};
}

void levels_roots(struct levels *u)
{
	roots_read(&u->roots, u->py, u->book);
}

static void seek_node(struct levels *u, uint32_t i)
{
	struct node *n = &u->graph.nodes[i];
	const struct layout *l = u->py->layout;

	n->sought = true;
	seek_add(&u->seek, n->addr, i);
	if (n->kind == NODE_OBJECT) {
		if (l->tuple_item != 0x18)	/* 3.14+: references in frames have flags */
			seek_add(&u->seek, n->addr | 1, i);
		return;
	}
	for (uint64_t k = 0, at = n->addr; deque_is_block(n->size) && k < DEQUE_FIRST &&
					   (at = deque_beside(&u->py->remote, at, false)); k++)
		seek_add(&u->seek, at, i);
	if (l->values_at == LAYOUT_NONE || n->size > POOL_BLOCK_MAX)
		return;
	for (uint64_t k = 0; k < INSIDE_WORDS && k * 8 < n->size; k++) {
		if (k)
			seek_add(&u->seek, n->addr + k * 8, i);
		if (l->values_tagged)
			seek_add(&u->seek, n->addr + k * 8 - 1, i);
	}
}

bool levels_block(struct levels *u, uint64_t object, struct block *ret)
{
	const struct typed *t = typebook_of(u->book, object);

	if (!t)
		return false;
	if (blocks_find(&u->blocks, object, ret) == BLOCKS_IN_USE && ret->object == object)
		return true;
	*ret = (struct block){
		.start = object - t->before, .size = t->before + t->basic, .object = object,
		.typed = t,
	};
	return true;
}

/*
 * A list that grows at its head has a new one by the time that the pass comes to what holds it, so
 * the newest of a chain are looked for while it goes on.
 */
static void seek_newest(struct levels *u)
{
	blocks_forget(&u->blocks);
	for (size_t i = 0; i < u->graph.n_hops; i++) {
		struct newest newest;

		newest_begin(&newest, u->py, u->book, u->graph.hops[i].type);
		(void)newest_step(&newest);
		for (size_t k = 0; k < newest.n; k++) {
			struct block block;
			uint32_t node = levels_block(u, newest.list[k], &block)
						? levels_node(u, &block) : GRAPH_NONE;

			if (node == GRAPH_NONE || u->graph.nodes[node].sought)
				continue;
			seek_node(u, node);
			u->graph.nodes[node].sought = false;	/* not in all of the pass */
		}
	}
}

/* Looks for whoever holds what has no known holder yet. false: there is nothing to look for. */
bool levels_next(struct levels *u)
{
	size_t before;

	seek_clear(&u->seek);
	deque_done(&u->deques);
	for (uint32_t i = 0; i < u->graph.n; i++)
		if (!u->graph.nodes[i].sought && !u->graph.nodes[i].root)
			seek_node(u, i);
	before = u->seek.n_values;
	u->level++;
	u->in_chunks = false;
	return before && seek_begin(&u->seek);
}

uint32_t levels_node(struct levels *u, const struct block *b)
{
	uint64_t addr = b->object ? b->object
				  : deque_is_block(b->size)
					    ? deque_first(&u->deques, &u->py->remote, b->start)
					    : b->start;
	bool is_new;
	uint32_t i = graph_node(&u->graph, b->object ? NODE_OBJECT : NODE_RAW, addr, &is_new);
	struct node *n;

	if (i == GRAPH_NONE)
		return i;
	n = &u->graph.nodes[i];
	if (is_new) {
		n->typed = b->object ? b->typed : NULL;
		if (n->typed)
			(void)typebook_name(u->book, n->typed);
		n->size = b->start + b->size - b->object;
		if (!b->object)
			n->size = b->size;
		n->depth = (uint16_t)u->level;
	}
	return i;
}

/*
 * Is it what has a name of its own? Not the dict of a class that is itself sampled: what a class
 * has refers back to it, and it would be called its own holder.
 */
static bool has_name(const struct levels *u, const struct block *b)
{
	const struct named_dict *d = roots_dict(&u->roots, b->object ? b->object : b->start);
	uint32_t of = d && d->is_class ? graph_find(&u->graph, d->of) : GRAPH_NONE;

	return d && (of == GRAPH_NONE || !u->graph.nodes[of].sample);
}

/* Dicts hold objects; what else is in the table of one was in that block before. */
static bool is_global(const struct levels *u, uint64_t table, uint64_t word, const struct typed *t)
{
	const struct named_dict *d = roots_dict(&u->roots, table);

	return t && d && refs_in_dict(&u->roots, d->dict, word);
}

static void add_holder(struct levels *u, uint32_t target, uint64_t word, const struct block *b)
{
	const struct typed *t = u->graph.nodes[target].typed;
	int64_t at = (int64_t)(word - b->object);
	bool root = has_name(u, b);
	uint32_t owner;

	if (root && !b->object && !is_global(u, b->start, word, t))
		return;
	if (b->object && !refs_holds(&u->roots, b->typed, b->object, at, t))
		return;
	if (b->object && !root)
		root = refs_is_root(&u->roots, b->typed, b->object, at, t);
	if (u->graph.of_tasks && b->object && b->typed->form == FORM_TASK)
		root = false;		/* one that waits has the loop, and so all that wait */
	owner = levels_node(u, b);
	if (owner == GRAPH_NONE || (owner == target && !b->object))
		return;
	if (root && u->graph.above_tasks && b->object && b->typed->form == FORM_TASK)
		u->graph.nodes[owner].crowd = true;
	if (!u->graph.nodes[owner].sample && !u->graph.nodes[owner].crowd)
		u->graph.nodes[owner].root |= root;
	graph_link(&u->graph, target, owner, (int64_t)(word - u->graph.nodes[owner].addr), root);
}

static void add_frame(struct levels *u, uint32_t target, uint64_t word, const struct frame *f)
{
	bool is_new;
	uint32_t i = graph_node(&u->graph, NODE_FRAME, f->locals, &is_new);

	if (i == GRAPH_NONE)
		return;
	u->graph.nodes[i].root = true;
	graph_link(&u->graph, target, i, (int64_t)(word - f->locals), true);
}

static void keep_pending(struct levels *u, const struct seek_hit *hit)
{
	if (u->n_pending == u->cap_pending) {
		u->cap_pending = u->cap_pending ? u->cap_pending * 2 : 256;
		u->pending = mem_resize(u->pending, u->cap_pending, sizeof(*u->pending));
	}
	u->pending[u->n_pending++] = *hit;
}

/* Memory of files and stacks has no blocks. */
static bool has_chunks(const struct levels *u, uint64_t addr)
{
	const struct map *m = maps_find(&u->seek.maps, addr);

	return m && !m->inode && strncmp(m->path, "[stack", 6) != 0;
}

static void sort_hits(struct levels *u)
{
	bool blind = cheap_kind(u->cheap) != CHEAP_GLIBC;

	u->n_pending = 0;
	u->incomplete |= u->seek.full;
	blocks_forget(&u->blocks);
	for (size_t i = 0; i < u->seek.n_hits; i++) {
		const struct seek_hit *hit = &u->seek.hits[i];
		const struct frame *f = roots_frame(&u->roots, hit->at);
		struct block block;

		if (f)
			add_frame(u, hit->target, hit->at, f);
		switch (blocks_find(&u->blocks, hit->at, &block)) {
		case BLOCKS_IN_USE:
			if (!f || block.typed)
				add_holder(u, hit->target, hit->at, &block);
			break;
		case BLOCKS_OUTSIDE:
			if (f || !has_chunks(u, hit->at))
				break;
			u->graph.nodes[hit->target].unread |= blind;
			keep_pending(u, hit);
			break;
		case BLOCKS_FREE:
			break;
		}
	}
}

static void chunk_of_hits(void *arg, const struct cheap_chunk *chunk)
{
	struct levels *u = arg;
	size_t low = 0, high = u->n_pending;
	struct block block;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (u->pending[mid].at < chunk->addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == u->n_pending || u->pending[low].at - chunk->addr >= chunk->usable)
		return;
	blocks_chunk(&u->blocks, chunk->addr, chunk->usable, chunk->head, chunk->head_len, &block);
	/* the first items of a deque's first block are not in use, and may look like an object */
	if (block.object && deque_is_block(block.size) &&
	    (deque_beside(&u->py->remote, block.start, true) ||
	     deque_beside(&u->py->remote, block.start, false)))
		block.object = 0;
	for (; low < u->n_pending && u->pending[low].at - chunk->addr < chunk->usable; low++)
		add_holder(u, u->pending[low].target, u->pending[low].at, &block);
}

void levels_begin_chunks(struct levels *u)
{
	struct cheap_range *arenas = NULL;
	size_t n = u->arenas ? arenas_ranges(u->arenas, &arenas) : 0;

	if (read_maps(u, NULL) != LT_OK)
		u->n_pending = 0;
	else
		cheap_begin(u->cheap, &u->maps, arenas, n);
	free(arenas);
}

/*
 * Does any of the objects that refer to the block use the word of it? Where none does, blocks may
 * refer to it; but what one was before it was in use refers to the next one that was free.
 */
static bool is_used(const struct levels *u, const struct node *raw, uint64_t word)
{
	const struct graph *g = &u->graph;
	bool by_object = false, by_block = false;

	for (uint32_t i = raw->links; i; i = g->links[i - 1].next) {
		const struct link *by = &g->links[i - 1];
		const struct node *o = &g->nodes[by->owner];

		if (o->kind == NODE_FRAME || (o->kind == NODE_OBJECT &&
		    refs_uses(&u->roots, o->typed, o->addr, by->at, word)))
			return true;
		by_object |= o->kind == NODE_OBJECT;
		by_block |= o->kind == NODE_RAW;
	}
	return by_block && !by_object;
}

/*
 * A list's items and an instance's values have room for more than there are: what is in these
 * words was there before.
 */
static void bury_remains(struct levels *u)
{
	struct graph *g = &u->graph;

	for (size_t i = 0; i < g->n_links; i++) {
		struct link *l = &g->links[i];
		const struct node *raw = &g->nodes[l->owner];

		if (raw->kind != NODE_RAW || l->checked == raw->n_links)
			continue;
		l->checked = raw->n_links;
		l->dead = !is_used(u, raw, raw->addr + (uint64_t)l->at);
	}
}

static bool is_orphan(const struct node *n)
{
	return n->kind == NODE_RAW && !n->n_links && !n->root && n->sought &&
	       n->orphaned < ORPHANED_MOST;
}

/*
 * A list that grows moves its items: the block in which a reference was seen may be nobody's by the
 * time its owner is looked for. So whoever refers to the object is looked for again.
 */
static void seek_again(struct levels *u)
{
	struct graph *g = &u->graph;

	for (size_t i = 0; i < g->n_links; i++)
		if (is_orphan(&g->nodes[g->links[i].owner]))
			g->nodes[g->links[i].target].sought = false;
	for (size_t i = 0; i < g->n; i++)
		if (is_orphan(&g->nodes[i])) {
			g->nodes[i].sought = false;
			g->nodes[i].orphaned++;
		}
}

/*
 * All tasks that wait refer to the loop, 4000 and more, and not all of these words are noted. Those
 * by which something has a name are few, and never left out.
 */
static void seek_roots(struct levels *u)
{
	const struct roots *r = &u->roots;
	struct pyobj_entries e;

	for (size_t i = 0; i < r->n_frames; i++)
		seek_range(&u->seek, r->frames[i].locals, r->frames[i].n_locals * 8);
	for (size_t i = 0; i < r->n_dicts; i++)
		if (pyobj_dict_open(u->py, r->dicts[i].dict, &e))
			seek_range(&u->seek, e.addr, e.n * e.size);
	seek_sort(&u->seek);
}

bool levels_step(struct levels *u, int64_t budget_ns)
{
	if (!u->in_chunks) {
		seek_newest(u);
		if (!seek_step(&u->seek, budget_ns))
			return false;
		if (u->seek.full)
			seek_roots(u);
		u->bytes_read += u->seek.bytes;
		sort_hits(u);
		if (u->n_pending)
			levels_begin_chunks(u);
		u->in_chunks = u->n_pending != 0;
		if (u->in_chunks)
			return false;
	} else if (cheap_step(u->cheap, budget_ns, chunk_of_hits, u)) {
		return false;
	}
	bury_remains(u);
	seek_again(u);
	return true;
}
