#include "config.h"

#include "target/cheap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proc/pagemap.h"
#include "target/chunks.h"
#include "target/glibc.h"
#include "target/image.h"
#include "target/mmapped.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define OLD_LINKS_MAX 20000	/* of fastbins, followed one by one where nothing else tells */
#define FAST_MAX      0x80u	/* global_max_fast: chunks up to 128 bytes */
#define FD_AT         16u
#define HEAPS_MAX     4096	/* side by side; a longer mapping is a reservation */

struct cheap {
	struct remote remote;
	struct pagemap pages;
	struct glibc glibc;
	enum cheap_kind kind;
	char name[64];
	struct glibc_arena *arenas;	/* owned, GLIBC_ARENAS_MAX */
	size_t n_arenas;
	struct chunks_region *regions;	/* owned */
	size_t n_regions, cap_regions, region;
	struct chunks chunks;
	struct mmapped mmapped;
	struct cheap_totals pass, totals;
	bool begun;
};

static const struct cheap_totals no_totals = {
	LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
	LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
};

/* Files that answer for malloc, by a part of their name. */
static const struct {
	const char *part, *name;
	enum cheap_kind kind;
} allocators[] = {
	{"jemalloc", "jemalloc", CHEAP_JEMALLOC},
	{"tcmalloc", "tcmalloc", CHEAP_TCMALLOC},
	{"mimalloc", "mimalloc", CHEAP_MIMALLOC},
	{"ld-musl", "musl", CHEAP_MUSL},
	{"libc.musl", "musl", CHEAP_MUSL},
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void set_kind(struct cheap *c, enum cheap_kind kind, const char *name)
{
	c->kind = kind;
	clean_text(c->name, sizeof(c->name), name, strlen(name));
}

/*
 * Who answers for malloc. A library in front of glibc that only passes calls on leaves glibc's
 * arena in use; one that does not leaves it empty, and is an allocator of its own.
 */
static void find_allocator(struct cheap *c, const struct images *images, const struct maps *maps)
{
	const struct image *definer = images_definer(images, "malloc");
	const struct image *libc = images_definer(images, "gnu_get_libc_version");
	const char *file = definer ? base_name(definer->map->path) : "";
	struct glibc_arena arena;

	for (size_t i = 0; i < COUNT_OF(allocators); i++) {
		if (!strstr(file, allocators[i].part))
			continue;
		set_kind(c, allocators[i].kind, allocators[i].name);
		return;
	}
	set_kind(c, CHEAP_OTHER, file);
	if (libc && glibc_find(&c->remote, &libc->elf, maps, &c->glibc) &&
	    glibc_arena(&c->glibc, c->glibc.main_arena, &arena) && arena.system_bytes > 0)
		set_kind(c, CHEAP_GLIBC, "glibc");
}

struct cheap *cheap_new(const struct remote *r, const struct maps *maps)
{
	struct cheap *c = MEM_NEW(struct cheap);
	struct images images = {0};

	c->remote = *r;
	c->totals = no_totals;
	images_read(r, maps, &images);
	find_allocator(c, &images, maps);
	images_done(&images);
	pagemap_open(r->pid, &c->pages);
	mmapped_init(&c->mmapped);
	c->chunks.remote = c->mmapped.remote = &c->remote;
	c->chunks.pages = c->mmapped.pages = &c->pages;
	c->chunks.sum = &c->pass;
	if (c->kind == CHEAP_GLIBC)
		c->arenas = mem_array(GLIBC_ARENAS_MAX, sizeof(*c->arenas));
	return c;
}

void cheap_free(struct cheap *c)
{
	if (!c)
		return;
	pagemap_close(&c->pages);
	chunks_done(&c->chunks);
	mmapped_done(&c->mmapped);
	free(c->arenas);
	free(c->regions);
	free(c);
}

enum cheap_kind cheap_kind(const struct cheap *c)
{
	return c->kind;
}

const char *cheap_allocator(const struct cheap *c)
{
	return c->name;
}

const struct cheap_totals *cheap_totals(const struct cheap *c)
{
	return &c->totals;
}

static uint64_t top_in(const struct cheap *c, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < c->n_arenas; i++)
		if (c->arenas[i].top >= start && c->arenas[i].top < end)
			return c->arenas[i].top;
	return 0;
}

