/*
 * From the words of the types to one on the process: which types grow in step and are one group,
 * what the strongest word is, and the reasons in plain words. Part of the model, which owns it.
 */
#ifndef LT_MODEL_VERDICT_H
#define LT_MODEL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/epochs.h"
#include "model/searches.h"
#include "model/snapshot.h"
#include "model/types.h"

struct verdict {		/* zero it to begin, verdict_done() to end */
	const struct types *types;	/* borrowed, as the next, until verdict_end() */
	const struct epochs *epochs;
	const struct searches *searches;
	struct outcome result;
	struct snapshot_row **found;	/* owned array, borrowed rows: leaks and suspects */
	struct snapshot_row *suspects;	/* owned: the same in order */
	size_t n, cap;
	bool early;			/* a type that has no word yet grows */
};

void verdict_done(struct verdict *v);

/* begin, add each row, end, the cause. */
void verdict_begin(struct verdict *v, const struct types *types, const struct epochs *epochs,
		   const struct searches *searches);
/* matches: the filter shows it. Else it only keeps growth of memory from being another's. */
void verdict_add(struct verdict *v, struct snapshot_row *row, bool matches);
/*
 * Sets head and group_n of the rows that match. in_order: they came in the order of their verdict.
 * ret's suspects are borrowed until the next begin.
 */
void verdict_end(struct verdict *v, bool in_order, struct outcome *ret);
/* found: what else is known of the growth of memory, from the ledger or another judge. */
void verdict_cause(struct outcome *v, enum outcome_cause found);

/* Not one of Python's own: the class that a person wrote is the one to look for. */
bool verdict_is_own(const char *name);

/* What the objects of all classes are made of, and so never a cause where one of these grows. */
bool verdict_is_part(const char *name);

/* Puts leaks and suspects, with which rows begin, into groups: each head and its members. */
void verdict_gather(const struct verdict *v, struct snapshot_row *rows, size_t n);

/* "floor rose in 14/15 epochs, straight, survived 12 full collections". Returns buf. */
char *verdict_reason(const struct snapshot_row *row, char *buf, size_t size);

/*
 * What is claimed of the whole process where no cause is known: "no leak" only where nothing grows.
 * "leak?", "growth, not proved a leak" or "no leak".
 */
const char *verdict_claim(const struct outcome *v);

/* "straight" and the like, of struct ratchet_reason's bend. */
const char *verdict_straightness(double bend);

/* "objects", ...; NULL for CAUSE_NONE. */
const char *verdict_cause_text(enum outcome_cause cause);

#endif
