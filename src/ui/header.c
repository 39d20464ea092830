#include "config.h"
#include "ui/header.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/line.h"
#include "ui/notice.h"
#include "ui/spark.h"
#include "ui/text.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/num.h"

#define TEXT 40
#define MEMORY_NOISE (1 << 20)		/* below 1 MiB of movement a memory sparkline is dots */
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
	bool wide = c->cols >= 100;

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

/* "RSS 812.4M  +38.2M  <sparkline>": the beginning of both memory meters. */
static void memory_begin(struct line *l, const char *name, int64_t bytes, int64_t delta,
			 const struct series_view *series, const struct view_ctx *ctx)
{
	char size[TEXT], grown[TEXT], spark[SPARK_TEXT_MAX];
	int cols = l->canvas->cols;
	int width = cols >= 160 ? 60 : cols >= 100 ? 30 : cols >= 60 ? 20 : 10;
	struct spark_style style = {MEMORY_NOISE, spark_merge(series->n, width), ctx->ascii};

	line_put(l, ATTR_LABEL, "%s ", name);
	line_put(l, ATTR_PLAIN, "%6s %7s  ", num_size(bytes, size, sizeof(size)),
		 num_ssize(delta, grown, sizeof(grown)));
	line_put(l, ATTR_PLAIN, "%s  ", spark_text(series, &style, width, spark));
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

static void rss_draw(struct canvas *c, int row, const struct snapshot *snap,
		     const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	char rate[TEXT], limit[TEXT], full[TEXT], both[3 * TEXT];
	const struct sample_memory *m = &snap->memory;
	double left_s = num_known(m->limit) && num_known(m->rss) && snap->rss_rate > 0
			? (double)(m->limit - m->rss) / snap->rss_rate : NAN;

	memory_begin(&l, "RSS", m->rss, snap->memory_delta.rss, &snap->rss, ctx);
	if (isfinite(snap->rss_rate)) {
		num_ssize((int64_t)(snap->rss_rate * 60), rate, sizeof(rate));
		line_put(&l, ATTR_PLAIN, "%7s/min  ", rate);
	}
	num_size(m->limit, limit, sizeof(limit));
	/* Further away than a month it is no forecast. */
	if (isfinite(left_s) && left_s > 0 && left_s < 30 * 86400.0)
		snprintf(both, sizeof(both), "%s, full ~%s", limit,
			 text_rough(left_s, full, sizeof(full)));
	else
		snprintf(both, sizeof(both), "%s", limit);
	put_figure(&l, "limit", both);
}

static void pss_draw(struct canvas *c, int row, const struct snapshot *snap,
		     const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct sample_memory *m = &snap->memory;

	memory_begin(&l, "PSS", m->pss, snap->memory_delta.pss, &snap->pss, ctx);
	put_size(&l, "USS", m->uss);
	put_size(&l, "VSZ", m->vsz);
	if (num_known(m->swap) && (m->swap > 0 || c->cols >= 100))
		put_size(&l, "swap", m->swap);
	put_count(&l, "threads", m->threads);
}

/* "312/700 4/10 7/10", as gc.get_count() and gc.get_threshold() */
static void put_generations(struct line *l, const struct sample_gc *gc)
{
	for (int i = 0; i < 3; i++) {
		const struct sample_generation *g = &gc->gen[i];

		if (num_known(g->count) && num_known(g->threshold))
			line_put(l, ATTR_PLAIN, "%lld/%lld ", (long long)g->count,
				 (long long)g->threshold);
	}
	line_put(l, ATTR_PLAIN, " ");
}

static void gc_draw(struct canvas *c, int row, const struct snapshot *snap,
		    const struct view_ctx *ctx)
{
	struct line l = line_begin(c, row);
	const struct sample_gc *gc = &snap->gc;
	char ago[TEXT];

	line_put(&l, ATTR_LABEL, "gc  ");
	if (!num_known(gc->enabled) || snap->seq == 0)
		return;
	if (!gc->enabled)
		line_put(&l, ATTR_NOTICE, "off  ");
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
	put_count(&l, "objects", snap->objects);
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

	line_put(&l, ATTR_LABEL, "self ");
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
}

const struct header_meter header_meters[HEADER_METERS] = {
	{"title", "who is watched, since when, the baseline, the clock", title_draw},
	{"RSS", "resident memory, its growth since the baseline, its rate", rss_draw},
	{"PSS", "RSS with shared pages counted in parts; USS: its own alone", pss_draw},
	{"gc", "count/threshold per generation; full collections", gc_draw},
	{"self", "what watching costs the target and this machine", self_draw},
};

void header_draw(struct canvas *c, int n, const struct snapshot *snap, const struct view_ctx *ctx)
{
	for (int i = 0; i < n && i < HEADER_METERS; i++)
		header_meters[i].draw(c, i, snap, ctx);
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
