/*
 * Where a replay is: moves the model over the samples of a recording, forward and back. The model
 * only ever goes forward, so what is before it is shown by a new one, which takes all samples from
 * the first one on: in pieces of bounded time, while the last picture stays. Owns replay and model.
 */
#ifndef LT_CLI_PLAYER_H
#define LT_CLI_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"
#include "session/replay.h"

struct player {
	struct replay *replay;
	struct model *model;		/* what is shown */
	struct model *next;		/* on its way to goal from the first sample; else NULL */
	size_t at, next_at;		/* samples that each of them has taken */
	size_t goal;			/* where to be: samples, 1 is the first one */
	size_t base;			/* the baseline is that of this sample; 0: the first */
	struct sample_collect collect;	/* the last gc.collect() on the way ... */
	size_t collect_at;		/* ... told of with this sample; 0: none */
	int64_t confirm_ns;
};

struct player_options {
	const char *path;
	int64_t confirm_ns;		/* LT_UNKNOWN: the recording's */
	enum snapshot_sort sort;
	bool reversed;
	const char *filter;		/* NULL: none */
};

enum lt_errc player_open(struct player *p, const struct player_options *options,
			 struct lt_err *err);
void player_done(struct player *p);

/* Moves on towards the goal for about budget_ns. true: something is to be drawn. */
bool player_advance(struct player *p, int64_t budget_ns);
/* The next sample alone, for batch. false: there is none so far. */
bool player_step(struct player *p);
/* Is the next sample another process's, so that this one's part ends here? */
bool player_begins(const struct player *p);
bool player_seeking(const struct player *p);

/* The goal: a sample, from 1 on; beyond the last one is the last one. */
void player_go(struct player *p, size_t to);
/*
 * "begin", "end", "14:05", "14:05:30", "+10m", "-30s": the last sample at that time or before.
 * false: it is none of these.
 */
bool player_jump(struct player *p, const char *text);
/* After model_baseline_now() or _first(): it is found again when the replay goes back. */
void player_based(struct player *p, bool first);

#endif
