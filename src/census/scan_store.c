#include "config.h"

#include "census/scan_store.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define VARINT_MAX 10u
#define ENTRY_MAX  16u		/* number, count and bytes in a pool: 5 + 2 + 8 at most */
#define MAP_MOST   (1ull << 26)		/* pools: 256 GiB of addresses and more */

void store_done(struct store *s)
{
	for (size_t i = 0; i < s->n_arenas; i++) {
		free(s->arenas[i].pools);
		free(s->arenas[i].run);
	}
	free(s->arenas);
	free(s->totals);
	free(s->map);
	*s = (struct store){0};
}

/* Seven bits a byte, least first; the last byte has its high bit clear. */
static uint8_t *put(uint8_t *at, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*at++ = (uint8_t)(v | 0x80);
	*at++ = (uint8_t)v;
	return at;
}

static const uint8_t *get(const uint8_t *at, uint64_t *ret)
{
	uint64_t v = 0;
	unsigned shift = 0;

	for (; *at & 0x80; shift += 7)
		v |= (uint64_t)(*at++ & 0x7f) << shift;
	*ret = v | (uint64_t)*at++ << shift;
	return at;
}

/* explained, then per type: number << 1 | owns, count, bytes owned if it owns any */
static size_t encode(uint8_t *run, const struct store_entry *entries, size_t n, uint64_t explained)
{
	uint8_t *at = put(run, explained);

	for (size_t i = 0; i < n; i++) {
		at = put(at, (uint64_t)entries[i].number << 1 | (entries[i].owned != 0));
		at = put(at, entries[i].count);
		if (entries[i].owned)
			at = put(at, entries[i].owned);
	}
	return (size_t)(at - run);
}

/*
 * Adds the contribution of a pool, at `at` of its arena's run, to the totals or (sign -1) takes it
 * out: sums wrap round and back.
 */
static void apply(struct store *s, const struct arena_state *a, const struct pool_state *p,
		  uint32_t at, uint64_t sign)
{
	uint64_t size = p->size8 * 8u, v, count, owned;
	const uint8_t *run, *end;

	s->blocks += sign * p->live;
	s->block_bytes += sign * p->live * size;
	if (p->length == 0)		/* nor need there be a run */
		return;
	end = a->run + at + p->length;
	run = get(a->run + at, &v);
	s->explained += sign * v;
	while (run < end) {
		struct store_total *t;

		run = get(run, &v);
		run = get(run, &count);
		owned = 0;
		if (v & 1)
			run = get(run, &owned);
		t = &s->totals[v >> 1];
		t->count += sign * count;
		t->bytes += sign * count * size;
		t->owned += sign * owned;
	}
}

static void forget_arena(struct store *s, struct arena_state *a)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < a->n_pools; i++) {
		apply(s, a, &a->pools[i], at, (uint64_t)-1);
		at += a->pools[i].length;
	}
	free(a->pools);
	free(a->run);
	*a = (struct arena_state){0};
}

static void grow_arena(struct arena_state *a, uint32_t n)
{
	if (n <= a->n_pools)
		return;
	a->pools = mem_resize(a->pools, n, sizeof(*a->pools));
	memset(a->pools + a->n_pools, 0, (n - a->n_pools) * sizeof(*a->pools));
	a->n_pools = n;
}

static void set_size(struct store *s, const struct arena_state *a, uint32_t pool, uint32_t size8)
{
	uint64_t i = (a->first - s->map_from) / (1u << s->map_shift) + pool;

	if (i < s->map_n)
		s->map[i] = (uint8_t)(size8 ? size8 : STORE_EMPTY);
}

/* A byte for each pool from the first arena to the last; memory between them is never touched. */
static void make_map(struct store *s, uint32_t pool_size)
{
	uint64_t from = UINT64_MAX, to = 0;

	for (size_t i = 0; i < s->n_arenas; i++) {
		const struct arena_state *a = &s->arenas[i];
		uint64_t end = a->first + (uint64_t)a->n_pools * pool_size;

		if (!a->address)
			continue;
		from = a->first < from ? a->first : from;
		to = end > to ? end : to;
	}
	free(s->map);
	s->map_shift = (uint32_t)__builtin_ctz(pool_size);
	s->map_from = from;
	s->map_n = from < to && (to - from) / pool_size <= MAP_MOST ? (to - from) / pool_size : 0;
	s->map = mem_array(s->map_n + 1, 1);
	for (size_t i = 0; i < s->n_arenas; i++)
		for (uint32_t k = 0; k < s->arenas[i].n_pools; k++)
			set_size(s, &s->arenas[i], k, s->arenas[i].pools[k].size8);
}

