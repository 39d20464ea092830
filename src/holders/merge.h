/*
 * The paths of many samples made one: paths of the same shape are counted together, and where
 * their items differ they fan out: [*]. A key that is the same for all is [...], or is shown.
 */
#ifndef LT_HOLDERS_MERGE_H
#define LT_HOLDERS_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/climb.h"
#include "util/buf.h"

struct merged {
	char *shape;			/* owned: what all its paths have in common */
	struct path path;		/* the first of them */
	bool varies[CLIMB_CHAIN + 4];	/* its step differs among the others */
	bool moves[CLIMB_CHAIN + 4];	/* and so does its container */
	size_t count, newest;		/* samples: fair ones, of the newest */
	uint32_t first, last;		/* the samples that were counted first and last */
};

struct merge {			/* zero it to begin; owns all it points to */
	struct merged **list;
	size_t n, cap;
	size_t left_out;
};

void merge_done(struct merge *m);
/* A path of a sample, which may be one of the fair ones, of the newest, or both. */
void merge_add(struct merge *m, uint32_t sample, bool counted, bool newest, const struct path *p);
/*
 * Best first: most samples, a name that stays, shortest, best root. The newest weigh more than all
 * others.
 */
void merge_sort(struct merge *m);
/* The path in words. */
void merge_text(const struct merged *m, bool show_values, struct buf *out);
/* "module __main__" */
const char *merge_root(const struct merged *m);
/* The container where they fan out, the outermost; 0: none, or there are many. */
const struct step *merge_container(const struct merged *m);
/* Wilson's interval of k out of n, 95 %. */
void merge_interval(size_t k, size_t n, double *ret_low, double *ret_high);

#endif
