#include "config.h"

#include "census/scan_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "target/typehead.h"
#include "util/mem.h"

#define PLACES	     3		/* where in a block an object may begin */
#define BYTES_MAX    (1ull << 44)
#define KEYS_HEAD    16u	/* of a dict's table: what tells its size */
#define ARRAY_ITEM   24		/* Modules/arraymodule.c, 2.7 - 3.15: ob_item, allocated, */
#define ARRAY_DESCR  40		/* ob_descr {typecode, int itemsize, ..} */
#define NDARRAY_DIMS 24		/* numpy/ndarraytypes.h, 1.x and 2.x: int nd, dimensions, strides */
#define NDARRAY_FLAGS 64
#define NDARRAY_OWNDATA 4u

void counter_done(struct counter *c)
{
	free(c->place);
	*c = (struct counter){0};
}

static inline uint64_t word(const unsigned char *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/*
 * The size of the pool's block that is at addr or begins a little before it. 0: addr is in no
 * pool; STORE_EMPTY * 8: in one that was not read yet.
 */
static uint32_t block_at(const struct counter *c, uint64_t addr)
{
	size_t arena;
	uint32_t pool, size8;

	if (c->store->map_n)
		return store_size8(c->store, addr) * 8;
	if (!arenas_find(c->arenas, addr, &arena, &pool) || arena >= c->store->n_arenas ||
	    pool >= c->store->arenas[arena].n_pools)
		return 0;
	size8 = c->store->arenas[arena].pools[pool].size8;
	return (size8 ? size8 : STORE_EMPTY) * 8;
}

/*
 * The memory at addr, of which `wanted` bytes were asked for, belongs to the entry. false: it is
 * not in a pool.
 */
static bool charge(struct counter *c, struct store_entry *e, uint64_t addr, uint64_t wanted)
{
	uint32_t block = block_at(c, addr);

	if (block > POOL_BLOCK_MAX)
		block = (uint32_t)(wanted < POOL_BLOCK_MAX ? (wanted + 15) & ~15ull : 0);
	c->explained += block;
	e->owned += block;
	return block != 0;
}

/* The same for memory that may have come from malloc. */
static void charge_any(struct counter *c, struct store_entry *e, uint64_t addr, uint64_t wanted)
{
	if (addr && wanted && wanted < BYTES_MAX && !charge(c, e, addr, wanted))
		e->owned += wanted;
}

static uint64_t index_bytes(uint64_t size)
{
	return size <= 0xff ? size : size <= 0xffff ? 2 * size : size <= 0xffffffff ? 4 * size
										     : 8 * size;
}

/* The size of a table of keys by its head; 0 where more than one dict has it. dictobject.c */
static uint64_t keys_bytes(enum layout_dict kind, const unsigned char *head)
{
	uint64_t size;

	if (word(head) != 1)
		return 0;
	if (kind == LAYOUT_DICT_36) {	/* refcnt, size, lookup, usable, nentries, indices[] */
		size = word(head + 8);
		return size < BYTES_MAX / 32 ? 40 + index_bytes(size) + size * 2 / 3 * 24 : 0;
	}
	/* refcnt, u8 log2_size, u8 log2_index_bytes, u8 kind, version, usable, nentries, .. */
	if (head[8] > 36 || head[9] > 40)
		return 0;
	size = 1ull << head[8];
	return 32 + (1ull << head[9]) + size * 2 / 3 * (head[10] == 0 ? 24 : 16);
}

/* Tables in malloc'ed memory: their heads are read in one call for the whole pool. */
static void flush_dicts(struct counter *c)
{
	unsigned char heads[COUNTER_DICTS * KEYS_HEAD];
	struct iovec pieces[COUNTER_DICTS];

	if (c->n_dicts == 0)
		return;
	for (size_t i = 0; i < c->n_dicts; i++)
		pieces[i] = (struct iovec){(void *)(uintptr_t)c->dicts[i].keys, KEYS_HEAD};
	remote_read_pieces(&c->py->remote, pieces, c->n_dicts, heads);
	for (size_t i = 0; i < c->n_dicts; i++)
		c->entries[c->dicts[i].entry].owned +=
			keys_bytes(c->py->layout->dict, heads + i * KEYS_HEAD);
	c->n_dicts = 0;
}

/* Bytes from the first item to the last, of one array: 0 where that makes no sense. */
static uint64_t ndarray_bytes(const uint64_t *dims, const uint64_t *strides, uint32_t n)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t bytes;

		if (__builtin_mul_overflow(dims[i], strides[i], &bytes) || bytes >= BYTES_MAX)
			return 0;
		most = bytes > most ? bytes : most;
	}
	return most;
}

