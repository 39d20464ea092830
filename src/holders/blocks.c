#include "config.h"

#include "holders/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

void blocks_init(struct blocks *b, const struct python *py, const struct arenas *arenas,
		 struct typebook *book)
{
	*b = (struct blocks){.py = py, .arenas = arenas, .book = book};
	b->bytes = mem_alloc(py->layout->pool_size);
}

void blocks_done(struct blocks *b)
{
	free(b->bytes);
	*b = (struct blocks){0};
}

void blocks_forget(struct blocks *b)
{
	b->pool_at = 0;
}

static void read_pool(struct blocks *b, uint64_t at)
{
	uint32_t size = b->py->layout->pool_size;

	b->pool_at = at;
	b->pool_ok = remote_read(&b->py->remote, at, b->bytes, size) &&
		     pool_parse(b->bytes, at, size, &b->pool);
	if (b->pool_ok)
		(void)pool_free_bits(&b->pool, b->bytes, at, b->free_bits);
}

enum blocks_found blocks_find(struct blocks *b, uint64_t addr, struct block *ret)
{
	size_t arena;
	uint32_t pool, i;
	uint64_t at;
	int offset;

	if (!b->arenas || !arenas_find(b->arenas, addr, &arena, &pool))
		return BLOCKS_OUTSIDE;
	at = arenas_at(b->arenas, arena)->first + (uint64_t)pool * b->py->layout->pool_size;
	if (at != b->pool_at)
		read_pool(b, at);
	if (!b->pool_ok || addr < at + POOL_HEADER)
		return BLOCKS_FREE;
	i = (uint32_t)(addr - at - POOL_HEADER) / b->pool.size;
	if (i >= b->pool.touched || (b->free_bits[i / 64] >> i % 64 & 1))
		return BLOCKS_FREE;
	*ret = (struct block){.start = at + POOL_HEADER + (uint64_t)i * b->pool.size,
			      .size = b->pool.size};
	offset = typebook_recognise(b->book, b->bytes + (ret->start - at), b->pool.size,
				    b->pool.size, &ret->typed);
	if (offset >= 0)
		ret->object = ret->start + (uint64_t)offset;
	return BLOCKS_IN_USE;
}

void blocks_chunk(struct blocks *b, uint64_t start, uint64_t size, const void *head, size_t n,
		  struct block *ret)
{
	int offset;

	*ret = (struct block){.start = start, .size = size, .bytes = head, .n = n};
	offset = typebook_recognise(b->book, head, n, size, &ret->typed);
	if (offset >= 0)
		ret->object = start + (uint64_t)offset;
}

void blocks_of_pool(struct blocks *b, uint64_t addr, const unsigned char *bytes, blocks_each *each,
		    void *arg)
{
	uint64_t bits[POOL_BLOCKS_MAX / 64] = {0};
	const unsigned char *at = bytes + POOL_HEADER;
	struct pool p;

	if (!pool_parse(bytes, addr, b->py->layout->pool_size, &p))
		return;
	if (p.live < p.touched)
		(void)pool_free_bits(&p, bytes, addr, bits);
	for (uint32_t i = 0; i < p.touched; i++, at += p.size) {
		struct block block;

		if (bits[i / 64] >> i % 64 & 1)
			continue;
		blocks_chunk(b, addr + (uint64_t)(at - bytes), p.size, at, p.size, &block);
		each(arg, &block);
	}
}
