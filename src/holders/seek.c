#include "config.h"

#include "holders/seek.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/mem.h"

#define WINDOW	     (256u << 10)
#define FILTER_BITS  (1u << 19)		/* 64 KiB: stays in the second nearest cache */
#define ABSENT	     (16ull << 20)	/* looked over at once */
#define MAPPING_MOST (64ull << 30)	/* larger ones are reserved, as a sanitizer's, not heap */
#define HITS_MAX     (1u << 17)		/* in one pass */
#define HITS_OF_ONE  4096u		/* of one address */

void seek_init(struct seek *s, const struct remote *r)
{
	*s = (struct seek){.remote = r};
	s->filter = mem_alloc(FILTER_BITS / 8);
	s->window = mem_pages(WINDOW);
	s->n_slots = 1024;
	s->slots = mem_array(s->n_slots, sizeof(*s->slots));
	pagemap_open(r->pid, &s->pages);
	seek_clear(s);
}

void seek_done(struct seek *s)
{
	if (!s->filter)
		return;
	pagemap_close(&s->pages);
	maps_done(&s->maps);
	free(s->filter);
	free(s->window);
	free(s->slots);
	free(s->hits);
	*s = (struct seek){0};
}

void seek_clear(struct seek *s)
{
	memset(s->filter, 0, FILTER_BITS / 8);
	memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
	s->n_values = s->n_hits = 0;
	s->low = UINT64_MAX;
	s->high = 0;
	s->full = false;
}

static inline uint32_t hash(uint64_t value)
{
	return (uint32_t)((value >> 3 ^ value << 61) * 0x9e3779b97f4a7c15u >> 35);
}

static size_t slot_of(const struct seek *s, uint64_t value)
{
	size_t at = hash(value) & (s->n_slots - 1);

	while (s->slots[at].value && s->slots[at].value != value)
		at = (at + 1) & (s->n_slots - 1);
	return at;
}

void seek_add(struct seek *s, uint64_t value, uint32_t target)
{
	uint32_t bit = hash(value) % FILTER_BITS;
	size_t at;

	if (s->n_values * 2 >= s->n_slots) {
		struct seek_slot *old = s->slots;
		size_t n_old = s->n_slots;

		s->n_slots *= 2;
		s->slots = mem_array(s->n_slots, sizeof(*s->slots));
		for (size_t i = 0; i < n_old; i++)
			if (old[i].value)
				s->slots[slot_of(s, old[i].value)] = old[i];
		free(old);
	}
	at = slot_of(s, value);
	if (s->slots[at].value)
		return;
	s->slots[at] = (struct seek_slot){.value = value, .target = target};
	s->n_values++;
	s->filter[bit / 64] |= 1ull << bit % 64;
	s->low = value < s->low ? value : s->low;
	s->high = value > s->high ? value : s->high;
}

static bool is_heap(const struct map *m)
{
	return m->read && m->write && !m->shared && m->end - m->start <= MAPPING_MOST;
}

/* Too large to be looked over, though something of it may be in use. */
static bool is_skipped(const struct map *m)
{
	return m->read && m->write && !m->shared && m->end - m->start > MAPPING_MOST;
}

bool seek_begin(struct seek *s)
{
	maps_done(&s->maps);
	s->maps = (struct maps){0};
	if (maps_read(s->remote->pid, &s->maps, NULL) != LT_OK)
		return false;
	pagemap_forget(&s->pages);
	s->map = 0;
	s->pos = 0;
	s->bytes = s->total = 0;
	for (size_t i = 0; i < s->maps.n; i++) {
		s->full |= is_skipped(&s->maps.list[i]);
		if (is_heap(&s->maps.list[i]))
			s->total += (int64_t)(s->maps.list[i].end - s->maps.list[i].start);
	}
	return true;
}

static void add_hit(struct seek *s, struct seek_slot *slot, uint64_t at, bool any)
{
	if (!any && (slot->hits >= HITS_OF_ONE || s->n_hits >= HITS_MAX)) {
		s->full = true;
		return;
	}
	slot->hits++;
	if (s->n_hits == s->cap_hits) {
		s->cap_hits = s->cap_hits ? s->cap_hits * 2 : 1024;
		s->hits = mem_resize(s->hits, s->cap_hits, sizeof(*s->hits));
	}
	s->hits[s->n_hits++] = (struct seek_hit){.at = at, .target = slot->target};
}

/* any: hits beyond the limits too. */
static void look_at(struct seek *s, const unsigned char *bytes, size_t n, uint64_t addr, bool any)
{
	const uint64_t low = s->low, span = s->high - s->low;

	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t v;
		uint32_t bit;
		size_t at;

		memcpy(&v, bytes + i, sizeof(v));
		if (v - low > span)
			continue;
		bit = hash(v) % FILTER_BITS;
		if (!(s->filter[bit / 64] >> bit % 64 & 1))
			continue;
		at = slot_of(s, v);
		if (s->slots[at].value == v)
			add_hit(s, &s->slots[at], addr + i, any);
	}
}

/* The next piece of memory; *ret_n 0: it is not resident. false: there is none. */
static bool next_piece(struct seek *s, uint64_t *ret_at, size_t *ret_n)
{
	for (; s->map < s->maps.n; s->map++, s->pos = 0) {
		const struct map *m = &s->maps.list[s->map];

		if (!is_heap(m))
			continue;
		if (s->pos < m->start)
			s->pos = m->start;
		if (s->pos < m->end) {
			bool present = pagemap_present(&s->pages, s->pos);
			uint64_t most = present ? WINDOW : ABSENT, left = m->end - s->pos;

			*ret_at = s->pos;
			s->pos = pagemap_run(&s->pages, s->pos,
					     left < most ? m->end : s->pos + most);
			*ret_n = present ? (size_t)(s->pos - *ret_at) : 0;
			return true;
		}
	}
	return false;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = ((const struct seek_hit *)a)->at, y = ((const struct seek_hit *)b)->at;

	return x < y ? -1 : x > y;
}

void seek_sort(struct seek *s)
{
	if (s->n_hits)
		qsort(s->hits, s->n_hits, sizeof(*s->hits), by_address);
}

void seek_range(struct seek *s, uint64_t addr, uint64_t size)
{
	for (uint64_t at = addr; at - addr < size; at += WINDOW) {
		uint64_t left = size - (at - addr), most = left < WINDOW ? left : WINDOW;
		size_t n = remote_read_some(s->remote, at, s->window, most);

		look_at(s, s->window, n, at, true);
	}
}

bool seek_step(struct seek *s, int64_t budget_ns)
{
	int64_t end = clock_mono_ns() + budget_ns;
	uint64_t at;
	size_t n;

	do {
		if (!s->n_values || !next_piece(s, &at, &n)) {
			seek_sort(s);
			return true;
		}
		n = n ? remote_read_some(s->remote, at, s->window, n) : 0;
		s->bytes += (int64_t)n;
		look_at(s, s->window, n, at, false);
	} while (clock_mono_ns() < end);
	return false;
}