/* The shapes of all arrays of the pool, in one call. */
static void flush_ndarrays(struct counter *c)
{
	uint64_t told[COUNTER_NDARRAYS * 2 * COUNTER_DIMS], *at = told;
	struct iovec pieces[COUNTER_NDARRAYS * 2];

	if (c->n_ndarrays == 0)
		return;
	for (size_t i = 0; i < c->n_ndarrays; i++) {
		const struct counter_ndarray *a = &c->ndarrays[i];

		pieces[2 * i] = (struct iovec){(void *)(uintptr_t)a->dims, a->n_dims * 8};
		pieces[2 * i + 1] = (struct iovec){(void *)(uintptr_t)a->strides, a->n_dims * 8};
	}
	remote_read_pieces(&c->py->remote, pieces, 2 * c->n_ndarrays, told);
	for (size_t i = 0; i < c->n_ndarrays; i++) {
		const struct counter_ndarray *a = &c->ndarrays[i];

		c->entries[a->entry].owned += ndarray_bytes(at, at + a->n_dims, a->n_dims);
		at += (size_t)2 * a->n_dims;
	}
	c->n_ndarrays = 0;
}

/* One that is a view of another's items owns none. */
static void add_ndarray(struct counter *c, const struct store_entry *e, const unsigned char *obj)
{
	uint32_t n_dims = (uint32_t)word(obj + NDARRAY_DIMS);

	if (!((uint32_t)word(obj + NDARRAY_FLAGS) & NDARRAY_OWNDATA) || n_dims == 0 ||
	    n_dims > COUNTER_DIMS)
		return;
	if (c->n_ndarrays == COUNTER_NDARRAYS)
		flush_ndarrays(c);
	c->ndarrays[c->n_ndarrays++] = (struct counter_ndarray){
		.entry = (uint32_t)(e - c->entries), .n_dims = n_dims,
		.dims = word(obj + NDARRAY_DIMS + 8), .strides = word(obj + NDARRAY_DIMS + 16),
	};
}

static void add_dict(struct counter *c, struct store_entry *e, const unsigned char *obj)
{
	const struct layout *l = c->py->layout;
	uint64_t keys = word(obj + l->dict_keys), values;

	if (l->dict == LAYOUT_DICT_27) {	/* up to 8 slots lie in the object */
		uint64_t slots = word(obj + l->dict_mask) + 1;

		if (slots > 8)
			charge_any(c, e, keys, slots < BYTES_MAX / 32 ? slots * 24 : 0);
		return;
	}
	values = word(obj + l->dict_values);
	if (values) {		/* a split table: the keys are the class's, the values its own */
		if (!l->dict_first_value)	/* 3.13+: they are in the instance */
			(void)charge(c, e, values, 0);
	} else if (!charge(c, e, keys, 0) && keys && c->n_dicts < COUNTER_DICTS &&
		   (keys < c->py->where.start || keys >= c->py->where.end)) {
		/* in the interpreter's data is only the table of empty dicts */
		c->dicts[c->n_dicts++] = (struct counter_dict){
			.entry = (uint32_t)(e - c->entries), .keys = keys,
		};
	}
}

static void add_array(struct counter *c, struct store_entry *e, const unsigned char *obj)
{
	uint64_t descriptor = word(obj + ARRAY_DESCR), allocated = word(obj + ARRAY_ITEM + 8);

	if (descriptor != c->descriptor) {
		if (!remote_u32(&c->py->remote, descriptor + 4, &c->itemsize) || c->itemsize > 16)
			c->itemsize = 1;
		c->descriptor = descriptor;
	}
	if (allocated < BYTES_MAX / 16)
		charge_any(c, e, word(obj + ARRAY_ITEM), allocated * c->itemsize);
}

/* before: how many bytes of the block are in front of obj. */
static void add_values(struct counter *c, struct store_entry *e, const unsigned char *obj,
		       uint32_t before)
{
	const struct layout *l = c->py->layout;
	uint64_t values;

	if (before < (uint32_t)-l->values_at)
		return;
	values = word(obj + l->values_at);
	if (l->values_tagged)	/* 3.12 keeps a dict or values there, values as address - 1 */
		values = values & 1 ? values + 1 : 0;
	(void)charge(c, e, values, 0);
}

static void add_owned(struct counter *c, struct store_entry *e, uint8_t owns,
		      const unsigned char *obj, uint32_t before)
{
	const struct layout *l = c->py->layout;
	uint64_t n;

	if (owns & OWNS_LIST) {			/* -1 while list.sort() is at work on it */
		n = word(obj + l->list_allocated);
		charge_any(c, e, word(obj + l->list_item), n < BYTES_MAX / 8 ? n * 8 : 0);
	}
	if (owns & OWNS_DICT)
		add_dict(c, e, obj);
	if (owns & OWNS_SET) {			/* up to 8 entries lie in the object itself */
		n = word(obj + l->set_mask) + 1;
		if (n > 8)
			charge_any(c, e, word(obj + l->set_table), n < BYTES_MAX / 16 ? n * 16 : 0);
	}
	if (owns & OWNS_BYTEARRAY)
		charge_any(c, e, word(obj + l->bytearray_alloc + 8),
			   word(obj + l->bytearray_alloc));
	if (owns & OWNS_ARRAY)
		add_array(c, e, obj);
	if (owns & OWNS_NDARRAY)
		add_ndarray(c, e, obj);
	if (owns & OWNS_VALUES)
		add_values(c, e, obj, before);
}

