#include "config.h"
#include "ui/header.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/gchealth.h"
#include "model/ledger.h"
#include "model/limit.h"
#include "ui/line.h"
#include "ui/notice.h"
#include "ui/spark.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/num.h"
#include "util/text.h"

#define TEXT 40
#define MEMORY_NOISE (1 << 20)		/* below 1 MiB of movement a memory sparkline is dots */
#define WIDE_COLS 100		/* from here on each part of memory has a row of its own */
#define WIDE_ROWS 30
#define LEDGER_ROWS 45
#define TAIL_SPARK 10		/* columns of the sparklines of gc and self, where there is room */
#define GEN2_NOISE 3
#define CPU_NOISE_US 5000
#define TITLE_LEFT 40		/* columns that "leaktop 4242 python3.12 app.py" may take */

/* The last moment of the target: its age and the clock stand still once it has ended. */
static double last_moment(const struct snapshot *snap, const struct view_ctx *ctx)
{
	return snap->ended ? snap->ended_t : ctx->now;
}

/*
 * "up 3d04h  2s  base 14:02:11 +12m41s": as much as fits in width, the last piece longest. A '*'
 * at the delay says that a sample is under way.
 */
static void title_right(char *ret, size_t size, int width, const struct snapshot *snap,
			const struct view_ctx *ctx)
{
	char up[TEXT], base[TEXT], since[TEXT], all[3 * TEXT + 40];
	double now = last_moment(snap, ctx);

	ret[0] = '\0';
	num_span(now - snap->target->start_wall_s, up, sizeof(up));
	num_span(now - snap->base_t, since, sizeof(since));
	text_clock(snap->base_t, base, sizeof(base));
	if (base[0])
		snprintf(all, sizeof(all), "up %s  %gs%c base %s +%s ", up, ctx->delay_s,
			 ctx->sampling ? '*' : ' ', base, since);
	else
		snprintf(all, sizeof(all), "up %s  %gs%c", up, ctx->delay_s,
			 ctx->sampling ? '*' : ' ');
	if (clean_width(all) <= width)
		snprintf(ret, size, "%s", all);
	else if (base[0] && (int)(strlen(base) + strlen(since)) + 8 <= width)
		snprintf(ret, size, "base %s +%s ", base, since);
}

static void title_draw(struct canvas *c, int row, const struct snapshot *snap,
		       const struct view_ctx *ctx)
{
	const struct sample_target *t = snap->target;
	struct line l = line_begin(c, row);
	char clock[TEXT], right[200], left[80], program[sizeof(t->command)];
	int minor = (int)strcspn(t->python, "."), keep;
	bool wide = c->cols >= WIDE_COLS;

	if (t->python[minor])
		minor += 1 + (int)strcspn(t->python + minor + 1, ".");
	text_program(t->command, program, sizeof(program));
	snprintf(left, sizeof(left), "python%.*s ", wide ? 24 : minor, t->python);
	line_put(&l, ATTR_TITLE, "leaktop %d ", (int)t->pid);
	keep = l.at + clean_width(left) + clean_width(program) + 1;
	line_put_end(&l, ATTR_PLAIN, text_clock(ctx->now, clock, sizeof(clock)));
	keep = keep < TITLE_LEFT ? keep : TITLE_LEFT;
	title_right(right, sizeof(right), l.end - keep, snap, ctx);
	line_put_end(&l, ATTR_PLAIN, right);
	line_put(&l, ATTR_PLAIN, "%s", left);
	wide = wide && clean_width(t->command) <= l.end - l.at;
	line_put_cut(&l, ATTR_PLAIN, wide ? t->command : program);
}

static bool is_wide(const struct canvas *c)
{
	return c->cols >= WIDE_COLS && c->rows >= WIDE_ROWS;
}

static void put_label(struct line *l, const char *name)
{
	line_put(l, ATTR_LABEL, "%-*s ", l->canvas->cols >= WIDE_COLS ? 6 : 3, name);
}

