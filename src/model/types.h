/*
 * The types seen in a session, by name. A type keeps its slot, so its index is an id that stays.
 * Owns the names and the histories.
 *
 * Bounded: the first TYPES_MAX names get a row each, all later ones are summed in one more row,
 * TYPES_OTHER. A type takes 104 bytes, its name, and 8 to 16 bytes of hash table; one whose count
 * ever changed also takes a history of 1,032 bytes. 5,000 types of which 500 change: 1.2 MiB; the
 * most, 20,001 types that all change, with names of 255 bytes: 27 MiB.
 */
#ifndef LT_MODEL_TYPES_H
#define LT_MODEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/epochs.h"
#include "model/ratchet.h"
#include "model/rate.h"
#include "model/sample.h"
#include "model/series.h"

#define TYPES_MAX 20000
#define TYPES_NAME_MAX 255	/* bytes; names that differ only behind that are one type */
#define TYPES_OTHER "(other types)"

struct type_history {		/* of a type that ever changed */
	int64_t cells[SERIES_CELLS];	/* of count, on the model's grid */
	int64_t marks[RATE_MARKS];	/* of count, on the model's clock of censuses */
	struct ratchet ratchet;		/* on the model's epochs */
};

struct type {
	char *name;			/* owned */
	uint64_t hash;
	int64_t count, bytes;		/* of the last census */
	int64_t next_count, next_bytes;	/* of the census being taken */
	int64_t base_count, base_bytes;	/* at the baseline; 0 for a type not there yet */
	int64_t first_count, first_bytes;	/* at the first census */
	int64_t rose_ns;		/* when count last rose; LT_UNKNOWN never */
	struct type_history *history;	/* owned; NULL: count never changed */
	bool listed;			/* seen since the baseline: it has a row */
	bool matches;			/* the filter */
};

struct types {			/* zero it to begin, types_done() to end */
	struct type *v;
	size_t n, cap;
	uint32_t *slots;	/* hash table: index in v + 1, 0 free */
	size_t n_slots;		/* a power of two */
};

struct types_round {		/* what a census needs to know of its moment */
	const struct series_grid *grid;
	const int64_t *seen;	/* a series with 0 in each cell of an earlier census */
	int64_t now_ns;
	const struct epochs *epochs;	/* stepped to this census already */
	const struct epochs_move *move;
	const struct ratchet_rules *rules;
	int mark;		/* slot of rate_clock_mark(), or -1 */
	bool first;		/* the session's first census: it is the baseline */
};

void types_done(struct types *t);

/* One census: begin, add each type, settle. */
void types_begin(struct types *t);
void types_add(struct types *t, const struct sample_type *s);
void types_settle(struct types *t, const struct types_round *round);

/* Histories follow every step of the grid, also where there is no census. */
void types_follow(struct types *t, const struct series_step *step);

/* The last census becomes the baseline, also of the ratchets; or the first one does again. */
void types_rebase(struct types *t, const struct epochs *epochs);
void types_rebase_first(struct types *t);

#endif
