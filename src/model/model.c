#include "config.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/epochs.h"
#include "model/filter.h"
#include "model/flatlines.h"
#include "model/gauges.h"
#include "model/ledger.h"
#include "model/order.h"
#include "model/rate.h"
#include "model/searches.h"
#include "model/series.h"
#include "model/trend.h"
#include "model/types.h"
#include "model/verdict.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define HOLD_SAMPLES 5
/* So many new objects bring a class of one's own to the top before there are words. */
#define OWN_LEAST 10

/* Keeps sums and doubled times inside 64 bits, whatever a recording says. */
#define MONO_MAX_NS (INT64_MAX / 8)

struct model {
	struct sample_target target;
	struct series_grid grid;
	struct gauges gauges;
	struct types types;
	struct rate_clock census_clock;
	struct epochs epochs;
	struct ratchet_rules rules;
	enum outcome_cause cause;	/* found by another judge */
	struct searches searches;
	const struct searches *told;	/* these, or another model's */
	struct growing growing;
	int64_t seen[SERIES_CELLS];	/* 0 in cells with a census: the past of level types */
	int64_t census_ns;		/* of the last one; LT_UNKNOWN none so far */
	bool base_asked;		/* by the user: the first census does not move it */
	struct filter filter;
	struct order order;
	enum order_step order_step;	/* due at the next snapshot */
	struct flatlines flatlines;
	struct snapshot_row *all, *rows;	/* owned, cap_rows each: by id, and as shown */
	struct verdict verdict;
	size_t cap_rows;
	struct snapshot snap;		/* parts live only here, the rest is filled when stale */
	bool stale;
};

struct model *model_new(const struct sample_target *target)
{
	struct model *m = MEM_NEW(struct model);

	m->target = *target;
	gauges_init(&m->gauges);
	series_clear(m->seen);
	m->census_ns = LT_UNKNOWN;
	epochs_init(&m->epochs);
	m->rules.confirm_ns = MODEL_CONFIRM_NS;
	m->snap.target = &m->target;
	m->snap.growing = &m->growing;
	m->told = &m->searches;
	m->snap.objects = LT_UNKNOWN;
	m->stale = true;
	return m;
}

void model_target(struct model *m, const struct sample_target *target)
{
	/* what held objects in another program says nothing of this one */
	if (strcmp(m->target.exe, target->exe) != 0 ||
	    strcmp(m->target.command, target->command) != 0) {
		searches_done(&m->searches);
		m->growing.n = 0;
	}
	m->target = *target;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	types_done(&m->types);
	filter_done(&m->filter);
	order_done(&m->order);
	flatlines_done(&m->flatlines);
	verdict_done(&m->verdict);
	searches_done(&m->searches);
	free(m->all);
	free(m->rows);
	free(m);
}

static void match_types(struct model *m, size_t from)
{
	for (size_t i = from; i < m->types.n; i++)
		m->types.v[i].matches = filter_shows(&m->filter, m->types.v[i].name);
}

/* The first sample is the baseline until the first census is: memory grows without one, too. */
static void start_base(struct model *m, double t)
{
	gauges_rebase_as_first(&m->gauges, t);
	if (!m->base_asked)
		gauges_rebase_first(&m->gauges);
}

static struct epochs_move step_epochs(struct model *m, const struct sample *s)
{
	struct epochs_gc gc = {
		.collections = s->gc.gen[2].collections,
		.off = s->gc.enabled == 0,
		.uptime_s = m->target.start_wall_s > 0 ? s->t - m->target.start_wall_s : NAN,
	};

	return epochs_step(&m->epochs, m->grid.last_ns, &gc);
}

static void count_types(struct model *m, const struct sample *s)
{
	struct epochs_move move = step_epochs(m, s);
	struct types_round round = {
		.grid = &m->grid,
		.seen = m->seen,
		.now_ns = m->grid.last_ns,
		.epochs = &m->epochs,
		.move = &move,
		.rules = &m->rules,
		.mark = rate_clock_mark(&m->census_clock, m->grid.last_ns),
		.first = !num_known(m->census_ns),
	};
	size_t known = m->types.n;

	types_begin(&m->types);
	for (size_t i = 0; i < s->n_types; i++)
		types_add(&m->types, &s->types[i]);
	types_settle(&m->types, &round);
	match_types(m, known);
	series_put(m->seen, &m->grid, 0);
	if (round.first)
		start_base(m, s->t);
	m->census_ns = m->grid.last_ns;
	m->snap.census_t = s->t;
	m->order_step = m->snap.order_held ? ORDER_HELD : ORDER_REFRESH;
}

/* What was counted in another way is no past of what comes: the types begin anew. */
static void count_anew(struct model *m)
{
	types_done(&m->types);
	order_forget(&m->order);
	epochs_init(&m->epochs);
	series_clear(m->seen);
	m->census_ns = LT_UNKNOWN;
	m->base_asked = false;
}

