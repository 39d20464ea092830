/* JSON Lines, version 1: product.md section 3 field by field, in its order. */
#include "config.h"
#include "output/sink.h"

#include "output/json.h"
#include "util/mem.h"
#include "util/num.h"

/* {"v":1,"kind":KIND and nothing closed yet. */
static void begin(struct json *j, struct buf *b, const char *kind)
{
	json_begin(j, b);
	json_object(j, NULL);
	json_int(j, "v", 1);
	json_string(j, "kind", kind);
}

static enum lt_errc end(struct sink *s, struct json *j, struct lt_err *err)
{
	json_object_end(j);
	buf_putc(j->out, '\n');
	return sink_write(s, j->out, err);
}

/* What could not be read is the empty string in struct sample_target, and null outside. */
static void known_string(struct json *j, const char *key, const char *s)
{
	json_string(j, key, s[0] ? s : NULL);
}

static enum lt_errc attach(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	const struct sample_target *target = snap->target;
	struct buf b = {0};
	struct json j;

	begin(&j, &b, "attach");
	json_time(&j, "t", target->attach_wall_s);
	json_int(&j, "pid", target->pid);
	known_string(&j, "python", target->python);
	known_string(&j, "build", target->build);
	known_string(&j, "exe", target->exe);
	known_string(&j, "command", target->command);
	known_string(&j, "method", target->method);
	json_int(&j, "attach_us", target->attach_us);
	return end(s, &j, err);
}

static void put_memory(struct json *j, const struct sample_memory *memory)
{
	json_object(j, "memory");
	json_int(j, "rss", memory->rss);
	json_int(j, "vsz", memory->vsz);
	json_int(j, "pss", memory->pss);
	json_int(j, "uss", memory->uss);
	json_int(j, "swap", memory->swap);
	json_int(j, "limit", memory->limit);
	json_object_end(j);
}

/* The ledger is not measured yet; its members stand there so that readers need no second schema. */
static void put_ledger(struct json *j)
{
	static const char *const members[] = {
		"python_live", "python_free", "c_live", "c_free", "mapped", "stacks", "other",
	};

	json_object(j, "ledger");
	for (size_t i = 0; i < COUNT_OF(members); i++)
		json_null(j, members[i]);
	json_object_end(j);
}

static void put_gc(struct json *j, const struct sample_gc *gc)
{
	json_object(j, "gc");
	if (num_known(gc->enabled))
		json_bool(j, "enabled", gc->enabled != 0);
	else
		json_null(j, "enabled");
	json_int(j, "frozen", gc->frozen);
	json_int(j, "garbage", gc->garbage);
	json_array(j, "generations");
	for (size_t i = 0; i < COUNT_OF(gc->gen); i++) {
		const struct sample_generation *gen = &gc->gen[i];

		json_object(j, NULL);
		json_int(j, "objects", gen->objects);
		json_int(j, "count", gen->count);
		json_int(j, "threshold", gen->threshold);
		json_int(j, "collections", gen->collections);
		json_int(j, "collected", gen->collected);
		json_int(j, "uncollectable", gen->uncollectable);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void put_types(struct json *j, const struct snapshot *snap, size_t n)
{
	bool grown = sink_grown(snap);

	json_array(j, "types");
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_row *row = &snap->rows[i];

		json_object(j, NULL);
		json_string(j, "type", row->name);
		json_int(j, "count", row->count);
		json_int(j, "bytes", row->bytes);
		json_int(j, "count_delta", grown ? row->count_delta : LT_UNKNOWN);
		json_int(j, "bytes_delta", grown ? row->bytes_delta : LT_UNKNOWN);
		json_real(j, "rate", row->rate);
		json_null(j, "verdict");
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_cost(struct json *j, const struct sample_cost *cost)
{
	json_object(j, "cost");
	json_int(j, "stops", cost->stops);
	json_int(j, "stopped_us", cost->stopped_us);
	json_int(j, "pause_us", cost->pause_us);
	json_int(j, "cpu_us", cost->cpu_us);
	json_object_end(j);
}

static void put_gap(struct json *j, const struct snapshot *snap)
{
	char text[512];

	json_object(j, "gap");
	json_string(j, "code", sink_gap_code(snap));
	json_string(j, "message", sink_gap_text(snap, text, sizeof(text)));
	json_object_end(j);
}

static enum lt_errc sample(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0};
	struct json j;

	sink_account(s, snap);
	begin(&j, &b, "sample");
	json_time(&j, "t", snap->t);
	json_int(&j, "seq", snap->seq);
	json_int(&j, "pid", snap->target->pid);
	put_memory(&j, &snap->memory);
	put_ledger(&j);
	put_gc(&j, &snap->gc);
	json_int(&j, "objects", snap->census ? snap->objects : LT_UNKNOWN);
	put_types(&j, snap, sink_rows(s, snap));
	put_cost(&j, &snap->cost);
	if (!snap->census)
		put_gap(&j, snap);
	return end(s, &j, err);
}

static enum lt_errc verdict(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0}, summary = {0};
	struct json j;

	sink_summary(snap, &summary);
	begin(&j, &b, "verdict");
	json_time(&j, "t", snap->seq ? snap->t : snap->target->attach_wall_s);
	json_int(&j, "pid", snap->target->pid);
	json_bool(&j, "leaking", false);
	json_null(&j, "word");
	json_null(&j, "cause");
	json_string(&j, "summary", buf_text(&summary));
	json_array(&j, "suspects");
	json_array_end(&j);
	buf_done(&summary);
	return end(s, &j, err);
}

static enum lt_errc detach(struct sink *s, const struct snapshot *snap,
			   const struct sample_left *left, double now, struct lt_err *err)
{
	bool known = num_known(snap->cost_total.pause_us);
	struct buf b = {0};
	struct json j;

	begin(&j, &b, "detach");
	json_time(&j, "t", now);
	json_int(&j, "pid", snap->target->pid);
	json_int(&j, "samples", snap->samples);
	json_object(&j, "pause_us");
	json_int(&j, "max", snap->cost_total.pause_us);
	json_int(&j, "total", known ? s->pause_total_us : LT_UNKNOWN);
	json_object_end(&j);
	json_object(&j, "left");
	json_int(&j, "threads", left->threads);
	json_int(&j, "fds", left->fds);
	json_int(&j, "maps", left->maps);
	json_object_end(&j);
	return end(s, &j, err);
}

static enum lt_errc error(struct sink *s, const struct lt_err *what, struct lt_err *err)
{
	const struct lt_err_info *info = lt_err_info(what->code);
	struct buf b = {0};
	char text[512];
	struct json j;

	begin(&j, &b, "error");
	json_string(&j, "code", info->code);
	json_string(&j, "message", lt_err_text(what, text, sizeof(text)));
	json_string(&j, "remedy", info->remedy);
	return end(s, &j, err);
}

const struct sink_ops sink_jsonl = {
	.name = "jsonl", .help = "JSON Lines, for programs and recordings",
	.default_top = 0,
	.attach = attach, .sample = sample, .verdict = verdict, .detach = detach, .error = error,
};
