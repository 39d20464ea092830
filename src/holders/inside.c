#include "config.h"

#include "holders/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "holders/deque.h"
#include "holders/levels.h"
#include "holders/refs.h"
#include "target/pyobj.h"
#include "util/num.h"

#define DEEPEST	    8		/* levels that are counted */
#define LOOKS_MAX   1024	/* objects, a key pressed meanwhile waits for them */
#define ITEMS_MAX   2048	/* of one container */
#define WORDS_MAX   64u		/* of one instance's own fields */
#define CHUNK_FLAGS 7ull	/* glibc: {.., size | flags} in front of a chunk's memory */
#define CHUNK_OWN_MAP 2ull
#define CHUNK_MOST  (1ull << 40)

struct looker {
	struct levels up;
	struct inside *to;
	uint64_t object;		/* the first one: what refers back to it is no part of it */
	unsigned looks;
};

struct child {
	uint64_t address;
	char name[64], shown[64];
};

struct at {			/* where in the tree */
	uint32_t part;		/* of the parent; INSIDE_PARTS: it is not told */
	unsigned depth, told;
};

static int64_t weigh(struct looker *k, const struct child *c, struct at *by);

static bool read_word(const struct looker *k, uint64_t addr, uint64_t *ret)
{
	return remote_u64(&k->up.py->remote, addr, ret);
}

/* A chunk of glibc's says its size, and the next one that it is in use. */
static int64_t chunk_bytes(const struct looker *k, uint64_t start)
{
	uint64_t size, next;

	if (start % 16 || !read_word(k, start - 8, &size))
		return LT_UNKNOWN;
	next = start + (size & ~CHUNK_FLAGS) - 8;
	if (size < 32 || size > CHUNK_MOST || (size & 8))
		return LT_UNKNOWN;
	if (!(size & CHUNK_OWN_MAP) && (!read_word(k, next, &next) || !(next & 1)))
		return LT_UNKNOWN;
	return (int64_t)(size & ~CHUNK_FLAGS) - 8;
}

/* Of the block that begins at start, or of pymalloc's that has it in it. */
static int64_t block_bytes(struct looker *k, uint64_t start)
{
	struct block b;

	switch (blocks_find(&k->up.blocks, start, &b)) {
	case BLOCKS_IN_USE:
		return (int64_t)b.size;
	case BLOCKS_OUTSIDE:
		return chunk_bytes(k, start);
	case BLOCKS_FREE:
		break;
	}
	return LT_UNKNOWN;
}

static bool is_shared(const struct looker *k, uint64_t object)
{
	uint64_t count;

	return !read_word(k, object, &count) || (uint32_t)count != 1;
}

static int64_t count(struct looker *k, int64_t bytes)
{
	k->to->incomplete |= bytes == LT_UNKNOWN;
	return bytes == LT_UNKNOWN ? 0 : bytes;
}

static int64_t pointed_bytes(struct looker *k, uint64_t field)
{
	uint64_t to;

	return read_word(k, field, &to) && to ? count(k, block_bytes(k, to)) : 0;
}

/* {.., alloc, *bytes, *start, exports, *object}: since 3.15 its bytes are those of an object. */
static int64_t bytearray_bytes(struct looker *k, uint64_t object)
{
	const struct layout *l = k->up.py->layout;
	uint64_t field = object + (uint64_t)l->bytearray_alloc + 8, bytes;

	if (!l->bytearray_shares)
		return pointed_bytes(k, field);
	field += 24;
	return read_word(k, field, &bytes) && !is_shared(k, bytes) ? pointed_bytes(k, field) : 0;
}

/* Tables and arrays that belong to nobody else. */
static int64_t owned_bytes(struct looker *k, const struct typed *t, uint64_t object)
{
	const struct layout *l = k->up.py->layout;
	struct pyobj_entries e;
	uint64_t values;

	if (t->type == k->up.py->sym.bytearray_type)
		return bytearray_bytes(k, object);
	switch (t->form) {
	case FORM_LIST:
		return pointed_bytes(k, object + (uint64_t)l->list_item);
	case FORM_DICT:
		if (!pyobj_dict_open(k->up.py, object, &e) || !e.table)
			return 0;
		if (e.values)		/* the keys are shared with others of its class */
			return count(k, block_bytes(k, e.values));
		return e.table - object < t->basic ? 0 : count(k, block_bytes(k, e.table));
	case FORM_SET:
		if (read_word(k, object + (uint64_t)l->set_table, &values) &&
		    values == object + (uint64_t)l->set_smalltable)
			return 0;
		return pointed_bytes(k, object + (uint64_t)l->set_table);
	case FORM_DEQUE:
		return deque_bytes(k->up.py, refs_length(&k->up.roots, object, t));
	default:
		values = refs_values(&k->up.roots, t, object);
		return values ? count(k, block_bytes(k, values)) : 0;
	}
}

/* ---- its children ---- */

