/*
 * What is known of the types of the target, by address: how to recognise an instance in a block,
 * and how it refers to others. Looked up in the target once a search; a type that died and was
 * replaced in between is found out when the links are verified at its end.
 */
#ifndef LT_HOLDERS_TYPEBOOK_H
#define LT_HOLDERS_TYPEBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"

enum form {			/* what its fields mean; subclasses have the form of their base */
	FORM_PLAIN,
	FORM_LIST, FORM_TUPLE, FORM_DICT, FORM_SET, FORM_DEQUE,
	FORM_MODULE, FORM_TYPE, FORM_FUNCTION, FORM_CODE, FORM_CELL,
	FORM_FRAME, FORM_GENERATOR, FORM_COROUTINE, FORM_ASYNC_GENERATOR, FORM_TASK,
	FORM_LRU, FORM_LRU_LINK, FORM_CONTEXT_VAR, FORM_HAMT, FORM_HAMT_NODE, FORM_LOCAL,
	FORM_LOCKED,		/* begins with a lock, a block of its own that has no objects */
	FORM_BUFFERED,		/* all of its blocks are bytes, or what was there before */
	FORM_WEAK,		/* refers to something without holding it */
	FORM_DATA,		/* refers to nothing: str, int; not their subclasses */
};

struct typed {			/* owned by the book, its address stays */
	uint64_t type;		/* 0: this place is free */
	bool is_type;		/* false: what is there is none, the rest is zero */
	bool wanted;		/* by typebook_want */
	enum form form;
	uint64_t flags, base, dict, members, cached_keys;
	uint64_t basic, item;	/* sizes */
	uint32_t before;	/* bytes of the block in front of the object: gc head and such */
	int64_t dict_at, weak_at;	/* from the object; 0: has none */
	bool managed;		/* words for dict and weak references in front of the gc head */
	bool inline_values;	/* 3.13+: attributes lie behind the object */
	char name[128];		/* full, cleaned; "" until typebook_name was asked for it */
};

struct typebook;

struct typebook *typebook_new(const struct python *py);	/* py is borrowed */
void typebook_free(struct typebook *b);

/* Instances of a type of this full name are wanted, from now on. */
void typebook_want(struct typebook *b, const char *name);
/* The type at this address; NULL: it is none. */
const struct typed *typebook_find(struct typebook *b, uint64_t type);
/* Its full name. Nodes of a graph have theirs in `name`. */
const char *typebook_name(struct typebook *b, const struct typed *t);
/* Calls each for all types that are known. */
void typebook_each(const struct typebook *b, void (*each)(void *arg, const struct typed *t),
		   void *arg);

/* Where in a block of `size` bytes, of which n are at hand, an object lies: its offset or -1. */
int typebook_recognise(struct typebook *b, const unsigned char *block, size_t n, uint64_t size,
		       const struct typed **ret);
/* The type of the object at addr, NULL where there is none. */
const struct typed *typebook_of(struct typebook *b, uint64_t addr);
/* The name of the C-level member (or slot) at this offset; false: none is known. */
bool typebook_member(const struct typebook *b, const struct typed *t, int64_t at, char *dst,
		     size_t size);

#endif
