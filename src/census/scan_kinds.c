#include "config.h"

#include "census/scan_kinds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "census/names.h"
#include "target/typehead.h"
#include "util/mem.h"

#define STRANGERS  8192u		/* slots, a power of two */
#define LOOK_AGAIN 256u			/* types at once */

/* An empty place needs more than any block has. */
static void forget_quick(struct kinds *k)
{
	memset(k->quick, 0xff, sizeof(k->quick));
}

void kinds_init(struct kinds *k, const struct python *py, const struct arenas *arenas)
{
	*k = (struct kinds){.py = py, .arenas = arenas, .n_slots = 1024};
	k->names = names_new();
	k->slots = mem_array(k->n_slots, sizeof(*k->slots));
	k->strangers = mem_array(STRANGERS, sizeof(*k->strangers));
	forget_quick(k);
}

void kinds_done(struct kinds *k)
{
	names_free(k->names);
	free(k->slots);
	free(k->list);
	free(k->strangers);
	*k = (struct kinds){0};
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
	forget_quick(k);
	for (size_t i = 0; i < n_old; i++)
		if (old[i].type && !k->list[old[i].number].dead)
			put_slot(k, &old[i]);
	free(old);
}

/* Arrays and tables that instances own. Only where the fields lie within basicsize. */
static uint8_t owned_by(const struct kinds *k, const struct typehead *head, uint64_t type,
			const char *name)
{
	const struct layout *l = k->py->layout;
	uint64_t flags = head->flags, size = head->basic;
	uint8_t owns = 0;

	if ((flags & TYPE_LIST) && size >= (uint64_t)l->list_allocated + 8)
		owns |= OWNS_LIST;
	if ((flags & TYPE_DICT) && size >= (uint64_t)l->dict_keys + 16)
		owns |= OWNS_DICT;
	if ((type == k->py->sym.set_type || type == k->py->sym.frozenset_type) &&
	    size >= (uint64_t)l->set_table + 8)
		owns |= OWNS_SET;
	if (type == k->py->sym.bytearray_type && !l->bytearray_shares &&
	    size >= (uint64_t)l->bytearray_alloc + 16)
		owns |= OWNS_BYTEARRAY;
	if (strcmp(name, "array.array") == 0 && size >= 48)
		owns |= OWNS_ARRAY;
	if (strcmp(name, "numpy.ndarray") == 0 && size >= 72)
		owns |= OWNS_NDARRAY;
	if (l->values_at != LAYOUT_NONE && (flags & l->managed_flags))
		owns |= OWNS_VALUES;
	return owns;
}

/* The words that tell one type from the next one at its place. */
static void take_proof(const struct layout *l, const unsigned char *head, uint64_t proof[4])
{
	proof[0] = typehead_word(head, l->ob_type);
	proof[1] = typehead_word(head, l->tp_basicsize);
	proof[2] = typehead_word(head, l->tp_itemsize);
	proof[3] = typehead_word(head, l->tp_dict);
}

static void add_kind(struct kinds *k, uint64_t type, const struct typehead *head,
		     const struct agent_type *named)
{
	struct kind_slot slot = {.type = type, .number = (uint32_t)k->n};
	struct kind *kind;

	if (k->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 512;
		k->list = mem_resize(k->list, k->cap, sizeof(*k->list));
	}
	kind = &k->list[k->n++];
	*kind = (struct kind){.type = type, .tp_name = named->tp_name,
			      .heap = head->flags & TYPE_HEAP};
	take_proof(k->py->layout, head->bytes, kind->proof);
	memcpy(kind->text, named->name, sizeof(kind->text));
	kind->name = (uint32_t)names_of(k->names, k->py, named);
	kind->unnamed = !names_known(k->names, type);
	slot.owns = owned_by(k, head, type, named->name);
	slot.before = (uint8_t)head->before;
	slot.need = (uint16_t)(head->before + head->least);
	if (k->n * 2 > k->n_slots)
		rebuild(k, k->n_slots * 2);
	put_slot(k, &slot);
}

static bool look(struct kinds *k, uint64_t type)
{
	struct agent_type named = {.type = type};
	struct typehead head;

	k->looks++;
	if (!typehead_read(k->py, type, &head))
		return false;
	named.tp_name = head.name_at;
	/* a type whose name is gone can live, for nobody else looks at it: it counts */
	if (!remote_string(&k->py->remote, named.tp_name, named.name, sizeof(named.name)))
		memset(named.name, 0, sizeof(named.name));
	add_kind(k, type, &head, &named);
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

	if (!typehead_possible(type) || k->n >= KINDS_MOST ||
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
	return typehead_word(head, l->tp_name) == kind->tp_name &&
	       memcmp(proof, kind->proof, sizeof(proof)) == 0 &&
	       strncmp(text, kind->text, sizeof(kind->text)) == 0;
}

/* Looks at up to LOOK_AGAIN types from list[from] on. Where to go on. */
static size_t look_again(struct kinds *k, size_t from, bool *died)
{
	struct iovec pieces[LOOK_AGAIN * 2];
	size_t which[LOOK_AGAIN], n = 0, i = from;
	const size_t text = sizeof(k->list[0].text), both = TYPEHEAD_BYTES + text;
	unsigned char *got;

	for (; i < k->n && n < LOOK_AGAIN; i++) {
		const struct kind *kind = &k->list[i];

		if (!kind->heap || kind->dead)
			continue;
		pieces[n * 2] = (struct iovec){(void *)(uintptr_t)kind->type, TYPEHEAD_BYTES};
		pieces[n * 2 + 1] = (struct iovec){(void *)(uintptr_t)kind->tp_name,
						   strnlen(kind->text, text - 1) + 1};
		which[n++] = i;
	}
	got = mem_alloc(LOOK_AGAIN * both);
	remote_read_pieces(&k->py->remote, pieces, n * 2, got);
	for (size_t j = 0, at = 0; j < n; at += TYPEHEAD_BYTES + pieces[j * 2 + 1].iov_len, j++)
		if (!same(k->py->layout, &k->list[which[j]], got + at,
			  (char *)got + at + TYPEHEAD_BYTES))
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
