/*
 * One ring of a ratchet, judged by itself: its floors, joined by full collections where enough of
 * them are in sight, and the word that they give. ratchet.c weighs the two rings.
 */
#ifndef LT_MODEL_JUDGE_H
#define LT_MODEL_JUDGE_H

#include "model/epochs.h"
#include "model/floors.h"
#include "model/ratchet.h"

#define JUDGE_FLOORS 6		/* fewer say nothing; */
#define JUDGE_TROUGHS 3		/* troughs of full collections may be so few */
#define JUDGE_LONG_S 120	/* from here on the rules for long spans hold */
#define JUDGE_UPWARDS 0.6	/* direction of what rises */

struct judge_opinion {
	enum ratchet_word word;		/* never LEAK */
	enum ratchet_note note;
	int floors, full;		/* judged; full collections among them */
	struct floors_facts facts;	/* zero where word is EARLY */
};

/* object_bytes: of one object, 0 where unknown. *ret must be zero. */
void judge_ring(const struct ratchet *r, const struct epochs *e, int ring, double object_bytes,
		struct judge_opinion *ret);

/* The floors of a ring, one per closed epoch. */
void judge_floors(const struct ratchet *r, const struct epochs *e, int ring, struct floors *ret);

#endif
