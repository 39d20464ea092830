#include "config.h"
#include "output/openmetrics.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "model/verdict.h"
#include "output/sink.h"
#include "util/mem.h"
#include "util/num.h"

/*
 * Counts come as seldom as --max-cpu asks for, and a busy target makes gaps: in between the last
 * count stands, as long as Prometheus itself would take a value for the present one.
 */
#define STANDS_S 300

struct source {			/* where values come from */
	const struct snapshot *snap;
	bool counted;		/* there is a count, and it stands */
	size_t rows;		/* types that are shown */
};

/* A value per type: `name` of the label, and the row's figure. */
#define PER_TYPE(stem, known, figure)                                                   \
	static void put_type_##stem(struct expo *e, const struct source *from)          \
	{                                                                               \
		for (size_t i = 0; i < from->rows; i++) {                               \
			const struct snapshot_row *row = &from->snap->rows[i];          \
			struct expo_label labels[] = {{"type", row->name}, {NULL, NULL}}; \
                                                                                        \
			expo_int(e, labels, (known) ? row->figure : LT_UNKNOWN);        \
		}                                                                       \
	}
PER_TYPE(count, true, count)
PER_TYPE(bytes, true, bytes)
PER_TYPE(count_delta, sink_grown(from->snap), count_delta)
PER_TYPE(bytes_delta, sink_grown(from->snap), bytes_delta)

static void put_type_word(struct expo *e, const struct source *from)
{
	for (size_t i = 0; i < from->rows; i++) {
		const struct snapshot_row *row = &from->snap->rows[i];
		struct expo_label labels[] = {
			{"type", row->name}, {"verdict", ratchet_word_text(row->word)},
			{NULL, NULL},
		};

		expo_int(e, labels, row->word != RATCHET_EARLY ? 1 : LT_UNKNOWN);
	}
}

static void put_info(struct expo *e, const struct source *from)
{
	const struct sample_target *target = from->snap->target;
	const struct expo_label labels[] = {
		{"python", target->python}, {"build", target->build}, {"exe", target->exe},
		{"user", target->user}, {"method", target->method}, {NULL, NULL},
	};

	expo_int(e, labels, 1);
}

static void put_up(struct expo *e, const struct source *from)
{
	expo_int(e, NULL, !from->snap->ended);
}

/* Wall seconds as a reading gives them; 0 is none. */
static void put_wall(struct expo *e, double wall_s)
{
	expo_micros(e, NULL, wall_s > 0 ? llround(wall_s * 1e6) : LT_UNKNOWN);
}

static void put_start(struct expo *e, const struct source *from)
{
	put_wall(e, from->snap->target->start_wall_s);
}

static void put_sampled(struct expo *e, const struct source *from)
{
	put_wall(e, from->snap->t);
}

static void put_counted(struct expo *e, const struct source *from)
{
	put_wall(e, from->snap->census_t);
}

static void put_ledger(struct expo *e, const struct source *from)
{
	struct expo_label labels[2] = {{"part", NULL}, {NULL, NULL}};

#define X(member, name) \
	labels[0].value = #member; \
	expo_int(e, labels, from->snap->ledger.now.member);
	SAMPLE_LEDGER(X)
#undef X
}

#define PER_GENERATION(figure)                                                          \
	static void put_gc_##figure(struct expo *e, const struct source *from)          \
	{                                                                               \
		static const char *const numbers[] = {"0", "1", "2"};                   \
                                                                                        \
		for (size_t i = 0; i < COUNT_OF(numbers); i++) {                        \
			struct expo_label labels[] = {{"generation", numbers[i]}, {NULL, NULL}}; \
                                                                                        \
			expo_int(e, labels, from->snap->gc.gen[i].figure);              \
		}                                                                       \
	}
PER_GENERATION(objects)
PER_GENERATION(collections)
PER_GENERATION(collected)
PER_GENERATION(uncollectable)

static void put_types(struct expo *e, const struct source *from)
{
	const struct outcome *v = &from->snap->verdict;

	for (int word = 0; word < RATCHET_WORDS_OF && from->counted; word++) {
		struct expo_label labels[] = {
			{"verdict", ratchet_word_text((enum ratchet_word)word)}, {NULL, NULL},
		};

		expo_int(e, labels, (int64_t)v->n[word]);
	}
}

/* Too early for a word, a process is not yet known to leak or not to. */
static bool judged(const struct snapshot *snap)
{
	return snap->verdict.leaking || snap->verdict.word != RATCHET_EARLY;
}

