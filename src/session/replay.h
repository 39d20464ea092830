/*
 * A source of samples out of a recording. It is read once, from any file or pipe, in pieces of
 * bounded time, and kept: of each sample what differs from the one before. So every sample can be
 * had again, in order from the first one on, for as often as somebody goes back.
 *
 * A recording may have parts: where another process begins, all that was judged before is void.
 * Bounded: 512 MiB, 20,000 names and one for the rest. An hour of a sample every 2 seconds with 400
 * types of which 40 change takes less than 4 MiB.
 */
#ifndef LT_SESSION_REPLAY_H
#define LT_SESSION_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/holding.h"
#include "model/sample.h"
#include "util/err.h"

struct replay;

/*
 * "-" is standard input, which is duplicated. LT_E_SYS where it cannot be read. Nothing is read
 * yet: what is wrong with the content is told by replay_damage().
 */
enum lt_errc replay_open(const char *path, struct replay **ret, struct lt_err *err);
void replay_free(struct replay *r);

enum replay_load {
	REPLAY_MORE,			/* the time was over */
	REPLAY_WAIT,			/* a pipe has no more now: poll replay_fd() */
	REPLAY_COMPLETE,		/* to its end, or to the damage */
};
/* Reads on for about budget_ns. */
enum replay_load replay_load(struct replay *r, int64_t budget_ns);
int replay_fd(const struct replay *r);
/*
 * Why it was not read to its end; code LT_OK: it was, or is not yet. LT_E_NO_RECORDING and
 * LT_E_RECORDING_VERSION only where nothing of it can be played; LT_E_DAMAGED names the line.
 */
const struct lt_err *replay_damage(const struct replay *r);

/*
 * Samples that can be played so far, the last one when all is read; and of each, from 0, the time
 * in wall seconds.
 */
size_t replay_count(const struct replay *r);
double replay_time(const struct replay *r, size_t i);
/* --confirm of the recording; LT_UNKNOWN. */
int64_t replay_confirm_ns(const struct replay *r);

enum replay_base {			/* what its user asked for since the sample before */
	REPLAY_BASE_KEPT,
	REPLAY_BASE_NOW,		/* that sample is the baseline */
	REPLAY_BASE_FIRST,		/* the first one is again */
};

struct replay_lengths {			/* of containers, for model_lengths() */
	const char *type;
	const int64_t *lengths;
	size_t n;
};

struct replay_step {			/* a sample and what came with it, until the next */
	const struct sample *sample;
	const struct sample_target *target;
	bool begins;			/* a part: what came before is of another process */
	enum replay_base base;
	const struct holding *holdings;	/* of searches that have ended */
	size_t n_holdings;
	const struct replay_lengths *lengths;
	size_t n_lengths;
	const struct sample_collect *collect;	/* the last one that it tells of; NULL: none */
	double ended;			/* the target was gone then; 0: it was not */
};

/* The sample at the cursor, which then moves on. false: there is none (yet). */
bool replay_next(struct replay *r, struct replay_step *ret);
/* Whether the sample at the cursor begins a part. */
bool replay_begins(const struct replay *r);
/* The cursor back to the first sample. */
void replay_rewind(struct replay *r);
/* Frees what is behind the cursor: for who never goes back. replay_count() begins anew. */
void replay_forget(struct replay *r);

#endif
