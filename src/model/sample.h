/*
 * One reading of the target: what a source (live or a recording) hands to the model. Plain data,
 * owned by the source, borrowed until its next step. Integers in bytes or objects; LT_UNKNOWN for
 * what could not be had.
 */
#ifndef LT_MODEL_SAMPLE_H
#define LT_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

struct sample_target {			/* who is watched; constant over a session */
	pid_t pid;
	char python[24];		/* "3.12.1" */
	char build[16];			/* "release", "debug" */
	char exe[256], command[256], user[40];
	double start_wall_s;		/* when the target started */
	double attach_wall_s;		/* when leaktop attached */
	char method[12];		/* of the attach: "thread", "pending", "readonly" */
	int64_t attach_us;
};

struct sample_memory {
	int64_t rss, vsz, pss, uss, swap, limit;	/* bytes */
	int64_t threads;
};

/* What the resident memory consists of: X(member, name on a screen). */
#define SAMPLE_LEDGER(X) \
	X(python_live, "Python heap in use") \
	X(python_free, "Python heap free but kept") \
	X(c_live, "C heap in use") \
	X(c_free, "C heap free but kept") \
	X(mapped, "mapped files") \
	X(stacks, "stacks") \
	X(other, "other mappings")

#define SAMPLE_LEDGER_BUCKETS 7

struct sample_ledger {			/* resident bytes; `other` is what no other one explains */
#define X(member, name) int64_t member;
	SAMPLE_LEDGER(X)
#undef X
};

struct sample_generation {
	int64_t objects;		/* in its list, from the walk */
	int64_t count, threshold;	/* as gc.get_count() and gc.get_threshold() */
	int64_t collections, collected, uncollectable;	/* as gc.get_stats() */
};

struct sample_gc {
	int64_t enabled;		/* 0, 1 */
	int64_t frozen;			/* objects in the permanent generation */
	int64_t garbage;		/* len(gc.garbage) */
	bool incremental;		/* 3.14.0-3.14.4: collects in increments */
	struct sample_generation gen[3];
};

struct sample_type {
	const char *name;		/* full name, cleaned; each name occurs once in a sample */
	int64_t count, bytes;
};

struct sample_way {			/* how it was counted */
	bool scan;			/* all objects, read from outside; else gc-tracked ones */
	bool changed;			/* the other way than before: not to be compared */
	bool approximate;		/* the collector rebuilt its lists meanwhile */
	const char *why;		/* this way, in words; "": it is the one asked for */
	int64_t period_ns;		/* between counts at least, to keep to --max-cpu; 0: none */
	double explained;		/* scan: share of pymalloc's blocks that types own; NAN */
};

struct sample_cost {			/* of this sample alone */
	int64_t stops;			/* times a thread was stopped */
	int64_t stopped_us;		/* sum of those stops */
	int64_t pause_us;		/* longest time a thread of the target waited for leaktop */
	int64_t cpu_us;			/* leaktop's own CPU time */
	int64_t longest_us;		/* the longest of those stops */
};

struct sample {
	double t;			/* wall clock, seconds since 1970 */
	int64_t mono_ns;		/* monotonic clock of the same moment */
	int64_t seq;			/* 1, 2, ... */
	struct sample_memory memory;
	struct sample_ledger ledger;	/* all LT_UNKNOWN in samples in which it was not due */
	int64_t oom_score;		/* 0-1000 and more: whom the kernel kills first */
	struct sample_gc gc;
	int64_t objects;		/* counted; LT_UNKNOWN without a census */
	struct sample_way way;
	bool census;			/* types[] is a full count; else this sample is a gap */
	struct lt_err why;		/* !census: why there is none (code LT_OK: not asked for);
					 * census: why no thread may be borrowed, a scan cannot be
					 * checked (code LT_OK: one may) */
	const struct sample_type *types;
	size_t n_types;
	struct sample_cost cost;
};

/* gc.collect() that the user has asked for. Sizes in bytes. */
struct sample_collect {
	double t;			/* wall clock when it was over */
	int64_t mono_ns;		/* the same: a sample that began later is of after it */
	struct lt_err err;		/* why it was not done; code LT_OK: it was */
	int64_t unreachable;		/* objects that the collector found */
	int64_t took_us;
	int64_t objects_before, objects_after;	/* of the samples around it */
	int64_t rss_before, rss_after;
};

struct sample_left {			/* what is in the target after detach that was not before */
	int64_t threads, fds, maps;
};

#endif
