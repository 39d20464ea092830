/*
 * Where samples go in batch: a table for people, JSON Lines, comma-separated values or metrics for
 * programs. Flushed per sample, LC_NUMERIC=C always.
 */
#ifndef LT_OUTPUT_SINK_H
#define LT_OUTPUT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/cells.h"
#include "model/snapshot.h"
#include "util/buf.h"
#include "util/err.h"

struct sink_options {
	FILE *out;			/* borrowed */
	const char *path;		/* of a file, for messages; NULL: standard output */
	int top;			/* rows; 0: all */
	struct cells_choice columns;	/* of a table for people */
	bool whole;			/* every type, whatever the filter hides (jsonl) */
};

struct sink {				/* set ops and options, zero the rest; owns nothing */
	const struct sink_ops *ops;
	struct sink_options options;
	int64_t pause_total_us;		/* of the samples written, for the detach line */
	bool begun;			/* the header is out */
};

/*
 * Each returns LT_OK, or LT_E_OUTPUT with errno. EPIPE is the caller's to forgive; EINTR says that
 * the reader takes nothing and a blocked SIGINT, SIGTERM, SIGHUP or SIGQUIT is pending.
 */
struct sink_ops {
	const char *name, *help;	/* the word after -f */
	int default_top;		/* rows without -T; 0: all */
	bool latest;			/* a sample is a whole document, replaced by the next */
	enum lt_errc (*attach)(struct sink *s, const struct snapshot *snap, struct lt_err *err);
	enum lt_errc (*sample)(struct sink *s, const struct snapshot *snap, struct lt_err *err);
	enum lt_errc (*verdict)(struct sink *s, const struct snapshot *snap, struct lt_err *err);
	enum lt_errc (*detach)(struct sink *s, const struct snapshot *snap,
			       const struct sample_left *left, double now, struct lt_err *err);
	enum lt_errc (*error)(struct sink *s, const struct lt_err *what, struct lt_err *err);
};

extern const struct sink_ops sink_table, sink_jsonl, sink_csv, sink_openmetrics;

/* Of JSON Lines alone, for a recording: batch has no keys. */
enum lt_errc sink_jsonl_collect(struct sink *s, const struct sample_target *target,
				const struct sample_collect *what, struct lt_err *err);

/* Writes nothing: what --listen alone does where there is no terminal. No word after -f. */
extern const struct sink_ops sink_nothing;

/* By name, NULL where there is none; sink_by_index for --help and the tests, NULL past the end. */
const struct sink_ops *sink_by_name(const char *name);
const struct sink_ops *sink_by_index(size_t i);

/* For the sinks themselves. */

/* Operations of a sink that has nothing to say there. */
enum lt_errc sink_no_snapshot(struct sink *s, const struct snapshot *snap, struct lt_err *err);
enum lt_errc sink_no_detach(struct sink *s, const struct snapshot *snap,
			    const struct sample_left *left, double now, struct lt_err *err);
enum lt_errc sink_no_error(struct sink *s, const struct lt_err *what, struct lt_err *err);

/* Writes and flushes text, and frees it in every case: consumes b. */
enum lt_errc sink_write(struct sink *s, struct buf *b, struct lt_err *err);
/* How many rows of snap may be shown: none of a sample that was not counted. */
size_t sink_rows(const struct sink *s, const struct snapshot *snap);
/* The first count has grown by nothing: its deltas are unknown, not 0. */
bool sink_grown(const struct snapshot *snap);
/* Adds the sample's pause to the total. */
void sink_account(struct sink *s, const struct snapshot *snap);
/* Why this sample has no count: a word for programs, and a line for people in buf. Returns buf. */
const char *sink_gap_code(const struct snapshot *snap);
char *sink_gap_text(const struct snapshot *snap, char *buf, size_t size);

#endif