void store_follow(struct store *s, const struct arenas *a)
{
	size_t n = arenas_count(a);
	bool changed = n != s->n_arenas;

	for (size_t i = n; i < s->n_arenas; i++)
		forget_arena(s, &s->arenas[i]);
	s->arenas = mem_resize(s->arenas, n, sizeof(*s->arenas));
	for (; s->n_arenas < n; s->n_arenas++)
		s->arenas[s->n_arenas] = (struct arena_state){0};
	s->n_arenas = n;
	for (size_t i = 0; i < n; i++) {
		const struct arena *now = arenas_at(a, i);
		struct arena_state *had = &s->arenas[i];

		if (had->address && (had->address != now->address || had->n_pools > now->carved))
			forget_arena(s, had);	/* unmapped, or unmapped and mapped again */
		if (had->address != now->address || had->n_pools != now->carved) {
			changed = true;
			had->quiet = 0;
		}
		had->address = now->address;
		had->first = now->first;
		grow_arena(had, now->carved);
	}
	if (changed)
		make_map(s, arenas_pool_size(a));
}

void store_size(struct store *s, size_t arena, uint32_t pool, uint32_t size)
{
	s->arenas[arena].pools[pool].size8 = (uint8_t)(size / 8);
	set_size(s, &s->arenas[arena], pool, size / 8);
}

void store_types(struct store *s, size_t n)
{
	if (n <= s->n_totals)
		return;
	n += 256;
	s->totals = mem_resize(s->totals, n, sizeof(*s->totals));
	memset(s->totals + s->n_totals, 0, (n - s->n_totals) * sizeof(*s->totals));
	s->n_totals = n;
}

/* Makes the run's part at `at` `now` bytes long instead of `had`. */
static void splice(struct arena_state *a, uint32_t at, uint32_t had, const uint8_t *part,
		   uint32_t now)
{
	uint32_t length = a->length - had + now;

	if (length > a->cap) {
		a->cap = length + length / 8 + 32;
		a->run = mem_resize(a->run, a->cap, 1);
	}
	if (had != now && a->length > at + had)
		memmove(a->run + at + now, a->run + at + had, a->length - at - had);
	if (now)
		memcpy(a->run + at, part, now);
	a->length = length;
}

/* Would putting `new` in the place of the pool leave the totals as they are? Mostly so. */
static bool adds_nothing(const struct arena_state *a, const struct pool_state *had, uint32_t at,
			 const struct pool_state *new, const uint8_t *part)
{
	return had->live == new->live && had->size8 == new->size8 && had->length == new->length &&
	       (had->length == 0 || memcmp(a->run + at, part, had->length) == 0);
}

void store_put(struct store *s, size_t arena, uint32_t pool, const struct pool *now,
	       const struct store_entry *entries, size_t n, uint64_t explained)
{
	uint8_t part[VARINT_MAX + POOL_BLOCKS_MAX * ENTRY_MAX];
	struct arena_state *a = &s->arenas[arena];
	struct pool_state *p = &a->pools[pool];
	struct pool_state new = {0};
	uint32_t at = 0;

	for (uint32_t i = 0; i < pool; i++)
		at += a->pools[i].length;
	if (now)
		new = (struct pool_state){
			.live = now->live, .touched = now->touched, .free_at = now->free_at,
			.size8 = (uint8_t)(now->size / 8),
			.length = (uint16_t)encode(part, entries, n, explained),
		};
	if (adds_nothing(a, p, at, &new, part)) {
		*p = new;
		return;
	}
	apply(s, a, p, at, (uint64_t)-1);
	splice(a, at, p->length, part, new.length);
	*p = new;
	set_size(s, a, pool, p->size8);
	apply(s, a, p, at, 1);
}
