/*
 * Where samples go in batch: a table for people or JSON Lines for programs (product.md section 3).
 * One line per event, flushed per sample, LC_NUMERIC=C always.
 */
#ifndef LT_OUTPUT_SINK_H
#define LT_OUTPUT_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "model/snapshot.h"
#include "util/err.h"

struct sink_options {
	FILE *out;			/* borrowed */
	int top;			/* rows; 0: all */
};

struct sink {
	const struct sink_ops *ops;
	struct sink_options options;
};

/* Each returns LT_OK, or LT_E_OUTPUT with errno (EPIPE is the caller's to forgive). */
struct sink_ops {
	const char *name, *help;	/* the word after -f */
	enum lt_errc (*attach)(struct sink *s, const struct snapshot *snap, struct lt_err *err);
	enum lt_errc (*sample)(struct sink *s, const struct snapshot *snap, struct lt_err *err);
	enum lt_errc (*verdict)(struct sink *s, const struct snapshot *snap, struct lt_err *err);
	enum lt_errc (*detach)(struct sink *s, const struct snapshot *snap,
			       const struct sample_left *left, double now, struct lt_err *err);
	enum lt_errc (*error)(struct sink *s, const struct lt_err *what, struct lt_err *err);
};

extern const struct sink_ops sink_table, sink_jsonl;

/* By name, NULL where there is none; sink_by_index for --help and the tests, NULL past the end. */
const struct sink_ops *sink_by_name(const char *name);
const struct sink_ops *sink_by_index(size_t i);

#endif