static void add_region(struct cheap *c, uint64_t start, uint64_t end, bool main)
{
	if (c->n_regions == c->cap_regions) {
		c->cap_regions = c->cap_regions ? c->cap_regions * 2 : 16;
		c->regions = mem_resize(c->regions, c->cap_regions, sizeof(*c->regions));
	}
	c->regions[c->n_regions++] = (struct chunks_region){
		.start = start, .end = end, .top = top_in(c, start, end), .main = main,
	};
}

/* [start, end) is searched for mmapped chunks but for what the caller knows. */
static void search_but(struct cheap *c, uint64_t start, uint64_t end,
		       const struct cheap_range *skip, size_t n, size_t *k)
{
	while (*k < n && skip[*k].end <= start)
		++*k;
	for (size_t i = *k; i < n && skip[i].start < end; i++) {
		mmapped_place(&c->mmapped, start, skip[i].start);
		if (skip[i].end > start)
			start = skip[i].end;
	}
	mmapped_place(&c->mmapped, start, end);
}

/* "" or "[anon:...]", a name that prctl(PR_SET_VMA) gave; CPython 3.15 so names pymalloc's. */
static bool is_anonymous(const struct map *m)
{
	return m->read && m->write && !m->shared && m->inode == 0 &&
	       (m->path[0] == '\0' || strncmp(m->path, "[anon:", 6) == 0);
}

static bool is_heap(const struct map *m)
{
	return strcmp(m->path, "[heap]") == 0;
}

/*
 * Maps that touch each other are one to malloc: what a process has from its parent and what it
 * added to that are two for the kernel (they have different anon_vmas), [heap] too.
 */
static struct cheap_range span_of(const struct maps *maps, size_t i, bool (*is)(const struct map *))
{
	struct cheap_range span = {maps->list[i].start, maps->list[i].end};

	while (++i < maps->n && maps->list[i].start == span.end && is(&maps->list[i]))
		span.end = maps->list[i].end;
	return span;
}

/* Heaps of threads lie in it at multiples of their size. */
static void add_anonymous(struct cheap *c, struct cheap_range span, const struct cheap_range *skip,
			  size_t n_skip, size_t *k)
{
	uint64_t at = (span.start + GLIBC_HEAP_MAX - 1) & ~(GLIBC_HEAP_MAX - 1);
	struct glibc_heap heap;
	int looked = 0;

	for (; at < span.end && at >= span.start && looked++ < HEAPS_MAX; at += GLIBC_HEAP_MAX) {
		if (!pagemap_present(&c->pages, at) ||
		    !glibc_heap(&c->glibc, c->arenas, c->n_arenas, at, span.end, &heap))
			continue;
		search_but(c, span.start, at, skip, n_skip, k);
		add_region(c, heap.first, heap.end, false);
		span.start = heap.end;
	}
	/* where brk is taken, main_arena goes on in a mapping like any other */
	at = c->n_arenas ? c->arenas[0].top : 0;
	if (at >= span.start && at < span.end)
		add_region(c, span.start, span.end, true);
	else
		search_but(c, span.start, span.end, skip, n_skip, k);
}

static void add_maps(struct cheap *c, const struct maps *maps, const struct cheap_range *skip,
		     size_t n_skip)
{
	uint64_t end = 0;
	size_t k = 0;

	for (size_t i = 0; i < maps->n; i++) {
		const struct map *m = &maps->list[i];
		struct cheap_range span;

		if (m->start < end || !(is_heap(m) || is_anonymous(m)))
			continue;
		span = span_of(maps, i, is_heap(m) ? is_heap : is_anonymous);
		end = span.end;
		if (is_heap(m))
			add_region(c, span.start, span.end, true);
		else
			add_anonymous(c, span, skip, n_skip, &k);
	}
}

