#include "config.h"
#include "model/holding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/clean.h"
#include "util/clock.h"
#include "util/num.h"

#define RATE_LEAST_NS CLOCK_NS_PER_S		/* a rate over less says nothing */
#define RATE_WINDOW_NS (30 * CLOCK_NS_PER_S)	/* it is over one to two of these */
#define TOLD_LEAST 0.1
#define MOST 0.9
#define IDLE_SHARE 0.5
#define READINGS_LEAST 3		/* of a length that did not change */
#define NEWEST_LEAST 10			/* fewer say nothing */

static const struct holding_growth never = {
	.first = LT_UNKNOWN, .mark = {LT_UNKNOWN, LT_UNKNOWN},
};

void holding_init(struct holding *h, const char *type)
{
	*h = (struct holding){0};
	clean_text(h->type, sizeof(h->type), type, strlen(type));
	h->refcounts.min = h->refcounts.median = LT_UNKNOWN;
	h->refcounts.max = h->refcounts.explained = LT_UNKNOWN;
	for (size_t i = 0; i < HOLDING_PATHS; i++) {
		struct holding_path *p = &h->paths[i];

		p->length = p->length_delta = LT_UNKNOWN;
		p->length_rate = NAN;
		p->growth = never;
	}
}

size_t holding_alive(const struct holding *h)
{
	return h->freed < h->sampled ? h->sampled - h->freed : 0;
}

size_t holding_in_cycles(const struct holding *h)
{
	size_t sum = 0;

	for (size_t i = 0; i < h->n_cycles; i++)
		sum += h->cycles[i].samples;
	return sum;
}

bool holding_is_cyclic(const struct holding *h)
{
	return h->n_cycles > 0 && (2 * holding_in_cycles(h) > holding_alive(h) ||
				   (h->newest >= NEWEST_LEAST &&
				    (double)h->newest_cyclic >= MOST * (double)h->newest));
}

bool holding_has_newest(const struct holding *h, const struct holding_path *p)
{
	return p->share < MOST && h->newest >= NEWEST_LEAST &&
	       (double)p->newest >= MOST * (double)h->newest;
}

bool holding_is_held(const struct holding *h)
{
	size_t alive = holding_alive(h), unnamed = h->no_path + holding_in_cycles(h);

	return h->n_paths > 0 && alive > 0 && 20 * unnamed <= alive;
}

/* It holds a part of them, and did not change while they grew: what it holds was there before. */
static bool is_idle(const struct holding *h, const struct holding_path *p)
{
	const struct holding_growth *g = &p->growth;

	return g->readings >= READINGS_LEAST && !g->rises && !g->falls &&
	       p->share < IDLE_SHARE && !holding_has_newest(h, p);
}

/* Is it many that are in its container, and not one thing that has all of them? */
static bool fans_out(const struct holding_path *p)
{
	return p->container[0] && p->length != 1;
}

const struct holding_path *holding_best(const struct holding *h)
{
	const struct holding_path *first = NULL;

	for (size_t i = 0; i < h->n_paths; i++) {
		const struct holding_path *p = &h->paths[i];

		if (is_idle(h, p))
			continue;
		first = first ? first : p;
		if (fans_out(p) && (p->share >= TOLD_LEAST || holding_has_newest(h, p)))
			return p;
	}
	return first;
}

/* From the older mark that is there, over at least a second. */
static double rate_of(const struct holding_growth *g, int64_t length, int64_t now_ns)
{
	int at = num_known(g->mark[0]) ? 0 : 1;
	int64_t ns = now_ns - g->mark_ns[at];

	if (!num_known(g->mark[at]) || ns < RATE_LEAST_NS)
		return NAN;
	return (double)(length - g->mark[at]) * 1e9 / (double)ns;
}

static void move_marks(struct holding_growth *g, int64_t length, int64_t now_ns)
{
	if (num_known(g->mark[1]) && now_ns - g->mark_ns[1] < RATE_WINDOW_NS)
		return;
	g->mark[0] = g->mark[1];
	g->mark_ns[0] = g->mark_ns[1];
	g->mark[1] = length;
	g->mark_ns[1] = now_ns;
}

void holding_put_length(struct holding_path *p, int64_t length, int64_t now_ns)
{
	struct holding_growth *g = &p->growth;
	double rate;

	if (!num_known(length)) {		/* it is no more */
		p->length = p->length_delta = LT_UNKNOWN;
		p->length_rate = NAN;
		*g = never;
		return;
	}
	if (!num_known(g->first)) {
		g->first = length;
		g->first_ns = now_ns;
	} else {
		g->rises += length > p->length;
		g->falls += length < p->length;
	}
	g->readings++;
	rate = rate_of(g, length, now_ns);
	if (!isnan(rate))
		p->length_rate = rate;
	move_marks(g, length, now_ns);
	p->length = length;
	p->length_delta = length - g->first;
}

static bool same_container(const struct holding_path *a, const struct holding_path *b)
{
	return a->address != 0 && a->address == b->address && !strcmp(a->path, b->path);
}

static void follow_path(struct holding_path *p, const struct holding *before, int64_t now_ns)
{
	for (size_t i = 0; i < before->n_paths; i++) {
		const struct holding_path *old = &before->paths[i];
		int64_t length = p->length;

		if (!same_container(p, old) || !num_known(old->growth.first))
			continue;
		p->growth = old->growth;
		p->length = old->length;
		p->length_rate = old->length_rate;
		holding_put_length(p, length, now_ns);
		return;
	}
	if (num_known(p->length))
		holding_put_length(p, p->length, now_ns);
}

static bool same_ring(const struct holding_cycle *a, const struct holding_cycle *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; i < a->n && same; i++)
		same = !strcmp(a->types[i], b->types[i]) &&
		       !strcmp(a->attributes[i], b->attributes[i]);
	return same;
}

void holding_follow(struct holding *h, const struct holding *before)
{
	static const struct holding none;

	if (!before)
		before = &none;
	for (size_t i = 0; i < h->n_paths; i++)
		follow_path(&h->paths[i], before, h->mono_ns);
	for (size_t i = 0; i < h->n_cycles; i++) {
		h->cycles[i].since = h->t;
		for (size_t k = 0; k < before->n_cycles; k++)
			if (same_ring(&h->cycles[i], &before->cycles[k]))
				h->cycles[i].since = before->cycles[k].since;
	}
}

bool holding_agrees(const struct holding *a, const struct holding *b)
{
	const struct holding_path *p = holding_best(a), *q = holding_best(b);

	if (a->code != b->code || holding_is_cyclic(a) != holding_is_cyclic(b))
		return false;
	if (holding_is_cyclic(a))
		return same_ring(&a->cycles[0], &b->cycles[0]);
	return p && q ? !strcmp(p->path, q->path) : p == q;
}
