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

struct sample_generation {
	int64_t objects;		/* in its list, from the walk */
	int64_t count, threshold;	/* as gc.get_count() and gc.get_threshold() */
	int64_t collections, collected, uncollectable;	/* as gc.get_stats() */
};

struct sample_gc {
	int64_t enabled;		/* 0, 1 */
	int64_t frozen;			/* objects in the permanent generation */
	int64_t garbage;		/* len(gc.garbage) */
	struct sample_generation gen[3];
};

struct sample_type {
	const char *name;		/* full name, cleaned; each name occurs once in a sample */
	int64_t count, bytes;
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
	struct sample_gc gc;
	int64_t objects;		/* gc-tracked ones counted; LT_UNKNOWN without a census */
	bool census;			/* types[] is a full count; else this sample is a gap */
	struct lt_err why;		/* !census: why there is none (code LT_OK: not asked for) */
	const struct sample_type *types;
	size_t n_types;
	struct sample_cost cost;
};

struct sample_left {			/* what is in the target after detach that was not before */
	int64_t threads, fds, maps;
};

#endif
