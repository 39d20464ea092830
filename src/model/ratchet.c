#include "config.h"
#include "model/ratchet.h"

#include <math.h>
#include <string.h>

#include "model/judge.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define GAP RATCHET_GAP

#define STALL_EPOCHS 6
#define STALL_GAPS 1.5

#define EQUAL_JUDGEMENTS 3

const char *ratchet_word_text(enum ratchet_word word)
{
	static const char *const words[] = {
#define X(id, word) word,
		RATCHET_WORDS(X)
#undef X
	};

	return words[word];
}

static int32_t from_origin(const struct ratchet *r, int64_t count)
{
	int64_t d = count - r->origin;	/* counts are never below 0 */

	return d > INT32_MAX ? INT32_MAX : d < -INT32_MAX ? -INT32_MAX : (int32_t)d;
}

void ratchet_init(struct ratchet *r, const struct epochs *e, int64_t count)
{
	*r = (struct ratchet){
		.begun = true, .origin = count, .span_ns = e->watched_ns, .top_ns = 0,
		.suspect_ns = LT_UNKNOWN, .word = RATCHET_EARLY, .next = RATCHET_EARLY,
	};
	for (int k = 0; k < EPOCHS_RINGS; k++)
		for (int i = 0; i < EPOCHS; i++)
			r->lo[k][i] = r->hi[k][i] = e->line[k].counted[i] ? 0 : GAP;
	/* The latest census is another count, which ratchet_put() brings. */
	for (int k = 0; k < EPOCHS_RINGS; k++)
		if (e->line[k].opened)
			r->lo[k][e->line[k].n - 1] = r->hi[k][e->line[k].n - 1] = GAP;
}

static void merge_pairs(int32_t *v, bool highest)
{
	for (int i = 0; i < EPOCHS / 2; i++) {
		int32_t a = v[2 * i], b = v[2 * i + 1];

		if (a == GAP || b == GAP)
			v[i] = a == GAP ? b : a;
		else
			v[i] = (a < b) == highest ? b : a;
	}
	for (int i = EPOCHS / 2; i < EPOCHS; i++)
		v[i] = GAP;
}

static void shift_down(int32_t *v, int by)
{
	for (int i = 0; i < EPOCHS; i++)
		v[i] = i + by < EPOCHS ? v[i + by] : GAP;
}

void ratchet_follow(struct ratchet *r, const struct epochs_move *move)
{
	for (int k = 0; k < EPOCHS_RINGS; k++) {
		if (move->shift[k]) {
			shift_down(r->lo[k], move->shift[k]);
			shift_down(r->hi[k], move->shift[k]);
		}
		/* Four merges bring sixteen epochs into one. */
		for (int i = 0; i < move->merges[k] && i <= 4; i++) {
			merge_pairs(r->lo[k], false);
			merge_pairs(r->hi[k], true);
		}
	}
}

static void put_in_rings(struct ratchet *r, const struct epochs *e, int32_t v)
{
	for (int k = 0; k < EPOCHS_RINGS; k++) {
		int32_t *lo = &r->lo[k][e->line[k].n - 1], *hi = &r->hi[k][e->line[k].n - 1];

		*lo = *lo == GAP || v < *lo ? v : *lo;
		*hi = *hi == GAP || v > *hi ? v : *hi;
	}
}

/* ---- the tracker ------------------------------------------------------------------------ */

static double first_floor(const struct ratchet *r, const struct epochs *e, int ring)
{
	for (int i = 0; i < e->line[ring].n; i++)
		if (r->lo[ring][i] != GAP)
			return r->lo[ring][i];
	return 0;
}

enum ratchet_word ratchet_level(const struct epochs *e)
{
	return epochs_counted(e) < JUDGE_FLOORS ? RATCHET_EARLY : RATCHET_FLAT;
}

double ratchet_quiet_s(const struct ratchet *r, const struct epochs *e)
{
	return (double)(e->watched_ns - r->top_ns) / (double)CLOCK_NS_PER_S;
}