static void make_room(struct counter *c, size_t n_types)
{
	size_t more = n_types + 1024u;

	if (n_types <= c->n_places)
		return;
	c->place = mem_resize(c->place, more, sizeof(*c->place));
	memset(c->place + c->n_places, 0, (more - c->n_places) * sizeof(*c->place));
	c->n_places = more;
}

/* There is room for its type, as for all that are known. */
static inline void add_object(struct counter *c, const struct kind_slot *slot,
			      const unsigned char *block)
{
	struct store_entry *e;

	if (!c->place[slot->number]) {
		c->entries[c->n] = (struct store_entry){.number = slot->number};
		c->place[slot->number] = (uint32_t)++c->n;
	}
	e = &c->entries[c->place[slot->number] - 1];
	e->count++;
	if (slot->owns)
		add_owned(c, e, slot->owns, block + slot->before, slot->before);
}

/* What objects are in is theirs. */
static void explain_blocks(struct counter *c, uint64_t size)
{
	for (size_t i = 0; i < c->n; i++)
		c->explained += c->entries[i].count * size;
}

/*
 * A block of which `known` bytes are at hand, from place i on: an object is counted. Where a gc
 * head or a managed dict is, the word at the place of a count is a pointer or 0, so that mostly
 * one type is looked up. One that is not known is looked at in the target.
 */
static bool count_block(struct counter *c, const unsigned char *block, size_t known, uint64_t size,
			const uint32_t places[PLACES], int i)
{
	for (; i < PLACES && places[i] + 16 <= known; i++) {
		const struct kind_slot *slot;
		uint64_t type;

		if (!typehead_may_begin(c->py, word(block + places[i])))
			continue;
		type = word(block + places[i] + 8);
		slot = kinds_find(c->kinds, type);
		if (!slot)
			slot = kinds_learn(c->kinds, type);
		make_room(c, c->kinds->n);
		if (!slot || slot->before != places[i] || slot->need > size)
			continue;
		add_object(c, slot, block);
		return true;
	}
	return false;
}

/* Where in a block an object may begin: at once, behind a gc head, behind managed words too. */
static void set_places(const struct counter *c, uint32_t places[PLACES])
{
	places[0] = 0;
	places[1] = (uint32_t)c->py->layout->gc_head_size;
	places[2] = places[1] + c->py->layout->managed_size;
}

static void begin(struct counter *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->place[c->entries[i].number] = 0;
	c->n = 0;
	c->explained = 0;
	c->n_dicts = 0;
	make_room(c, c->kinds->n);
}

/*
 * A block that is in use and has COUNTER_BEYOND bytes at hand. Nearly always the first place with
 * a sane count is that of an object, and its type one that was met lately.
 */
static inline void count_quickly(struct counter *c, struct kinds *kinds,
				 const unsigned char *block, uint64_t size,
				 const uint32_t places[PLACES])
{
	const struct kind_slot *slot;
	const unsigned char *at;
	uint64_t type;
	int i = 0;

	while (!typehead_may_begin(c->py, word(block + places[i])))
		if (++i == PLACES)
			return;
	at = block + places[i];
	type = word(at + 8);
	slot = kinds_quick(kinds, type);
	if (slot->type == type && slot->before == places[i] && slot->need <= size)
		add_object(c, slot, block);
	else
		(void)count_block(c, block, size, size, places, i);
}

/* The bits of the blocks that are in use. */
static void find_used(const struct pool *p, const unsigned char *bytes, uint64_t addr,
		      uint64_t bits[POOL_BLOCKS_MAX / 64])
{
	uint32_t n = (p->touched + 63u) / 64;

	if (p->live < p->touched)
		(void)pool_free_bits(p, bytes, addr, bits);
	else
		memset(bits, 0, n * sizeof(*bits));
	for (uint32_t i = 0; i < n; i++)
		bits[i] = ~bits[i];
	if (p->touched % 64)
		bits[n - 1] &= (1ull << p->touched % 64) - 1;
}

void counter_pool(struct counter *c, const struct pool *p, const unsigned char *bytes,
		  uint64_t addr)
{
	uint64_t used[POOL_BLOCKS_MAX / 64];
	const uint32_t touched = p->touched, size = p->size;
	struct kinds *kinds = c->kinds;
	uint32_t places[PLACES];

	begin(c);
	set_places(c, places);
	find_used(p, bytes, addr, used);
	bytes += POOL_HEADER;
	for (uint32_t i = 0; i < touched; i += 64, bytes += (size_t)64 * size)
		for (uint64_t left = used[i / 64]; left; left &= left - 1)
			count_quickly(c, kinds, bytes + (size_t)__builtin_ctzll(left) * size, size,
				      places);
	explain_blocks(c, size);
	flush_dicts(c);
	flush_ndarrays(c);
}

bool counter_block(struct counter *c, const unsigned char *bytes, size_t n, uint64_t block_size)
{
	uint32_t places[PLACES];

	begin(c);
	if (n < block_size && n < COUNTER_ENOUGH)
		return false;
	set_places(c, places);
	if (!count_block(c, bytes, n, block_size, places, 0))
		return false;
	explain_blocks(c, block_size);
	flush_dicts(c);
	flush_ndarrays(c);
	return true;
}
