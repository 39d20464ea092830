#include "config.h"

#include "holders/crowd.h"

#include <stdlib.h>

#include "util/mem.h"

#define CROWD_LEAST 10u		/* roots; and each of them has less than such a part */

enum kind { KIND_NONE, KIND_MODULE, KIND_CLASS, KIND_TASK, KIND_CONTEXT, KIND_THREAD, KINDS };

static enum kind kind_of(const struct roots *r, const struct node *n)
{
	const struct named_dict *d = roots_dict(r, n->addr);

	if (!n->root)
		return KIND_NONE;
	if (n->kind == NODE_FRAME)
		return KIND_THREAD;
	if (d)
		return d->is_class ? KIND_CLASS : KIND_MODULE;
	switch (n->typed ? n->typed->form : FORM_PLAIN) {
	case FORM_MODULE:
		return KIND_MODULE;
	case FORM_TYPE:
		return KIND_CLASS;
	case FORM_TASK:
		return KIND_TASK;
	case FORM_HAMT_NODE:
		return KIND_CONTEXT;
	default:
		return KIND_NONE;
	}
}

/* One that is as near as any; GRAPH_NONE: none is known. */
static uint32_t nearest_root(const struct graph *g, uint32_t node)
{
	if (g->nodes[node].height == GRAPH_FAR)
		return GRAPH_NONE;
	while (g->nodes[node].height) {
		uint32_t i = g->nodes[node].links;

		while (!graph_leads(g, &g->links[i - 1]) ||
		       g->nodes[g->links[i - 1].owner].height + 1 != g->nodes[node].height)
			i = g->links[i - 1].next;
		node = g->links[i - 1].owner;
	}
	return node;
}

struct tally {			/* of samples by their root */
	uint32_t *of;		/* owned: a count for each node */
	uint32_t all;
};

/* A thread has many frames: they are counted with the first of them that is met. */
static uint32_t counted_as(const struct graph *g, const struct roots *r, uint32_t root)
{
	const struct frame *f = roots_frame(r, g->nodes[root].addr), *other;

	if (g->nodes[root].kind != NODE_FRAME || !f)
		return root;
	for (uint32_t i = 0; i < root; i++)
		if (g->nodes[i].kind == NODE_FRAME &&
		    (other = roots_frame(r, g->nodes[i].addr)) && other->thread == f->thread)
			return i;
	return root;
}

static struct tally count(const struct graph *g, const struct roots *r, bool newest)
{
	struct tally t = {.of = mem_array(g->n, sizeof(*t.of))};

	for (uint32_t i = 0; i < g->n; i++) {
		const struct node *n = &g->nodes[i];
		uint32_t root;

		if (!n->sample || (newest && !n->newest))
			continue;
		root = nearest_root(g, i);
		if (root == GRAPH_NONE)
			continue;
		t.of[counted_as(g, r, root)]++;
		t.all++;
	}
	return t;
}

static bool has_few(const struct tally *t, uint32_t node)
{
	return (uint64_t)t->of[node] * CROWD_LEAST < t->all;
}

/* Are they many, and do they hold half of the samples or more? */
static bool is_crowd(const struct graph *g, const struct roots *r, const struct tally *t,
		     enum kind kind)
{
	uint32_t roots = 0, samples = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		if (!t->of[i] || !has_few(t, i) || kind_of(r, &g->nodes[i]) != kind)
			continue;
		roots++;
		samples += t->of[i];
	}
	return roots >= CROWD_LEAST && 2 * samples >= t->all;
}

/* Of tasks all, for a task that waits refers to the loop, and by that to all others. */
static bool is_of_crowd(const struct graph *g, const struct roots *r, const struct tally *t,
			uint32_t i, enum kind kind)
{
	return kind_of(r, &g->nodes[i]) == kind &&
	       (kind == KIND_TASK || has_few(t, counted_as(g, r, i)));
}

/* Nothing is above a thread: it stays a root, but one of many. */
static void demote(struct graph *g, const struct roots *r, const struct tally *t, enum kind kind)
{
	for (uint32_t i = 0; i < g->n; i++) {
		if (!is_of_crowd(g, r, t, i, kind))
			continue;
		g->nodes[i].crowd = true;
		g->nodes[i].root = kind == KIND_THREAD;
	}
	g->above_tasks |= kind == KIND_TASK;
}

/*
 * Objects of Python's own types are everywhere, in all modules and classes: of these kinds only the
 * newest can tell that they are what is growing.
 */
bool crowd_find(struct graph *g, const struct roots *r)
{
	struct tally all = count(g, r, false), newest = count(g, r, true);
	bool found = false;

	for (enum kind kind = KIND_MODULE; kind < KINDS; kind++) {
		bool of_newest = kind == KIND_MODULE || kind == KIND_CLASS;

		if (!is_crowd(g, r, of_newest ? &newest : &all, kind))
			continue;
		demote(g, r, &all, kind);
		found |= kind != KIND_THREAD;
	}
	free(all.of);
	free(newest.of);
	return found;
}

bool crowd_in_calls(const struct graph *g)
{
	size_t in_calls = 0, all = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t root = g->nodes[i].sample ? nearest_root(g, i) : GRAPH_NONE;

		all += root != GRAPH_NONE;
		in_calls += root != GRAPH_NONE && g->nodes[root].kind == NODE_FRAME;
	}
	return 2 * in_calls > all;
}

bool crowd_restore(struct graph *g)
{
	bool any = false;

	for (size_t i = 0; i < g->n; i++) {
		struct node *n = &g->nodes[i];

		if (!n->crowd || n->root || n->height != GRAPH_FAR)
			continue;
		n->root = any = true;
	}
	return any;
}
