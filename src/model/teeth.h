/*
 * A figure that rises and falls, seen in samples: each trough up to one sample late, and so up to
 * one sample's rise too high. Where teeth take nearly a whole number of samples, that error itself
 * rises in a straight line, for minutes. How large can it be? What never falls has none. Pure.
 */
#ifndef LT_MODEL_TEETH_H
#define LT_MODEL_TEETH_H

#include <stdint.h>

struct teeth {				/* teeth_init() to begin */
	int64_t last;			/* the latest reading, or LT_UNKNOWN */
	float climb, fall;		/* the usual rise, per second; the usual fall */
};

/* first: what it was until now, or LT_UNKNOWN. */
void teeth_init(struct teeth *t, int64_t first);
/* A reading, or LT_UNKNOWN, so long after the one before. */
void teeth_put(struct teeth *t, int64_t v, int64_t gap_ns);
/* A gain of floors up to this may be such an error, where samples are pace_ns apart. */
double teeth_late(const struct teeth *t, int64_t pace_ns);

#endif