static void prove(struct ratchet *r, const struct epochs *e, int32_t floor)
{
	double lately = (double)r->top - first_floor(r, e, EPOCHS_FAST);
	/* After a rest a rise must make up for some of it: noise on a plateau does not. */
	double due = 0.1 * (double)r->slope * ratchet_quiet_s(r, e);
	double eps = fmax(1, fmax(0.02 * lately, due));

	if (floor >= (double)r->top + eps) {
		/* Before the first rise there is no gap between two. */
		if (r->rises++)
			r->gaps_s[(r->rises - 2) % RATCHET_GAPS] = (float)ratchet_quiet_s(r, e);
		r->top = floor;
		r->top_ns = e->watched_ns;
	} else if (floor < ((double)r->top + (double)r->bottom) / 2 - eps) {
		r->top = r->bottom = floor;	/* it fell back: the next rise begins here */
	}
}

static void track(struct ratchet *r, const struct epochs *e, const struct epochs_move *move,
		  int32_t v)
{
	int64_t width_ns = e->line[EPOCHS_FAST].width_ns;

	if (e->line[EPOCHS_BASE].width_ns < width_ns)
		width_ns = e->line[EPOCHS_BASE].width_ns;
	if (v < r->least)
		r->least = v;
	if (move->full && !r->span_full) {	/* the trough: what is lower is longer ago */
		r->span_full = true;
		r->span_ns = e->watched_ns;
		r->least = v;
	}
	if (e->watched_ns - r->span_ns < width_ns || (!r->span_full && epochs_full_due(e)))
		return;
	prove(r, e, r->least);
	r->span_ns = e->watched_ns;
	r->span_full = false;
	r->least = v;
}

static double longest_gap_s(const struct ratchet *r)
{
	double longest = 0;

	for (uint32_t i = 0; i + 1 < r->rises && i < RATCHET_GAPS; i++)
		longest = fmax(longest, (double)r->gaps_s[i]);
	return longest;
}

/* ---- the word --------------------------------------------------------------------------- */

/* Sorting within a word: upwards, often, straight, and not long ago. */
static float score_of(const struct judge_opinion *o, double quiet_s, double stall_s)
{
	const struct floors_facts *f = &o->facts;
	double fresh = fmax(0, 1 - quiet_s / stall_s);
	double product = fmax(0, fmin(1, f->direction)) * fmin(1, f->records / 8.0) *
			 fmax(0, fmin(1, f->bend)) * fresh;

	return (float)(100 * sqrt(sqrt(product)));
}

static bool rising(enum ratchet_word word)
{
	return word == RATCHET_SUSPECT || word == RATCHET_GROWING;
}

/* A collector that is off and was never seen to run frees nothing: no proof will come. */
static bool collector_proves(const struct epochs *e)
{
	return epochs_full(&e->line[EPOCHS_BASE]) >= JUDGE_TROUGHS || (e->gc_off && e->full == 0);
}

/* A suspect that lasts is a leak. The time runs while it does not fall below growing. */
static void confirm(struct ratchet *r, const struct epochs *e, const struct ratchet_rules *rules,
		    struct judge_opinion *o)
{
	double least_s = fmin(JUDGE_LONG_S, (double)rules->confirm_ns / CLOCK_NS_PER_S / 5);

	if (!rising(o->word)) {
		r->suspect_ns = LT_UNKNOWN;
		return;
	}
	if (o->word != RATCHET_SUSPECT)
		return;
	if (!num_known(r->suspect_ns) && o->facts.span_s >= least_s)
		r->suspect_ns = e->watched_ns;
	if (!collector_proves(e))
		o->note = RATCHET_UNPROVEN;
	else if (!num_known(r->suspect_ns) || e->watched_ns - r->suspect_ns < rules->confirm_ns)
		o->note = RATCHET_UNCONFIRMED;
	else
		o->word = RATCHET_LEAK;
}

