/*
 * What one object keeps alive: its attributes and items, two levels deep, each with the bytes that
 * would go with it. What somebody else refers to as well (by its reference count) would stay, and
 * is not counted. Read from outside at one moment, bounded; nothing in the target is called.
 */
#ifndef LT_HOLDERS_INSIDE_H
#define LT_HOLDERS_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"
#include "util/err.h"

#define INSIDE_PARTS	64	/* that are told */
#define INSIDE_CHILDREN 12	/* of one of them */

struct inside_part {
	char name[64];		/* ".buf", "[3]", ".__dict__"; a key is "[...]" */
	char shown[64];		/* the same with the key's value */
	char type[128];		/* full name */
	uint64_t address;
	uint32_t parent;	/* place of what has it; the first one, the object, has itself */
	unsigned depth;		/* 0: the object */
	int64_t bytes;		/* of itself: its block and what it owns, such as a dict's table */
	int64_t retained;	/* with all below that only it refers to; shared: 0 */
	int64_t length;		/* len(), LT_UNKNOWN where it has none */
	bool shared;		/* others refer to it too */
};

struct inside {
	struct inside_part parts[INSIDE_PARTS];	/* a parent is in front of its children */
	size_t n;
	size_t untold;		/* children of those that are not among them, but counted */
	bool incomplete;	/* there is more below than was looked at, or of unknown size */
};

/* LT_E_GONE where there is no object of that type at the address (any more). */
enum lt_errc inside_read(const struct python *py, uint64_t object, const char *type,
			 struct inside *ret, struct lt_err *err);

#endif
