/* JSON Lines, version 1: product.md section 3 field by field, in its order. */
#include "config.h"
#include "output/sink.h"

#include <math.h>

#include "model/verdict.h"
#include "output/jsonl_holding.h"
#include "output/jsonw.h"
#include "output/summary.h"
#include "util/mem.h"
#include "util/num.h"

/* {"v":1,"kind":KIND and nothing closed yet. */
static void begin(struct jsonw *j, struct buf *b, const char *kind)
{
	jsonw_begin(j, b);
	jsonw_object(j, NULL);
	jsonw_int(j, "v", 1);
	jsonw_string(j, "kind", kind);
}

static enum lt_errc end(struct sink *s, struct jsonw *j, struct lt_err *err)
{
	jsonw_object_end(j);
	buf_putc(j->out, '\n');
	return sink_write(s, j->out, err);
}

/* What could not be read is the empty string in struct sample_target, and null outside. */
static void known_string(struct jsonw *j, const char *key, const char *s)
{
	jsonw_string(j, key, s[0] ? s : NULL);
}

static enum lt_errc attach(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	const struct sample_target *target = snap->target;
	struct buf b = {0};
	struct jsonw j;

	begin(&j, &b, "attach");
	jsonw_time(&j, "t", target->attach_wall_s);
	jsonw_int(&j, "pid", target->pid);
	known_string(&j, "python", target->python);
	known_string(&j, "build", target->build);
	known_string(&j, "exe", target->exe);
	known_string(&j, "command", target->command);
	known_string(&j, "user", target->user);
	if (target->start_wall_s > 0)
		jsonw_time(&j, "started", target->start_wall_s);
	else
		jsonw_null(&j, "started");
	known_string(&j, "method", target->method);
	jsonw_int(&j, "attach_us", target->attach_us);
	jsonw_int(&j, "confirm_us", snap->confirm_ns / 1000);
	return end(s, &j, err);
}

static void put_memory(struct jsonw *j, const struct sample_memory *memory)
{
	jsonw_object(j, "memory");
	jsonw_int(j, "rss", memory->rss);
	jsonw_int(j, "vsz", memory->vsz);
	jsonw_int(j, "pss", memory->pss);
	jsonw_int(j, "uss", memory->uss);
	jsonw_int(j, "swap", memory->swap);
	jsonw_int(j, "limit", memory->limit);
	jsonw_int(j, "threads", memory->threads);
	jsonw_object_end(j);
}

static void put_ledger(struct jsonw *j, const struct sample_ledger *ledger)
{
	jsonw_object(j, "ledger");
#define X(member, name) jsonw_int(j, #member, ledger->member);
	SAMPLE_LEDGER(X)
#undef X
	jsonw_object_end(j);
}

