#include "config.h"

#include "holders/chains.h"

#include <stdio.h>
#include <stdlib.h>

#include "holders/climb.h"
#include "util/clock.h"
#include "util/mem.h"

#define LOOKED_MAX  2048u	/* nodes that are asked for a hop, each time */
#define CANDIDATES  8u
#define HOPS_LEAST  8u		/* seen of a kind before it is one */
#define HOPS_MOST   (1u << 18)	/* in one search, a third of a second */
#define HOPS_A_TIME 64u		/* between two looks at the clock */

/* ---- learning -------------------------------------------------------------------------------- */

struct candidate {
	struct hop hop;
	struct chain example;
	unsigned seen;
};

/* Is it part of an object: a table, values, a dict? */
static bool is_part(const struct node *n)
{
	return n->kind == NODE_RAW || (n->kind == NODE_OBJECT && n->typed->form == FORM_DICT);
}

/* Up from the last node of the chain to one of the same type as the first. */
static bool climb_to_same(const struct graph *g, uint32_t node, struct chain *c)
{
	for (uint32_t i = g->nodes[node].links; i; i = g->links[i - 1].next) {
		const struct link *l = &g->links[i - 1];
		struct node *o = &g->nodes[l->owner];

		if (l->dead || l->leap)
			continue;
		c->at[c->n - 1] = l->at;
		c->nodes[c->n] = o;
		if (o->kind == NODE_OBJECT && o->typed == c->nodes[0]->typed && o != c->nodes[0]) {
			c->n++;
			return true;
		}
		if (!is_part(o) || c->n == HOP_WORDS)
			continue;
		c->n++;
		if (climb_to_same(g, l->owner, c))
			return true;
		c->n--;
	}
	return false;
}

/* The same from above: its last node is the object that refers to the first. */
static bool make_hop(const struct remote *r, const struct chain *c, struct hop *ret)
{
	*ret = (struct hop){.type = c->nodes[0]->typed, .n = c->n - 1};
	for (size_t i = 0; i < ret->n; i++) {
		const struct node *from = c->nodes[c->n - 1 - i], *to = c->nodes[c->n - 2 - i];
		int64_t at = c->at[c->n - 2 - i];
		uint64_t word;

		if (!remote_u64(r, from->addr + (uint64_t)at, &word))
			return false;
		ret->words[i].at = at;
		if (i + 1 < ret->n)
			ret->words[i].before = (int64_t)(word - to->addr);
	}
	return true;
}

static void count(struct candidate *list, const struct hop *hop, const struct chain *c)
{
	size_t i = 0;

	while (i < CANDIDATES && list[i].seen && !hop_is_same(&list[i].hop, hop))
		i++;
	if (i == CANDIDATES)
		return;
	if (!list[i].seen++) {
		list[i].hop = *hop;
		list[i].example = *c;
	}
}

/* How the hop is written is told by the path over its example. Items are no chain. */
static bool name_hop(const struct roots *r, struct candidate *c)
{
	struct path *path = MEM_NEW(struct path);
	bool ok = climb_ring(r, &c->example, path) && path->n == 1 &&
		  (path->steps[0].kind == STEP_NAME || path->steps[0].kind == STEP_TEXT);

	c->hop.is_name = path->steps[0].kind == STEP_NAME;
	if (ok)
		snprintf(c->hop.text, sizeof(c->hop.text), "%s", path->steps[0].text);
	free(path);
	return ok;
}

static void take(struct graph *g, const struct hop *hop)
{
	for (size_t i = 0; i < g->n_hops; i++)
		if (hop_is_same(&g->hops[i], hop))
			return;
	if (g->n_hops < GRAPH_HOPS)
		g->hops[g->n_hops++] = *hop;
}

bool chains_learn(struct graph *g, const struct roots *r)
{
	struct candidate *list = mem_array(CANDIDATES, sizeof(*list));
	unsigned looked = 0;

	for (size_t i = 0; i < g->n && looked < LOOKED_MAX; i++) {
		struct chain c = {.nodes = {&g->nodes[i]}, .n = 1};
		struct hop hop;

		if (g->nodes[i].kind != NODE_OBJECT || g->nodes[i].height < CHAINS_FAR ||
		    g->nodes[i].typed->form != FORM_PLAIN)
			continue;
		looked++;
		if (climb_to_same(g, (uint32_t)i, &c) && make_hop(&r->py->remote, &c, &hop))
			count(list, &hop, &c);
	}
	for (size_t i = 0; i < CANDIDATES; i++)
		if (list[i].seen >= HOPS_LEAST && name_hop(r, &list[i]))
			take(g, &list[i].hop);
	free(list);
	return g->n_hops > 0;
}

