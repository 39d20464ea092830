/*
 * A heap made of paper: rings, types and objects built by hand in this process, laid out as a
 * CPython would. The code under test is the very file that is injected. Included by the tests of
 * the helper; not a program of its own.
 */
#include "agent/abi.h"
#include "agent/arch.h"
#include "util/mem.h"

#include "agent/collect.c"	/* NOLINT: their functions are static on purpose */
#include "agent/count.c"	/* NOLINT */
#include "agent/guard.c"	/* NOLINT */
#include "agent/helper.c"	/* NOLINT */
#include "agent/ring.c"		/* NOLINT */

#define TYPES 8
#define OBJECTS 512
#define MAX_TYPES 4u
#define TUPLE_ITEMS 24		/* basicsize of a tuple: what is before its items */

struct paper_type {
	uint64_t refcnt, ob_type, ob_size, tp_name, basicsize, itemsize, flags;
};

struct paper_object {
	uint64_t next, prev;		/* the gc head */
	uint64_t refcnt, type, size, extra[4];
};

struct paper_block {
	struct agent_block b;
	uint32_t index[16] __attribute__((aligned(AGENT_ALIGN)));
	struct agent_type table[MAX_TYPES] __attribute__((aligned(AGENT_ALIGN)));
	struct agent_range ranges[4];
};

static struct paper_type types[TYPES], list_type, tuple_type;
static struct paper_object objects[OBJECTS];
static struct { uint64_t next, prev; } heads[AGENT_LISTS];
static struct paper_block block;
static int collecting;
static size_t used;

static uint64_t interpreter_head;

static inline uint64_t addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static inline uint64_t fake_interp_head(void)
{
	return interpreter_head;
}

/* Everything can be read but what is between the two. */
static inline void set_hole(uint64_t from, uint64_t to)
{
	block.ranges[0] = (struct agent_range){4096, from - 4096};
	block.ranges[1] = (struct agent_range){to, (1ul << 48) - to};
	block.b.ranges = 2;
}

static inline void set_no_hole(void)
{
	set_hole(8192, 8192);
}

static inline void set_up_block(void)
{
	struct agent_block *b = &block.b;

	memset(&block, 0, sizeof(block));
	b->walk = 1;
	for (int i = 0; i < AGENT_LISTS; i++) {
		heads[i].next = heads[i].prev = addr(&heads[i]);
		b->head[i] = addr(&heads[i]);
	}
	b->collecting = addr(&collecting);
	b->gc_head_size = 16;
	b->ob_type = 8;
	b->ob_size = 16;
	b->tp_name = offsetof(struct paper_type, tp_name);
	b->tp_basicsize = offsetof(struct paper_type, basicsize);
	b->tp_itemsize = offsetof(struct paper_type, itemsize);
	b->tp_flags = offsetof(struct paper_type, flags);
	b->managed_flags = 1 << 4;
	b->managed_size = 16;
	b->list_allocated = b->dict_keys = b->set_mask = 24;
	b->dict = AGENT_DICT_311;
	b->slots = 16;
	b->max_types = MAX_TYPES;
	b->index_at = offsetof(struct paper_block, index);
	b->table_at = offsetof(struct paper_block, table);
	b->ranges_at = offsetof(struct paper_block, ranges);
	set_no_hole();
	b->order.max_objects = 1000;
	b->order.request = 1;
	b->interp = interpreter_head = addr(&block);
	b->fn_interp_head = addr((void *)(uintptr_t)fake_interp_head);
	b->long_shift = 3;
	tuple_type.basicsize = TUPLE_ITEMS;
	b->list_type = addr(&list_type);
	b->tuple_type = addr(&tuple_type);
}

static inline int set_up(void **state)
{
	static const char *const names[TYPES] = {"A", "B", "C", "D", "E", "list", "dict", "set"};

	memset(types, 0, sizeof(types));
	memset(objects, 0, sizeof(objects));
	for (size_t i = 0; i < TYPES; i++)
		types[i] = (struct paper_type){.tp_name = addr(names[i]), .basicsize = 48};
	collecting = 0;
	used = 0;
	set_up_block();
	return 0;
}

/* Appends an object of a type to a list, with flag bits in its link as 3.8+ may have them. */
static inline struct paper_object *put(int list, int type)
{
	struct paper_object *o = &objects[used++];
	uint64_t last = heads[list].prev;

	o->refcnt = 1;
	o->type = addr(&types[type]);
	o->next = addr(&heads[list]);
	o->prev = last;
	*(uint64_t *)(uintptr_t)last = addr(o) | (last == addr(&heads[list]) ? 0 : 1);
	heads[list].prev = addr(o);
	return o;
}

static inline const struct agent_type *entry(int type)
{
	for (uint32_t i = 0; i < block.b.types; i++)
		if (block.table[i].type == addr(&types[type]))
			return &block.table[i];
	return NULL;
}

#define SOME 100
#define SLICE 32u

static inline void fill(int list, int n)
{
	for (int i = 0; i < n; i++)
		put(list, i % 3);
}

/* One more slice; its status. */
static inline uint32_t slice(uint32_t op)
{
	block.b.order.op = op;
	block.b.order.slice_objects = SLICE;
	block.b.order.request++;
	agent_do(&block.b);
	assert_int_equal(block.b.answer, block.b.order.request);
	return block.b.status;
}

static inline uint32_t go_on(void)
{
	uint32_t status = AGENT_MORE;

	for (int i = 0; i < 200 && (status == AGENT_MORE || status == AGENT_OUTSIDE); i++)
		status = slice(AGENT_OP_STEP);
	return status;
}

/* Forwards and backwards, and nothing but objects in it. How many. */
static inline int whole_ring(int list)
{
	uint64_t head = addr(&heads[list]), at = head, next;
	int n = 0;

	for (; (next = next_of(at)) != head; at = next, n++) {
		assert_int_equal(prev_of(next), at);
		assert_true(next - addr(objects) < sizeof(objects));
	}
	assert_int_equal(prev_of(head), at);
	return n;
}