/* "RSS 812.4M  +38.2M  <sparkline>": the beginning of all memory meters. */
static void memory_begin(struct line *l, const char *name, int64_t bytes, int64_t delta,
			 const struct series_view *series, const struct view_ctx *ctx)
{
	char size[TEXT], grown[TEXT], spark[SPARK_TEXT_MAX];
	int cols = l->canvas->cols;
	int width = cols >= WIDE_COLS ? 30 : cols >= 60 ? 20 : 10;
	struct spark_style style = {MEMORY_NOISE, spark_merge(series->n, series->cell_s, width),
				    ctx->ascii};

	put_label(l, name);
	line_put(l, ATTR_PLAIN, "%6s %7s  ", num_size(bytes, size, sizeof(size)),
		 text_size(delta, 1, TEXT_AUTO, 7, grown, sizeof(grown)));
	line_put(l, ATTR_PLAIN, "%s  ", spark_text(series, &style, width, spark));
}

static void put_rate(struct line *l, double per_second)
{
	char rate[TEXT];

	if (isfinite(per_second))
		line_put(l, ATTR_PLAIN, "%7s/min  ",
			 text_size((int64_t)text_two_digits(per_second * 60), 1, TEXT_AUTO, 7,
				   rate, sizeof(rate)));
}

/* A figure and what it is called: both or none. Blank where it is unknown. */
static void put_figure(struct line *l, const char *name, const char *figure)
{
	if (l->at + clean_width(name) + 1 + clean_width(figure) > l->end)
		l->full = true;
	if (!figure[0])
		return;
	line_put(l, ATTR_LABEL, "%s ", name);
	line_put(l, ATTR_PLAIN, "%s  ", figure);
}

static void put_size(struct line *l, const char *name, int64_t bytes)
{
	char size[TEXT];

	put_figure(l, name, num_size(bytes, size, sizeof(size)));
}

static void put_count(struct line *l, const char *name, int64_t n)
{
	char count[TEXT];

	put_figure(l, name, num_count(n, count, sizeof(count)));
}

/* "limit 1.00G, full ~58m", and the interval of the forecast where there is room for it. */
static void put_limit(struct line *l, const struct snapshot *snap)
{
	const struct sample_memory *m = &snap->memory;
	char limit[TEXT], time[TEXT], soonest[TEXT], latest[TEXT], text[4 * TEXT + 20];
	struct limit_full full;
	int at;

	num_size(m->limit, limit, sizeof(limit));
	at = snprintf(text, sizeof(text), "%s", limit);
	if (limit_time_to_full(&snap->rss, m->rss, m->limit, &full)) {
		at += snprintf(text + at, sizeof(text) - (size_t)at, ", full ~%s",
			       text_rough(full.seconds, time, sizeof(time)));
		if (l->canvas->cols >= WIDE_COLS)
			snprintf(text + at, sizeof(text) - (size_t)at, " (%s..%s)",
				 text_rough(full.soonest_s, soonest, sizeof(soonest)),
				 text_rough(full.latest_s, latest, sizeof(latest)));
	}
	put_figure(l, "limit", text);
}

static void rss_draw(struct canvas *c, int row, const struct snapshot *snap,
		     const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct sample_memory *m = &snap->memory;

	memory_begin(&l, "RSS", m->rss, snap->memory_delta.rss, &snap->rss, ctx);
	put_rate(&l, snap->rss_rate);
	put_limit(&l, snap);
}

/* "86%": of both. "" where either is unknown. */
static const char *share_text(int64_t part, int64_t rest, char *buf, size_t size)
{
	buf[0] = '\0';
	if (num_known(part) && num_known(rest) && part + rest > 0)
		snprintf(buf, size, "%.0f%%", 100 * (double)part / (double)(part + rest));
	return buf;
}

static void put_part(struct line *l, const char *name, int64_t part, int64_t rest)
{
	char size[TEXT], share[TEXT], both[2 * TEXT + 1];

	snprintf(both, sizeof(both), "%s %s", num_size(part, size, sizeof(size)),
		 share_text(part, rest, share, sizeof(share)));
	put_figure(l, name, num_known(part) ? both : "");
}

/* "93%": what of Python's heap is in use. */
static void put_used(struct line *l, const struct sample_ledger *ledger)
{
	char used[TEXT];

	put_figure(l, "used", share_text(ledger->python_live, ledger->python_free, used,
					 sizeof(used)));
}

