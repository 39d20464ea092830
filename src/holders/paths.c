#include "config.h"

#include "holders/paths.h"

#include <stdio.h>
#include <stdlib.h>

#include "holders/climb.h"
#include "util/mem.h"

#define VISITS_MAX   2000u	/* of nodes, in the search for one sample's paths */
#define PATHS_OF_ONE 16u
#define C_DEEPEST    12u	/* nodes on the way up to C code */
#define NEAR	     6		/* steps longer than the shortest path, and no further */

struct walk {
	const struct roots *roots;
	const struct graph *g;
	struct merge *merge;
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
	const struct graph *g = w->g;

	for (uint32_t i = g->nodes[node].links; i; i = g->links[i - 1].next) {
		const struct link *l = &g->links[i - 1];

		if (!graph_leads(g, l) || g->nodes[l->owner].height != height ||
		    is_on_path(w, l->owner))
			continue;
		w->chain.at[w->chain.n - 1] = l->at;
		w->chain.leaps[w->chain.n - 1] = l->leap ? &g->hops[l->leap - 1] : NULL;
		walk_up(w, l->owner);
	}
}

static void walk_up(struct walk *w, uint32_t node)
{
	const struct graph *g = w->g;
	struct node *n = &g->nodes[node];

	if (w->chain.n >= w->most || w->chain.n + n->height >= w->most ||
	    ++w->visits > VISITS_MAX || w->paths >= PATHS_OF_ONE)
		return;
	w->of[w->chain.n] = node;
	w->chain.nodes[w->chain.n++] = n;
	if (n->root && w->chain.n > 1) {
		if (climb(w->roots, &w->chain, &w->path)) {
			merge_add(w->merge, w->sample, g->nodes[w->sample].counted,
				  g->nodes[w->sample].newest, &w->path);
			w->paths++;
		}
	} else {
		for (uint16_t near = 0; near < NEAR; near++)
			walk_links(w, node, (uint16_t)(n->height - 1 + near));
	}
	w->chain.n--;
}

unsigned paths_find(const struct roots *r, const struct graph *g, uint32_t sample,
		    struct merge *merge)
{
	const struct node *n = &g->nodes[sample];
	struct walk *w;
	unsigned paths;

	if (n->height >= GRAPH_FAR)
		return 0;
	w = MEM_NEW(struct walk);
	w->roots = r;
	w->g = g;
	w->chain.hops = g->hops;
	w->chain.n_hops = g->n_hops;
	w->merge = merge;
	w->sample = sample;
	w->most = n->height + NEAR + 1u;
	if (w->most > CLIMB_CHAIN)
		w->most = CLIMB_CHAIN;
	walk_up(w, sample);
	paths = w->paths;
	free(w);
	return paths;
}

/* ---- up to C code ---------------------------------------------------------------------------- */

static bool is_top(const struct graph *g, uint32_t node)
{
	const struct node *n = &g->nodes[node];

	return n->kind == NODE_OBJECT && n->typed && n->sought && !n->unread &&
	       !graph_has_object(g, node);
}

static void tell_top(struct walk *w, const struct node *top)
{
	snprintf(w->path.root, sizeof(w->path.root), "C code -> %s", top->typed->name);
	snprintf(w->path.root_words, sizeof(w->path.root_words), "C code");
	w->path.rank = RANK_FRAME;
	merge_add(w->merge, w->sample, w->g->nodes[w->sample].counted,
		  w->g->nodes[w->sample].newest, &w->path);
	w->paths++;
}

static void walk_to_c(struct walk *w, uint32_t node)
{
	const struct graph *g = w->g;

	if (w->chain.n >= w->most || w->paths || ++w->visits > VISITS_MAX)
		return;
	w->of[w->chain.n] = node;
	w->chain.nodes[w->chain.n++] = &g->nodes[node];
	if (w->chain.n > 1 && is_top(g, node) && climb_ring(w->roots, &w->chain, &w->path))
		tell_top(w, &g->nodes[node]);
	for (uint32_t i = g->nodes[node].links; i && !w->paths; i = g->links[i - 1].next) {
		if (g->links[i - 1].dead || g->links[i - 1].leap ||
		    is_on_path(w, g->links[i - 1].owner))
			continue;
		w->chain.at[w->chain.n - 1] = g->links[i - 1].at;
		walk_to_c(w, g->links[i - 1].owner);
	}
	w->chain.n--;
}

unsigned paths_of_c(const struct roots *r, const struct graph *g, uint32_t sample,
		    struct merge *merge)
{
	struct walk *w = MEM_NEW(struct walk);
	unsigned paths;

	*w = (struct walk){.roots = r, .g = g, .merge = merge, .sample = sample,
			   .most = C_DEEPEST};
	walk_to_c(w, sample);
	paths = w->paths;
	free(w);
	return paths;
}
