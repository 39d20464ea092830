/*
 * What is written instead of a screen, of a process or of a recording: the samples of a model to a
 * sink, into --output's file where there is one. Embedded: batch_init() to begin, batch_drop() to
 * end; what was begun and not committed is gone then. Borrows the options.
 */
#ifndef LT_CLI_BATCH_H
#define LT_CLI_BATCH_H

#include <stdbool.h>

#include "cli/options.h"
#include "model/model.h"
#include "output/outfile.h"
#include "output/sink.h"
#include "util/err.h"

struct batch {
	const struct options *options;
	struct sink sink;
	struct outfile file;
	bool attached;			/* the attach line is out */
};

void batch_init(struct batch *b, const struct options *options, const struct sink_ops *ops);
void batch_drop(struct batch *b);
/* The file that the next line goes to, if there is to be one and none is begun. */
enum lt_errc batch_ready(struct batch *b, struct lt_err *err);
/* Writes the sample that the model shows now. */
enum lt_errc batch_sample(struct batch *b, struct model *m, struct lt_err *err);
/* The last lines: what was found, what was left. After them another process may begin. */
enum lt_errc batch_end(struct batch *b, const struct snapshot *snap,
		       const struct sample_left *left, double now, struct lt_err *err);
/* All is written: the file takes its name. */
enum lt_errc batch_commit(struct batch *b, struct lt_err *err);

#endif
