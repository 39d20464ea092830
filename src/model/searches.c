#include "config.h"
#include "model/searches.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define WAIT_LEAST_NS (30 * CLOCK_NS_PER_S)
#define WAIT_MOST_NS (300 * CLOCK_NS_PER_S)

void searches_done(struct searches *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->kept[i]);
	*s = (struct searches){0};
}

static struct searches_entry *find(const struct searches *s, const char *type)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->kept[i]->found.type, type))
			return s->kept[i];
	return NULL;
}

const struct holding *searches_found(const struct searches *s, const char *type)
{
	const struct searches_entry *e = find(s, type);

	return e ? &e->found : NULL;
}

static struct searches_entry *oldest(const struct searches *s)
{
	struct searches_entry *e = s->kept[0];

	for (size_t i = 1; i < s->n; i++)
		if (s->kept[i]->found.mono_ns < e->found.mono_ns)
			e = s->kept[i];
	return e;
}

static struct searches_entry *add(struct searches *s)
{
	if (s->n == SEARCHES_KEPT)
		return oldest(s);
	s->kept[s->n] = MEM_NEW(struct searches_entry);
	s->shown[s->n] = &s->kept[s->n]->found;
	return s->kept[s->n++];
}

void searches_put(struct searches *s, const struct holding *found)
{
	struct searches_entry *e = find(s, found->type);
	struct holding *before = NULL;
	int64_t wait_ns = WAIT_LEAST_NS;

	if (e) {
		before = mem_dup(&e->found, sizeof(e->found));
		if (holding_agrees(found, before))
			wait_ns = 2 * e->wait_ns < WAIT_MOST_NS ? 2 * e->wait_ns : WAIT_MOST_NS;
	} else {
		e = add(s);
	}
	e->found = *found;
	e->wait_ns = wait_ns;
	holding_follow(&e->found, before);
	free(before);
	s->version++;
}

void searches_lengths(struct searches *s, const char *type, const int64_t *lengths, size_t n,
		      int64_t now_ns)
{
	struct searches_entry *e = find(s, type);

	if (!e)
		return;
	for (size_t i = 0; i < n && i < e->found.n_paths; i++)
		if (e->found.paths[i].address)
			holding_put_length(&e->found.paths[i], lengths[i], now_ns);
	s->version++;
}

void searches_show(const struct searches *s, struct snapshot *ret)
{
	ret->holdings = s->shown;
	ret->n_holdings = s->n;
	ret->holdings_version = s->version;
	ret->searching = s->now;
}

/* ---- what next ---------------------------------------------------------------------------- */

static bool is_due(const struct searches *s, const char *type, int64_t now_ns, bool last)
{
	const struct searches_entry *e = find(s, type);

	if (!e)
		return true;
	return now_ns - e->found.mono_ns >= (last ? WAIT_LEAST_NS : e->wait_ns);
}

/* 0: is not searched by itself. Else the more the sooner. */
static int rank(const struct snapshot_row *row)
{
	if (row->head != row->id || !num_known(row->count_delta) || row->count_delta <= 0)
		return 0;
	switch (row->word) {
	case RATCHET_LEAK:
		return row->own ? 8 : 7;
	case RATCHET_SUSPECT:
		return row->own ? 6 : 5;
	case RATCHET_GROWING:
		return row->own ? 4 : 2;
	case RATCHET_EARLY:
		return row->own ? 3 : 0;
	default:
		return 0;
	}
}

static bool is_before(const struct snapshot_row *a, const struct snapshot_row *b)
{
	if (rank(a) != rank(b))
		return rank(a) > rank(b);
	return a->count_delta != b->count_delta ? a->count_delta > b->count_delta : a->id < b->id;
}

/* The first of all rows, the highest rank first. */
static size_t pick(const struct snapshot *snap, const struct snapshot_row *ret[SEARCHES_TYPES])
{
	size_t n = 0;

	for (size_t i = 0; i < snap->n_rows; i++) {
		const struct snapshot_row *row = &snap->rows[i];
		size_t at;

		if (!rank(row))
			continue;
		for (at = n; at > 0 && is_before(row, ret[at - 1]); at--)
			if (at < SEARCHES_TYPES)
				ret[at] = ret[at - 1];
		if (at < SEARCHES_TYPES)
			ret[at] = row;
		n += n < SEARCHES_TYPES;
	}
	return n;
}

const char *searches_next(const struct searches *s, const struct snapshot *snap, int64_t now_ns,
			  bool last)
{
	const struct snapshot_row *rows[SEARCHES_TYPES];
	size_t n = pick(snap, rows);

	for (size_t i = 0; i < n; i++)
		if (is_due(s, rows[i]->name, now_ns, last))
			return rows[i]->name;
	return NULL;
}
