#include "config.h"

#include "holders/graph.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define NODES_MAX    (1u << 16)
#define LINKS_MAX    (1u << 18)
#define SAME_MAX     16u	/* owners of one type that one target is followed to */
#define BLOCKS_LOOKED 64	/* in a chain of blocks without an object */
#define RAW_MAX	     256u	/* blocks of which it is not known yet whose they are */

void graph_done(struct graph *g)
{
	free(g->nodes);
	free(g->links);
	free(g->places);
	*g = (struct graph){0};
}

static size_t place_of(const struct graph *g, uint64_t addr)
{
	size_t at = (size_t)((addr >> 3) * 0x9e3779b97f4a7c15u >> 32) & (g->n_places - 1);

	while (g->places[at] && g->nodes[g->places[at] - 1].addr != addr)
		at = (at + 1) & (g->n_places - 1);
	return at;
}

static void grow(struct graph *g)
{
	g->cap = g->cap ? g->cap * 2 : 1024;
	g->nodes = mem_resize(g->nodes, g->cap, sizeof(*g->nodes));
	free(g->places);
	g->n_places = g->cap * 4;
	g->places = mem_array(g->n_places, sizeof(*g->places));
	for (size_t i = 0; i < g->n; i++)
		g->places[place_of(g, g->nodes[i].addr)] = (uint32_t)i + 1;
}

uint32_t graph_node(struct graph *g, enum node_kind kind, uint64_t addr, bool *ret_new)
{
	size_t at;

	*ret_new = false;
	if (g->n == g->cap && g->n < NODES_MAX)
		grow(g);
	at = place_of(g, addr);
	if (g->places[at])
		return g->places[at] - 1;
	if (g->n >= NODES_MAX) {
		g->left_out++;
		return GRAPH_NONE;
	}
	g->nodes[g->n] = (struct node){.addr = addr, .kind = kind, .what = GRAPH_NO_ROOT,
				       .height = GRAPH_FAR};
	g->places[at] = (uint32_t)++g->n;
	*ret_new = true;
	return (uint32_t)g->n - 1;
}

uint32_t graph_find(const struct graph *g, uint64_t addr)
{
	return g->n ? g->places[place_of(g, addr)] - 1 : GRAPH_NONE;
}

bool graph_leads(const struct graph *g, const struct link *l)
{
	return !l->dead && !l->aside && (l->named || !g->nodes[l->owner].root);
}

bool graph_link(struct graph *g, uint32_t target, uint32_t owner, int64_t at, bool named)
{
	struct node *t = &g->nodes[target], *o = &g->nodes[owner];
	uint32_t same = 0, most = o->kind == NODE_OBJECT ? SAME_MAX : RAW_MAX;

	for (uint32_t i = t->links; i; i = g->links[i - 1].next) {
		const struct link *l = &g->links[i - 1];
		const struct node *other = &g->nodes[l->owner];

		if (l->owner == owner && l->at == at)
			return false;
		same += other->kind == o->kind && other->typed == o->typed && !other->root;
	}
	if ((same >= most && !o->root) || g->n_links >= LINKS_MAX) {
		g->left_out++;
		return false;
	}
	if (g->n_links == g->cap_links) {
		g->cap_links = g->cap_links ? g->cap_links * 2 : 1024;
		g->links = mem_resize(g->links, g->cap_links, sizeof(*g->links));
	}
	g->links[g->n_links++] = (struct link){.target = target, .owner = owner, .at = at,
					       .next = t->links, .named = named};
	t->links = (uint32_t)g->n_links;
	t->n_links++;
	return true;
}

size_t graph_measure(struct graph *g)
{
	size_t reached = 0;
	bool changed = true;

	for (size_t i = 0; i < g->n; i++)
		g->nodes[i].height = g->nodes[i].root ? 0 : GRAPH_FAR;
	while (changed) {
		changed = false;
		for (size_t i = g->n_links; i-- > 0;) {
			const struct link *l = &g->links[i];
			const struct node *o = &g->nodes[l->owner];
			struct node *t = &g->nodes[l->target];

			if (o->height < GRAPH_FAR - 1 && o->height + 1 < t->height &&
			    graph_leads(g, l)) {
				t->height = (uint16_t)(o->height + 1);
				changed = true;
			}
		}
	}
	for (size_t i = 0; i < g->n; i++)
		reached += g->nodes[i].sample && g->nodes[i].height < GRAPH_FAR;
	return reached;
}

bool graph_has_object(const struct graph *g, uint32_t node)
{
	uint32_t queue[BLOCKS_LOOKED];
	size_t n = 0;

	queue[n++] = node;
	for (size_t i = 0; i < n; i++)
		for (uint32_t k = g->nodes[queue[i]].links; k; k = g->links[k - 1].next) {
			const struct link *l = &g->links[k - 1];
			size_t seen = 0;

			if (l->dead)
				continue;
			if (g->nodes[l->owner].kind != NODE_RAW || g->nodes[l->owner].root)
				return true;
			while (seen < n && queue[seen] != l->owner)
				seen++;
			if (seen == n && n < BLOCKS_LOOKED)
				queue[n++] = l->owner;
		}
	return false;
}
