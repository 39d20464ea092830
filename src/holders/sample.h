/*
 * Which instances are searched for holders: up to SAMPLE_MOST of all, each with the same chance
 * (a reservoir), so that a share of them is an estimate for all.
 */
#ifndef LT_HOLDERS_SAMPLE_H
#define LT_HOLDERS_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "holders/blocks.h"
#include "holders/holders.h"

struct sample {
	struct block list[HOLDERS_SAMPLES];
	size_t n;
	int64_t instances;	/* all that were offered */
	uint64_t random;
};

void sample_begin(struct sample *s, uint64_t seed);
/* The block, if it holds an object of a type that is wanted. arg: the sample; for a sweep. */
void sample_offer(void *arg, const struct block *block);
/* This one, whatever it is. false: there is no room. */
bool sample_take(struct sample *s, const struct block *block);

#endif
