#include "config.h"
#include "model/types.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"
#include "util/num.h"

_Static_assert(sizeof(struct type) == 104, "the header states what a type takes");
_Static_assert(sizeof(struct type_history) == 1032, "the header states what a history takes");

void types_done(struct types *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].name);
		free(t->v[i].history);
	}
	free(t->v);
	free(t->slots);
	*t = (struct types){0};
}

/*
 * FNV-1a from a start that differs per run (address space randomisation), with the high bits
 * folded down: the target chooses the names, it should not choose which ones collide.
 */
static uint64_t hash_of(const struct types *t, const char *name, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u ^ ((uint64_t)(uintptr_t)t >> 4);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

static size_t slot_of(const struct types *t, uint64_t hash, const char *name, size_t len)
{
	size_t at = hash & (t->n_slots - 1);

	for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
		const struct type *type = &t->v[t->slots[at] - 1];

		if (type->hash == hash && strncmp(type->name, name, len) == 0 && !type->name[len])
			break;
	}
	return at;
}

static void grow_slots(struct types *t)
{
	free(t->slots);
	t->n_slots = t->n_slots ? t->n_slots * 2 : 1024;
	t->slots = mem_array(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++) {
		size_t at = t->v[i].hash & (t->n_slots - 1);

		while (t->slots[at])
			at = (at + 1) & (t->n_slots - 1);
		t->slots[at] = (uint32_t)i + 1;
	}
}

static struct type *append(struct types *t, uint64_t hash, const char *name, size_t len)
{
	struct type *type;

	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 512;
		t->v = mem_resize(t->v, t->cap, sizeof(*t->v));
	}
	type = &t->v[t->n++];
	*type = (struct type){.hash = hash, .rose_ns = LT_UNKNOWN, .matches = true};
	type->name = mem_alloc(len + 1);
	memcpy(type->name, name, len);
	return type;
}

/* Bytes of name that count: a cut must not split a character. */
static size_t length_of(const char *name)
{
	size_t len = strnlen(name, TYPES_NAME_MAX + 1);

	if (len <= TYPES_NAME_MAX)
		return len;
	for (len = TYPES_NAME_MAX; len && ((unsigned char)name[len] & 0xc0) == 0x80; len--)
		;
	return len;
}

static struct type *find_or_append(struct types *t, const char *name)
{
	size_t len = length_of(name), at;
	uint64_t hash;

	if ((t->n + 1) * 2 > t->n_slots)
		grow_slots(t);
	hash = hash_of(t, name, len);
	at = slot_of(t, hash, name, len);
	if (t->slots[at])
		return &t->v[t->slots[at] - 1];
	if (t->n >= TYPES_MAX && strcmp(name, TYPES_OTHER) != 0)
		return find_or_append(t, TYPES_OTHER);
	t->slots[at] = (uint32_t)t->n + 1;
	return append(t, hash, name, len);
}

void types_begin(struct types *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->v[i].next_count = t->v[i].next_bytes = 0;
}

/* Both at least 0; a sum that does not fit stays at the largest number. */
static int64_t sum_of(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void types_add(struct types *t, const struct sample_type *s)
{
	struct type *type = find_or_append(t, s->name);
	bool known = num_known(s->bytes) && num_known(type->next_bytes);

	/* A target may write any number where its counts are read: none is below nothing. */
	type->next_count = sum_of(type->next_count, s->count > 0 ? s->count : 0);
	type->next_bytes = known ? sum_of(type->next_bytes, s->bytes > 0 ? s->bytes : 0)
				 : LT_UNKNOWN;
}

/* The past of a type that was `count` in every census so far. */
static struct type_history *history_new(const int64_t *seen, int64_t count)
{
	struct type_history *h = MEM_NEW(struct type_history);

	for (size_t i = 0; i < SERIES_CELLS; i++)
		h->cells[i] = num_known(seen[i]) ? count : LT_UNKNOWN;
	for (size_t i = 0; i < RATE_MARKS; i++)
		h->marks[i] = count;
	return h;
}

static void settle_ratchet(struct type *type, const struct types_round *round, int64_t before)
{
	struct ratchet *r = &type->history->ratchet;

	ratchet_follow(r, round->move);
	if (round->move->restart)
		ratchet_init(r, round->epochs, type->count);
	else if (!r->begun)
		ratchet_init(r, round->epochs, before);
	ratchet_put(r, round->epochs, round->move, type->count, type->bytes, round->rules);
}

static void settle_one(struct type *type, const struct types_round *round)
{
	int64_t before = type->count;

	type->count = type->next_count;
	type->bytes = type->next_bytes;
	if (type->count > 0)
		type->listed = true;
	if (round->first) {
		type->base_count = type->first_count = type->count;
		type->base_bytes = type->first_bytes = type->bytes;
		return;
	}
	if (type->count > before)
		type->rose_ns = round->now_ns;
	if (type->count != before && !type->history)
		type->history = history_new(round->seen, before);
	if (type->history) {
		series_put(type->history->cells, round->grid, type->count);
		if (round->mark >= 0)
			type->history->marks[round->mark] = type->count;
		settle_ratchet(type, round, before);
	}
}

void types_settle(struct types *t, const struct types_round *round)
{
	for (size_t i = 0; i < t->n; i++)
		settle_one(&t->v[i], round);
}

void types_follow(struct types *t, const struct series_step *step)
{
	if (!step->merges)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].history)
			series_follow(t->v[i].history->cells, step);
}

void types_rebase(struct types *t, const struct epochs *epochs)
{
	for (size_t i = 0; i < t->n; i++) {
		struct type *type = &t->v[i];

		type->base_count = type->count;
		type->base_bytes = type->bytes;
		type->listed = type->count > 0;
		if (type->history)
			ratchet_rebase(&type->history->ratchet, epochs, type->count);
	}
}

void types_rebase_first(struct types *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct type *type = &t->v[i];

		type->base_count = type->first_count;
		type->base_bytes = type->first_bytes;
		type->listed = true;
	}
}
