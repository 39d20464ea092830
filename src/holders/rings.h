/*
 * Cyclic garbage: samples that no root reaches, but which hold themselves through others. Told as
 * the shortest ring of each, with the attributes by which it goes round.
 */
#ifndef LT_HOLDERS_RINGS_H
#define LT_HOLDERS_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/climb.h"

#define RINGS_LONGEST 8

struct ring {
	char types[RINGS_LONGEST][128];		/* full names */
	char attributes[RINGS_LONGEST][CLIMB_TEXT];	/* from each to the next one */
	size_t n;
	size_t samples;			/* of those that are in the shares */
};

struct rings {			/* zero it to begin; owns all it points to */
	struct ring *list;
	size_t n, cap;
};

void rings_done(struct rings *r);
/* Looks for the ring of one sample, or of what holds it. true: there is one, it was counted. */
bool rings_find(struct rings *r, const struct roots *roots, const struct graph *g,
		uint32_t sample);
/* Most frequent first. */
void rings_sort(struct rings *r);

#endif
