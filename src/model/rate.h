/*
 * Change per second over the last minute, in bounded memory: the times of some readings (marks, at
 * least 4 s apart) are kept once, and each figure keeps its value at those times in an array of
 * RATE_MARKS of its own. The rate is newest reading minus oldest mark inside the window; what lies
 * between does not matter, so gaps do no harm.
 */
#ifndef LT_MODEL_RATE_H
#define LT_MODEL_RATE_H

#include <stdint.h>

#define RATE_MARKS 16		/* of 4 s: a little more than a minute */

struct rate_clock {		/* zero it to begin */
	int64_t at_ns[RATE_MARKS];
	uint64_t n;		/* marks ever made */
};

struct rate_span {		/* from a mark to the newest reading */
	int slot;		/* of the mark; -1: there are no two readings in the window */
	double seconds;
};

/* A reading at now_ns. Returns the slot where its value is to be kept, or -1: not this one. */
int rate_clock_mark(struct rate_clock *c, int64_t now_ns);

/* The newest reading was at read_ns <= now_ns; the window is [now_ns - window_ns, now_ns]. */
struct rate_span rate_clock_span(const struct rate_clock *c, int64_t read_ns, int64_t now_ns,
				 int64_t window_ns);

/* A minute; with samples further apart than that, enough to hold two of them. */
int64_t rate_window_ns(int64_t pace_ns);

/* NAN where span has no mark or v is unknown. marks NULL: the figure never changed. */
double rate_over(const struct rate_span *span, const int64_t marks[RATE_MARKS], int64_t v);

#endif
