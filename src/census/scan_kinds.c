#include "config.h"

#include "census/scan_kinds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "census/names.h"
#include "util/mem.h"

/* tp_flags: Include/object.h, the same in 2.7 and every 3.x */
#define FLAG_HEAP  (1ul << 9)
#define FLAG_READY (1ul << 12)
#define FLAG_GC	   (1ul << 14)
#define FLAG_LIST  (1ul << 25)
#define FLAG_DICT  (1ul << 29)
#define FLAG_TYPE  (1ul << 31)

#define HEAD	   0x110		/* of a type: up to tp_dict and behind */
#define SIZE_MOST  (1u << 15)		/* more than any basicsize */
#define STRANGERS  8192u		/* slots, a power of two */
#define LOOK_AGAIN 256u			/* types at once */
#define USER_END   (1ull << 47)

void kinds_init(struct kinds *k, const struct python *py, const struct arenas *arenas)
{
	*k = (struct kinds){.py = py, .arenas = arenas, .n_slots = 1024};
	k->names = names_new();
	k->slots = mem_array(k->n_slots, sizeof(*k->slots));
	k->strangers = mem_array(STRANGERS, sizeof(*k->strangers));
}

void kinds_done(struct kinds *k)
{
	names_free(k->names);
	free(k->slots);
	free(k->list);
	free(k->strangers);
	*k = (struct kinds){0};
}

static uint64_t word(const unsigned char *type, int32_t at)
{
	uint64_t v;

	memcpy(&v, type + at, sizeof(v));
	return v;
}

static void put_slot(struct kinds *k, const struct kind_slot *slot)
{
	uint32_t bit = kinds_hash(slot->type) % KINDS_MAYBE;
	size_t at = kinds_hash(slot->type) & (k->n_slots - 1);

	while (k->slots[at].type)
		at = (at + 1) & (k->n_slots - 1);
	k->slots[at] = *slot;
	k->maybe[bit / 64] |= 1ull << bit % 64;
}

/* The same slots in a table of n, without those of dead types. */
static void rebuild(struct kinds *k, size_t n)
{
	struct kind_slot *old = k->slots;
	size_t n_old = k->n_slots;

	k->slots = mem_array(n, sizeof(*k->slots));
	k->n_slots = n;
	memset(k->maybe, 0, sizeof(k->maybe));
	for (size_t i = 0; i < n_old; i++)
		if (old[i].type && !k->list[old[i].number].dead)
			put_slot(k, &old[i]);
	free(old);
}

/* Its metatype is type, or something that says of itself to be a subclass of it. */
static bool is_metatype(const struct kinds *k, uint64_t type)
{
	uint64_t flags;

	return type == k->py->sym.type_type ||
	       (type && type % 8 == 0 && type < USER_END &&
		remote_u64(&k->py->remote, type + (uint64_t)k->py->layout->tp_flags, &flags) &&
		(flags & FLAG_TYPE) && (flags & FLAG_READY));
}

/* Arrays and tables that instances own. Only where the fields lie within basicsize. */
static uint8_t owned_by(const struct kinds *k, const unsigned char *head, uint64_t type,
			const char *name)
{
	const struct layout *l = k->py->layout;
	uint64_t flags = word(head, l->tp_flags), size = word(head, l->tp_basicsize);
	uint8_t owns = 0;

	if ((flags & FLAG_LIST) && size >= (uint64_t)l->list_allocated + 8)
		owns |= OWNS_LIST;
	if ((flags & FLAG_DICT) && size >= (uint64_t)l->dict_keys + 16)
		owns |= OWNS_DICT;
	if ((type == k->py->sym.set_type || type == k->py->sym.frozenset_type) &&
	    size >= (uint64_t)l->set_table + 8)
		owns |= OWNS_SET;
	if (type == k->py->sym.bytearray_type && !l->bytearray_shares &&
	    size >= (uint64_t)l->bytearray_alloc + 16)
		owns |= OWNS_BYTEARRAY;
	if (strcmp(name, "array.array") == 0 && size >= 48)
		owns |= OWNS_ARRAY;
	if (l->values_at != LAYOUT_NONE && (flags & l->managed_flags))
		owns |= OWNS_VALUES;
	return owns;
}

/* The words that tell one type from the next one at its place. */
static void take_proof(const struct layout *l, const unsigned char *head, uint64_t proof[4])
{
	proof[0] = word(head, l->ob_type);
	proof[1] = word(head, l->tp_basicsize);
	proof[2] = word(head, l->tp_itemsize);
	proof[3] = word(head, l->tp_dict);
}

static bool is_plausible(const struct kinds *k, const unsigned char *head)
{
	const struct layout *l = k->py->layout;
	uint64_t name = word(head, l->tp_name);

	return (word(head, l->tp_flags) & FLAG_READY) && word(head, l->tp_basicsize) >= 16 &&
	       word(head, l->tp_basicsize) < SIZE_MOST && word(head, l->tp_itemsize) < SIZE_MOST &&
	       name && name < USER_END && is_metatype(k, word(head, l->ob_type));
}

/* Bytes of its smallest instance: a short str is less than a PyUnicodeObject. */
static uint32_t least_size(const struct kinds *k, const unsigned char *head, uint64_t type)
{
	if (type == k->py->sym.unicode_type && k->py->layout->unicode_state != LAYOUT_NONE)
		return (uint32_t)k->py->layout->unicode_ascii_data;
	return (uint32_t)word(head, k->py->layout->tp_basicsize);
}

