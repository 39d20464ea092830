/* The links of the collector's rings, and bookmarks in them. */
#ifndef LT_AGENT_LINKS_H
#define LT_AGENT_LINKS_H

#include "agent/abi.h"
#include "agent/arch.h"
#include "agent/guard.h"

#define WRITE(addr, value) (*(uint64_t *)(uintptr_t)(addr) = (value))

#define FLAGS 3ul
#define OLDEST 2
#define PERMANENT 3

/* Is it time to end the slice? */
static inline int is_spent(const struct agent_block *b)
{
	return b->objects >= b->until_objects || agent_arch_ticks() >= b->until_ticks;
}

static inline uint64_t next_of(uint64_t at)
{
	return READ(uint64_t, at) & ~FLAGS;
}

static inline uint64_t prev_of(uint64_t at)
{
	return READ(uint64_t, at + 8) & ~FLAGS;
}

static inline void set_next(uint64_t at, uint64_t to)
{
	WRITE(at, (READ(uint64_t, at) & FLAGS) | to);
}

static inline void set_prev(uint64_t at, uint64_t to)
{
	WRITE(at + 8, (READ(uint64_t, at + 8) & FLAGS) | to);
}

static inline uint64_t mark_at(const struct agent_block *b, int i)
{
	return (uint64_t)(uintptr_t)&b->marks[i];
}

static inline uint64_t mark(const struct agent_block *b, int list, enum agent_role role)
{
	return mark_at(b, list * AGENT_ROLES + (int)role);
}

static inline int is_mark(const struct agent_block *b, uint64_t at)
{
	return at - mark_at(b, 0) < sizeof(b->marks);
}

static inline int is_head(const struct agent_block *b, uint64_t at)
{
	return at == b->head[0] || at == b->head[1] || at == b->head[2] || at == b->head[3];
}

/* Can there be an object, up to its type? Asked before a link is followed. */
static inline int is_place(struct agent_block *b, uint64_t at)
{
	return at % 8 == 0 && !is_head(b, at) &&
	       guard_has(b, at, b->node_size);
}

static inline void link_behind(uint64_t at, uint64_t before)
{
	uint64_t behind = next_of(before);

	set_next(at, behind);
	set_prev(at, before);
	set_next(before, at);
	set_prev(behind, at);
}

static inline int is_linked(uint64_t at)
{
	return next_of(at) != 0;
}

#endif
