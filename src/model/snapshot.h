/*
 * What a view or a sink may see: a read-only picture of the model at one sample (I9). Everything
 * is owned by the model and borrowed until its next change.
 */
#ifndef LT_MODEL_SNAPSHOT_H
#define LT_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/growing.h"
#include "model/outcome.h"
#include "model/ratchet.h"
#include "model/sample.h"
#include "model/sorts.h"

/*
 * A series for a sparkline: fixed time cells, oldest first, the last one still open. A cell holds
 * the minimum seen in its time (the floor, which is what growth is judged by); LT_UNKNOWN is a gap.
 * Cells close at base + k * cell_s and never shift within a cell, so a screen changes little.
 * All series of a snapshot have the same cells: n * cell_s is the time from the first sample on.
 */
#define SERIES_CELLS 64
struct series_view {
	const int64_t *cells;		/* n of them */
	size_t n;			/* 0 .. SERIES_CELLS */
	double cell_s;			/* width of a cell, seconds */
};

struct snapshot_row {
	uint32_t id;			/* stable for a type name over the session */
	const char *name;
	int64_t count, bytes;
	int64_t count_delta, bytes_delta;	/* since the baseline; LT_UNKNOWN before it */
	double rate;			/* objects per second, last minute or less; NAN unknown */
	double grew_ago_s;		/* since its count last rose; NAN: never seen to rise */
	bool flat;			/* count unchanged since the baseline */
	enum ratchet_word word;		/* the verdict */
	struct ratchet_reason reason;	/* of a type that ever changed; else zero */
	double quiet_s;			/* since its floor rose, where word is HOLD; else NAN */
	bool own;			/* a rising class that does not come with Python */
	bool part;			/* rising, and what others are made of: dict, cell */
	/* Types that grow in step are one group; its head is the one most likely to be held. */
	uint32_t head;			/* id of the head, its own where it is alone */
	uint32_t group_n;		/* types of its group */
	struct series_view trend;	/* of count */
};

struct snapshot_ledger {
	struct sample_ledger now;	/* the last reading of the last minute */
	struct sample_ledger delta;	/* since the baseline */
	double rate[SAMPLE_LEDGER_BUCKETS];	/* bytes per second, lately; NAN unknown */
};

struct snapshot {
	const struct sample_target *target;
	double t;			/* of the latest sample */
	int64_t mono_ns;		/* of the same moment */
	double base_t;			/* of the baseline */
	int64_t seq;			/* 0: no sample yet */
	int64_t samples, gaps;		/* gaps: samples without a census */
	struct sample_memory memory;	/* PSS and USS: the last reading of the last minute */
	struct sample_memory memory_delta;	/* since the baseline */
	struct snapshot_ledger ledger;
	bool pss_read, ledger_read;	/* in the latest sample, else held from an earlier one */
	int64_t oom_score;
	double rss_rate;		/* bytes per second, lately; NAN unknown */
	struct series_view rss, pss, pyheap, native;	/* the last two: of the ledger */
	struct series_view gen2;	/* the count that a full collection waits for */
	struct series_view cpu;		/* leaktop's own, in us a sample */
	double rss_late;		/* bytes that its floors may seem to gain, see teeth.h */
	bool rss_goes_on, rss_slows;	/* its growth does, see model/trend.h */
	struct sample_gc gc;
	int64_t gc_full_since_base;	/* full collections since the baseline, or LT_UNKNOWN */
	double gc_full_ago_s;		/* since the last full collection was noticed; NAN */
	int64_t objects;
	struct sample_way way;		/* of the last count */
	bool census;			/* the latest sample had one; rows: of the last that did */
	struct lt_err why;		/* why not */
	double census_t;		/* of the rows; 0: none so far */
	struct sample_cost cost;	/* of the latest sample */
	struct sample_cost cost_total;	/* pause_us, longest_us: the longest so far */
	double cost_share;		/* leaktop's CPU time per second of watching, 0.004 = 0.4 %;
					 * never NAN: the first second counts as a whole one */

	bool ended;			/* the target is gone; ended_t says since when */
	double ended_t;

	const struct snapshot_row *rows;	/* in order, after filter and hiding */
	size_t n_rows;
	const struct snapshot_row *all;	/* n_listed of them: by id, whatever is shown */
	size_t n_types;			/* live types in all, before the filter */
	size_t n_listed;		/* types with a row, before the filter: some are gone */
	size_t n_flat;			/* of them */
	struct outcome verdict;
	int64_t confirm_ns;		/* how long a suspect lasts before it is a leak */
	const struct holding *const *holdings;	/* n_holdings, of types: snapshot_holding() */
	size_t n_holdings;
	uint64_t holdings_version;	/* differs where they do */
	struct holding_search searching;
	const struct growing *growing;	/* containers; NULL or none in it: none known */
	enum snapshot_sort sort;
	bool sort_reversed, hide_flat;
	const char *filter;		/* "" none */
	int order_held;			/* samples for which the order stays held, 0: it is not */
};

/* What was found of a type; NULL: nothing yet. */
const struct holding *snapshot_holding(const struct snapshot *snap, const char *type);

#endif