static void put_gc(struct jsonw *j, const struct sample_gc *gc)
{
	jsonw_object(j, "gc");
	if (num_known(gc->enabled))
		jsonw_bool(j, "enabled", gc->enabled != 0);
	else
		jsonw_null(j, "enabled");
	jsonw_bool(j, "incremental", gc->incremental);
	jsonw_int(j, "frozen", gc->frozen);
	jsonw_int(j, "garbage", gc->garbage);
	jsonw_array(j, "generations");
	for (size_t i = 0; i < COUNT_OF(gc->gen); i++) {
		const struct sample_generation *gen = &gc->gen[i];

		jsonw_object(j, NULL);
		jsonw_int(j, "objects", gen->objects);
		jsonw_int(j, "count", gen->count);
		jsonw_int(j, "threshold", gen->threshold);
		jsonw_int(j, "collections", gen->collections);
		jsonw_int(j, "collected", gen->collected);
		jsonw_int(j, "uncollectable", gen->uncollectable);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

/* A word, or null where it is too early for one. */
static void put_word(struct jsonw *j, const char *key, enum ratchet_word word)
{
	jsonw_string(j, key, word == RATCHET_EARLY ? NULL : ratchet_word_text(word));
}

static void put_types(struct jsonw *j, const struct sink *s, const struct snapshot *snap)
{
	const struct snapshot_row *rows = s->options.whole ? snap->all : snap->rows;
	size_t n = !s->options.whole ? sink_rows(s, snap) : snap->census ? snap->n_listed : 0;
	bool grown = sink_grown(snap);

	jsonw_array(j, "types");
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_row *row = &rows[i];

		jsonw_object(j, NULL);
		jsonw_string(j, "type", row->name);
		jsonw_int(j, "count", row->count);
		jsonw_int(j, "bytes", row->bytes);
		jsonw_int(j, "count_delta", grown ? row->count_delta : LT_UNKNOWN);
		jsonw_int(j, "bytes_delta", grown ? row->bytes_delta : LT_UNKNOWN);
		jsonw_real(j, "rate", row->rate);
		put_word(j, "verdict", row->word);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* How the count was made; a gap has none. */
static void put_census(struct jsonw *j, const struct snapshot *snap)
{
	const struct sample_way *way = &snap->way;

	jsonw_object(j, "census");
	jsonw_string(j, "by", !snap->census ? NULL : way->scan ? "scan" : "walk");
	jsonw_string(j, "why", snap->census && way->why && way->why[0] ? way->why : NULL);
	jsonw_real(j, "explained", snap->census && way->scan ? way->explained : NAN);
	jsonw_int(j, "period_us", way->period_ns / 1000);
	jsonw_bool(j, "approximate", way->approximate);
	jsonw_bool(j, "changed", snap->census && way->changed);
	jsonw_object_end(j);
}

static void put_cost(struct jsonw *j, const struct sample_cost *cost)
{
	jsonw_object(j, "cost");
	jsonw_int(j, "stops", cost->stops);
	jsonw_int(j, "stopped_us", cost->stopped_us);
	jsonw_int(j, "pause_us", cost->pause_us);
	jsonw_int(j, "cpu_us", cost->cpu_us);
	jsonw_int(j, "longest_us", cost->longest_us);
	jsonw_object_end(j);
}

/* Which of the figures that are read now and then are of this sample. */
static void put_read(struct jsonw *j, const struct snapshot *snap)
{
	jsonw_object(j, "read");
	jsonw_bool(j, "pss", snap->pss_read);
	jsonw_bool(j, "ledger", snap->ledger_read);
	jsonw_object_end(j);
}

/* Why there is no count, or why no thread may be borrowed for one. */
static void put_why(struct jsonw *j, const char *key, const struct snapshot *snap)
{
	char text[512];

	jsonw_object(j, key);
	jsonw_string(j, "code", sink_gap_code(snap));
	jsonw_string(j, "message", sink_gap_text(snap, text, sizeof(text)));
	jsonw_string(j, "detail", snap->why.detail[0] ? snap->why.detail : NULL);
	jsonw_int(j, "errno", snap->why.sys_errno);
	jsonw_object_end(j);
}

/* The lengths of what holds them now, in the order of the holders of the verdict. */
static void put_held(struct jsonw *j, const struct snapshot *snap)
{
	jsonw_array(j, "held");
	for (size_t i = 0; i < snap->n_holdings; i++) {
		const struct holding *h = snap->holdings[i];

		if (h->code != LT_OK)
			continue;
		jsonw_object(j, NULL);
		jsonw_string(j, "type", h->type);
		jsonw_array(j, "lengths");
		for (size_t k = 0; k < h->n_paths; k++)
			jsonw_int(j, NULL, h->paths[k].length);
		jsonw_array_end(j);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static enum lt_errc sample(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0};
	struct jsonw j;

	sink_account(s, snap);
	begin(&j, &b, "sample");
	jsonw_time(&j, "t", snap->t);
	jsonw_int(&j, "seq", snap->seq);
	jsonw_int(&j, "pid", snap->target->pid);
	jsonw_int(&j, "mono_us", snap->mono_ns / 1000);
	jsonw_time(&j, "base", snap->base_t);
	put_memory(&j, &snap->memory);
	put_ledger(&j, &snap->ledger.now);
	put_read(&j, snap);
	jsonw_int(&j, "oom_score", snap->oom_score);
	put_gc(&j, &snap->gc);
	jsonw_int(&j, "objects", snap->census ? snap->objects : LT_UNKNOWN);
	put_census(&j, snap);
	put_types(&j, s, snap);
	if (snap->n_holdings)
		put_held(&j, snap);
	put_cost(&j, &snap->cost);
	if (!snap->census || snap->why.code != LT_OK)
		put_why(&j, snap->census ? "refusal" : "gap", snap);
	return end(s, &j, err);
}

static void put_suspect(struct jsonw *j, const struct snapshot *snap,
			const struct snapshot_row *row)
{
	jsonw_object(j, NULL);
	jsonw_string(j, "type", row->name);
	jsonw_int(j, "count", row->count);
	jsonw_int(j, "bytes", row->bytes);
	jsonw_int(j, "count_delta", row->count_delta);
	jsonw_real(j, "rate", row->rate);
	put_word(j, "verdict", row->word);
	jsonl_holding_put(j, snapshot_holding(snap, row->name));
	jsonw_object_end(j);
}

/*
 * A short run has no leaks and suspects yet: then what grows and was looked into is told, with the
 * word it has by then.
 */
static void put_suspects(struct jsonw *j, const struct snapshot *snap)
{
	const struct outcome *v = &snap->verdict;

	jsonw_array(j, "suspects");
	for (size_t i = 0; i < v->n_suspects; i++)
		put_suspect(j, snap, &v->suspects[i]);
	for (size_t i = 0; !v->n_suspects && i < snap->n_rows; i++) {
		const struct snapshot_row *row = &snap->rows[i];

		if ((row->word == RATCHET_GROWING || row->word == RATCHET_EARLY) &&
		    num_known(row->count_delta) && row->count_delta > 0 &&
		    snapshot_holding(snap, row->name))
			put_suspect(j, snap, row);
	}
	jsonw_array_end(j);
}

static enum lt_errc verdict(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	const struct outcome *v = &snap->verdict;
	struct buf b = {0}, summary = {0};
	struct jsonw j;

	summary_put(snap, &summary);
	begin(&j, &b, "verdict");
	jsonw_time(&j, "t", snap->seq ? snap->t : snap->target->attach_wall_s);
	jsonw_int(&j, "pid", snap->target->pid);
	jsonw_bool(&j, "leaking", v->leaking);
	put_word(&j, "word", v->word);
	jsonw_string(&j, "cause", verdict_cause_text(v->cause));
	jsonw_string(&j, "summary", buf_text(&summary));
	put_suspects(&j, snap);
	jsonl_holding_put_growing(&j, snap->growing);
	buf_done(&summary);
	return end(s, &j, err);
}

static enum lt_errc detach(struct sink *s, const struct snapshot *snap,
			   const struct sample_left *left, double now, struct lt_err *err)
{
	bool known = num_known(snap->cost_total.pause_us);
	struct buf b = {0};
	struct jsonw j;

	begin(&j, &b, "detach");
	jsonw_time(&j, "t", now);
	jsonw_int(&j, "pid", snap->target->pid);
	jsonw_int(&j, "samples", snap->samples);
	jsonw_bool(&j, "ended", snap->ended);
	jsonw_object(&j, "pause_us");
	jsonw_int(&j, "max", snap->cost_total.pause_us);
	jsonw_int(&j, "total", known ? s->pause_total_us : LT_UNKNOWN);
	jsonw_object_end(&j);
	jsonw_object(&j, "left");
	jsonw_int(&j, "threads", left->threads);
	jsonw_int(&j, "fds", left->fds);
	jsonw_int(&j, "maps", left->maps);
	jsonw_object_end(&j);
	return end(s, &j, err);
}

static enum lt_errc error(struct sink *s, const struct lt_err *what, struct lt_err *err)
{
	const struct lt_err_info *info = lt_err_info(what->code);
	struct buf b = {0};
	char text[512];
	struct jsonw j;

	begin(&j, &b, "error");
	jsonw_string(&j, "code", info->code);
	jsonw_string(&j, "message", lt_err_text(what, text, sizeof(text)));
	jsonw_string(&j, "remedy", info->remedy);
	return end(s, &j, err);
}

static void put_change(struct jsonw *j, const char *key, int64_t before, int64_t after)
{
	jsonw_object(j, key);
	jsonw_int(j, "before", before);
	jsonw_int(j, "after", after);
	jsonw_object_end(j);
}

enum lt_errc sink_jsonl_collect(struct sink *s, const struct sample_target *target,
				const struct sample_collect *what, struct lt_err *err)
{
	struct buf b = {0};
	struct jsonw j;

	begin(&j, &b, "collect");
	jsonw_time(&j, "t", what->t);
	jsonw_int(&j, "pid", target->pid);
	jsonw_int(&j, "unreachable", what->unreachable);
	jsonw_int(&j, "took_us", what->took_us);
	put_change(&j, "objects", what->objects_before, what->objects_after);
	put_change(&j, "rss", what->rss_before, what->rss_after);
	return end(s, &j, err);
}

const struct sink_ops sink_jsonl = {
	.name = "jsonl", .help = "JSON Lines, for programs and recordings",
	.default_top = 0,
	.attach = attach, .sample = sample, .verdict = verdict, .detach = detach, .error = error,
};
