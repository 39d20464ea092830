#include "config.h"

#include "target/arenas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc/maps.h"
#include "target/cheap.h"
#include "util/mem.h"

#define PAGE_LEAST   4096u
#define PLACES_FIRST 16u		/* INITIAL_ARENA_OBJECTS; the table doubles from there */
#define PLACES_MAX   (1u << 20)		/* a terabyte of small blocks */
#define POOLS_MOST   (1u << 23)		/* that is remembered something of: 32 GiB and more */
#define WORDS	     8192u		/* of the interpreter's data, read at once */
#define DATA_MAX     (64u << 20)
#define ROOTS_MAX    8
#define CANDIDATES   256		/* for the table, whose beginnings are read in one call */
#define TRIES	     3			/* the target may be changing its table just now */
#define PROBES	     16			/* arenas whose first pool must name their place */
#define DEBUG_SHIFT  16u		/* the debug allocator's words in front of a block */
#define ENOUGH_PLAIN 4000		/* strs and ints, to tell */
#define PLAIN_LEAST  500		/* an interpreter that has started has thousands */

struct arena_object {			/* CPython's own */
	uint64_t address, pool_address;
	uint32_t free_pools, total_pools;
	uint64_t freepools, next, prev;
};

struct bucket {
	uint32_t key;			/* address >> shift, cut; arenas overlap two keys at most */
	uint32_t place;			/* + 1; 0: free */
};

struct arenas {
	const struct python *py;
	uint32_t pool_size;
	uint64_t roots[ROOTS_MAX];	/* addresses of words that held the table's address */
	size_t n_roots;
	struct arena_object *table;	/* as read */
	struct arena *list;
	size_t n, cap;
	struct bucket *buckets;
	size_t n_buckets;
	uint32_t shift;
};

struct arenas *arenas_new(const struct python *py)
{
	struct arenas *a = MEM_NEW(struct arenas);

	a->py = py;
	a->pool_size = py->layout->pool_size;
	return a;
}

void arenas_free(struct arenas *a)
{
	if (!a)
		return;
	free(a->table);
	free(a->list);
	free(a->buckets);
	free(a);
}

size_t arenas_count(const struct arenas *a)
{
	return a->n;
}

const struct arena *arenas_at(const struct arenas *a, size_t index)
{
	return &a->list[index];
}

uint32_t arenas_pool_size(const struct arenas *a)
{
	return a->pool_size;
}

/* One place of the table: an arena, or a member of the list of unused ones. */
static bool place_plausible(const struct arenas *a, const struct arena_object *o, uint64_t table)
{
	uint64_t first = (o->address + a->pool_size - 1) & ~(uint64_t)(a->pool_size - 1);

	if (o->address == 0)
		return o->next == 0 ||
		       (o->next >= table && (o->next - table) % sizeof(*o) == 0 &&
			(o->next - table) / sizeof(*o) < PLACES_MAX);
	return o->address % PAGE_LEAST == 0 && o->address < 1ull << 56 && o->total_pools > 0 &&
	       o->total_pools <= ARENA_POOLS_MAX && o->free_pools <= o->total_pools &&
	       o->pool_address % a->pool_size == 0 && o->pool_address >= first &&
	       (o->pool_address - first) / a->pool_size <= o->total_pools;
}

static bool places_plausible(const struct arenas *a, const struct arena_object *o, size_t n,
			     uint64_t table, size_t *ends)
{
	for (size_t i = 0; i < n; i++) {
		if (!place_plausible(a, &o[i], table))
			return false;
		*ends += o[i].address == 0 && o[i].next == 0;	/* one list, so one end */
	}
	return *ends <= 1;
}

/* Reads the table as far as it goes. How many places, 0: this is none. */
static size_t read_table(struct arenas *a, uint64_t table)
{
	size_t n = 0, more = PLACES_FIRST, ends = 0;

	while (n + more <= PLACES_MAX) {
		if (a->cap < n + more) {
			a->cap = n + more;
			a->table = mem_resize(a->table, a->cap, sizeof(*a->table));
		}
		if (!remote_read(&a->py->remote, table + n * sizeof(*a->table), a->table + n,
				 more * sizeof(*a->table)) ||
		    !places_plausible(a, a->table + n, more, table, &ends))
			break;
		n += more;
		more = n;
	}
	return n;
}

