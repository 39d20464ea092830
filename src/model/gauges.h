/*
 * The figures of a session that are not per type: memory, garbage collection, leaktop's own cost;
 * their latest values, their baseline, their series. Part of the model, which owns it.
 *
 * A figure's base is its reading at the baseline, or, where it had none then, its first one after.
 */
#ifndef LT_MODEL_GAUGES_H
#define LT_MODEL_GAUGES_H

#include <stddef.h>
#include <stdint.h>

#include "model/ledger.h"
#include "model/rate.h"
#include "model/sample.h"
#include "model/series.h"
#include "model/snapshot.h"
#include "model/teeth.h"

struct gauges_base {
	double t;
	struct sample_memory memory;
	int64_t full;			/* full collections noticed so far */
};

struct gauges {				/* gauges_init() to begin; owns nothing outside itself */
	struct sample_memory memory;	/* PSS and USS are read seldom and held for a minute */
	struct ledger ledger;
	int64_t oom_score;
	int64_t pss_ns, uss_ns;		/* when they were last read */
	struct sample_gc gc;
	int64_t full, full_count;	/* rises of gen[2].collections; its latest value */
	int64_t full_ns;		/* when it was last seen to rise */
	struct sample_cost cost, cost_total;
	int64_t start_ns, now_ns;
	struct gauges_base base, first;
	int64_t rss[SERIES_CELLS], pss[SERIES_CELLS];
	int64_t pyheap[SERIES_CELLS], native[SERIES_CELLS];
	int64_t gen2[SERIES_CELLS], cpu[SERIES_CELLS];
	struct rate_clock rss_clock;
	int64_t rss_marks[RATE_MARKS];
	struct teeth rss_teeth;
	int64_t rss_ns, n_rss;		/* latest reading, readings */
};

void gauges_init(struct gauges *g);
/* now_ns: the sample's moment, already on grid, whose step is followed here. */
void gauges_push(struct gauges *g, const struct sample *s, int64_t now_ns,
		 const struct series_grid *grid, const struct series_step *step);
/* The state now becomes the baseline; or also the first one; or the first one does again. */
void gauges_rebase(struct gauges *g, double t);
void gauges_rebase_as_first(struct gauges *g, double t);
void gauges_rebase_first(struct gauges *g);
/* Fills what a snapshot says of them. */
void gauges_show(const struct gauges *g, const struct series_grid *grid, struct snapshot *ret);

#endif