/* The parts have no row of their own here: they take the place of the sparkline. */
static void pss_draw_narrow(struct line *l, const struct snapshot *snap)
{
	const struct sample_ledger *ledger = &snap->ledger.now;
	int64_t pyheap = ledger_pyheap(ledger), native = ledger_native(ledger);
	char size[TEXT];

	put_label(l, "PSS");
	line_put(l, ATTR_PLAIN, "%6s  ", num_size(snap->memory.pss, size, sizeof(size)));
	put_size(l, "priv", snap->memory.uss);
	line_put(l, ATTR_PLAIN, "| ");
	put_part(l, "pyheap", pyheap, native);
	put_used(l, ledger);
	put_part(l, "native", native, pyheap);
}

static void pss_draw(struct canvas *c, int row, const struct snapshot *snap,
		     const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct sample_memory *m = &snap->memory;

	if (!is_wide(c) && num_known(ledger_native(&snap->ledger.now))) {
		pss_draw_narrow(&l, snap);
		return;
	}
	memory_begin(&l, "PSS", m->pss, snap->memory_delta.pss, &snap->pss, ctx);
	put_size(&l, "priv", m->uss);
	put_size(&l, "VSZ", m->vsz);
	if (num_known(m->swap) && (m->swap > 0 || c->cols >= 100))
		put_size(&l, "swap", m->swap);
	put_count(&l, "threads", m->threads);
}

static void pyheap_draw(struct canvas *c, int row, const struct snapshot *snap,
			const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct snapshot_ledger *ledger = &snap->ledger;
	int64_t pyheap = ledger_pyheap(&ledger->now);
	char share[TEXT];
	const char *of_rss = share_text(pyheap, ledger_native(&ledger->now), share,
					sizeof(share));

	memory_begin(&l, "pyheap", pyheap, ledger_pyheap(&ledger->delta), &snap->pyheap, ctx);
	put_rate(&l, ledger->rate[0] + ledger->rate[1]);
	if (of_rss[0])
		line_put(&l, ATTR_PLAIN, "%s of RSS  ", of_rss);
	put_used(&l, &ledger->now);
	put_count(&l, "objects", snap->objects);
}

static double native_rate(const struct snapshot_ledger *ledger)
{
	double sum = 0;

	for (size_t i = 2; i < SAMPLE_LEDGER_BUCKETS; i++)
		if (isfinite(ledger->rate[i]))
			sum += ledger->rate[i];
	return isfinite(ledger->rate[SAMPLE_LEDGER_BUCKETS - 1]) ? sum : NAN;
}

static void native_draw(struct canvas *c, int row, const struct snapshot *snap,
			const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct snapshot_ledger *ledger = &snap->ledger;
	int64_t native = ledger_native(&ledger->now);

	memory_begin(&l, "native", native, ledger_native(&ledger->delta), &snap->native, ctx);
	if (!num_known(native))
		return;
	put_rate(&l, native_rate(ledger));
	put_size(&l, "C heap", ledger->now.c_live);
	put_size(&l, "kept", ledger->now.c_free);
	put_size(&l, "files", ledger->now.mapped);
}

/* Every part of RSS, and what is left over: they add up. Nothing where no reading was made. */
static void ledger_draw(struct canvas *c, int row, const struct snapshot *snap,
			const struct view_ctx *ctx)
{
	static const char *const names[SAMPLE_LEDGER_BUCKETS] = {
		"Python in use", "kept", "C in use", "kept", "files", "stacks", "other",
	};
	const struct sample_ledger *now = &snap->ledger.now, *delta = &snap->ledger.delta;
	struct line l = line_begin(c, row);
	char size[TEXT], grown[TEXT], both[2 * TEXT + 1];

	put_label(&l, "ledger");
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++) {
		int64_t gain = ledger_bucket(delta, i);

		num_size(ledger_bucket(now, i), size, sizeof(size));
		text_size(gain, 1, TEXT_AUTO, 7, grown, sizeof(grown));
		snprintf(both, sizeof(both), "%s%s%s", size, gain > 0 ? " " : "",
			 gain > 0 ? grown : "");
		put_figure(&l, names[i], size[0] ? both : "");
	}
}

