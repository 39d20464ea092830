/* The verdict on the process, as a snapshot carries it: one word, a cause, the suspects. */
#ifndef LT_MODEL_OUTCOME_H
#define LT_MODEL_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/ratchet.h"

struct snapshot_row;

/* X(ID, word in JSON) */
#define OUTCOME_CAUSES(X) \
	X(NONE, NULL) \
	X(OBJECTS, "objects") \
	X(CYCLE, "cycle") \
	X(NATIVE, "native") \
	X(FRAGMENTATION, "fragmentation")

enum outcome_cause {
#define X(id, word) CAUSE_##id,
	OUTCOME_CAUSES(X)
#undef X
	CAUSE_COUNT_OF
};

struct outcome {			/* from the types that match the filter */
	enum ratchet_word word;		/* the strongest of their words */
	bool leaking;			/* leak or suspect, or memory that is not Python's */
	bool objects;			/* a type is leak or suspect, shown or not */
	enum outcome_cause cause;	/* NONE where nothing was found */
	size_t n[RATCHET_WORDS_OF];	/* live types of each word */
	size_t leak_groups;		/* types called leak, those in step counted once */
	int64_t leak_bytes;		/* gained by them since the baseline */
	const struct snapshot_row *suspects;	/* leaks, then suspects, groups together */
	size_t n_suspects;
};

#endif
