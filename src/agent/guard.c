#include "agent/guard.h"

#define TRIES 4			/* with fresh ranges, for one address */
#define EXCUSES 8		/* that are waited for before the rest is done without */

void guard_begin(struct agent_block *b)
{
	b->missed = 0;
	b->node_size = b->gc_head_size + b->ob_type + 8;
	for (int i = 0; i < AGENT_RECENT; i++) {
		b->recent[i].at = (uint64_t)(uintptr_t)b;	/* the block is surely there */
		b->recent[i].size = sizeof(*b);
	}
	if (b->order.op == AGENT_OP_BEGIN) {
		b->outside = 0;
		b->outside_again = b->excused = 0;
	}
}

static int has(const struct agent_range *r, uint64_t at, uint64_t n)
{
	return at - r->at <= r->size - n;
}

AGENT_COLD int guard_find(struct agent_block *b, uint64_t at, uint64_t n)
{
	const struct agent_range block = {(uint64_t)(uintptr_t)b, sizeof(*b)};
	const struct agent_range *list = (const void *)((const char *)b + b->ranges_at);
	uint32_t low = 0, high = b->ranges;

	if (has(&block, at, n))			/* bookmarks; mapped after the ranges were read */
		return 1;
	while (low < high) {			/* the first that begins behind `at` */
		uint32_t mid = (low + high) / 2;

		if (list[mid].at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (low && has(&list[low - 1], at, n)) {
		b->recent[at >> 20 & (AGENT_RECENT - 1)] = list[low - 1];
		return 1;
	}
	b->missed = at ? at : 1;
	return 0;
}

AGENT_COLD uint32_t guard_status(struct agent_block *b)
{
	if (!b->missed)
		return AGENT_BROKEN;
	b->outside_again = b->missed == b->outside ? b->outside_again + 1 : 0;
	b->outside = b->missed;
	return b->outside_again < TRIES ? AGENT_OUTSIDE : AGENT_BROKEN;
}

AGENT_COLD int guard_excuses(struct agent_block *b)
{
	/* visiting cannot be gone on with, only begun again */
	if (b->walk && b->missed != b->outside && b->excused++ < EXCUSES)
		return 0;
	b->missed = 0;
	return 1;
}
