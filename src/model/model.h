/*
 * The model: samples in, a read-only snapshot out. Pure: no clock, no I/O, no terminal. Durations
 * and rates come from the samples' monotonic clock, so a wall clock that jumps does no harm.
 * Owns everything it shows.
 *
 * Memory is bounded: a series of fixed size per type that ever changed, and at most 20,000 types
 * (the rest is summed in one row, "(other types)"). Allocated, measured with rows and order
 * (not all of it is ever touched): 0.6 MiB for 500 types, 9 MiB for 5,000 of which a tenth changes;
 * 61 MiB for 20,001 with the longest names that all leak.
 */
#ifndef LT_MODEL_MODEL_H
#define LT_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "model/sample.h"
#include "model/snapshot.h"

struct model;

struct model *model_new(const struct sample_target *target);
void model_free(struct model *m);

/* Who is watched, told anew: the first sample knows the way in, an exec changes the rest. */
void model_target(struct model *m, const struct sample_target *target);

/* Takes what it needs of s; s is not kept. */
void model_push(struct model *m, const struct sample *s);

/*
 * Baseline for all +columns: the latest sample (its rows, where it is a gap), or back to the first
 * census, which is the baseline until another one is asked for. A figure without a reading at the
 * baseline counts from its first one after. Rows that have come to nothing go at a new baseline.
 */
void model_baseline_now(struct model *m);
void model_baseline_first(struct model *m);

/* The target has ended, or left the source: shown from now on, t in wall seconds. */
void model_ended(struct model *m, double t);

/* How long a type must be a suspect to be called a leak; 10 minutes at first, in ns. */
#define MODEL_CONFIRM_NS (600 * INT64_C(1000000000))
void model_confirm(struct model *m, int64_t confirm_ns);
/* What another judge found, before what the ledger tells. CAUSE_NONE: nothing to add. */
void model_cause(struct model *m, enum outcome_cause cause);

/* A search for holders ended: found is copied, and kept until the type is searched again. */
void model_holding(struct model *m, const struct holding *found);
/* The containers of its paths were read again, in their order; LT_UNKNOWN: gone. */
void model_lengths(struct model *m, const char *type, const int64_t *lengths, size_t n,
		   int64_t mono_ns);
/* Shows and judges by what searches told the other model, which must outlive m. */
void model_share_searches(struct model *m, const struct model *of);
/* Containers that grow, all that is known now: copied. */
void model_growing(struct model *m, const struct growing *found);
/* The search under way; NULL: none. */
void model_searching(struct model *m, const struct holding_search *now);
/*
 * The type to search next by itself, borrowed like a snapshot; NULL: none. last: before the
 * verdict of a batch is written.
 */
const char *model_wants_search(struct model *m, int64_t mono_ns, bool last);

/* Sort order. A key pressed twice reverses in the ui: reversed is explicit here. */
void model_sort(struct model *m, enum snapshot_sort key, bool reversed);
/* Case-insensitive POSIX ERE on the type name; "!re" inverts; NULL or "" shows all. false and *msg
 * (caller's buffer) where the expression is wrong: the old filter stays. */
bool model_filter(struct model *m, const char *re, char *msg, size_t size);
/* Hide types with no change since the baseline. */
void model_hide_flat(struct model *m, bool hide);
/* The user moved the cursor: keep the order for the next 5 samples. */
void model_hold_order(struct model *m);

/*
 * Read only, borrowed until the next call of any model_ function but this one. Never NULL. Made
 * when asked for after a change; the first one after a census is one refresh of the order: a row
 * passes another when it is 5 % ahead in two refreshes.
 */
const struct snapshot *model_snapshot(struct model *m);

#endif
