/*
 * The garbage collector's state in words: what about it explains memory that is not freed. Pure.
 */
#ifndef LT_MODEL_GCHEALTH_H
#define LT_MODEL_GCHEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "model/sample.h"
#include "model/snapshot.h"

enum gchealth_id {			/* in the order in which they are told */
	GCHEALTH_DISABLED, GCHEALTH_THRESHOLD_ZERO, GCHEALTH_GARBAGE, GCHEALTH_UNCOLLECTABLE,
	GCHEALTH_INCREMENTAL, GCHEALTH_STARVED,
	GCHEALTH_OFTEN, GCHEALTH_FROZEN,	/* from here on remarks, no causes for alarm */
	GCHEALTH_COUNT_OF
};

struct gchealth_facts {
	struct sample_gc gc;
	int64_t full_since_base;	/* full collections; LT_UNKNOWN */
	double watched_s;		/* since the baseline */
	int64_t objects;		/* gc-tracked ones; LT_UNKNOWN */
};

struct gchealth_alarm {
	enum gchealth_id id;
	bool grave;			/* else a remark */
	const char *brief;		/* a word or two, for where figures stand beside it */
	char text[120];
};

/* What the snapshot tells of it. */
void gchealth_facts(const struct snapshot *snap, struct gchealth_facts *ret);

/* The alarms that there are, at most max; how many. */
size_t gchealth_judge(const struct gchealth_facts *facts, struct gchealth_alarm *ret, size_t max);

#endif
