#include "config.h"

#include "holders/sweep.h"

#include <stdlib.h>

#include "util/mem.h"

#define POOLS_AT_ONCE 16u

void sweep_init(struct sweep *s, struct levels *up, blocks_each *each, void *arg)
{
	*s = (struct sweep){.up = up, .each = each, .arg = arg};
	s->bytes = mem_pages((size_t)POOLS_AT_ONCE * up->py->layout->pool_size);
}

void sweep_done(struct sweep *s)
{
	free(s->bytes);
	*s = (struct sweep){0};
}

/* The next arena that has pools left; NULL: none has. */
static const struct arena *next_arena(struct sweep *s)
{
	const struct arenas *arenas = s->up->arenas;

	for (; arenas && s->arena < arenas_count(arenas); s->arena++, s->pool = 0)
		if (s->pool < arenas_at(arenas, s->arena)->carved)
			return arenas_at(arenas, s->arena);
	return NULL;
}

bool sweep_pools(struct sweep *s)
{
	const struct arena *a = next_arena(s);
	uint32_t size = s->up->py->layout->pool_size, n;
	uint64_t at;
	size_t got;

	if (!a)
		return false;
	n = a->carved - s->pool < POOLS_AT_ONCE ? a->carved - s->pool : POOLS_AT_ONCE;
	at = a->first + (uint64_t)s->pool * size;
	got = remote_read_some(&s->up->py->remote, at, s->bytes, (size_t)n * size);
	s->up->bytes_read += (int64_t)got;
	for (uint32_t i = 0; i < n && got >= (size_t)(i + 1) * size; i++)
		blocks_of_pool(&s->up->blocks, at + (uint64_t)i * size,
			       s->bytes + (size_t)i * size, s->each, s->arg);
	s->pool += n;
	return true;
}

static void take_chunk(void *arg, const struct cheap_chunk *chunk)
{
	struct sweep *s = arg;
	struct block block;

	blocks_chunk(&s->up->blocks, chunk->addr, chunk->usable, chunk->head, chunk->head_len,
		     &block);
	s->each(s->arg, &block);
}

bool sweep_chunks(struct sweep *s, int64_t budget_ns)
{
	return cheap_step(s->up->cheap, budget_ns, take_chunk, s);
}
