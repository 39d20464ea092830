#include "config.h"

#include "target/glibc.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define BINS        127			/* pairs of fd and bk */
#define EMPTY_MIN   8			/* an empty bin points at itself: chance does not do that */
#define DATA_MAX    (1u << 20)		/* libc's .data and .bss are some 60 KiB */
#define PAGE_LEAST  4096u		/* arm64 has larger ones, too */
#define MOST_MAX    (1ull << 47)		/* no process has more */
#define FD_AT       16			/* of fd in a chunk, and so in what a bin pretends to be */

/* Words of struct malloc_state from bins[] on, and right before it. */
enum {
	TOP = -2, LAST_REMAINDER = -1,
	BINMAP = 2 * BINS,
	NEXT = BINMAP + 2, NEXT_FREE, ATTACHED, SYSTEM_MEM, MAX_SYSTEM_MEM,
	STATE_END,
};

/* Where bins[] may be: {mutex, flags, have_fastchunks, fastbinsY[10], top, last_remainder}, and
 * {mutex, flags, top, last_remainder} since fastbins went (2.43). */
static const uint64_t bins_places[] = {112, 24};

#define STATE_MAX (112 + STATE_END * 8)

/*
 * struct malloc_par before sbrk_base, as offsets from there: {n_mmaps, n_mmaps_max, max_n_mmaps,
 * no_dyn_threshold}, ints, then mmapped_mem and max_mmapped_mem. A flag came before them in 2.35.
 */
#define PAR_BYTES 40
static const int par_ints[] = {-36, -32};	/* n_mmaps since 2.35, before */
enum { MAX_MMAPPED_MEM = -1, MMAPPED_MEM = -2 };	/* in words */

struct heap_info {
	uint64_t arena, prev, size, mprotect_size;
};

static uint64_t word(const unsigned char *at, ptrdiff_t index)
{
	uint64_t v;

	memcpy(&v, at + index * 8, sizeof(v));
	return v;
}

/* bins: a copy of the array that lies at addr in the target. */
static bool bins_valid(const unsigned char *bins, uint64_t addr)
{
	size_t empty = 0;

	for (size_t i = 0; i < BINS; i++) {
		uint64_t self = addr + i * 16 - FD_AT;
		uint64_t fd = word(bins, (ptrdiff_t)(2 * i));
		uint64_t bk = word(bins, (ptrdiff_t)(2 * i) + 1);

		if ((fd == self) != (bk == self) || (fd & 7) || (bk & 7) || !fd || !bk)
			return false;
		empty += fd == self;
	}
	return empty >= EMPTY_MIN;
}

static bool sizes_valid(const unsigned char *bins)
{
	uint64_t now = word(bins, SYSTEM_MEM), most = word(bins, MAX_SYSTEM_MEM);

	return now <= most && now % PAGE_LEAST == 0 && most % PAGE_LEAST == 0;
}

/* A thread's arena lies behind a heap_info, at the start of a heap. */
static bool arena_place(uint64_t addr)
{
	uint64_t at = addr % GLIBC_HEAP_MAX;

	return at == 32 || at == 48;		/* 48 since 2.35 (pagesize) */
}

/* state: a copy of what lies at addr. */
static bool state_valid(const unsigned char *state, uint64_t addr, uint64_t bins_at)
{
	const unsigned char *bins = state + bins_at;

	return sizes_valid(bins) && bins_valid(bins, addr + bins_at);
}

/* The last heap of the ring points back at main_arena. */
static bool ring_closes(const struct glibc *g)
{
	uint64_t next = g->main_arena;

	for (size_t i = 0; i < GLIBC_ARENAS_MAX; i++) {
		if (!remote_u64(&g->remote, next + g->bins_at + NEXT * 8, &next))
			return false;
		if (next == g->main_arena)
			return true;
		if (!arena_place(next))
			return false;
	}
	return false;
}

/* data: a copy of n bytes at addr. */
static bool find_main(struct glibc *g, const unsigned char *data, size_t n, uint64_t addr)
{
	for (size_t k = 0; k < COUNT_OF(bins_places); k++) {
		uint64_t at = bins_places[k];

		for (size_t i = 0; i + at + STATE_END * 8 <= n; i += 8) {
			uint64_t next = word(data + i + at, NEXT);

			if (next != addr + i && !arena_place(next))
				continue;
			if (!state_valid(data + i, addr + i, at))
				continue;
			g->main_arena = addr + i;
			g->bins_at = at;
			if (ring_closes(g))
				return true;
		}
	}
	g->main_arena = 0;
	return false;
}