static int64_t items_weigh(struct looker *k, uint64_t from, uint64_t n, struct at *by)
{
	struct child c;
	int64_t sum = 0;

	k->to->incomplete |= n > ITEMS_MAX;
	for (uint64_t i = 0; i < n && i < ITEMS_MAX; i++) {
		if (!read_word(k, from + i * 8, &c.address) || !c.address)
			continue;
		snprintf(c.name, sizeof(c.name), "[%" PRIu64 "]", i);
		memcpy(c.shown, c.name, sizeof(c.name));
		sum += weigh(k, &c, by);
	}
	return sum;
}

/* {key, hash} each; removed ones are a dummy that is shared by all. */
static int64_t set_weighs(struct looker *k, uint64_t set, struct at *by)
{
	const struct layout *l = k->up.py->layout;
	struct child c = {.name = "[*]", .shown = "[*]"};
	uint64_t mask, table;
	int64_t sum = 0;

	if (!read_word(k, set + (uint64_t)l->set_mask, &mask) ||
	    !read_word(k, set + (uint64_t)l->set_table, &table))
		return 0;
	k->to->incomplete |= mask >= ITEMS_MAX;
	for (uint64_t i = 0; i <= mask && i < ITEMS_MAX; i++)
		if (read_word(k, table + i * 16, &c.address) && c.address &&
		    !is_shared(k, c.address))
			sum += weigh(k, &c, by);
	return sum;
}

static int64_t deque_weighs(struct looker *k, uint64_t deque, int64_t n, struct at *by)
{
	struct deque_walk walk;
	struct child c;
	int64_t sum = 0;

	k->to->incomplete |= n > ITEMS_MAX;
	deque_begin(k->up.py, deque, n < ITEMS_MAX ? n : ITEMS_MAX, &walk);
	for (int64_t i = 0; deque_next(k->up.py, &walk, &c.address); i++) {
		snprintf(c.name, sizeof(c.name), "[%" PRId64 "]", i);
		memcpy(c.shown, c.name, sizeof(c.name));
		sum += weigh(k, &c, by);
	}
	return sum;
}

static void name_key(const struct looker *k, uint64_t key, bool attributes, struct child *ret)
{
	char text[48] = "";
	int64_t number;

	if (!pyobj_text(k->up.py, key, text, sizeof(text)) && pyobj_int(k->up.py, key, &number))
		snprintf(text, sizeof(text), "%" PRId64, number);
	snprintf(ret->name, sizeof(ret->name), "%s%s", attributes ? "." : "[...]",
		 attributes ? text : "");
	memcpy(ret->shown, ret->name, sizeof(ret->name));
	if (!attributes && text[0])
		snprintf(ret->shown, sizeof(ret->shown), "['%s']", text);
}

static int64_t dict_weighs(struct looker *k, uint64_t dict, bool attributes, struct at *by)
{
	struct pyobj_entries e;
	struct child c;
	uint64_t key, value;
	int64_t sum = 0;

	if (!pyobj_dict_open(k->up.py, dict, &e))
		return 0;
	k->to->incomplete |= e.n > ITEMS_MAX;
	for (uint64_t i = 0; i < e.n && i < ITEMS_MAX; i++) {
		if (!pyobj_dict_entry(k->up.py, &e, i, &key, &value) || !value)
			continue;
		name_key(k, key, attributes, &c);
		c.address = value;
		sum += weigh(k, &c, by);
		c.address = key;
		if (!attributes && key && !is_shared(k, key))
			sum += weigh(k, &c, &(struct at){.part = INSIDE_PARTS});
	}
	return sum;
}

/* Attributes that lie in the instance, or in a block of values, under names that all share. */
static int64_t values_weigh(struct looker *k, const struct typed *t, uint64_t object, struct at *by)
{
	const struct layout *l = k->up.py->layout;
	uint64_t at = t->inline_values ? object + t->basic + (uint64_t)l->dict_first_value
				       : refs_values(&k->up.roots, t, object);
	struct pyobj_entries e;
	struct child c;
	uint64_t key;
	int64_t sum = 0;

	if (!at || !t->cached_keys || !pyobj_keys_open(k->up.py, t->cached_keys, &e))
		return 0;
	for (uint64_t i = 0; i < e.n && i < WORDS_MAX; i++) {
		if (!read_word(k, at + i * 8, &c.address) || !c.address ||
		    !read_word(k, e.addr + i * e.size + e.key, &key))
			continue;
		name_key(k, key, true, &c);
		sum += weigh(k, &c, by);
	}
	return sum;
}

/* Slots, and what a type of C tells of its fields. */
static int64_t fields_weigh(struct looker *k, const struct typed *t, uint64_t object, struct at *by)
{
	struct child c;
	char name[60];
	int64_t sum = 0;

	for (uint64_t at = 16; at + 8 <= t->basic && at < WORDS_MAX * 8; at += 8) {
		if (!read_word(k, object + at, &c.address) || !c.address || c.address % 8 ||
		    !typebook_member(k->up.book, t, (int64_t)at, name, sizeof(name)))
			continue;
		snprintf(c.name, sizeof(c.name), ".%s", name);
		memcpy(c.shown, c.name, sizeof(c.name));
		sum += weigh(k, &c, by);
	}
	return sum;
}

