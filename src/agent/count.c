#include "agent/count.h"

#define FLAG_LONG (1UL << 24)	/* Py_TPFLAGS_LONG_SUBCLASS, the same in 2.7 - 3.15, as are */
#define FLAG_LIST (1UL << 25)	/* Py_TPFLAGS_LIST_SUBCLASS */
#define FLAG_DICT (1UL << 29)	/* Py_TPFLAGS_DICT_SUBCLASS */

#define NO_TYPE UINT32_MAX	/* the table is full */
#define NO_PLACE (UINT32_MAX - 1)	/* there is no type */

enum agent_payload { PAYLOAD_NONE, PAYLOAD_LIST, PAYLOAD_DICT, PAYLOAD_SET };

static struct agent_type *table_of(struct agent_block *b)
{
	return (struct agent_type *)((char *)b + b->table_at);
}

static uint32_t *index_of(struct agent_block *b)
{
	return (uint32_t *)((char *)b + b->index_at);
}

static uint32_t slot_of(const struct agent_block *b, uint64_t type)
{
	return (uint32_t)((type >> 4) * 0x9e3779b97f4a7c15u >> 32) & (b->slots - 1);
}

static int is_unsized(const struct agent_block *b, uint64_t type)
{
	for (int i = 0; i < AGENT_UNSIZED; i++)
		if (b->unsized[i] == type)
			return 1;
	return 0;
}

static void fill_payload(const struct agent_block *b, struct agent_type *t, uint64_t flags)
{
	t->payload = PAYLOAD_NONE;
	t->field = 0;
	if (flags & FLAG_LIST) {
		t->payload = PAYLOAD_LIST;
		t->field = (uint16_t)b->list_allocated;
	} else if (flags & FLAG_DICT) {
		t->payload = PAYLOAD_DICT;
		t->field = (uint16_t)b->dict_keys;
	} else if (t->type == b->set_type || t->type == b->frozenset_type) {
		t->payload = PAYLOAD_SET;
		t->field = (uint16_t)b->set_mask;
	}
}

/* As far as it can be read: a type whose name is gone can live, for nobody else looks at it. */
static void copy_name(struct agent_block *b, char *dst, uint64_t src)
{
	uint64_t i = 0;

	for (; i < AGENT_NAME - 1 && guard_has(b, src + i, 1); i++)
		if (!(dst[i] = READ(char, src + i)))
			break;
	dst[i] = '\0';
	b->missed = 0;
}

static void fill_type(struct agent_block *b, struct agent_type *t, uint64_t type)
{
	uint64_t flags = READ(uint64_t, type + b->tp_flags);

	t->type = type;
	t->count = t->bytes = 0;
	for (int i = 0; i < 2; i++)
		t->saved[i].count = t->saved[i].bytes = 0;
	t->tp_name = READ(uint64_t, type + b->tp_name);
	t->base = (uint32_t)READ(uint64_t, type + b->tp_basicsize) + b->gc_head_size;
	if (flags & b->managed_flags)
		t->base += b->managed_size;
	t->item = is_unsized(b, type) ? 0 : (uint32_t)READ(uint64_t, type + b->tp_itemsize);
	fill_payload(b, t, flags);
	t->shift = flags & FLAG_LONG ? b->long_shift : 0;
	copy_name(b, t->name, t->tp_name);
}

/* tp_flags is the last of what is read of a type, in all versions. */
static int is_type(struct agent_block *b, uint64_t type)
{
	if (type % 8 == 0)
		return guard_has(b, type, b->tp_flags + 8u);
	b->missed = type;
	return 0;
}

AGENT_COLD static uint32_t new_type(struct agent_block *b, uint64_t type, uint32_t *slot)
{
	if (b->types >= b->max_types)
		return NO_TYPE;
	if (!is_type(b, type))
		return NO_PLACE;
	fill_type(b, &table_of(b)[b->types], type);
	*slot = ++b->types;
	return b->types - 1;
}

/* The entry of a type, made if it is new; or NO_TYPE, NO_PLACE. */
static uint32_t find_type(struct agent_block *b, uint64_t type)
{
	struct agent_type *table = table_of(b);
	uint32_t *index = index_of(b);

	for (uint32_t at = slot_of(b, type);; at = (at + 1) & (b->slots - 1)) {
		if (index[at] == 0)
			return new_type(b, type, &index[at]);
		if (table[index[at] - 1].type == type)
			return index[at] - 1;
	}
}

static uint64_t index_bytes(uint64_t size)
{
	if (size <= 0xffff)
		return size <= 0xff ? size : 2 * size;
	return size <= 0xffffffff ? 4 * size : 8 * size;
}

