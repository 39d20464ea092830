/*
 * Counting from outside, on a heap of pymalloc that is partly sound and partly anything: the input
 * is a list of steps that make pools and objects, free them, and write any words anywhere in the
 * pools, their headers included. What is counted in two passes, the second by differences, must
 * be what one pass over the same memory counts.
 */
#include "config.h"
#include "fuzz.h"

#include <string.h>

#include "../unit/made_heap.h"
#include "census/scan.h"
#include "target/arenas.h"
#include "util/mem.h"

#define POOLS 4u
#define STEP_NS (1000 * 1000)

struct input {
	const uint8_t *at, *end;
};

static uint8_t byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static uint64_t word(struct input *in)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | byte(in);
	return v;
}

struct heap {
	struct made_heap made;
	unsigned char *pools[POOLS];
	uint32_t sizes[POOLS];
};

static const uint32_t versions[] = {0x020712f0, 0x030812f0, 0x030b07f0, 0x030c01f0, 0x030d00f0};

static void make(struct heap *h, struct input *in)
{
	made_heap_init(&h->made, versions[byte(in) % COUNT_OF(versions)]);
	made_heap_type(&h->made, "fuzz.Node", 32, MADE_GC | MADE_HEAPTYPE);
	made_heap_arena(&h->made, POOLS);
	for (uint32_t i = 0; i < POOLS; i++) {
		h->sizes[i] = (byte(in) % 32 + 1) * 16;
		h->pools[i] = made_heap_pool(&h->made, 0, i, h->sizes[i]);
	}
}

/* A word of the input's own, or an address in the pools, of a type, of a table of keys. */
static uint64_t value(const struct heap *h, struct input *in)
{
	uint64_t v = word(in);

	switch (byte(in) % 4) {
	case 0:
		return (uint64_t)(uintptr_t)h->pools[v % POOLS] + (v >> 8) % h->made.pool_size;
	case 1:
		return (uint64_t)(uintptr_t)&h->made.types[v % h->made.n_types];
	case 2:
		return v % 8;
	default:
		return v;
	}
}

static void step(struct heap *h, struct input *in)
{
	uint32_t which = byte(in), size = h->made.pool_size;
	uint32_t at = (POOL_HEADER + h->sizes[which % POOLS] * (which >> 4)) % (size - 16);
	unsigned char *pool = h->pools[which % POOLS];
	uint64_t type = (uint64_t)(uintptr_t)&h->made.types[(which >> 2) % h->made.n_types];

	switch (byte(in) % 3) {
	case 0:			/* a sound object, as far as its pool is sound */
		made_put(pool + at, 1);
		made_put(pool + at + 8, type);
		break;
	case 1:			/* anything anywhere */
		made_put(pool + word(in) % (size - 8), value(h, in));
		break;
	default:		/* more or fewer blocks in use */
		memset(pool, 0, 4);
		pool[0] = byte(in);
		pool[40] = byte(in);
		pool[41] = byte(in) % 65;
		break;
	}
}

static void pass(struct scan *s, bool full, struct scan_result *ret)
{
	struct lt_err err;
	uint64_t sum = 0;

	PROMISE(scan_begin(s, full, &err) == LT_OK);
	while (!scan_step(s, STEP_NS))
		;
	scan_result(s, ret);
	PROMISE(ret->blocks >= 0 && ret->blocks <= (int64_t)(POOLS * POOL_BLOCKS_MAX));
	PROMISE(ret->explained >= 0 && ret->explained <= ret->block_bytes);
	for (size_t i = 0; i < ret->n_types; i++)
		sum += ret->types[i].count;
	PROMISE(ret->objects == (int64_t)sum);
}

/* A pool that says where its arena is, or the table would not be believed; none has no blocks. */
static void keep_table_sound(struct heap *h)
{
	h->pools[0] = made_heap_pool(&h->made, 0, 0, h->sizes[0]);
	(void)made_block(&h->made, h->pools[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	struct scan_result by_difference, at_once;
	struct scan *s, *fresh;
	struct heap h;
	unsigned steps;

	make(&h, &in);
	keep_table_sound(&h);
	s = scan_new(&h.made.py);
	for (steps = byte(&in); steps > 0 && in.at < in.end; steps--)
		step(&h, &in);
	keep_table_sound(&h);
	pass(s, true, &by_difference);
	while (in.at < in.end)
		step(&h, &in);
	keep_table_sound(&h);
	pass(s, true, &by_difference);
	fresh = scan_new(&h.made.py);
	pass(fresh, true, &at_once);
	PROMISE(by_difference.objects == at_once.objects);
	PROMISE(by_difference.blocks == at_once.blocks);
	PROMISE(by_difference.block_bytes == at_once.block_bytes);
	scan_free(fresh);
	scan_free(s);
	made_heap_done(&h.made);
	return 0;
}
