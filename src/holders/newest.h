/*
 * The newest instances of the types that are wanted, where that can be told: the collector puts
 * what is made at the end of its youngest list, and what lived through a collection at the end of
 * an older one. The lists are followed from outside, from their ends, while the program changes
 * them: each object must lead back to the one that led to it, or that list is left.
 */
#ifndef LT_HOLDERS_NEWEST_H
#define LT_HOLDERS_NEWEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/holders.h"
#include "holders/typebook.h"

struct newest {
	const struct python *py;
	struct typebook *book;
	const struct typed *of;		/* the type that is wanted; NULL: all that the book wants */
	uint64_t list[HOLDERS_NEWEST];	/* objects, the newest one first */
	size_t n;
	int generation;
	uint64_t from, at;		/* heads of the collector's; from 0: a list begins */
	unsigned looked;
};

void newest_begin(struct newest *w, const struct python *py, struct typebook *book,
		  const struct typed *of);
/* Looks at some more. false: that is all. */
bool newest_step(struct newest *w);

#endif