static void add_kind(struct kinds *k, uint64_t type, const unsigned char *head,
		     const struct agent_type *named)
{
	const struct layout *l = k->py->layout;
	uint64_t flags = word(head, l->tp_flags);
	struct kind_slot slot = {.type = type, .number = (uint32_t)k->n};
	struct kind *kind;

	if (k->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 512;
		k->list = mem_resize(k->list, k->cap, sizeof(*k->list));
	}
	kind = &k->list[k->n++];
	*kind = (struct kind){.type = type, .tp_name = named->tp_name,
			      .heap = flags & FLAG_HEAP};
	take_proof(l, head, kind->proof);
	memcpy(kind->text, named->name, sizeof(kind->text));
	kind->name = (uint32_t)names_of(k->names, k->py, named);
	kind->unnamed = !names_known(k->names, type);
	slot.owns = owned_by(k, head, type, named->name);
	slot.before = (uint8_t)((flags & FLAG_GC ? (uint32_t)l->gc_head_size : 0) +
				 (flags & l->managed_flags ? l->managed_size : 0));
	slot.need = (uint16_t)(slot.before + least_size(k, head, type));
	if (k->n * 2 > k->n_slots)
		rebuild(k, k->n_slots * 2);
	put_slot(k, &slot);
}

static bool look(struct kinds *k, uint64_t type)
{
	struct agent_type named = {.type = type};
	unsigned char head[HEAD];

	k->looks++;
	if (!remote_read(&k->py->remote, type, head, sizeof(head)) || !is_plausible(k, head))
		return false;
	named.tp_name = word(head, k->py->layout->tp_name);
	/* a type whose name is gone can live, for nobody else looks at it: it counts */
	if (!remote_string(&k->py->remote, named.tp_name, named.name, sizeof(named.name)))
		memset(named.name, 0, sizeof(named.name));
	add_kind(k, type, head, &named);
	return true;
}

static bool is_stranger(struct kinds *k, uint64_t type)
{
	size_t at = kinds_hash(type) & (STRANGERS - 1);

	for (; k->strangers[at]; at = (at + 1) & (STRANGERS - 1))
		if (k->strangers[at] == type)
			return true;
	if (++k->n_strangers > STRANGERS / 2) {
		memset(k->strangers, 0, STRANGERS * sizeof(*k->strangers));
		k->n_strangers = 0;
		at = kinds_hash(type) & (STRANGERS - 1);
	}
	k->strangers[at] = type;	/* unless it proves to be none: then it is found first */
	return false;
}

const struct kind_slot *kinds_learn(struct kinds *k, uint64_t type)
{
	size_t place;
	uint32_t pool;

	if (type % 8 || type < 0x10000 || type >= USER_END || k->n >= KINDS_MOST ||
	    arenas_find(k->arenas, type, &place, &pool) || is_stranger(k, type) || !look(k, type))
		return NULL;
	return kinds_find(k, type);
}

/* Two pieces a type, as they were asked for: its head and the beginning of its name. */
static bool same(const struct layout *l, const struct kind *kind, const unsigned char *head,
		 const char *text)
{
	uint64_t proof[4];

	take_proof(l, head, proof);
	return word(head, l->tp_name) == kind->tp_name &&
	       memcmp(proof, kind->proof, sizeof(proof)) == 0 &&
	       strncmp(text, kind->text, sizeof(kind->text)) == 0;
}

/* Looks at up to LOOK_AGAIN types from list[from] on. Where to go on. */
static size_t look_again(struct kinds *k, size_t from, bool *died)
{
	struct iovec pieces[LOOK_AGAIN * 2];
	size_t which[LOOK_AGAIN], n = 0, i = from;
	const size_t text = sizeof(k->list[0].text), both = HEAD + text;
	unsigned char *got;

	for (; i < k->n && n < LOOK_AGAIN; i++) {
		const struct kind *kind = &k->list[i];

		if (!kind->heap || kind->dead)
			continue;
		pieces[n * 2] = (struct iovec){(void *)(uintptr_t)kind->type, HEAD};
		pieces[n * 2 + 1] = (struct iovec){(void *)(uintptr_t)kind->tp_name,
						   strnlen(kind->text, text - 1) + 1};
		which[n++] = i;
	}
	got = mem_alloc(LOOK_AGAIN * both);
	remote_read_pieces(&k->py->remote, pieces, n * 2, got);
	for (size_t j = 0, at = 0; j < n; at += HEAD + pieces[j * 2 + 1].iov_len, j++)
		if (!same(k->py->layout, &k->list[which[j]], got + at, (char *)got + at + HEAD))
			k->list[which[j]].dead = *died = true;
	free(got);
	return i;
}

/* Names that took too long to find when they were met. */
static void name_again(struct kinds *k, struct kind *kind)
{
	struct agent_type named = {.type = kind->type, .tp_name = kind->tp_name};

	if (!remote_string(&k->py->remote, named.tp_name, named.name, sizeof(named.name)))
		return;
	kind->name = (uint32_t)names_of(k->names, k->py, &named);
	kind->unnamed = !names_known(k->names, kind->type);
}

void kinds_refresh(struct kinds *k)
{
	bool died = false;

	names_begin(k->names);
	memset(k->strangers, 0, STRANGERS * sizeof(*k->strangers));
	k->n_strangers = 0;
	for (size_t i = 0; i < k->n;)
		i = look_again(k, i, &died);
	if (died)
		rebuild(k, k->n_slots);
	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].unnamed && !k->list[i].dead)
			name_again(k, &k->list[i]);
}

const char *kinds_text(const struct kinds *k, uint32_t name)
{
	return names_text(k->names, name);
}

size_t kinds_names(const struct kinds *k)
{
	return names_count(k->names);
}