static int64_t instance_weighs(struct looker *k, const struct typed *t, uint64_t object,
			       struct at *by)
{
	struct child c = {.name = ".__dict__", .shown = ".__dict__"};
	int64_t at = t->managed ? REFS_DICT_BEFORE : t->dict_at;
	int64_t sum = fields_weigh(k, t, object, by);

	if (at && read_word(k, object + (uint64_t)at, &c.address) && c.address &&
	    c.address % 8 == 0)
		return sum + weigh(k, &c, by);
	return sum + values_weigh(k, t, object, by);
}

static int64_t children_weigh(struct looker *k, const struct typed *t, const struct child *c,
			      struct at *by)
{
	const struct layout *l = k->up.py->layout;
	int64_t n = refs_length(&k->up.roots, c->address, t), sum = 0;
	uint64_t items;

	switch (t->form) {
	case FORM_LIST:
		if (n > 0 && read_word(k, c->address + (uint64_t)l->list_item, &items))
			sum = items_weigh(k, items, (uint64_t)n, by);
		break;
	case FORM_TUPLE:
		if (n > 0)
			sum = items_weigh(k, c->address + (uint64_t)l->tuple_item, (uint64_t)n, by);
		break;
	case FORM_DICT:
		sum = dict_weighs(k, c->address, !strcmp(c->name, ".__dict__"), by);
		break;
	case FORM_SET:
		sum = set_weighs(k, c->address, by);
		break;
	case FORM_DEQUE:
		sum = deque_weighs(k, c->address, n, by);
		break;
	case FORM_DATA:
	case FORM_WEAK:
	case FORM_TYPE:
	case FORM_MODULE:
		return 0;
	default:
		break;
	}
	return sum + instance_weighs(k, t, c->address, by);
}

/* ---- one object ---- */

static struct inside_part *add_part(struct looker *k, const struct child *c, const struct typed *t,
				    struct at *by)
{
	struct inside_part *p = &k->to->parts[k->to->n];

	if (by->part == INSIDE_PARTS || k->to->n == INSIDE_PARTS || by->told == INSIDE_CHILDREN) {
		k->to->untold += by->part != INSIDE_PARTS;
		return NULL;
	}
	by->told++;
	*p = (struct inside_part){.address = c->address, .parent = by->part, .depth = by->depth};
	memcpy(p->name, c->name, sizeof(p->name));
	memcpy(p->shown, c->shown, sizeof(p->shown));
	snprintf(p->type, sizeof(p->type), "%s", typebook_name(k->up.book, t));
	k->to->n++;
	return p;
}

/* Its bytes with all below; 0 where it would stay. */
static int64_t weigh(struct looker *k, const struct child *c, struct at *by)
{
	const struct typed *t;
	struct inside_part *part;
	struct at below = {.part = INSIDE_PARTS, .depth = by->depth + 1};
	bool first = k->looks == 0, shared;
	int64_t own, all;

	if (k->looks++ >= LOOKS_MAX || by->depth > DEEPEST) {
		k->to->incomplete = true;
		return 0;
	}
	t = typebook_of(k->up.book, c->address);
	if (!t || (c->address == k->object && !first))
		return 0;
	shared = !first && is_shared(k, c->address);
	part = add_part(k, c, t, by);
	own = count(k, block_bytes(k, c->address - t->before)) + owned_bytes(k, t, c->address);
	if (part) {
		part->bytes = own;
		part->shared = shared;
		part->length = refs_length(&k->up.roots, c->address, t);
		/* the dict of attributes is no level to who reads it */
		if (by->depth < 1 || (by->depth < 2 && !strcmp(c->name, ".__dict__")))
			below.part = (uint32_t)(part - k->to->parts);
	}
	if (shared)
		return 0;
	all = own + children_weigh(k, t, c, &below);
	if (part)
		part->retained = all;
	return all;
}

enum lt_errc inside_read(const struct python *py, uint64_t object, const char *type,
			 struct inside *ret, struct lt_err *err)
{
	struct looker k = {.to = ret, .object = object};
	struct child c = {.address = object};
	const struct typed *t;
	enum lt_errc rc = levels_init(&k.up, py, err);

	*ret = (struct inside){0};
	if (rc != LT_OK)
		return rc;
	k.up.roots = (struct roots){.py = py, .book = k.up.book};
	t = typebook_of(k.up.book, object);
	if (t && !strcmp(typebook_name(k.up.book, t), type))
		(void)weigh(&k, &c, &(struct at){0});
	else
		rc = lt_err_set(err, LT_E_GONE, 0, "the object is no more");
	levels_done(&k.up);
	return rc;
}
