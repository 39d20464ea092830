/*
 * How an object refers to the next one of its type, as in a linked list: by a word of its own, or
 * over its values or its dict. The same words lead on from every object of the chain.
 */
#ifndef LT_HOLDERS_HOP_H
#define LT_HOLDERS_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/typebook.h"
#include "target/remote.h"

#define HOP_WORDS 3		/* instance, dict, its table */
#define HOP_TEXT  96

struct hop {
	const struct typed *type;
	struct {
		int64_t at;	/* from the object or block on */
		int64_t before;	/* what it refers to begins so far before where it points */
	} words[HOP_WORDS];
	size_t n;
	bool is_name;		/* written ".text", else as it is */
	char text[HOP_TEXT];
};

bool hop_is_same(const struct hop *a, const struct hop *b);
/* The next one that lives. false: the chain ends, or it cannot be read. */
bool hop_next(const struct remote *r, const struct hop *h, uint64_t object, uint64_t *ret);
/* Does the chain lead from one object to the other, in `most` steps or less? */
bool hop_leads(const struct remote *r, const struct hop *h, uint64_t from, uint64_t to,
	       unsigned most);

#endif
