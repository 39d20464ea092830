/* Python objects read as data: no getattr, no repr, no Python code. All bounded. */
#ifndef LT_TARGET_PYOBJ_H
#define LT_TARGET_PYOBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"

/* A str (or 2.7 str) as cleaned UTF-8; false where addr holds none. */
bool pyobj_text(const struct python *py, uint64_t addr, char *dst, size_t size);
/* An int that fits; false otherwise. */
bool pyobj_int(const struct python *py, uint64_t addr, int64_t *ret);
/* The value under a str key of a dict (combined or split table). false where there is none. */
bool pyobj_dict_get(const struct python *py, uint64_t dict, const char *key, uint64_t *ret);
/*
 * The same, but of a large dict only the first and the last few hundred entries are looked at (all
 * in 2.7, which keeps no order): for what a class statement puts first and type() puts last.
 */
bool pyobj_dict_ends(const struct python *py, uint64_t dict, const char *key, uint64_t *ret);

/* The entries of a dict: where, how many, how large, and where in one the key and value are. */
struct pyobj_entries {
	uint64_t table;			/* ma_keys, 2.7: ma_table */
	uint64_t used;			/* len() */
	uint64_t addr, n;
	uint64_t values;		/* split table: array of values, else 0 */
	unsigned size, key;		/* the value is behind the key */
};
bool pyobj_dict_open(const struct python *py, uint64_t dict, struct pyobj_entries *ret);
/* The same of a table of keys alone, without values (3.6+; used is 0). */
bool pyobj_keys_open(const struct python *py, uint64_t keys, struct pyobj_entries *ret);
/* Either may be 0: an entry that is not used. */
bool pyobj_dict_entry(const struct python *py, const struct pyobj_entries *e, uint64_t i,
		      uint64_t *ret_key, uint64_t *ret_value);

/* ob_type of the object. */
bool pyobj_type(const struct python *py, uint64_t addr, uint64_t *ret);
/*
 * The lower half of its count of references; 0: it is no living object of that type. One that was
 * freed keeps its words for a while, but neither its count nor its type.
 */
uint32_t pyobj_refs(const struct remote *r, uint64_t addr, uint64_t type);

/* In the low bits of a reference, where words have any: 3.14+, a _PyStackRef. */
#define PYOBJ_TAGS 3ull

#endif