static void put_leaking(struct expo *e, const struct source *from)
{
	expo_int(e, NULL, judged(from->snap) ? from->snap->verdict.leaking : LT_UNKNOWN);
}

static void put_cause(struct expo *e, const struct source *from)
{
	for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT_OF; cause++) {
		struct expo_label labels[] = {
			{"cause", verdict_cause_text((enum outcome_cause)cause)}, {NULL, NULL},
		};
		bool is = (enum outcome_cause)cause == from->snap->verdict.cause;

		expo_int(e, labels, judged(from->snap) ? is : LT_UNKNOWN);
	}
}

enum when {
	ALWAYS,			/* before the first sample and after the end of the target too */
	SAMPLED,		/* while the target lives */
};

/* One metric: the value at `at` of the snapshot, plain or in microseconds, or what `put` writes. */
struct metric {
	struct expo_family family;
	enum when when;
	void (*put)(struct expo *e, const struct source *from);
	size_t at;		/* of an int64_t, where there is no put */
};

#define AT(member) NULL, offsetof(struct snapshot, member)
#define PUT(function) put_##function, 0

static const struct metric metrics[] = {
	{{"leaktop_target_info", EXPO_GAUGE, NULL, "The process that is watched."},
	 ALWAYS, PUT(info)},
	{{"leaktop_target_up", EXPO_GAUGE, NULL, "1 while the process lives."},
	 ALWAYS, PUT(up)},
	{{"leaktop_target_start_time_seconds", EXPO_GAUGE, "seconds",
	  "When the process started, since 1970."}, ALWAYS, PUT(start)},
	{{"leaktop_samples", EXPO_COUNTER, NULL, "Samples taken."}, ALWAYS, AT(samples)},
	{{"leaktop_gaps", EXPO_COUNTER, NULL, "Samples in which objects were not counted."},
	 ALWAYS, AT(gaps)},
	{{"leaktop_last_sample_timestamp_seconds", EXPO_GAUGE, "seconds",
	  "When the memory figures were read, since 1970."}, SAMPLED, PUT(sampled)},
	{{"leaktop_last_count_timestamp_seconds", EXPO_GAUGE, "seconds",
	  "When objects were counted, since 1970."}, SAMPLED, PUT(counted)},

	{{"leaktop_rss_bytes", EXPO_GAUGE, "bytes", "Resident memory of the process."},
	 SAMPLED, AT(memory.rss)},
	{{"leaktop_vsz_bytes", EXPO_GAUGE, "bytes", "Size of its address space."},
	 SAMPLED, AT(memory.vsz)},
	{{"leaktop_pss_bytes", EXPO_GAUGE, "bytes", "RSS with shared pages counted in parts."},
	 SAMPLED, AT(memory.pss)},
	{{"leaktop_uss_bytes", EXPO_GAUGE, "bytes", "What it would give back alone."},
	 SAMPLED, AT(memory.uss)},
	{{"leaktop_swap_bytes", EXPO_GAUGE, "bytes", "What is swapped out of it."},
	 SAMPLED, AT(memory.swap)},
	{{"leaktop_memory_limit_bytes", EXPO_GAUGE, "bytes",
	  "The tightest limit of its control groups."}, SAMPLED, AT(memory.limit)},
	{{"leaktop_threads", EXPO_GAUGE, NULL, "Threads of the process."},
	 SAMPLED, AT(memory.threads)},
	{{"leaktop_ledger_bytes", EXPO_GAUGE, "bytes", "What its RSS consists of."},
	 SAMPLED, PUT(ledger)},

	{{"leaktop_objects", EXPO_GAUGE, NULL, "Live Python objects."}, SAMPLED, AT(objects)},
	{{"leaktop_types", EXPO_GAUGE, NULL, "Live types of objects by verdict."},
	 SAMPLED, PUT(types)},
	{{"leaktop_leaking", EXPO_GAUGE, NULL,
	  "1 where a type is a suspect or a leak, or native memory grows."},
	 SAMPLED, PUT(leaking)},
	{{"leaktop_cause", EXPO_GAUGE, NULL, "1 for the cause of the growth, if there is one."},
	 SAMPLED, PUT(cause)},
	{{"leaktop_type_objects", EXPO_GAUGE, NULL, "Live objects of a type."},
	 SAMPLED, PUT(type_count)},
	{{"leaktop_type_bytes", EXPO_GAUGE, "bytes", "Memory of the objects of a type."},
	 SAMPLED, PUT(type_bytes)},
	{{"leaktop_type_growth_objects", EXPO_GAUGE, NULL,
	  "Objects gained since the baseline."}, SAMPLED, PUT(type_count_delta)},
	{{"leaktop_type_growth_bytes", EXPO_GAUGE, "bytes",
	  "Memory gained since the baseline."}, SAMPLED, PUT(type_bytes_delta)},
	{{"leaktop_type_verdict", EXPO_GAUGE, NULL, "1 for the word that the type has."},
	 SAMPLED, PUT(type_word)},

	{{"leaktop_gc_enabled", EXPO_GAUGE, NULL, "1 while the collector runs by itself."},
	 SAMPLED, AT(gc.enabled)},
	{{"leaktop_gc_frozen_objects", EXPO_GAUGE, NULL, "Objects set aside by gc.freeze."},
	 SAMPLED, AT(gc.frozen)},
	{{"leaktop_gc_garbage_objects", EXPO_GAUGE, NULL, "Length of gc.garbage."},
	 SAMPLED, AT(gc.garbage)},
	{{"leaktop_gc_generation_objects", EXPO_GAUGE, NULL, "Objects in a generation."},
	 SAMPLED, PUT(gc_objects)},
	{{"leaktop_gc_collections", EXPO_COUNTER, NULL, "Collections of a generation."},
	 SAMPLED, PUT(gc_collections)},
	{{"leaktop_gc_collected_objects", EXPO_COUNTER, NULL, "Objects that they freed."},
	 SAMPLED, PUT(gc_collected)},
	{{"leaktop_gc_uncollectable_objects", EXPO_COUNTER, NULL,
	  "Objects that they found and could not free."}, SAMPLED, PUT(gc_uncollectable)},

	{{"leaktop_stops", EXPO_COUNTER, NULL, "Times leaktop stopped a thread of it."},
	 ALWAYS, AT(cost_total.stops)},
	{{"leaktop_stopped_seconds", EXPO_COUNTER, "seconds", "For how long in all."},
	 ALWAYS, AT(cost_total.stopped_us)},
	{{"leaktop_longest_pause_seconds", EXPO_GAUGE, "seconds",
	  "The longest time a thread of it waited for leaktop."},
	 ALWAYS, AT(cost_total.pause_us)},
	{{"leaktop_cpu_seconds", EXPO_COUNTER, "seconds", "Processor time of leaktop itself."},
	 ALWAYS, AT(cost_total.cpu_us)},
};

