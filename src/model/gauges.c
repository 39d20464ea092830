#include "config.h"
#include "model/gauges.h"

#include <math.h>

#include "util/clock.h"
#include "util/num.h"

#define HELD_NS (60 * CLOCK_NS_PER_S)
#define RSS_READINGS_MIN 3	/* fewer show the start of leaktop, not a trend */

#define MEMORY_FIGURES(X) X(rss) X(vsz) X(pss) X(uss) X(swap) X(limit) X(threads)
#define SERIES(X) X(rss) X(pss) X(pyheap) X(native) X(gen2) X(cpu)
#define COST_SUMS(X) X(stops) X(stopped_us) X(cpu_us)

static const struct sample_memory no_memory = {
#define X(figure) .figure = LT_UNKNOWN,
	MEMORY_FIGURES(X)
#undef X
};

static struct sample_gc no_gc(void)
{
	static const struct sample_generation none = {
		.objects = LT_UNKNOWN, .count = LT_UNKNOWN, .threshold = LT_UNKNOWN,
		.collections = LT_UNKNOWN, .collected = LT_UNKNOWN, .uncollectable = LT_UNKNOWN,
	};

	return (struct sample_gc){
		.enabled = LT_UNKNOWN, .frozen = LT_UNKNOWN, .garbage = LT_UNKNOWN,
		.gen = {none, none, none},
	};
}

void gauges_init(struct gauges *g)
{
	*g = (struct gauges){.memory = no_memory, .gc = no_gc(), .oom_score = LT_UNKNOWN};
	ledger_init(&g->ledger);
	teeth_init(&g->rss_teeth, LT_UNKNOWN);
	g->pss_ns = g->uss_ns = g->full_ns = g->start_ns = LT_UNKNOWN;
	g->full = g->full_count = LT_UNKNOWN;
	g->base.memory = g->first.memory = no_memory;
	g->base.full = g->first.full = LT_UNKNOWN;
#define X(figure) series_clear(g->figure);
	SERIES(X)
#undef X
}

/* v, or the last reading while it is not too old. */
static int64_t held(int64_t v, int64_t last, int64_t *read_ns, int64_t now_ns)
{
	if (num_known(v)) {
		*read_ns = now_ns;
		return v;
	}
	return num_known(*read_ns) && now_ns - *read_ns <= HELD_NS ? last : LT_UNKNOWN;
}

static void push_memory(struct gauges *g, const struct sample_memory *m, int64_t now_ns,
			const struct series_grid *grid)
{
	int64_t pss = held(m->pss, g->memory.pss, &g->pss_ns, now_ns);
	int64_t uss = held(m->uss, g->memory.uss, &g->uss_ns, now_ns);
	int slot;

	g->memory = *m;
	g->memory.pss = pss;
	g->memory.uss = uss;
	series_put(g->rss, grid, m->rss);
	series_put(g->pss, grid, pss);
	if (!num_known(m->rss))
		return;
	slot = rate_clock_mark(&g->rss_clock, now_ns);
	if (slot >= 0)
		g->rss_marks[slot] = m->rss;
	teeth_put(&g->rss_teeth, m->rss, grid->gap_ns);
	g->rss_ns = now_ns;
	g->n_rss++;
}

static void push_ledger(struct gauges *g, const struct sample_ledger *ledger, int64_t now_ns,
			const struct series_grid *grid)
{
	struct snapshot_ledger held;

	ledger_push(&g->ledger, ledger, now_ns);
	ledger_show(&g->ledger, now_ns, &held);
	series_put(g->pyheap, grid, ledger_pyheap(&held.now));
	series_put(g->native, grid, ledger_native(&held.now));
}

/* Counts rises only: a counter that fell has been reset, and what it lost is not known. */
static void push_gc(struct gauges *g, const struct sample_gc *gc, int64_t now_ns)
{
	int64_t count = gc->gen[2].collections;
	int64_t rise = num_delta(count, g->full_count);

	g->gc = *gc;
	if (!num_known(count))
		return;
	g->full_count = count;
	if (!num_known(g->full))
		g->full = 0;
	if (rise > 0) {
		if (__builtin_add_overflow(g->full, rise, &g->full))
			g->full = INT64_MAX;	/* a target may write any number there */
		g->full_ns = now_ns;
	}
}

