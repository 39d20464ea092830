#include "config.h"

#include "holders/rings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define RINGS_MAX  64
#define VISITS_MAX 4096		/* nodes in the search for one ring */
#define ABOVE_MAX  24		/* holders of a sample that are looked at */
#define TRIES	   16		/* to go round where a link was none */

void rings_done(struct rings *r)
{
	free(r->list);
	*r = (struct rings){0};
}

/* How a step is written behind the name of its owner. */
static void put_step(const struct step *s, char *dst)
{
	size_t n = strlen(dst);

	snprintf(dst + n, CLIMB_TEXT - n, "%s%s",
		 s->kind == STEP_NAME && n ? "." : "",
		 s->kind == STEP_NAME || s->kind == STEP_TEXT ? s->text : "[...]");
}

/* Steps that end at an object begin a member of the ring; the others lead on from it. */
static bool make_ring(const struct path *p, struct ring *ret)
{
	*ret = (struct ring){0};
	for (size_t i = p->n; i-- > 0;) {
		const struct step *s = &p->steps[i];

		if (s->by) {
			if (ret->n == RINGS_LONGEST)
				return false;
			snprintf(ret->types[ret->n++], sizeof(ret->types[0]), "%s", s->by->name);
		}
		if (ret->n == 0)
			return false;
		put_step(s, ret->attributes[ret->n - 1]);
	}
	return ret->n > 0;
}

static void count(struct rings *r, const struct ring *ring, bool counted)
{
	for (size_t i = 0; i < r->n; i++) {
		struct ring *other = &r->list[i];

		if (other->n == ring->n &&
		    !memcmp(other->types, ring->types, sizeof(ring->types)) &&
		    !memcmp(other->attributes, ring->attributes, sizeof(ring->attributes))) {
			other->samples += counted;
			return;
		}
	}
	if (r->n == RINGS_MAX)
		return;
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 4;
		r->list = mem_resize(r->list, r->cap, sizeof(*r->list));
	}
	r->list[r->n] = *ring;
	r->list[r->n++].samples = counted;
}

struct search {
	bool counted;			/* for a sample that is in the shares */
	uint32_t *queue;		/* nodes, nearest first */
	uint32_t *from;			/* by node: the link over which it was reached, + 1 */
	size_t n;
	uint32_t wrong[TRIES];		/* links that are none */
	size_t n_wrong;
};

/* The chain up to the node that `last` is a link of, and over it back to the sample. */
static bool make_chain(const struct graph *g, const struct search *s, uint32_t sample,
		       uint32_t last, struct chain *ret, uint32_t links[CLIMB_CHAIN])
{
	uint32_t link = last;
	size_t n = 0;

	while (n < CLIMB_CHAIN - 1) {
		links[n++] = link;
		if (g->links[link].target == sample)
			break;
		link = s->from[g->links[link].target] - 1;
	}
	if (g->links[links[n - 1]].target != sample)
		return false;
	ret->n = n + 1;
	ret->n_hops = 0;
	ret->nodes[0] = &g->nodes[sample];
	for (size_t i = 0; i < n / 2; i++) {
		link = links[i];
		links[i] = links[n - 1 - i];
		links[n - 1 - i] = link;
	}
	for (size_t i = 0; i < n; i++) {
		const struct link *l = &g->links[links[i]];

		ret->at[i] = l->at;
		ret->leaps[i] = NULL;
		ret->nodes[i + 1] = &g->nodes[l->owner];
	}
	return true;
}

static bool is_wrong(const struct graph *g, const struct search *s, uint32_t link)
{
	for (size_t i = 0; i < s->n_wrong; i++)
		if (s->wrong[i] == link)
			return true;
	return g->links[link].dead || g->links[link].leap;
}

enum visited { GO_ON, FOUND, AGAIN };

/* The ring that ends with this link. AGAIN: one of its links is wrong, and is known now. */
static enum visited close_ring(struct rings *r, const struct roots *roots, const struct graph *g,
			       struct search *s, uint32_t sample, uint32_t link)
{
	struct path *path;
	struct chain chain;
	struct ring ring;
	uint32_t links[CLIMB_CHAIN];
	enum visited ret = GO_ON;

	if (!make_chain(g, s, sample, link, &chain, links))
		return GO_ON;
	path = MEM_NEW(struct path);
	if (climb_ring(roots, &chain, path)) {
		ret = make_ring(path, &ring) ? FOUND : GO_ON;
		if (ret == FOUND)
			count(r, &ring, s->counted);
	} else if (s->n_wrong < TRIES) {
		s->wrong[s->n_wrong++] = links[path->failed];
		ret = AGAIN;
	}
	free(path);
	return ret;
}

/* One node's holders. */
static enum visited visit(struct rings *r, const struct roots *roots, const struct graph *g,
			  struct search *s, uint32_t sample, uint32_t node)
{
	enum visited ret = GO_ON;

	for (uint32_t i = g->nodes[node].links; i && ret == GO_ON; i = g->links[i - 1].next) {
		uint32_t owner = g->links[i - 1].owner;

		if (is_wrong(g, s, i - 1))
			continue;
		if (owner == sample) {
			ret = close_ring(r, roots, g, s, sample, i - 1);
		} else if (!s->from[owner] && s->n < VISITS_MAX) {
			s->from[owner] = i;
			s->queue[s->n++] = owner;
		}
	}
	return ret;
}

static bool ring_of(struct rings *r, const struct roots *roots, const struct graph *g,
		    uint32_t sample, bool counted)
{
	struct search s = {.counted = counted};
	enum visited ret;

	s.queue = mem_array(VISITS_MAX, sizeof(*s.queue));
	s.from = mem_array(g->n, sizeof(*s.from));
	do {
		memset(s.from, 0, g->n * sizeof(*s.from));
		s.n = 0;
		ret = visit(r, roots, g, &s, sample, sample);
		for (size_t i = 0; i < s.n && ret == GO_ON; i++)
			ret = visit(r, roots, g, &s, sample, s.queue[i]);
	} while (ret == AGAIN);
	free(s.queue);
	free(s.from);
	return ret == FOUND;
}

/* What hangs on something that is in a ring is garbage as well: the ring of the nearest holder. */
bool rings_find(struct rings *r, const struct roots *roots, const struct graph *g, uint32_t sample)
{
	uint32_t near[ABOVE_MAX];
	size_t n = 0;

	near[n++] = sample;
	for (size_t i = 0; i < n; i++) {
		if (g->nodes[near[i]].kind == NODE_OBJECT &&
		    ring_of(r, roots, g, near[i], g->nodes[sample].counted))
			return true;
		for (uint32_t k = g->nodes[near[i]].links; k; k = g->links[k - 1].next)
			if (n < ABOVE_MAX && !g->links[k - 1].dead)
				near[n++] = g->links[k - 1].owner;
	}
	return false;
}

static int by_samples(const void *a, const void *b)
{
	size_t x = ((const struct ring *)a)->samples, y = ((const struct ring *)b)->samples;

	return x > y ? -1 : x < y;
}

void rings_sort(struct rings *r)
{
	if (r->n)
		qsort(r->list, r->n, sizeof(*r->list), by_samples);
}