/*
 * The proof: pools say in which place their arena is. Asked of some arenas only. An arena whose
 * first pool is empty may have been another one's before.
 */
static bool indices_agree(const struct arenas *a, size_t n)
{
	size_t step = n / PROBES + 1, seen = 0;

	for (size_t i = 0; i < n; i++) {
		const struct arena_object *o = &a->table[i];
		uint64_t first = (o->address + a->pool_size - 1) & ~(uint64_t)(a->pool_size - 1);
		unsigned char header[POOL_HEADER];
		struct pool pool;
		uint32_t index;

		if ((i >= PROBES && i % step) || o->address == 0 || o->pool_address == first ||
		    !remote_read(&a->py->remote, first, header, sizeof(header)) ||
		    !pool_parse(header, first, a->pool_size, &pool))
			continue;
		memcpy(&index, header + 32, sizeof(index));
		if (index != i)
			return false;
		seen++;
	}
	return seen > 0;
}

static size_t try_table(struct arenas *a, uint64_t table)
{
	size_t n = read_table(a, table);

	return n && indices_agree(a, n) ? n : 0;
}

/* Malloc'ed memory, not the interpreter's own. */
static bool may_be_table(const struct arenas *a, const struct maps *maps, uint64_t word)
{
	const struct python_object *where = &a->py->where;
	const struct map *to;

	return word && word % 16 == 0 && !(word >= where->start && word < where->end) &&
	       (to = maps_find(maps, word)) && to->write && !to->inode;
}

/* The first of the words that is the table's address; how many places it has. 0: none is. */
static size_t find_table(struct arenas *a, const struct maps *maps, const uint64_t *words,
			 size_t n, uint64_t *table)
{
	struct arena_object first[CANDIDATES];
	struct iovec pieces[CANDIDATES];

	for (size_t i = 0; i < n;) {
		size_t k = 0;

		for (; i < n && k < CANDIDATES; i++)
			if (may_be_table(a, maps, words[i]))
				pieces[k++] = (struct iovec){(void *)(uintptr_t)words[i],
							     sizeof(first[0])};
		remote_read_pieces(&a->py->remote, pieces, k, first);
		for (size_t j = 0; j < k; j++) {
			uint64_t at = (uintptr_t)pieces[j].iov_base;
			size_t places = place_plausible(a, &first[j], at) ? try_table(a, at) : 0;

			if (places == 0)
				continue;
			*table = at;
			return places;
		}
	}
	return 0;
}

/* Looks through one writable mapping of the interpreter's object; see arenas_refresh. */
static size_t search_map(struct arenas *a, const struct maps *maps, const struct map *map,
			 uint64_t *table)
{
	uint64_t *words = mem_array(WORDS, sizeof(*words));
	size_t found = 0;

	for (uint64_t at = map->start; at < map->end && at - map->start < DATA_MAX;
	     at += WORDS * sizeof(*words)) {
		size_t want = map->end - at < WORDS * sizeof(*words) ? (size_t)(map->end - at)
								      : WORDS * sizeof(*words);
		size_t n = remote_read_some(&a->py->remote, at, words, want) / sizeof(*words);

		if (!*table)
			found = find_table(a, maps, words, n, table);
		for (size_t i = 0; *table && i < n && a->n_roots < ROOTS_MAX; i++)
			if (words[i] == *table)
				a->roots[a->n_roots++] = at + i * sizeof(*words);
	}
	free(words);
	return found;
}

/*
 * `arenas` is a static of obmalloc.c (to 3.11), or a field of a static struct (3.12+), without a
 * symbol. It points to malloc'ed memory that begins with arena_objects and nothing else does so.
 * usable_arenas and others may point to the same place for now: all that do are remembered.
 */
static size_t search(struct arenas *a)
{
	const struct python_object *where = &a->py->where;
	struct maps maps = {0};
	uint64_t table = 0;
	size_t n = 0;

	a->n_roots = 0;
	if (maps_read(a->py->remote.pid, &maps, NULL) != LT_OK)
		return 0;
	for (size_t i = 0; i < maps.n; i++) {
		const struct map *m = &maps.list[i];
		size_t got;

		if (!m->write || m->shared || m->end <= where->start || m->start >= where->end)
			continue;
		got = search_map(a, &maps, m, &table);
		n = got ? got : n;
	}
	maps_done(&maps);
	return n;
}

