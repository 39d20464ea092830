#include "config.h"
#include "session/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders/holders.h"
#include "session/growers.h"
#include "session/keeps.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define SLICE_NS (5 * CLOCK_NS_PER_MS)	/* a key pressed meanwhile waits for this long */
#define REST_SLICES 4			/* between two of a search that nobody waits for */
#define TRIES_MORE 2			/* where most of the objects seem to have no holder */
#define FOLLOWED_MAX 16			/* types, as many as the model keeps */

struct container {			/* where a length is read */
	uint64_t address, type, length_at;
};

struct followed {
	char type[HOLDING_NAME];
	struct container containers[HOLDING_PATHS];
	size_t n;
};

struct search {
	const struct python *py;
	double max_cpu;
	struct holders *holders;	/* NULL: not used yet */
	struct growers *growers;	/* NULL: not used yet */
	bool growing;			/* they are at work, not the search */
	unsigned tries;			/* of this search, before this one */
	struct holding_search now;
	struct holding result;
	int64_t due_ns, rested_ns;
	int64_t cpu_ns;			/* of the search under way */
	struct followed followed[FOLLOWED_MAX];
	size_t n_followed, next_followed;
};

struct search *search_new(const struct python *py, double max_cpu)
{
	struct search *s = MEM_NEW(struct search);

	s->py = py;
	s->max_cpu = max_cpu;
	s->due_ns = SEARCH_IDLE;
	return s;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	holders_free(s->holders);
	growers_free(s->growers);
	free(s);
}

void search_stop(struct search *s)
{
	if (s->holders)
		holders_abandon(s->holders);
	if (s->growers)
		growers_abandon(s->growers);
	s->growing = false;
	s->now.type[0] = '\0';
	s->due_ns = SEARCH_IDLE;
}

void search_forget(struct search *s)
{
	search_stop(s);
	holders_free(s->holders);	/* made for the other Python's layout */
	s->holders = NULL;
	growers_free(s->growers);
	s->growers = NULL;
	s->n_followed = s->next_followed = 0;
}

const struct holding_search *search_now(const struct search *s)
{
	return &s->now;
}

bool search_rested(const struct search *s, int64_t now_ns)
{
	return now_ns >= s->rested_ns;
}

int64_t search_due_ns(const struct search *s)
{
	return s->due_ns;
}

void search_begin(struct search *s, const char *type, bool asked)
{
	struct lt_err err = {0};

	search_stop(s);
	s->tries = 0;
	if (!s->holders)
		s->holders = holders_new(s->py);
	holding_init(&s->result, type);
	s->now = (struct holding_search){.asked = asked, .since_ns = clock_mono_ns()};
	snprintf(s->now.type, sizeof(s->now.type), "%s", s->result.type);
	s->cpu_ns = clock_cpu_ns();
	s->result.code = holders_begin(s->holders, type, &err);
	if (s->result.code != LT_OK)
		lt_err_text(&err, s->result.why, sizeof(s->result.why));
	s->cpu_ns = clock_cpu_ns() - s->cpu_ns;
	s->due_ns = s->now.since_ns;
}

void search_begin_growing(struct search *s)
{
	int64_t now = clock_mono_ns();

	if (!s->growers)
		s->growers = growers_new(s->py);
	if (!growers_due(s->growers, now) || !growers_begin(s->growers, now))
		return;
	s->growing = true;
	s->now.asked = false;
	s->cpu_ns = 0;
	s->due_ns = now;
}

/* ---- the result ---------------------------------------------------------------------------- */

static void take_text(char *to, size_t size, const char *from)
{
	clean_text(to, size, from, strlen(from));
}

static void take_path(struct holding_path *to, const struct holder *from)
{
	take_text(to->path, sizeof(to->path), from->path);
	take_text(to->shown, sizeof(to->shown), from->shown);
	take_text(to->root, sizeof(to->root), from->root);
	take_text(to->container, sizeof(to->container), from->container);
	to->address = from->address;
	to->length = from->length;
	to->samples = from->samples;
	to->newest = from->newest;
	to->share = from->share;
	to->low = from->share_low;
	to->high = from->share_high;
}

/* The share of the sample that is in it, of all instances. */
static int64_t estimate(const struct holding *h, size_t samples)
{
	size_t alive = holding_alive(h);

	return alive ? (int64_t)((double)samples / (double)alive * (double)h->instances + 0.5) : 0;
}

static void take_cycle(struct holding *h, const struct holders_cycle *from)
{
	struct holding_cycle *to = &h->cycles[h->n_cycles++];

	to->n = from->n < HOLDING_RING ? from->n : HOLDING_RING;
	to->samples = from->samples;
	to->instances = estimate(h, from->samples);
	for (size_t i = 0; i < to->n; i++) {
		take_text(to->types[i], sizeof(to->types[i]), from->types[i]);
		take_text(to->attributes[i], sizeof(to->attributes[i]), from->attributes[i]);
	}
}