static int digits_of(int64_t v)
{
	int n = 1;

	while ((v /= 10) > 0)
		n++;
	return n;
}

/* A small sparkline behind the figures, and what it is of: blank until there are two cells. */
static void put_spark(struct line *l, const char *name, const struct series_view *series,
		      int64_t noise, const struct view_ctx *ctx)
{
	struct spark_style style = {noise, spark_merge(series->n, series->cell_s, TAIL_SPARK),
				    ctx->ascii};
	char spark[SPARK_TEXT_MAX];

	if (series->n > 1)
		put_figure(l, name, spark_text(series, &style, TAIL_SPARK, spark));
}

/* "312/700 4/10 7/10", as gc.get_count() and gc.get_threshold(); what is behind stays in place */
static void put_generations(struct line *l, const struct sample_gc *gc)
{
	for (int i = 0; i < 3; i++) {
		const struct sample_generation *g = &gc->gen[i];

		if (num_known(g->count) && num_known(g->threshold))
			line_put(l, ATTR_PLAIN, "%*lld/%lld ", digits_of(g->threshold),
				 (long long)g->count, (long long)g->threshold);
	}
	line_put(l, ATTR_PLAIN, " ");
}

/* What is wrong with it, in a word or two each. Returns the first one's sentence in buf. */
static const char *put_alarms(struct line *l, const struct snapshot *snap, char *buf, size_t size)
{
	struct gchealth_alarm alarms[GCHEALTH_COUNT_OF];
	struct gchealth_facts facts;
	size_t n;

	gchealth_facts(snap, &facts);
	n = gchealth_judge(&facts, alarms, GCHEALTH_COUNT_OF);
	for (size_t i = 0; i < n; i++)
		if (alarms[i].grave)
			line_put(l, ATTR_NOTICE, "%s  ", alarms[i].brief);
	snprintf(buf, size, "%s", n ? alarms[0].text : "");
	return buf;
}

static void gc_draw(struct canvas *c, int row, const struct snapshot *snap,
		    const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct sample_gc *gc = &snap->gc;
	char ago[TEXT], alarm[sizeof(((struct gchealth_alarm *)0)->text)];

	put_label(&l, "gc");
	if (!num_known(gc->enabled) || snap->seq == 0)
		return;
	put_alarms(&l, snap, alarm, sizeof(alarm));
	put_generations(&l, gc);
	if (num_known(gc->gen[2].collections))
		line_put(&l, ATTR_PLAIN, "full #%lld", (long long)gc->gen[2].collections);
	if (isfinite(snap->gc_full_ago_s))
		line_put(&l, ATTR_PLAIN, ", %s ago",
			 text_rough(snap->gc_full_ago_s, ago, sizeof(ago)));
	if (num_known(snap->gc_full_since_base))
		line_put(&l, ATTR_PLAIN, ", %lld since base", (long long)snap->gc_full_since_base);
	line_put(&l, ATTR_PLAIN, "  ");
	put_count(&l, "garbage", gc->garbage);
	if (num_known(gc->frozen) && (gc->frozen > 0 || c->cols >= 100))
		put_count(&l, "frozen", gc->frozen);
	if (!is_wide(c))		/* else beside Python's heap */
		put_count(&l, "objects", snap->objects);
	if (alarm[0] && c->cols >= WIDE_COLS)
		line_put_cut(&l, ATTR_NOTICE, alarm);
	else if (is_wide(c))
		put_spark(&l, "gen2", &snap->gen2, GEN2_NOISE, ctx);
}

/* How it is counted, and what of Python's heap the table tells. */
static void put_way(struct line *l, const struct snapshot *snap)
{
	const struct sample_way *way = &snap->way;
	char period[TEXT];

	if (snap->census_t <= 0)
		return;
	line_put(l, ATTR_PLAIN, way->scan ? "scan" : "walk");
	if (way->scan && isfinite(way->explained))
		line_put(l, ATTR_PLAIN, " %.0f%%", way->explained * 100);
	if (snap->census && snap->why.code != LT_OK)
		line_put(l, ATTR_NOTICE, ", read-only: %s", lt_err_info(snap->why.code)->cause);
	if (way->approximate)
		line_put(l, ATTR_NOTICE, ", approximate");
	if (way->period_ns > CLOCK_NS_PER_S)
		line_put(l, ATTR_PLAIN, ", every %s",
			 text_rough((double)way->period_ns / CLOCK_NS_PER_S, period,
				    sizeof(period)));
	line_put(l, ATTR_PLAIN, "  ");
}