static void show(struct ratchet *r, const struct judge_opinion *o)
{
	r->times = o->word == r->next ? r->times + (r->times < UINT8_MAX) : 1;
	r->next = (uint8_t)o->word;
	/* The first word need not wait: there is nothing to be withdrawn. A strong one does. */
	if (r->times >= EQUAL_JUDGEMENTS || (r->word == RATCHET_EARLY && o->word > RATCHET_GROWING))
		r->word = r->next;
}

static void explain(struct ratchet *r, const struct judge_opinion *o, double quiet_s,
		    double stall_s)
{
	r->reason = (struct ratchet_reason){
		.note = o->note,
		.epochs = o->floors,
		.records = o->facts.records,
		.full = o->full,
		.bend = (float)o->facts.bend,
		.rest_s = (float)longest_gap_s(r),
		.score = score_of(o, quiet_s, stall_s),
	};
}

/* The session says it rests, or says too little, and the last minutes say that it rises. */
static bool fast_knows_better(const struct judge_opinion *base, const struct judge_opinion *fast)
{
	switch (base->word) {
	case RATCHET_EARLY:
		return fast->word != RATCHET_EARLY;
	case RATCHET_FLAT:
	case RATCHET_HOLD:
		return rising(fast->word);
	case RATCHET_CHURN:	/* hours of rest, then a leak: no line yet, but no way down */
		return rising(fast->word) && base->facts.direction >= JUDGE_UPWARDS;
	case RATCHET_GROWING:
		return fast->word == RATCHET_SUSPECT && base->note != RATCHET_SLOWING;
	default:
		return false;
	}
}

/* A rest that is longer than this is no pause between two rises. */
static double longest_rest_s(const struct ratchet *r, const struct epochs *e)
{
	double width_s = (double)e->line[EPOCHS_FAST].width_ns / (double)CLOCK_NS_PER_S;
	double rest_s = fmax(STALL_EPOCHS * width_s, STALL_GAPS * longest_gap_s(r));

	/* Until a collection that is due has run nothing is proved, no rise either. */
	return epochs_full_due(e) ? fmax(rest_s, STALL_GAPS * epochs_full_every_s(e)) : rest_s;
}

static void judge(struct ratchet *r, const struct epochs *e, int64_t count, int64_t bytes,
		  const struct ratchet_rules *rules)
{
	double object_bytes = num_known(bytes) && count > 0 ? (double)bytes / (double)count : 0;
	struct judge_opinion base = {0}, fast = {0}, *o = &base;
	double quiet_s = ratchet_quiet_s(r, e), stall_s;

	judge_ring(r, e, EPOCHS_BASE, object_bytes, &base);
	judge_ring(r, e, EPOCHS_FAST, object_bytes, &fast);
	stall_s = longest_rest_s(r, e);
	if (fast_knows_better(&base, &fast))
		o = &fast;
	if (rising(o->word) && quiet_s > stall_s) {
		o->word = RATCHET_HOLD;
		o->note = RATCHET_PLAIN;
	}
	r->slope = base.word == RATCHET_EARLY ? 0 : (float)base.facts.slope;
	confirm(r, e, rules, o);
	explain(r, o, quiet_s, stall_s);
	show(r, o);
}

void ratchet_put(struct ratchet *r, const struct epochs *e, const struct epochs_move *move,
		 int64_t count, int64_t bytes, const struct ratchet_rules *rules)
{
	int32_t v = from_origin(r, count);

	teeth_put(&r->teeth, v, e->gap_ns);
	put_in_rings(r, e, v);
	track(r, e, move, v);
	if (move->judge)
		judge(r, e, count, bytes, rules);
}

void ratchet_rebase(struct ratchet *r, const struct epochs *e, int64_t count)
{
	int32_t v = from_origin(r, count);

	for (int i = 0; i < EPOCHS; i++)
		r->lo[EPOCHS_BASE][i] = r->hi[EPOCHS_BASE][i] =
			e->line[EPOCHS_BASE].counted[i] ? v : GAP;
}

void ratchet_floors(const struct ratchet *r, const struct epochs *e, struct floors *ret)
{
	judge_floors(r, e, EPOCHS_BASE, ret);
}