/* base: where sbrk_base is in a copy. Who has most of what it may have, and has had, is mp_. */
static bool par_valid(const unsigned char *base, struct glibc_mmapped *ret)
{
	uint64_t most = word(base, MAX_MMAPPED_MEM), now = word(base, MMAPPED_MEM);

	for (size_t i = 0; i < COUNT_OF(par_ints) && now <= most && most <= MOST_MAX; i++) {
		int32_t n[3];			/* now, allowed, most so far */

		memcpy(n, base + par_ints[i], sizeof(n));
		if (n[0] < 0 || n[0] > n[2] || n[2] > n[1] || n[1] == 0)
			continue;
		*ret = (struct glibc_mmapped){.n = n[0], .bytes = (int64_t)now};
		return true;
	}
	return false;
}

/* mp_ remembers where the heap began: at [heap], but without address randomization. */
static void find_par(struct glibc *g, const unsigned char *data, size_t n, uint64_t addr,
		     uint64_t heap)
{
	struct glibc_mmapped mmapped;

	for (size_t i = PAR_BYTES; i + 8 <= n; i += 8)
		if (word(data + i, 0) == heap && par_valid(data + i, &mmapped))
			g->sbrk_base = addr + i;
}

static uint64_t heap_start(const struct maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		if (strcmp(maps->list[i].path, "[heap]") == 0)
			return maps->list[i].start;
	return 0;
}

bool glibc_find(const struct remote *r, const struct elf *libc, const struct maps *maps,
		struct glibc *ret)
{
	struct glibc g = {.remote = *r};
	uint64_t heap = heap_start(maps);

	for (size_t i = 0; i < libc->n_loads && !g.main_arena; i++) {
		const struct elf_load *l = &libc->loads[i];
		unsigned char *data;
		size_t n = 0;

		if (!l->write || l->end - l->start > DATA_MAX)
			continue;
		data = mem_alloc((size_t)(l->end - l->start));
		n = remote_read_some(r, l->start, data, (size_t)(l->end - l->start));
		if (find_main(&g, data, n, l->start) && heap)
			find_par(&g, data, n, l->start, heap);
		free(data);
	}
	*ret = g;
	return g.main_arena != 0;
}

bool glibc_arena(const struct glibc *g, uint64_t addr, struct glibc_arena *ret)
{
	unsigned char state[STATE_MAX];
	size_t n = (size_t)g->bins_at + STATE_END * 8;
	const unsigned char *bins = state + g->bins_at;
	struct glibc_arena a = {.addr = addr};

	if (!remote_read(&g->remote, addr, state, n) || !state_valid(state, addr, g->bins_at))
		return false;
	a.top = word(bins, TOP);
	a.next = word(bins, NEXT);
	a.system_bytes = word(bins, SYSTEM_MEM);
	if (glibc_fastbins(g))
		memcpy(a.fastbins, state + 16, sizeof(a.fastbins));
	*ret = a;
	return true;
}

size_t glibc_arenas(const struct glibc *g, struct glibc_arena *ret, size_t max)
{
	uint64_t addr = g->main_arena;
	size_t n = 0;

	while (n < max && glibc_arena(g, addr, &ret[n])) {
		addr = ret[n++].next;
		if (addr == g->main_arena)
			break;
	}
	return n;
}

bool glibc_heap(const struct glibc *g, const struct glibc_arena *arenas, size_t n, uint64_t addr,
		uint64_t limit, struct glibc_heap *ret)
{
	struct heap_info info;
	uint64_t head;

	if (limit - addr < PAGE_LEAST || !remote_read(&g->remote, addr, &info, sizeof(info)))
		return false;
	head = info.arena % GLIBC_HEAP_MAX;
	if (!arena_place(info.arena) || info.prev % GLIBC_HEAP_MAX || info.size % PAGE_LEAST ||
	    info.size < PAGE_LEAST || info.size > GLIBC_HEAP_MAX || info.size > limit - addr)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (arenas[i].addr != info.arena)
			continue;
		*ret = (struct glibc_heap){
			.addr = addr, .arena = info.arena, .end = addr + info.size,
			.first = addr + head,
		};
		if (info.arena == addr + head)	/* the first heap also holds the arena itself */
			ret->first += g->bins_at + STATE_END * 8;
		ret->first = (ret->first + 15) & ~15ull;
		return true;
	}
	return false;
}

bool glibc_fastbins(const struct glibc *g)
{
	return g->bins_at == bins_places[0];
}

bool glibc_mmapped(const struct glibc *g, struct glibc_mmapped *ret)
{
	unsigned char raw[PAR_BYTES];

	return g->sbrk_base &&
	       remote_read(&g->remote, g->sbrk_base - PAR_BYTES, raw, sizeof(raw)) &&
	       par_valid(raw + PAR_BYTES, ret);
}
