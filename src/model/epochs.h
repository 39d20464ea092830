/*
 * The time of the floor ratchet, shared by all types of a session: two rings of epochs, the full
 * collections seen in each of them, and whether the next one is due. A type keeps only the lowest
 * and highest count per epoch (ratchet.h) and follows every move told here.
 *
 * EPOCHS_BASE covers all the time since the baseline in at most 16 epochs, which double when they
 * are full. EPOCHS_FAST is the last 16 epochs of 20 s or of four samples. Pure: no clock inside.
 */
#ifndef LT_MODEL_EPOCHS_H
#define LT_MODEL_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

#define EPOCHS 16

enum epochs_ring { EPOCHS_BASE, EPOCHS_FAST, EPOCHS_RINGS };

struct epochs_line {
	int64_t start_ns, width_ns;	/* of the first epoch */
	int n;				/* epochs so far, the last one is open; 0: none */
	int32_t full[EPOCHS];		/* full collections completed in each */
	int64_t first_ns[EPOCHS];	/* its first census: what rises has its least there */
	bool counted[EPOCHS];		/* a census fell into it; else it is a gap */
	bool opened;			/* the latest census is the first in the open epoch */
};

struct epochs {				/* epochs_init() to begin */
	struct epochs_line line[EPOCHS_RINGS];
	int64_t now_ns;			/* of the latest census */
	int64_t gap_ns, pace_ns;	/* between the last two; the smaller of the last two gaps */
	int64_t watched_ns;		/* covered by censuses: a long gap counts as a short one */
	int64_t judged_ns;
	int64_t collections;		/* gen2's counter at the latest census; LT_UNKNOWN */
	bool gc_off;			/* collector switched off, as the target says */
	int64_t full;			/* full collections seen */
	int64_t first_full_ns, last_full_ns;	/* of them; LT_UNKNOWN none */
	int64_t start_ns;		/* of watching */
	double history_s;		/* seconds per full collection before that; NAN unknown */
};

struct epochs_gc {			/* what a census says of the collector */
	int64_t collections;		/* of the oldest generation, as gc.get_stats() */
	bool off;
	double uptime_s;		/* of the target, NAN unknown; read in the first call */
};

struct epochs_move {			/* what every type's rings must do, in this order */
	int shift[EPOCHS_RINGS];	/* so many of the oldest go */
	int merges[EPOCHS_RINGS];	/* pairs of epochs become one, so many times */
	bool judge;			/* time for a verdict */
	bool full;			/* a full collection ended since the last census */
	bool restart;			/* another program under this PID: all begins anew */
};

void epochs_init(struct epochs *e);
/* A census at now_ns, never back: an earlier time counts as the latest. */
struct epochs_move epochs_step(struct epochs *e, int64_t now_ns, const struct epochs_gc *gc);
/* The base ring begins anew with the latest census; types clear theirs. */
void epochs_rebase(struct epochs *e);

/* Epochs of the base ring that had a census: with too few there is no word yet. */
int epochs_counted(const struct epochs *e);
/* Full collections visible in a ring. */
int epochs_full(const struct epochs_line *line);
/*
 * Has the collector run so often that it should run again soon? Then growth since its last run may
 * be garbage that waits for it. Not where it was never seen to run, or missed its time by half.
 */
bool epochs_full_due(const struct epochs *e);
/* Seconds between two full collections: as seen, else before leaktop came; NAN unknown. */
double epochs_full_every_s(const struct epochs *e);

#endif
