#include "config.h"

#include "made_heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/arenas.h"
#include "util/mem.h"

#define PAGE	   4096u
#define TYPES_MOST 64u

uint64_t made_roots[2];

static void *mapped(size_t n, size_t align)
{
	char *p = mmap(NULL, n + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p + (align - (uintptr_t)p % align) % align;
}

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

void made_heap_init(struct made_heap *h, uint32_t version_hex)
{
	*h = (struct made_heap){.py.remote.pid = getpid(), .py.layout = layout_for(version_hex)};
	h->pool_size = h->py.layout->pool_size;
	h->table = mapped(MADE_PLACES * sizeof(*h->table), PAGE);
	h->types = mapped(TYPES_MOST * sizeof(*h->types), PAGE);
	h->py.where.start = at(made_roots) & ~(uint64_t)(PAGE - 1);
	h->py.where.end = h->py.where.start + PAGE;
	made_roots[0] = at(h->table);
	made_roots[1] = 0;
	h->py.sym.type_type = made_heap_type(h, "type", 0x400, MADE_GC);
	h->py.sym.unicode_type = made_heap_type(h, "str", 0x50, 0);
	h->py.sym.list_type = made_heap_type(h, "list", 40, MADE_GC | MADE_LIST);
	h->py.sym.dict_type = made_heap_type(h, "dict", 48, MADE_GC | MADE_DICT);
}

void made_heap_done(struct made_heap *h)
{
	for (size_t i = 0; i < h->n_places; i++)
		munmap((void *)(uintptr_t)h->table[i].address,
		       (size_t)h->table[i].total_pools * h->pool_size);
	munmap(h->table, MADE_PLACES * sizeof(*h->table));
	munmap(h->types, TYPES_MOST * sizeof(*h->types));
	made_roots[0] = made_roots[1] = 0;
}

uint64_t made_heap_type(struct made_heap *h, const char *name, uint64_t basicsize, uint64_t flags)
{
	const struct layout *l = h->py.layout;
	struct made_type *t = &h->types[h->n_types++];

	if (h->n_types > TYPES_MOST)
		abort();
	t->words[0] = 1;
	t->words[l->ob_type / 8] = at(&h->types[0]);
	t->words[l->tp_name / 8] = at(name);
	t->words[l->tp_basicsize / 8] = basicsize;
	t->words[l->tp_flags / 8] = flags | MADE_READY;
	return at(t);
}

uint64_t made_heap_arena(struct made_heap *h, uint32_t pools)
{
	struct made_place *p = &h->table[h->n_places++];

	p->address = at(mapped((size_t)pools * h->pool_size, h->pool_size));
	p->pool_address = p->address;
	p->total_pools = p->free_pools = pools;
	/* what is left of the table is the list of unused places */
	for (size_t i = h->n_places; i < MADE_PLACES; i++)
		h->table[i].next = i + 1 < MADE_PLACES ? at(&h->table[i + 1]) : 0;
	return p->address;
}

unsigned char *made_heap_pool(struct made_heap *h, size_t arena, uint32_t n, uint32_t size)
{
	struct made_place *p = &h->table[arena];
	uint64_t addr = p->address + (uint64_t)n * h->pool_size;
	unsigned char *pool = (unsigned char *)(uintptr_t)addr;
	uint32_t tail[4] = {(uint32_t)arena, size / 16 - 1, POOL_HEADER, h->pool_size - size};

	if (addr + h->pool_size > p->pool_address)
		p->pool_address = addr + h->pool_size;
	memset(pool, 0, POOL_HEADER);
	memcpy(pool + 32, tail, sizeof(tail));
	return pool;
}

unsigned char *made_block(struct made_heap *h, unsigned char *pool)
{
	uint32_t count, tail[4];
	unsigned char *block;
	uint64_t first;

	memcpy(&count, pool, sizeof(count));
	memcpy(&first, pool + 8, sizeof(first));
	memcpy(tail, pool + 32, sizeof(tail));
	if (first) {
		block = (unsigned char *)(uintptr_t)first;
		memcpy(pool + 8, block, sizeof(first));
	} else if (tail[2] <= tail[3]) {
		block = pool + tail[2];
		tail[2] += h->pool_size - tail[3];
		memcpy(pool + 40, &tail[2], sizeof(tail[2]));
	} else {
		return NULL;
	}
	count++;
	memcpy(pool, &count, sizeof(count));
	memset(block, 0, h->pool_size - tail[3]);
	return block;
}

void made_free(unsigned char *pool, unsigned char *block)
{
	uint32_t count;

	memcpy(&count, pool, sizeof(count));
	count--;
	memcpy(pool, &count, sizeof(count));
	memcpy(block, pool + 8, 8);
	made_put(pool + 8, at(block));
}

unsigned char *made_object(struct made_heap *h, unsigned char *pool, uint64_t type,
			   uint32_t before)
{
	unsigned char *block = made_block(h, pool);

	if (!block)
		return NULL;
	if (before)			/* the links of the collector's list */
		made_put(block + before - 16, at(pool)), made_put(block + before - 8, at(pool));
	made_put(block + before, 1);
	made_put(block + before + 8, type);
	return block;
}