/* Through the words that are known to hold the table's address: it moves when it grows. */
static size_t follow_roots(struct arenas *a)
{
	for (size_t i = 0; i < a->n_roots; i++) {
		uint64_t table;
		size_t n;

		if (remote_u64(&a->py->remote, a->roots[i], &table) && table && table % 16 == 0 &&
		    (n = try_table(a, table)) > 0)
			return n;
	}
	return 0;
}

static void put_bucket(struct arenas *a, uint64_t addr, size_t place)
{
	uint32_t key = (uint32_t)(addr >> a->shift);
	size_t at = key * 0x9e3779b1u & (a->n_buckets - 1);

	while (a->buckets[at].place)
		at = (at + 1) & (a->n_buckets - 1);
	a->buckets[at] = (struct bucket){.key = key, .place = (uint32_t)place + 1};
}

static void index_arenas(struct arenas *a)
{
	uint32_t most = 1;
	size_t want = 64;

	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].address && a->list[i].pools > most)
			most = a->list[i].pools;
	for (a->shift = 0; 1ull << a->shift < (uint64_t)most * a->pool_size;)
		a->shift++;
	while (want < a->n * 4)
		want *= 2;
	if (want != a->n_buckets)
		a->buckets = mem_resize(a->buckets, want, sizeof(*a->buckets));
	a->n_buckets = want;
	memset(a->buckets, 0, want * sizeof(*a->buckets));
	for (size_t i = 0; i < a->n; i++) {
		const struct arena *r = &a->list[i];
		uint64_t last = r->first + (uint64_t)r->pools * a->pool_size - 1;

		if (!r->address)
			continue;
		put_bucket(a, r->first, i);
		if (last >> a->shift != r->first >> a->shift)
			put_bucket(a, last, i);
	}
}

static bool take_table(struct arenas *a, size_t n)
{
	uint64_t pools = 0;

	a->list = mem_resize(a->list, n, sizeof(*a->list));
	a->n = n;
	for (size_t i = 0; i < n; i++) {
		const struct arena_object *o = &a->table[i];
		uint64_t first = (o->address + a->pool_size - 1) & ~(uint64_t)(a->pool_size - 1);

		a->list[i] = (struct arena){0};
		if (o->address)
			a->list[i] = (struct arena){
				.address = o->address, .first = first, .pools = o->total_pools,
				.carved = (uint32_t)((o->pool_address - first) / a->pool_size),
				.free = o->free_pools,
			};
		pools += a->list[i].carved;
	}
	if (pools > POOLS_MOST)
		a->n = 0;
	index_arenas(a);
	return pools <= POOLS_MOST;
}

enum lt_errc arenas_refresh(struct arenas *a, struct lt_err *err)
{
	size_t n = 0;

	for (int try = 0; try < TRIES && n == 0 && a->n_roots; try++)
		n = follow_roots(a);
	if (n == 0)
		n = search(a);
	if (n == 0)
		return lt_err_set(err, LT_E_ALLOCATOR, 0, "no arenas of pymalloc were found");
	if (!take_table(a, n))
		return lt_err_set(err, LT_E_ALLOCATOR, 0, "more than %u pools", POOLS_MOST);
	return LT_OK;
}

bool arenas_find(const struct arenas *a, uint64_t addr, size_t *ret_index, uint32_t *ret_pool)
{
	uint32_t key = (uint32_t)(addr >> a->shift);
	size_t at = key * 0x9e3779b1u & (a->n_buckets - 1);

	for (; a->buckets[at].place; at = (at + 1) & (a->n_buckets - 1)) {
		const struct arena *r = &a->list[a->buckets[at].place - 1];
		uint64_t offset = addr - r->first;

		if (a->buckets[at].key != key || offset >= (uint64_t)r->pools * a->pool_size)
			continue;
		*ret_index = a->buckets[at].place - 1;
		*ret_pool = (uint32_t)(offset / a->pool_size);
		return true;
	}
	return false;
}