static int64_t total_of(int64_t total, int64_t v)
{
	int64_t sum;

	if (!num_known(v))
		return total;
	return __builtin_add_overflow(total, v, &sum) ? INT64_MAX : sum;
}

static void push_cost(struct gauges *g, const struct sample_cost *cost)
{
	g->cost = *cost;
#define X(figure) g->cost_total.figure = total_of(g->cost_total.figure, cost->figure);
	COST_SUMS(X)
#undef X
	if (cost->pause_us > g->cost_total.pause_us)
		g->cost_total.pause_us = cost->pause_us;
	if (cost->longest_us > g->cost_total.longest_us)
		g->cost_total.longest_us = cost->longest_us;
}

/* What the base lacks is taken from the first reading after it. */
static void join_base(struct gauges_base *base, const struct gauges *g)
{
#define X(figure) \
	if (!num_known(base->memory.figure)) \
		base->memory.figure = g->memory.figure;
	MEMORY_FIGURES(X)
#undef X
	if (!num_known(base->full))
		base->full = g->full;
}

void gauges_push(struct gauges *g, const struct sample *s, int64_t now_ns,
		 const struct series_grid *grid, const struct series_step *step)
{
#define X(figure) series_follow(g->figure, step);
	SERIES(X)
#undef X
	push_memory(g, &s->memory, now_ns, grid);
	push_ledger(g, &s->ledger, now_ns, grid);
	g->oom_score = s->oom_score;
	push_gc(g, &s->gc, now_ns);
	push_cost(g, &s->cost);
	series_put(g->gen2, grid, s->gc.gen[2].count);
	series_put(g->cpu, grid, s->cost.cpu_us);
	if (!num_known(g->start_ns))
		g->start_ns = now_ns;
	g->now_ns = now_ns;
	join_base(&g->base, g);
	join_base(&g->first, g);
}

void gauges_rebase(struct gauges *g, double t)
{
	g->base = (struct gauges_base){.t = t, .memory = g->memory, .full = g->full};
	ledger_rebase(&g->ledger);
}

void gauges_rebase_as_first(struct gauges *g, double t)
{
	g->first = (struct gauges_base){.t = t, .memory = g->memory, .full = g->full};
	ledger_rebase_as_first(&g->ledger);
}

void gauges_rebase_first(struct gauges *g)
{
	g->base = g->first;
	ledger_rebase_first(&g->ledger);
}

static double rss_rate(const struct gauges *g, const struct series_grid *grid)
{
	struct rate_span span = rate_clock_span(&g->rss_clock, g->rss_ns, g->now_ns,
						rate_window_ns(grid->pace_ns));

	if (g->n_rss < RSS_READINGS_MIN)
		return NAN;
	return rate_over(&span, g->rss_marks, g->memory.rss);
}

/* Of the time watched. In its first second that is too short to divide by. */
static double cost_share(const struct gauges *g)
{
	double watched_s = (double)(g->now_ns - g->start_ns) / (double)CLOCK_NS_PER_S;

	return (double)g->cost_total.cpu_us / 1e6 / fmax(watched_s, 1);
}

void gauges_show(const struct gauges *g, const struct series_grid *grid, struct snapshot *ret)
{
	ret->base_t = g->base.t;
	ret->memory = g->memory;
#define X(figure) ret->memory_delta.figure = num_delta(g->memory.figure, g->base.memory.figure);
	MEMORY_FIGURES(X)
#undef X
	ledger_show(&g->ledger, g->now_ns, &ret->ledger);
	ret->oom_score = g->oom_score;
	ret->rss_rate = rss_rate(g, grid);
	ret->rss_late = teeth_late(&g->rss_teeth, grid->pace_ns);
#define X(figure) ret->figure = series_show(g->figure, grid);
	SERIES(X)
#undef X
	ret->gc = g->gc;
	ret->gc_full_since_base = num_delta(g->full, g->base.full);
	ret->gc_full_ago_s = num_known(g->full_ns)
		? (double)(g->now_ns - g->full_ns) / (double)CLOCK_NS_PER_S : NAN;
	ret->cost = g->cost;
	ret->cost_total = g->cost_total;
	ret->cost_share = num_known(g->start_ns) ? cost_share(g) : 0;
}
