/*
 * The types that the scan knows, by address: found from outside, as an object's word that leads
 * to something which is a type. Types die and others take their place, so each is looked at
 * again now and then; its number stays with the one that was.
 */
#ifndef LT_CENSUS_SCAN_KINDS_H
#define LT_CENSUS_SCAN_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/arenas.h"
#include "target/python.h"

#define KINDS_MOST  65536u	/* a program that makes types without end: these, then none */
#define KINDS_MAYBE 32768u	/* bits: 4 KiB stay in the nearest cache */
#define KINDS_QUICK 512u	/* slots, 8 KiB: likewise */

enum kind_owns {		/* memory besides the block */
	OWNS_LIST = 1, OWNS_DICT = 2, OWNS_SET = 4, OWNS_BYTEARRAY = 8, OWNS_ARRAY = 16,
	OWNS_VALUES = 32, OWNS_NDARRAY = 64,
};

struct kind_slot {		/* what recognising needs, 16 bytes: four to a cache line */
	uint64_t type;		/* 0: free */
	uint32_t number;
	uint16_t need;		/* bytes that its block has at least */
	uint8_t before;		/* bytes of the block in front of the object: gc head and such */
	uint8_t owns;		/* enum kind_owns */
};

struct kind {
	uint64_t type;
	uint64_t proof[4];	/* words that change when another type takes the place */
	uint64_t tp_name;
	char text[16];		/* at tp_name */
	uint32_t name;		/* kinds_name */
	bool heap, dead;
	bool unnamed;		/* there was no time to find its full name */
};

struct kinds {			/* owns all it points to */
	const struct python *py;
	const struct arenas *arenas;
	struct names *names;
	struct kind_slot *slots;
	size_t n_slots;		/* a power of two */
	uint64_t maybe[KINDS_MAYBE / 64];	/* by kinds_hash: no bit, no such type */
	struct kind_slot quick[KINDS_QUICK];	/* by kinds_hash: those that were met lately */
	struct kind *list;
	size_t n, cap;
	uint64_t *strangers;	/* looked at in this pass: no types */
	size_t n_strangers;
	int64_t looks;		/* at possible types; for tests */
};

/* py and arenas are borrowed. */
void kinds_init(struct kinds *k, const struct python *py, const struct arenas *arenas);
void kinds_done(struct kinds *k);

/* A pass begins: strangers are forgotten, types of the heap that died are taken out. */
void kinds_refresh(struct kinds *k);

/* The slot of a word that was not found: NULL where it is no type. Reads the target. */
const struct kind_slot *kinds_learn(struct kinds *k, uint64_t type);

const char *kinds_text(const struct kinds *k, uint32_t name);
size_t kinds_names(const struct kinds *k);

static inline uint32_t kinds_hash(uint64_t type)
{
	return (uint32_t)((type >> 4) * 0x9e3779b97f4a7c15u >> 40);
}

/* The one place where it may be at hand; it may be another type's. */
static inline struct kind_slot *kinds_quick(struct kinds *k, uint64_t type)
{
	return &k->quick[kinds_hash(type) % KINDS_QUICK];
}

static inline const struct kind_slot *kinds_find(struct kinds *k, uint64_t type)
{
	uint32_t hash = kinds_hash(type), bit = hash % KINDS_MAYBE;
	size_t at = hash & (k->n_slots - 1);

	if (!(k->maybe[bit / 64] >> bit % 64 & 1))
		return NULL;
	for (; k->slots[at].type; at = (at + 1) & (k->n_slots - 1))
		if (k->slots[at].type == type) {
			*kinds_quick(k, type) = k->slots[at];
			return &k->slots[at];
		}
	return NULL;
}

#endif
