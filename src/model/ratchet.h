/*
 * The floor ratchet: from the counts of a type to a word. What counts is the floor, the least seen
 * in a span of time: garbage comes and goes above it, a leak lifts it. The rules and how they do on
 * 27 made-up histories are in doc/verdict.md.
 *
 * A ratchet is the memory of one type whose count has changed. Counts are kept as differences from
 * `origin`, so single objects count beyond 2^31; a type that gains more than that stays there.
 */
#ifndef LT_MODEL_RATCHET_H
#define LT_MODEL_RATCHET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/epochs.h"
#include "model/floors.h"
#include "model/teeth.h"

/* X(ID, word for people and programs): the strongest first. */
#define RATCHET_WORDS(X) \
	X(LEAK, "leak") \
	X(SUSPECT, "suspect") \
	X(GROWING, "growing") \
	X(HOLD, "hold") \
	X(CHURN, "churn") \
	X(SHRINK, "shrink") \
	X(FLAT, "flat") \
	X(EARLY, "too early")		/* fewer than six floors */

enum ratchet_word {
#define X(id, word) RATCHET_##id,
	RATCHET_WORDS(X)
#undef X
	RATCHET_WORDS_OF
};

/* Why a word is no stronger than it is. */
enum ratchet_note {
	RATCHET_PLAIN,
	RATCHET_SLOWING,		/* growing: less and less */
	RATCHET_AWAITS,			/* growing: a full collection is due that may free it */
	RATCHET_UNPROVEN,		/* suspect: fewer than three full collections were seen */
	RATCHET_UNCONFIRMED,		/* suspect: not for as long as --confirm asks */
};

struct ratchet_reason {			/* of the ring that the word is from */
	enum ratchet_note note;
	int epochs, records;		/* floors judged; how many of them were new ones */
	int full;			/* full collections among them */
	float bend;			/* floors.h: 1 is straight */
	float rest_s;			/* longest time between two new floors */
	float score;			/* 0 to 100, to sort within a word */
};

#define RATCHET_GAPS 8
#define RATCHET_GAP INT32_MIN	/* no census in that epoch */

struct ratchet {
	int64_t origin;
	int32_t lo[EPOCHS_RINGS][EPOCHS], hi[EPOCHS_RINGS][EPOCHS];	/* per epoch */
	struct teeth teeth;		/* of its counts, from origin */
	/* The tracker: proven floors, each the least of a span that should hold a trough. */
	int32_t top, bottom, least;	/* highest; where this rise began; of the span under way */
	bool span_full;			/* a full collection ended in it */
	int64_t span_ns, top_ns;	/* when it began; when top was set (watched time) */
	float gaps_s[RATCHET_GAPS];	/* between the last rises of top */
	uint32_t rises;
	float slope;			/* of the base ring, when last judged; objects per second */
	int64_t suspect_ns;		/* since when it is suspect, watched time; LT_UNKNOWN */
	bool begun;
	uint8_t word, next, times;	/* shown; what the last judgements said, how often */
	struct ratchet_reason reason;
};

struct ratchet_rules {
	int64_t confirm_ns;		/* how long a suspect must last to be a leak */
};

const char *ratchet_word_text(enum ratchet_word word);

/* A type that was `count` in every census before the latest one. */
void ratchet_init(struct ratchet *r, const struct epochs *e, int64_t count);
/* Every move of the clock but a restart, before the count of that census. */
void ratchet_follow(struct ratchet *r, const struct epochs_move *move);
/* Its count in the latest census. bytes: of all its objects, or LT_UNKNOWN. */
void ratchet_put(struct ratchet *r, const struct epochs *e, const struct epochs_move *move,
		 int64_t count, int64_t bytes, const struct ratchet_rules *rules);
/* After epochs_rebase(). */
void ratchet_rebase(struct ratchet *r, const struct epochs *e, int64_t count);

/* The word of a type whose count never changed. */
enum ratchet_word ratchet_level(const struct epochs *e);
/* Seconds since its floor last rose. */
double ratchet_quiet_s(const struct ratchet *r, const struct epochs *e);
/* The closed floors of the base ring, for comparing types. */
void ratchet_floors(const struct ratchet *r, const struct epochs *e, struct floors *ret);

#endif