/* Bytes of the tables that belong to this dict alone: a shared key table is nobody's. */
static uint64_t keys_bytes(const struct agent_block *b, uint64_t keys)
{
	uint64_t size;

	if (READ(uint64_t, keys) != 1)
		return 0;
	/* 3.6-3.10: refcnt, size, lookup, usable, nentries, indices[] */
	if (b->dict == AGENT_DICT_36) {
		size = READ(uint64_t, keys + 8);
		return 40 + index_bytes(size) + size * 2 / 3 * 24;
	}
	/* 3.11+: refcnt, log2_size, log2_index_bytes, kind, version, usable, nentries, indices[] */
	size = 1UL << (READ(uint8_t, keys + 8) & 63);
	return 32 + (1UL << (READ(uint8_t, keys + 9) & 63)) +
	       size * 2 / 3 * (READ(uint8_t, keys + 10) == 0 ? 24 : 16);
}

/* 0: look again with new ranges. A dict without a place for its keys is counted without them. */
static int add_dict(struct agent_block *b, uint64_t field, uint64_t *bytes)
{
	if (b->dict == AGENT_DICT_27) {		/* ma_mask; up to 8 slots lie in the object */
		*bytes += field + 1 > 8 ? (field + 1) * 24 : 0;
		return 1;
	}
	if (!field)
		return 1;
	if (!guard_has(b, field, 16))
		return guard_excuses(b);
	*bytes += keys_bytes(b, field);
	return 1;
}

static int add_payload(struct agent_block *b, const struct agent_type *t, uint64_t obj,
		       uint64_t *bytes)
{
	uint64_t at = obj + t->field, n;

	if (!guard_has_near(b, at, obj))
		return 0;
	n = READ(uint64_t, at);
	if (t->payload == PAYLOAD_DICT)
		return add_dict(b, n, bytes);
	if (t->payload == PAYLOAD_LIST)		/* -1 while list.sort() is at work on it */
		*bytes += (int64_t)n < 0 ? 0 : n * 8;
	else					/* up to 8 entries lie in the object itself */
		*bytes += n + 1 > 8 ? (n + 1) * 16 : 0;
	return 1;
}

int count_object(struct agent_block *b, uint64_t obj)
{
	uint32_t at = find_type(b, READ(uint64_t, obj + b->ob_type));
	struct agent_type *t;
	uint64_t bytes;

	if (at == NO_PLACE)
		return 0;
	if (at == NO_TYPE) {
		b->objects++;
		b->left_out++;
		return 1;
	}
	t = &table_of(b)[at];
	bytes = t->base;
	if (t->item) {
		int64_t n;

		if (!guard_has_near(b, obj + b->ob_size, obj))
			return 0;
		n = READ(int64_t, obj + b->ob_size);
		bytes += ((uint64_t)(n < 0 ? -n : n) % (1UL << 40) >> t->shift) * t->item;
	}
	if (t->payload && !add_payload(b, t, obj, &bytes))
		return 0;
	b->objects++;
	t->count++;
	t->bytes += bytes;
	return 1;
}

void count_reset(struct agent_block *b)
{
	uint32_t *index = index_of(b);

	b->types = 0;
	b->objects = b->left_out = 0;
	for (int i = 0; i < AGENT_LISTS; i++)
		b->list_objects[i] = 0;
	for (uint32_t i = 0; i < b->slots; i++) {
		index[i] = 0;
		__asm__ volatile("" : : : "memory");	/* or gcc makes it a call to memset */
	}
}

void count_save(struct agent_block *b, int which)
{
	struct agent_type *t = table_of(b);

	for (uint32_t i = 0; i < b->types; i++, t++) {
		t->saved[which].count = t->count;
		t->saved[which].bytes = t->bytes;
	}
	b->saved[which].objects = b->objects;
	b->saved[which].left_out = b->left_out;
	for (int i = 0; i < AGENT_LISTS; i++)
		b->saved[which].list_objects[i] = b->list_objects[i];
}

/* Types that were met since then stay in the table with what they had: nothing (fill_type). */
void count_restore(struct agent_block *b, int which)
{
	struct agent_type *t = table_of(b);

	for (uint32_t i = 0; i < b->types; i++, t++) {
		t->count = t->saved[which].count;
		t->bytes = t->saved[which].bytes;
	}
	b->objects = b->saved[which].objects;
	b->left_out = b->saved[which].left_out;
	for (int i = 0; i < AGENT_LISTS; i++)
		b->list_objects[i] = b->saved[which].list_objects[i];
}