void model_push(struct model *m, const struct sample *s)
{
	int64_t now_ns = s->mono_ns < 0 ? 0 : s->mono_ns > MONO_MAX_NS ? MONO_MAX_NS : s->mono_ns;
	struct series_step step = series_grid_step(&m->grid, now_ns);

	gauges_push(&m->gauges, s, m->grid.last_ns, &m->grid, &step);
	types_follow(&m->types, &step);
	series_follow(m->seen, &step);
	if (m->snap.samples == 0)
		start_base(m, s->t);
	if (s->census && s->way.changed)
		count_anew(m);
	if (s->census)
		count_types(m, s);
	else
		m->snap.gaps++;
	if (m->snap.order_held)
		m->snap.order_held--;
	m->snap.samples++;
	m->snap.t = s->t;
	m->snap.mono_ns = s->mono_ns;
	m->snap.pss_read = num_known(s->memory.pss);
	m->snap.ledger_read = num_known(s->ledger.other);
	m->snap.seq = s->seq;
	m->snap.objects = s->objects;
	m->snap.census = s->census;
	if (s->census)
		m->snap.way = s->way;
	m->snap.why = s->why;
	m->stale = true;
}

/* The rows stay where they are: a new baseline changes every figure but no one's rank at once. */
static void rebased(struct model *m)
{
	m->order_step = ORDER_HELD;
	m->stale = true;
}

void model_baseline_now(struct model *m)
{
	if (m->snap.samples == 0)
		return;
	m->base_asked = true;
	gauges_rebase(&m->gauges, m->snap.t);
	epochs_rebase(&m->epochs);
	types_rebase(&m->types, &m->epochs);
	rebased(m);
}

void model_baseline_first(struct model *m)
{
	m->base_asked = false;
	gauges_rebase_first(&m->gauges);
	types_rebase_first(&m->types);
	rebased(m);
}

void model_ended(struct model *m, double t)
{
	m->snap.ended = true;
	m->snap.ended_t = t;
}

void model_confirm(struct model *m, int64_t confirm_ns)
{
	m->rules.confirm_ns = confirm_ns;
}

void model_cause(struct model *m, enum outcome_cause cause)
{
	m->cause = cause;
	m->stale = true;
}

void model_holding(struct model *m, const struct holding *found)
{
	searches_put(&m->searches, found);
	m->stale = true;
}

void model_share_searches(struct model *m, const struct model *of)
{
	m->told = &of->searches;
	m->stale = true;
}

void model_lengths(struct model *m, const char *type, const int64_t *lengths, size_t n,
		   int64_t mono_ns)
{
	searches_lengths(&m->searches, type, lengths, n, mono_ns);
	m->stale = true;
}

void model_growing(struct model *m, const struct growing *found)
{
	m->growing = *found;
}

void model_searching(struct model *m, const struct holding_search *now)
{
	m->searches.now = now ? *now : (struct holding_search){0};
	m->snap.searching = m->searches.now;
}

const char *model_wants_search(struct model *m, int64_t mono_ns, bool last)
{
	return searches_next(&m->searches, model_snapshot(m), mono_ns, last);
}

void model_sort(struct model *m, enum snapshot_sort key, bool reversed)
{
	order_by(&m->order, key, reversed);
	m->snap.order_held = 0;
	m->stale = true;
}

bool model_filter(struct model *m, const char *re, char *msg, size_t size)
{
	if (!filter_set(&m->filter, re, msg, size))
		return false;
	match_types(m, 0);
	m->stale = true;
	return true;
}

void model_hide_flat(struct model *m, bool hide)
{
	m->snap.hide_flat = hide;
	m->stale = true;
}

void model_hold_order(struct model *m)
{
	m->snap.order_held = HOLD_SAMPLES;
	m->order_step = ORDER_HELD;	/* also for a sample that has not been looked at */
}

static void make_room(struct model *m)
{
	if (m->types.n <= m->cap_rows && m->rows)
		return;
	m->cap_rows = m->types.cap;
	free(m->all);
	free(m->rows);
	m->all = mem_array(m->cap_rows, sizeof(*m->all));
	m->rows = mem_array(m->cap_rows, sizeof(*m->rows));
}

static const int64_t *trend_of(struct model *m, const struct type *type)
{
	return type->history ? type->history->cells
			     : flatlines_get(&m->flatlines, type->count, m->seen);
}

