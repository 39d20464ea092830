#include "config.h"
#include "model/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"
#include "util/num.h"

/* In step: slopes within 3 %, and the steps alike, one by one or as a pattern. */
#define SLOPE_AGREES 0.03
#define STEPS_AGREE 0.1
#define PATTERN_AGREES 0.9
#define TIMES_MOST 8		/* objects of a part that each object of the head has */
#define JOIN_MOST 64		/* rows compared with each other */
#define EARLY_LEAST 50		/* objects more, of a type without a word, make it too early */

void verdict_done(struct verdict *v)
{
	free(v->found);
	free(v->suspects);
	*v = (struct verdict){0};
}

void verdict_begin(struct verdict *v, const struct types *types, const struct epochs *epochs,
		   const struct searches *searches)
{
	v->types = types;
	v->epochs = epochs;
	v->searches = searches;
	v->n = 0;
	v->early = false;
	v->result = (struct outcome){.word = RATCHET_EARLY};
}

void verdict_add(struct verdict *v, struct snapshot_row *row, bool matches)
{
	struct outcome *result = &v->result;

	result->objects |= row->word <= RATCHET_SUSPECT;
	if (!matches)
		return;
	if (row->word < result->word)
		result->word = row->word;
	if (row->count > 0)
		result->n[row->word]++;
	v->early |= row->word == RATCHET_EARLY && row->count_delta >= EARLY_LEAST;
	if (row->word > RATCHET_SUSPECT)
		return;
	if (v->n == v->cap) {
		v->cap = v->cap ? 2 * v->cap : 16;
		v->found = mem_resize(v->found, v->cap, sizeof(*v->found));
		v->suspects = mem_resize(v->suspects, v->cap, sizeof(*v->suspects));
	}
	v->found[v->n++] = row;
}

/* ---- groups ----------------------------------------------------------------------------- */

/* Only the packages are listed whose objects are made in numbers on behalf of others. */
bool verdict_is_own(const char *name)
{
	static const char *const brought[] = {
		"collections", "functools", "itertools", "threading", "_thread", "weakref",
		"_weakref", "_weakrefset", "types", "typing", "asyncio", "_asyncio", "_contextvars",
		"contextvars", "logging", "socket", "_socket", "_io", "io", "selectors", "ssl",
		"_ssl", "datetime", "decimal", "re", "enum", "abc", "_abc", "queue", "_queue",
		"concurrent", "contextlib", "traceback", "builtins", "operator", "_operator",
	};
	size_t len = strcspn(name, ".");

	if (!name[len])
		return false;
	for (size_t i = 0; i < COUNT_OF(brought); i++)
		if (strlen(brought[i]) == len && strncmp(brought[i], name, len) == 0)
			return false;
	return true;
}