const struct expo_family *openmetrics_by_index(size_t i)
{
	return i < COUNT_OF(metrics) ? &metrics[i].family : NULL;
}

/* The figures in seconds that a snapshot has as they are, are in microseconds there. */
static void put_metric(struct expo *e, const struct metric *m, const struct source *from)
{
	const char *base = (const char *)from->snap;
	int64_t v;

	expo_family(e, &m->family);
	if (m->put) {
		m->put(e, from);
		return;
	}
	v = *(const int64_t *)(const void *)(base + m->at);
	if (m->family.unit && m->family.unit[0] == 's')
		expo_micros(e, NULL, v);
	else
		expo_int(e, NULL, v);
}

static struct source source_of(const struct snapshot *snap, int top)
{
	double stands_s = STANDS_S + 2 * (double)snap->way.period_ns / 1e9;
	struct source from = {.snap = snap};

	from.counted = snap->census_t > 0 && snap->t - snap->census_t <= stands_s;
	if (from.counted)
		from.rows = top > 0 && (size_t)top < snap->n_rows ? (size_t)top : snap->n_rows;
	return from;
}

void openmetrics_put(const struct snapshot *snap, int top, enum expo_dialect dialect,
		     struct buf *out)
{
	struct source from = source_of(snap, top);
	bool sampled = snap->samples > 0 && !snap->ended;
	char pid[16];
	struct expo e;

	snprintf(pid, sizeof(pid), "%d", (int)snap->target->pid);
	expo_begin(&e, out, dialect, (struct expo_label){"pid", pid});
	for (size_t i = 0; i < COUNT_OF(metrics); i++)
		if (sampled || metrics[i].when == ALWAYS)
			put_metric(&e, &metrics[i], &from);
	expo_end(&e);
}

/* ---- the sink ---------------------------------------------------------------------------- */

static enum lt_errc sample(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0};

	openmetrics_put(snap, s->options.top, EXPO_OPENMETRICS, &b);
	return sink_write(s, &b, err);
}

const struct sink_ops sink_openmetrics = {
	.name = "openmetrics", .help = "OpenMetrics 1.0, for Prometheus",
	.default_top = 50, .latest = true,
	.attach = sink_no_snapshot, .sample = sample, .verdict = sink_no_snapshot,
	.detach = sink_no_detach, .error = sink_no_error,
};