static void fill_verdict(const struct model *m, const struct type *type, struct snapshot_row *row)
{
	row->word = ratchet_level(&m->epochs);
	row->quiet_s = NAN;
	row->head = row->id;
	row->group_n = 1;
	if (!type->history)
		return;
	row->word = (enum ratchet_word)type->history->ratchet.word;
	row->reason = type->history->ratchet.reason;
	if (row->word <= RATCHET_GROWING ||
	    (row->word == RATCHET_EARLY && row->count_delta >= OWN_LEAST)) {
		row->own = verdict_is_own(row->name);
		row->part = verdict_is_part(row->name);
	}
	if (row->word == RATCHET_HOLD)
		row->quiet_s = ratchet_quiet_s(&type->history->ratchet, &m->epochs);
}

static struct snapshot_row row_of(struct model *m, size_t id, const struct rate_span *span)
{
	const struct type *type = &m->types.v[id];
	const int64_t *marks = type->history ? type->history->marks : NULL;
	int64_t rose_ns = type->rose_ns;
	struct snapshot_row row = {
		.id = (uint32_t)id,
		.name = type->name,
		.count = type->count,
		.bytes = type->bytes,
		.count_delta = num_delta(type->count, type->base_count),
		.bytes_delta = num_delta(type->bytes, type->base_bytes),
		.rate = rate_over(span, marks, type->count),
		.grew_ago_s = num_known(rose_ns)
			? (double)(m->grid.last_ns - rose_ns) / (double)CLOCK_NS_PER_S : NAN,
		.flat = type->count == type->base_count,
		.trend = series_show(trend_of(m, type), &m->grid),
	};

	fill_verdict(m, type, &row);
	return row;
}

static size_t fill_all(struct model *m)
{
	struct rate_span span = {.slot = -1};
	size_t n = 0;

	if (num_known(m->census_ns))
		span = rate_clock_span(&m->census_clock, m->census_ns, m->grid.last_ns,
				       rate_window_ns(m->grid.pace_ns));
	flatlines_reset(&m->flatlines, m->types.n);
	m->snap.n_types = m->snap.n_flat = 0;
	for (size_t i = 0; i < m->types.n; i++) {
		const struct type *type = &m->types.v[i];

		if (type->count > 0) {
			m->snap.n_types++;
			m->snap.n_flat += type->count == type->base_count;
		}
		if (type->listed)
			m->all[n++] = row_of(m, i, &span);
	}
	return n;
}

static void fill_rows(struct model *m)
{
	bool by_verdict = m->order.sort == SORT_VERDICT && !m->order.reversed;
	size_t n;
	const uint32_t *order;

	make_room(m);
	n = fill_all(m);
	order = order_rows(&m->order, m->all, n, m->order_step);
	m->order_step = ORDER_KEEP;
	m->snap.n_listed = n;
	m->snap.all = m->all;
	m->snap.n_rows = 0;
	verdict_begin(&m->verdict, &m->types, &m->epochs, m->told);
	for (size_t i = 0; i < n; i++) {
		struct snapshot_row *row = &m->all[order[i]];

		verdict_add(&m->verdict, row, m->types.v[row->id].matches);
	}
	verdict_end(&m->verdict, by_verdict, &m->snap.verdict);
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_row *row = &m->all[order[i]];

		if (m->types.v[row->id].matches && !(m->snap.hide_flat && row->flat))
			m->rows[m->snap.n_rows++] = *row;
	}
	if (by_verdict)
		verdict_gather(&m->verdict, m->rows, m->snap.n_rows);
	m->snap.rows = m->rows;
}

/* The suspect to tell first is garbage that only the collector can free. */
static bool is_cycle(const struct model *m)
{
	const struct outcome *v = &m->snap.verdict;
	const struct holding *h;

	if (!v->n_suspects)
		return false;
	h = snapshot_holding(&m->snap, v->suspects[0].name);
	return h && h->code == LT_OK && holding_is_cyclic(h);
}

static enum outcome_cause other_cause(const struct model *m)
{
	return m->cause == CAUSE_NONE && is_cycle(m) ? CAUSE_CYCLE : m->cause;
}

static void fill_cause(struct model *m)
{
	struct ledger_growth growth;
	enum outcome_cause other = other_cause(m);

	m->snap.rss_goes_on = trend_goes_on(&m->snap.rss, m->snap.rss_late);
	m->snap.rss_slows = trend_slows(&m->snap.rss);
	ledger_growth(&m->snap, &growth);
	verdict_cause(&m->snap.verdict, other != CAUSE_NONE ? other : ledger_cause(&growth));
}

const struct snapshot *model_snapshot(struct model *m)
{
	/* what is another's may have changed without a word */
	if (!m->stale && m->told == &m->searches)
		return &m->snap;
	gauges_show(&m->gauges, &m->grid, &m->snap);
	searches_show(m->told, &m->snap);
	fill_rows(m);
	fill_cause(m);
	m->snap.confirm_ns = m->rules.confirm_ns;
	m->snap.sort = m->order.sort;
	m->snap.sort_reversed = m->order.reversed;
	m->snap.filter = filter_text(&m->filter);
	m->stale = false;
	return &m->snap;
}
