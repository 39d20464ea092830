/*
 * Rows that the user has tagged: they stand on top and are summed up. By id, so that they outlive
 * rows that move. Embedded; owns nothing; zero it to begin.
 */
#ifndef LT_UI_TAGS_H
#define LT_UI_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

#define TAGS_MAX 32

struct tags {
	uint32_t id[TAGS_MAX];
	size_t n;
};

struct tags_sum {			/* of the tagged types that have a row */
	size_t n;
	int64_t count_delta, bytes_delta;	/* LT_UNKNOWN where one of them is */
};

bool tags_has(const struct tags *t, uint32_t id);
/* false: there are TAGS_MAX already, and this is not one of them. */
bool tags_toggle(struct tags *t, uint32_t id);
/* Tagged rows first; both kinds keep their order. */
void tags_gather(const struct tags *t, struct snapshot_row *rows, size_t n);
void tags_sum(const struct tags *t, const struct snapshot *snap, struct tags_sum *ret);

#endif