static void take_result(struct search *s)
{
	struct holding *h = &s->result;
	struct holders_result r;

	holders_result(s->holders, &r);
	h->instances = r.instances;
	h->sampled = r.sampled;
	h->newest = r.newest;
	h->newest_cyclic = r.newest_cyclic;
	h->no_path = r.no_path;
	h->c_only = r.c_only;
	h->freed = r.freed;
	h->refcounts.min = r.refcounts.min;
	h->refcounts.median = r.refcounts.median;
	h->refcounts.max = r.refcounts.max;
	h->refcounts.explained = r.refcounts.explained;
	h->incomplete = r.incomplete;
	for (size_t i = 0; i < r.n && i < HOLDING_PATHS; i++)
		take_path(&h->paths[h->n_paths++], &r.list[i]);
	for (size_t i = 0; i < r.n_cycles && i < HOLDING_CYCLES; i++)
		take_cycle(h, &r.cycles[i]);
}

static struct followed *follow(struct search *s, const char *type)
{
	struct followed *f;

	for (size_t i = 0; i < s->n_followed; i++)
		if (!strcmp(s->followed[i].type, type))
			return &s->followed[i];
	if (s->n_followed < FOLLOWED_MAX) {
		f = &s->followed[s->n_followed++];
	} else {
		f = &s->followed[s->next_followed];
		s->next_followed = (s->next_followed + 1) % FOLLOWED_MAX;
	}
	snprintf(f->type, sizeof(f->type), "%s", type);
	return f;
}

static void follow_lengths(struct search *s)
{
	struct followed *f = follow(s, s->result.type);
	struct holders_result r;

	holders_result(s->holders, &r);
	f->n = s->result.n_paths;
	for (size_t i = 0; i < f->n; i++)
		f->containers[i] = (struct container){
			r.list[i].address, r.list[i].container_type, r.list[i].length_at,
		};
}

/* Of those that the path has which is told first; of garbage, one in a cycle. */
static void look_inside(struct search *s)
{
	struct holding *h = &s->result;
	const struct holding_path *best = holding_best(h);
	struct holders_result r;
	int64_t cpu = clock_cpu_ns();
	uint64_t object;

	holders_result(s->holders, &r);
	object = best && !holding_is_cyclic(h) ? r.list[best - h->paths].example : r.cyclic;
	keeps_read(s->py, object, h->type, &h->inside);
	s->cpu_ns += clock_cpu_ns() - cpu;
}

/* The lengths are of the moment now, and will be read in the same way with every sample. */
static void end_search(struct search *s)
{
	struct holding *h = &s->result;
	int64_t lengths[HOLDING_PATHS];
	size_t n;

	if (h->code == LT_OK && !python_same(s->py)) {
		h->code = LT_E_REPLACED;
		snprintf(h->why, sizeof(h->why), "%s", lt_err_info(h->code)->cause);
	}
	if (h->code == LT_OK) {
		take_result(s);
		look_inside(s);
		follow_lengths(s);
		for (size_t i = 0; i < s->n_followed; i++) {
			const char *type = search_lengths(s, i, lengths, &n);

			for (size_t k = 0; k < n && !strcmp(type, h->type); k++)
				h->paths[k].length = lengths[k];
		}
	}
	h->t = clock_wall_s();
	h->mono_ns = clock_mono_ns();
	h->time_ns = h->mono_ns - s->now.since_ns;
	h->cpu_ns = s->cpu_ns;
}

/* The share of the time that it may take is kept by resting. */
static void rest(struct search *s)
{
	if (s->max_cpu > 0)
		s->rested_ns = clock_mono_ns() + (int64_t)((double)s->cpu_ns / s->max_cpu);
}

/*
 * A list that grows moves its items now and then: what a search saw before fits nothing after. So
 * that most of the objects have no holder in Python is said when others say so too.
 */
static bool tries_again(struct search *s)
{
	struct holders_result r;

	if (s->growing || s->tries == TRIES_MORE || s->result.code != LT_OK)
		return false;
	holders_result(s->holders, &r);
	if (2 * (r.c_only + r.no_path) <= r.sampled - r.freed)
		return false;
	s->tries++;
	s->result.code = holders_begin(s->holders, s->result.type, NULL);
	return s->result.code == LT_OK;
}

static void end_step(struct search *s, struct search_found *ret)
{
	*ret = (struct search_found){0};
	if (s->growing) {
		ret->growing = growers_found(s->growers);
	} else {
		end_search(s);
		ret->holding = &s->result;
	}
	rest(s);
	search_stop(s);
}

bool search_step(struct search *s, struct search_found *ret)
{
	int64_t begin = clock_mono_ns(), cpu = clock_cpu_ns(), took;
	bool ended;

	if (s->due_ns == SEARCH_IDLE)
		return false;
	if (s->growing)
		ended = growers_step(s->growers, SLICE_NS);
	else
		ended = s->result.code != LT_OK || holders_step(s->holders, SLICE_NS);
	s->cpu_ns += clock_cpu_ns() - cpu;
	if (ended && !tries_again(s)) {
		end_step(s, ret);
		return true;
	}
	took = clock_mono_ns() - begin;
	s->due_ns = begin + took * (s->now.asked ? 1 : 1 + REST_SLICES);
	if (!s->growing)
		s->now.progress = holders_progress(s->holders);
	return false;
}

const char *search_lengths(const struct search *s, size_t i, int64_t lengths[HOLDING_PATHS],
			   size_t *ret_n)
{
	const struct followed *f = &s->followed[i];

	if (i >= s->n_followed)
		return NULL;
	for (size_t k = 0; k < f->n; k++)
		lengths[k] = holders_length(s->py, f->containers[k].address,
					    f->containers[k].type, f->containers[k].length_at);
	*ret_n = f->n;
	return f->type;
}