bool verdict_is_part(const char *name)
{
	static const char *const modules[] = {
		"collections", "functools", "itertools", "_thread", "thread", "weakref", "_weakref",
		"_weakrefset", "types", "typing", "_contextvars", "contextvars", "datetime",
		"decimal", "re", "enum", "abc", "_abc", "contextlib", "builtins", "operator",
		"_operator",
	};
	static const char *const classes[] = {
		"threading.Condition", "threading._Condition", "threading.Event",
		"threading._Event", "threading._RLock", "threading.Semaphore", "_asyncio.Future",
	};
	size_t len = strcspn(name, ".");

	if (!name[len])			/* a class, a module: not made for others */
		return strcmp(name, "type") != 0 && strcmp(name, "module") != 0;
	for (size_t i = 0; i < COUNT_OF(modules); i++)
		if (strlen(modules[i]) == len && strncmp(modules[i], name, len) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if (strcmp(classes[i], name) == 0)
			return true;
	return false;
}

/* b with times as many objects as a at each step. */
static bool in_step(const struct floors *a, const struct floors *b, double times)
{
	double apart = 0, moved_a = 0, moved_b = 0, gain_a, gain_b;

	if (a->n != b->n || a->n < 2)
		return false;
	gain_a = times * (a->floor[a->n - 1] - a->floor[0]);
	gain_b = b->floor[b->n - 1] - b->floor[0];
	if (fabs(gain_a - gain_b) > SLOPE_AGREES * fmax(fabs(gain_a), fabs(gain_b)))
		return false;
	for (int i = 1; i < a->n; i++) {
		double x = times * (a->floor[i] - a->floor[i - 1]);
		double y = b->floor[i] - b->floor[i - 1];

		apart += fabs(x - y);
		moved_a += fabs(x);
		moved_b += fabs(y);
	}
	return apart <= STEPS_AGREE * fmax(moved_a, moved_b) ||
	       floors_agree(a, b) >= PATTERN_AGREES;
}

static void floors_of(const struct verdict *v, const struct snapshot_row *row, struct floors *ret)
{
	const struct type_history *history = v->types->v[row->id].history;

	ret->n = 0;
	if (history)
		ratchet_floors(&history->ratchet, v->epochs, ret);
}

static size_t index_of(const struct verdict *v, uint32_t id)
{
	size_t i = 0;

	while (v->found[i]->id != id)
		i++;
	return i;
}

static size_t joined_of(const struct verdict *v)
{
	return v->n < JOIN_MOST ? v->n : JOIN_MOST;
}

static bool is_alone(const struct snapshot_row *row)
{
	return row->head == row->id && row->group_n == 1;
}

/* How many of b come with each of a, to the next whole number; 0: not as many. */
static double times_of(const struct floors *a, const struct floors *b)
{
	double gain = a->n ? a->floor[a->n - 1] - a->floor[0] : 0;
	double times = a->n == b->n && gain > 0
			       ? round((b->floor[b->n - 1] - b->floor[0]) / gain) : 0;

	return times >= 2 && times <= TIMES_MOST ? times : 0;
}

/*
 * Takes into head's group what rises in step with it; parts: the parts alone that do so faster,
 * for each logger has three lists, each task two coroutines.
 */
static void join_with(struct verdict *v, const struct floors *floors, size_t head, bool parts)
{
	for (size_t i = 0; i < joined_of(v); i++) {
		struct snapshot_row *row = v->found[i];
		double times = parts ? times_of(&floors[head], &floors[i]) : 1;

		if (i == head || !is_alone(row) || row->word != v->found[head]->word ||
		    (parts && !row->part) || times == 0 ||
		    !in_step(&floors[head], &floors[i], times))
			continue;
		row->head = v->found[head]->id;
		v->found[head]->group_n++;
	}
}

/*
 * Do as many of a type as were gained go with the head's objects? Where not each one has any there
 * are fewer; where there are more, something else makes them.
 */
static bool keeps(const struct holding *h, const struct snapshot_row *head,
		  const struct snapshot_row *row)
{
	const struct holding_inside *in = &h->inside;
	int64_t each = 0;

	for (size_t i = 1; i < in->n; i++)
		each += !in->parts[i].shared && strcmp(in->parts[i].type, row->name) == 0;
	return each && row->count_delta > 0 &&
	       (double)row->count_delta <=
		       (1 + SLOPE_AGREES) * (double)each * (double)head->count_delta;
}

/* The whole group that row is in. */
static void adopt(struct verdict *v, struct snapshot_row *head, uint32_t former)
{
	for (size_t i = 0; i < joined_of(v); i++)
		if (v->found[i]->head == former) {
			v->found[i]->head = head->id;
			head->group_n++;
		}
}

/*
 * Each fourth connection never says a word and has no dict of counters: dicts grow by less than
 * connections, steadily. What one of them was seen to keep alive is of their group all the same.
 */
static void join_kept(struct verdict *v)
{
	for (size_t i = 0; i < joined_of(v); i++) {
		struct snapshot_row *head = v->found[i];
		const struct holding *h = searches_found(v->searches, head->name);

		if (!h || !head->own || head->head != head->id)
			continue;
		for (size_t k = 0; k < joined_of(v); k++) {
			const struct snapshot_row *row = v->found[k];

			if (!row->own && row->head != head->id && row->word == head->word &&
			    !v->found[index_of(v, row->head)]->own && keeps(h, head, row))
				adopt(v, head, row->head);
		}
	}
}

/* Who is likely to be the cause: what a person wrote, what comes with Python, what is in both. */
enum standing { STANDS_OWN, STANDS_LIBRARY, STANDS_PART, STANDINGS };

static enum standing standing(const struct snapshot_row *row)
{
	return row->own ? STANDS_OWN : row->part ? STANDS_PART : STANDS_LIBRARY;
}

/* Of two in step the one that stands higher is the head, else the one further up. */
static void join(struct verdict *v)
{
	size_t n = joined_of(v);
	struct floors floors[JOIN_MOST];

	for (size_t i = 0; i < n; i++)
		floors_of(v, v->found[i], &floors[i]);
	for (int s = 0; s < STANDINGS; s++) {
		for (size_t i = 0; i < n; i++)
			if ((int)standing(v->found[i]) == s && is_alone(v->found[i]))
				join_with(v, floors, i, false);
		for (size_t i = 0; i < n && s < STANDS_PART; i++)
			if ((int)standing(v->found[i]) == s &&
			    v->found[i]->head == v->found[i]->id)
				join_with(v, floors, i, true);
	}
	join_kept(v);
}

/* The group of found[i], its head first, each row once. */
static size_t put_group(struct verdict *v, size_t at, size_t i, bool put[JOIN_MOST])
{
	size_t head = index_of(v, v->found[i]->head);

	if (put[head])
		return at;
	put[head] = true;
	v->suspects[at++] = *v->found[head];
	for (size_t k = 0; k < joined_of(v); k++) {
		struct snapshot_row *row = v->found[k];

		if (k == head || row->head != v->found[head]->id)
			continue;
		row->group_n = v->found[head]->group_n;
		v->suspects[at++] = *row;
	}
	return at;
}

/* A group stands where the first of its types does. */
static void put_in_order(struct verdict *v)
{
	bool put[JOIN_MOST] = {false};
	size_t at = 0;

	for (int word = RATCHET_LEAK; word <= RATCHET_SUSPECT; word++)
		for (size_t i = 0; i < v->n; i++) {
			if ((int)v->found[i]->word != word)
				continue;
			if (i < JOIN_MOST)
				at = put_group(v, at, i, put);
			else
				v->suspects[at++] = *v->found[i];
		}
}

static int by_gain(const void *pa, const void *pb)
{
	const struct snapshot_row *a = *(struct snapshot_row *const *)pa;
	const struct snapshot_row *b = *(struct snapshot_row *const *)pb;

	if (a->word != b->word)
		return a->word < b->word ? -1 : 1;
	if (standing(a) != standing(b))
		return standing(a) < standing(b) ? -1 : 1;
	if (a->bytes_delta != b->bytes_delta)
		return a->bytes_delta > b->bytes_delta ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

void verdict_end(struct verdict *v, bool in_order, struct outcome *ret)
{
	struct outcome *result = &v->result;

	if (!in_order && v->n)
		qsort(v->found, v->n, sizeof(*v->found), by_gain);
	join(v);
	put_in_order(v);
	result->suspects = v->suspects;
	result->n_suspects = v->n;
	for (size_t i = 0; i < v->n; i++) {
		const struct snapshot_row *row = &v->suspects[i];

		if (row->word != RATCHET_LEAK)
			continue;
		result->leak_groups += row->head == row->id;
		if (num_known(row->bytes_delta))
			result->leak_bytes += row->bytes_delta;
	}
	result->leaking = v->n > 0;
	/* types at rest are known to be flat some seconds before others are known to rise */
	if (result->word == RATCHET_FLAT && v->early)
		result->word = RATCHET_EARLY;
	*ret = *result;
}

/* Suspects are Python's: only a cycle is a cause beside them, and none without them. */
void verdict_cause(struct outcome *v, enum outcome_cause found)
{
	v->leaking = v->n_suspects > 0 || found == CAUSE_NATIVE;
	if (v->n_suspects)
		v->cause = found == CAUSE_CYCLE ? found : CAUSE_OBJECTS;
	else if (found == CAUSE_NATIVE || found == CAUSE_FRAGMENTATION)
		v->cause = found;
}

void verdict_gather(const struct verdict *v, struct snapshot_row *rows, size_t n)
{
	size_t at = 0;

	while (at < n && rows[at].word <= RATCHET_SUSPECT)
		at++;
	if (at == v->n)		/* none of them is hidden */
		for (size_t i = 0; i < at; i++)
			rows[i] = v->suspects[i];
}

/* ---- reasons ---------------------------------------------------------------------------- */

const char *verdict_claim(const struct outcome *v)
{
	if (v->leaking)
		return "leak?";
	return v->word == RATCHET_GROWING ? "growth, not proved a leak" : "no leak";
}

const char *verdict_straightness(double bend)
{
	if (bend >= 1.5)
		return "faster and faster";
	if (bend >= 0.8)
		return "straight";
	return bend >= 0.5 ? "nearly straight" : "less and less";
}

static void say_rise(const struct ratchet_reason *r, char *buf, size_t size)
{
	int at = snprintf(buf, size, "floor rose in %d/%d epochs, %s", r->records, r->epochs - 1,
			  verdict_straightness((double)r->bend));

	if (r->note == RATCHET_AWAITS)
		snprintf(buf + at, size - (size_t)at,
			 "; a full collection is due that may free it");
	else if (r->note == RATCHET_UNPROVEN)
		snprintf(buf + at, size - (size_t)at, "; %d of 3 full collections seen", r->full);
	else if (r->full > 0)
		snprintf(buf + at, size - (size_t)at, ", survived %d full collection%s", r->full,
			 r->full == 1 ? "" : "s");
	else
		snprintf(buf + at, size - (size_t)at, ", no full collection seen");
}

char *verdict_reason(const struct snapshot_row *row, char *buf, size_t size)
{
	const struct ratchet_reason *r = &row->reason;
	char span[32];

	switch (row->word) {
	case RATCHET_LEAK:
	case RATCHET_SUSPECT:
	case RATCHET_GROWING:
		say_rise(r, buf, size);
		break;
	case RATCHET_HOLD:
		snprintf(buf, size, "grew, and has not set a new floor for %s",
			 num_span(row->quiet_s, span, sizeof(span)));
		break;
	case RATCHET_CHURN:
		snprintf(buf, size, "comes and goes: its floor does not rise");
		break;
	case RATCHET_SHRINK:
		snprintf(buf, size, "fewer than at the baseline");
		break;
	case RATCHET_FLAT:
		snprintf(buf, size, "no material growth: 50 objects and 0.2 %%, or 64 KiB");
		break;
	default:
		snprintf(buf, size, "too early: a word takes six spans with a count in each");
		break;
	}
	return buf;
}

const char *verdict_cause_text(enum outcome_cause cause)
{
	static const char *const words[] = {
#define X(id, word) word,
		OUTCOME_CAUSES(X)
#undef X
	};

	return words[cause];
}