static void self_draw(struct canvas *c, int row, const struct snapshot *snap,
		      const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	char last[TEXT], most[TEXT], longest[TEXT], both[2 * TEXT];

	put_label(&l, "self");
	if (snap->seq == 0)
		return;
	put_way(&l, snap);
	if (num_known(snap->cost.pause_us))
		line_put(&l, ATTR_PLAIN, "target paused %s, at most %s  ",
			 text_ms(snap->cost.pause_us, last, sizeof(last)),
			 text_ms(snap->cost_total.pause_us, most, sizeof(most)));
	if (isfinite(snap->cost_share))
		line_put(&l, ATTR_PLAIN, "%.1f%% of a core  ", snap->cost_share * 100);
	put_count(&l, "samples", snap->samples);
	put_count(&l, "gaps", snap->gaps);
	if (num_known(snap->cost.stops)) {
		snprintf(both, sizeof(both), "%lld, at most %s", (long long)snap->cost.stops,
			 text_ms(snap->cost_total.longest_us, longest, sizeof(longest)));
		put_figure(&l, "stops", both);
	}
	if (snap->way.why && snap->way.why[0])
		line_put_cut(&l, ATTR_PLAIN, snap->way.why);
	else if (is_wide(c))
		put_spark(&l, "CPU", &snap->cpu, CPU_NOISE_US, ctx);
}

const struct header_meter header_meters[HEADER_METERS] = {
	{"title", "who is watched, since when, the baseline, the clock", 0, 0, title_draw},
	{"RSS", "resident memory, its growth since the baseline, its rate", 0, 0, rss_draw},
	{"PSS", "RSS with shared pages counted in parts; priv: its own alone", 0, 0, pss_draw},
	{"pyheap", "Python's heap: its part of RSS, how much is in use", WIDE_ROWS, WIDE_COLS,
	 pyheap_draw},
	{"native", "the rest of RSS: malloc and what it keeps, mmap, files", WIDE_ROWS, WIDE_COLS,
	 native_draw},
	{"ledger", "all of RSS by its parts", LEDGER_ROWS, WIDE_COLS, ledger_draw},
	{"gc", "count/threshold per generation; full collections", 0, 0, gc_draw},
	{"self", "what watching costs the target and this machine", 0, 0, self_draw},
};

int header_draw(struct canvas *c, int n, const struct snapshot *snap, const struct view_ctx *ctx)
{
	int row = 0;

	for (int i = 0; i < HEADER_METERS && row < n; i++)
		if (c->rows >= header_meters[i].rows && c->cols >= header_meters[i].cols)
			header_meters[i].draw(c, row++, snap, ctx);
	return row;
}

void header_draw_tiny(struct canvas *c, const struct snapshot *snap, const struct view_ctx *ctx)
{
	struct line l = line_begin(c, 0);
	struct notice notice;
	char size[TEXT], grown[TEXT], count[TEXT];

	notice_pick(&notice, snap, ctx);
	if (notice.attr == ATTR_ALERT || ctx->message[0]) {
		line_put_cut(&l, ATTR_ALERT, ctx->message[0] ? ctx->message : notice.text);
		return;
	}
	line_put(&l, ATTR_TITLE, "%d ", (int)snap->target->pid);
	line_put(&l, ATTR_PLAIN, "%s %s ", num_size(snap->memory.rss, size, sizeof(size)),
		 num_ssize(snap->memory_delta.rss, grown, sizeof(grown)));
	if (ctx->paused)
		line_put(&l, ATTR_NOTICE, "PAUSED ");
	if (snap->n_rows == 0)
		return;
	line_put(&l, ATTR_PLAIN, "%s ",
		 num_signed(snap->rows[0].count_delta, count, sizeof(count)));
	canvas_put_tail(c, 0, l.at, l.end - l.at, ATTR_PLAIN, snap->rows[0].name);
}