static int by_start(const void *a, const void *b)
{
	const struct cheap_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

size_t arenas_ranges(const struct arenas *a, struct cheap_range **ret)
{
	struct cheap_range *list = mem_array(a->n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct arena *r = &a->list[i];

		if (r->address)
			list[n++] = (struct cheap_range){
				r->first, r->first + (uint64_t)r->pools * a->pool_size,
			};
	}
	qsort(list, n, sizeof(*list), by_start);
	*ret = list;
	return n;
}

/* {u32 count, -, *freeblock, *nextpool, *prevpool, u32 arenaindex, szidx, nextoffset, max} */
bool pool_parse(const void *header, uint64_t addr, uint32_t pool_size, struct pool *ret)
{
	const unsigned char *h = header;
	uint32_t count, word[4], size;
	uint64_t free_block;

	memcpy(&count, h, sizeof(count));
	memcpy(&free_block, h + 8, sizeof(free_block));
	memcpy(word, h + 32, sizeof(word));
	size = pool_size - word[3];	/* maxnextoffset: the last place where a block fits */
	if (count == 0 || word[3] >= pool_size || size > POOL_BLOCK_MAX || size % 8 ||
	    (size != (word[1] + 1) * 8 && size != (word[1] + 1) * 16))
		return false;		/* alignment is 8 in older patches of 2.7 - 3.7, else 16 */
	if (word[2] < POOL_HEADER || word[2] > pool_size || (word[2] - POOL_HEADER) % size ||
	    count > (word[2] - POOL_HEADER) / size)
		return false;
	if (free_block && (free_block < addr + POOL_HEADER || free_block >= addr + word[2] ||
			   (free_block - addr - POOL_HEADER) % size))
		return false;
	*ret = (struct pool){
		.size = (uint16_t)size, .live = (uint16_t)count,
		.touched = (uint16_t)((word[2] - POOL_HEADER) / size),
		.free_at = (uint16_t)(free_block ? free_block - addr : 0),
	};
	return true;
}

bool pool_free_bits(const struct pool *p, const void *bytes, uint64_t addr,
		    uint64_t bits[POOL_BLOCKS_MAX / 64])
{
	uint32_t at = p->free_at, n = 0, end = POOL_HEADER + (uint32_t)p->touched * p->size;
	uint32_t inverse = (uint32_t)((1ull << 32) / p->size + 1);

	memset(bits, 0, (p->touched + 63u) / 64 * sizeof(*bits));
	while (at) {
		uint32_t i = (uint32_t)((uint64_t)(at - POOL_HEADER) * inverse >> 32);
		uint64_t next;

		if (i * p->size + POOL_HEADER != at || bits[i / 64] >> i % 64 & 1)
			return false;
		bits[i / 64] |= 1ull << i % 64;
		n++;
		memcpy(&next, (const char *)bytes + at, sizeof(next));
		if (next == 0)
			break;
		if (next < addr + POOL_HEADER || next >= addr + end)
			return false;
		at = (uint32_t)(next - addr);
	}
	return n + p->live == p->touched;
}

/* Blocks of the pool that hold a str or int `shift` bytes from their start. */
static size_t plain_objects(const struct arenas *a, const struct pool *p,
			    const unsigned char *bytes, uint32_t shift)
{
	const struct python_symbols *sym = &a->py->sym;
	size_t n = 0;

	for (uint32_t i = 0; i < p->touched && p->size >= shift + 16; i++) {
		uint64_t type;

		memcpy(&type, bytes + POOL_HEADER + (size_t)i * p->size + shift + 8, sizeof(type));
		n += type && (type == sym->unicode_type || type == sym->string_type ||
			      type == sym->long_type);
	}
	return n;
}

enum lt_errc arenas_check_blocks(struct arenas *a, struct lt_err *err)
{
	unsigned char *bytes = mem_alloc(a->pool_size);
	size_t plain = 0, shifted = 0;

	for (size_t i = 0; i < a->n && plain + shifted < ENOUGH_PLAIN; i++)
		for (uint32_t k = 0; k < a->list[i].carved; k++) {
			uint64_t addr = a->list[i].first + (uint64_t)k * a->pool_size;
			struct pool p;

			if (!remote_read(&a->py->remote, addr, bytes, a->pool_size) ||
			    !pool_parse(bytes, addr, a->pool_size, &p))
				continue;
			plain += plain_objects(a, &p, bytes, 0);
			shifted += plain_objects(a, &p, bytes, DEBUG_SHIFT);
		}
	free(bytes);
	if (shifted > plain)
		return lt_err_set(err, LT_E_ALLOCATOR, 0,
				  "the debug allocator is at work (PYTHONMALLOC=debug)");
	if (plain < PLAIN_LEAST)
		return lt_err_set(err, LT_E_ALLOCATOR, 0, "hardly any object is in the pools");
	return LT_OK;
}