/* ---- walking --------------------------------------------------------------------------------- */

void chains_done(struct chains *c)
{
	free(c->tops);
	*c = (struct chains){0};
}

static bool is_chained(const struct graph *g, const struct node *n)
{
	for (size_t i = 0; i < g->n_hops; i++)
		if (n->kind == NODE_OBJECT && n->typed == g->hops[i].type)
			return true;
	return false;
}

static int by_height(const void *a, const void *b, void *graph)
{
	const struct graph *g = graph;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (g->nodes[x].height != g->nodes[y].height)
		return g->nodes[x].height < g->nodes[y].height ? -1 : 1;
	return x < y ? -1 : x > y;
}

void chains_begin(struct chains *c, struct graph *g)
{
	unsigned hops = c->hops;

	chains_done(c);
	c->hops = hops;
	c->tops = mem_array(g->n, sizeof(*c->tops));
	for (uint32_t i = 0; i < g->n; i++)
		if (g->nodes[i].height < GRAPH_FAR && is_chained(g, &g->nodes[i]))
			c->tops[c->n++] = i;
	if (c->n)
		qsort_r(c->tops, c->n, sizeof(*c->tops), by_height, g);
}

/* One that no walk has passed. */
static bool begin_walk(struct chains *c, struct graph *g)
{
	for (; c->hop < g->n_hops; c->hop++, c->next = 0)
		while (c->next < c->n) {
			struct node *n = &g->nodes[c->tops[c->next++]];
			uint8_t bit = (uint8_t)(1u << c->hop);

			if (n->typed != g->hops[c->hop].type || (n->passed & bit))
				continue;
			n->passed |= bit;
			c->top = c->tops[c->next - 1];
			c->at = n->addr;
			return true;
		}
	return false;
}

/* Does the link lead to an object of the type, at once or over parts of it? */
static bool is_hop(const struct graph *g, const struct link *l, const struct typed *type,
		   unsigned words)
{
	const struct node *o = &g->nodes[l->owner];

	if (l->dead || l->leap || words == 0)
		return false;
	if (o->kind == NODE_OBJECT && o->typed == type)
		return true;
	for (uint32_t i = is_part(o) ? o->links : 0; i; i = g->links[i - 1].next)
		if (is_hop(g, &g->links[i - 1], type, words - 1))
			return true;
	return false;
}

/* A list that is linked both ways would be told as one way and some steps of the other. */
static void set_aside(struct graph *g, const struct node *n)
{
	for (uint32_t i = n->links; i; i = g->links[i - 1].next)
		g->links[i - 1].aside |= is_hop(g, &g->links[i - 1], n->typed, HOP_WORDS);
}

static void leap(struct chains *c, struct graph *g, uint32_t node)
{
	struct node *n = &g->nodes[node], *top = &g->nodes[c->top];

	if (n->height <= top->height + 1 || !graph_link(g, node, c->top, 0, false))
		return;
	g->links[g->n_links - 1].leap = (uint8_t)(c->hop + 1);
	top->chained = true;
	set_aside(g, n);
	c->leapt = true;
}

/* false: the walk has ended. */
static bool go_on(struct chains *c, struct graph *g, const struct remote *r)
{
	uint32_t node;

	if (c->hops++ >= HOPS_MOST || !hop_next(r, &g->hops[c->hop], c->at, &c->at))
		return false;
	node = graph_find(g, c->at);
	if (node == GRAPH_NONE)
		return true;
	if (g->nodes[node].passed >> c->hop & 1)
		return false;
	g->nodes[node].passed |= (uint8_t)(1u << c->hop);
	leap(c, g, node);
	return true;
}

bool chains_step(struct chains *c, struct graph *g, const struct remote *r, int64_t budget_ns)
{
	int64_t end = clock_mono_ns() + budget_ns;

	do {
		for (unsigned i = 0; i < HOPS_A_TIME; i++) {
			if (!c->at && !begin_walk(c, g))
				return true;
			if (!go_on(c, g, r))
				c->at = 0;
		}
	} while (clock_mono_ns() < end);
	return false;
}
