#include "config.h"

#include "holders/sample.h"

void sample_begin(struct sample *s, uint64_t seed)
{
	*s = (struct sample){.random = 0x9e3779b97f4a7c15u ^ seed};
}

static void put(struct sample *s, size_t at, const struct block *block)
{
	s->list[at] = *block;
	s->list[at].bytes = NULL;	/* they are somebody else's the next moment */
	s->list[at].n = 0;
}

static uint64_t next_random(struct sample *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

void sample_offer(void *arg, const struct block *block)
{
	struct sample *s = arg;
	size_t at;

	if (!block->object || !block->typed->wanted)
		return;
	s->instances++;
	at = s->n;
	if (at == HOLDERS_SAMPLES)
		at = (size_t)(next_random(s) % (uint64_t)s->instances);
	else
		s->n++;
	if (at < HOLDERS_SAMPLES)
		put(s, at, block);
}

bool sample_take(struct sample *s, const struct block *block)
{
	if (s->n == HOLDERS_SAMPLES)
		return false;
	put(s, s->n++, block);
	s->instances++;
	return true;
}
