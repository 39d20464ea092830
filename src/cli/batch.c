#include "config.h"
#include "cli/batch.h"

void batch_init(struct batch *b, const struct options *options, const struct sink_ops *ops)
{
	*b = (struct batch){
		.options = options,
		.sink = {
			.ops = ops,
			.options = {.out = stdout, .path = options->output, .top = options->top},
		},
	};
	if (options->fields)		/* options.c has tried them */
		(void)cells_choose(options->fields, &b->sink.options.columns, NULL, 0);
}

void batch_drop(struct batch *b)
{
	outfile_drop(&b->file);
}

enum lt_errc batch_ready(struct batch *b, struct lt_err *err)
{
	const char *path = b->options->output;
	enum lt_errc rc;

	if (!path || b->file.temp)
		return LT_OK;
	rc = outfile_begin(&b->file, path, err);
	b->sink.options.out = b->file.out;
	return rc;
}

enum lt_errc batch_sample(struct batch *b, struct model *m, struct lt_err *err)
{
	const struct snapshot *snap;
	enum lt_errc rc = batch_ready(b, err);

	/* Nobody's eye follows a row here: the order is right in every sample, not only steady. */
	model_sort(m, b->options->sort, b->options->reversed);
	snap = model_snapshot(m);
	if (rc == LT_OK && !b->attached)
		rc = b->sink.ops->attach(&b->sink, snap, err);
	b->attached = true;
	if (rc == LT_OK)
		rc = b->sink.ops->sample(&b->sink, snap, err);
	if (rc == LT_OK && b->sink.ops->latest)
		rc = outfile_commit(&b->file, false, err);
	return rc;
}

enum lt_errc batch_end(struct batch *b, const struct snapshot *snap,
		       const struct sample_left *left, double now, struct lt_err *err)
{
	enum lt_errc rc;

	if (!b->attached)
		return LT_OK;
	b->attached = false;
	rc = b->sink.ops->verdict(&b->sink, snap, err);
	if (rc == LT_OK)
		rc = b->sink.ops->detach(&b->sink, snap, left, now, err);
	return rc;
}

enum lt_errc batch_commit(struct batch *b, struct lt_err *err)
{
	return outfile_commit(&b->file, true, err);
}
