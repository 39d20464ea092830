/*
 * The head of a type object, looked at from outside: is it a type, and what does a block need to
 * hold an instance? Every word was chosen by the target. Facts: struct _typeobject in
 * Include/cpython/object.h and tp_flags in Include/object.h, the same in 2.7 and every 3.x.
 */
#ifndef LT_TARGET_TYPEHEAD_H
#define LT_TARGET_TYPEHEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "target/python.h"

#define TYPEHEAD_BYTES 0x128	/* up to tp_dictoffset */

enum typehead_flags {
	TYPE_INLINE = 1 << 2,	/* 3.13+: attributes lie behind the instance */
	TYPE_HEAP = 1 << 9,
	TYPE_READY = 1 << 12,
	TYPE_GC = 1 << 14,
	TYPE_LIST = 1 << 25,
	TYPE_TUPLE = 1 << 26,
	TYPE_DICT = 1 << 29,
};
#define TYPE_TYPE (1ull << 31)	/* does not fit an int */

#define TYPE_WEAK_AT 0xd0	/* tp_weaklistoffset */
#define TYPE_MEMBERS 0xf0
#define TYPE_BASE    0x100
#define TYPE_DICT_AT 0x120

#define TYPEHEAD_USER_END (1ull << 48)	/* no address of a process is beyond: arm64 */

struct typehead {
	uint64_t flags;
	uint64_t name_at;		/* tp_name */
	uint64_t basic, item;		/* tp_basicsize, tp_itemsize */
	uint64_t least;			/* bytes of its smallest instance: of a short str fewer */
	uint32_t before;		/* bytes of a block in front of the instance */
	unsigned char bytes[TYPEHEAD_BYTES];
};

/* May there be a type at this address, as far as the address tells? */
bool typehead_possible(uint64_t type);
/* false: there is none. The name is not looked at. */
bool typehead_read(const struct python *py, uint64_t type, struct typehead *ret);

static inline uint64_t typehead_word(const unsigned char *bytes, int64_t at)
{
	uint64_t v;

	memcpy(&v, bytes + at, sizeof(v));
	return v;
}

/*
 * Not 0, which is a dead object; and no pointer. From 3.14 on the upper half has an overflow and
 * flags (Include/refcount.h); before it is 0, also in immortal objects (3.12: 2^32 - 1).
 */
static inline bool typehead_is_refcount(uint64_t v)
{
	return (uint32_t)v != 0 && (v & 0xfff0ffff00000000) == 0;
}

/*
 * The same of a block that may as well be an array: below 4 GiB a pointer passes for a count, and
 * the items of a list [None, int] for an int with many references.
 */
static inline bool typehead_may_begin(const struct python *py, uint64_t v)
{
	return typehead_is_refcount(v) && (!py->low || v < py->low || v % 8 != 0);
}

#endif