void cheap_begin(struct cheap *c, const struct maps *maps, const struct cheap_range *skip,
		 size_t n_skip)
{
	struct glibc_mmapped told;

	c->begun = c->kind == CHEAP_GLIBC;
	if (!c->begun)
		return;
	c->pass = (struct cheap_totals){0};
	c->n_regions = c->region = 0;
	pagemap_forget(&c->pages);
	c->n_arenas = glibc_arenas(&c->glibc, c->arenas, GLIBC_ARENAS_MAX);
	c->pass.arenas = (int64_t)c->n_arenas;
	mmapped_begin(&c->mmapped, glibc_mmapped(&c->glibc, &told) ? &told : NULL);
	add_maps(c, maps, skip, n_skip);
	c->chunks.regions = c->regions;
	c->chunks.n_regions = c->n_regions;
	c->chunks.fast_max = glibc_fastbins(&c->glibc) ? FAST_MAX : 0;
	c->chunks.list_ends = 0;
	c->chunks.old_bytes = c->chunks.old_chunks = 0;
	if (c->n_regions)
		chunks_begin(&c->chunks, &c->regions[0]);
}

/* Before 2.32 nothing in a chunk says that it is cached: the lists are followed. */
static void add_old_cached(struct cheap *c)
{
	int64_t bytes = c->chunks.old_bytes, n = c->chunks.old_chunks;
	int links = 0;

	for (size_t i = 0; i < c->n_arenas; i++)
		for (size_t k = 0; k < GLIBC_FASTBINS; k++) {
			uint64_t at = c->arenas[i].fastbins[k];

			for (; at && at % 16 == 0 && links < OLD_LINKS_MAX; links++) {
				bytes += (int64_t)(32 + 16 * k);
				n++;
				if (!remote_u64(&c->remote, at + FD_AT, &at))
					break;
			}
		}
	if (bytes > c->pass.live || n > c->pass.n_live)
		return;
	c->pass.live -= bytes;
	c->pass.live_resident -= bytes < c->pass.live_resident ? bytes : c->pass.live_resident;
	c->pass.cached += bytes;
	c->pass.free_resident += bytes;
	c->pass.n_live -= n;
}

static void finish(struct cheap *c)
{
	struct cheap_totals *t = &c->pass;
	const struct mmapped *m = &c->mmapped;

	if (c->chunks.list_ends == 0)
		add_old_cached(c);
	/* what has not been found is counted as glibc tells, but not as resident */
	t->mmapped = (int64_t)m->n_found < m->told.n ? m->told.bytes : m->bytes;
	t->live += t->mmapped;
	t->live_resident += m->resident;
	t->n_live += (int64_t)m->n_found;
	c->totals = *t;
	c->begun = false;
	chunks_done(&c->chunks);	/* the next pass may be a minute away */
}

/* A window of chunks or a batch of pages; false: nothing is left to do. */
static bool work(struct cheap *c)
{
	if (c->region < c->n_regions) {
		if (chunks_step(&c->chunks))
			return true;
		if (++c->region < c->n_regions)
			chunks_begin(&c->chunks, &c->regions[c->region]);
		return true;
	}
	return mmapped_step(&c->mmapped);
}

bool cheap_step(struct cheap *c, int64_t budget_ns, cheap_each *each, void *arg)
{
	int64_t begin = clock_mono_ns();
	bool more = true;

	if (!c->begun)
		return false;
	c->chunks.each = c->mmapped.each = each;
	c->chunks.arg = c->mmapped.arg = arg;
	do
		more = work(c);
	while (more && clock_mono_ns() - begin < budget_ns);
	c->pass.pass_ns += clock_mono_ns() - begin;
	if (!more)
		finish(c);
	return more;
}
