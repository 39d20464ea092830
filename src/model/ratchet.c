#include "config.h"
#include "model/ratchet.h"

#include <math.h>
#include <string.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define GAP INT32_MIN

#define FLOORS_LEAST 6		/* fewer say nothing; troughs of full collections may be 3 */
#define TROUGHS 3		/* full collections in sight from which floors are joined by them */

/* Material: this many objects and this share, or this many bytes and half as many objects. */
#define OBJECTS_LEAST 50
#define SHARE_LEAST 0.002
#define BYTES_LEAST 65536
#define CHURN_SHARE 0.02

#define NOISE_LINE 4.0		/* below so many times the noise the line says nothing */
#define NOISE_ENDS 6.0

#define REST_EPOCHS 1.6		/* no new floor for longer than this, and than */
#define REST_GAPS 3.0		/* so many times the usual: it holds */
#define KEPT 0.75		/* of the growth, by every floor since: no noise does that */
#define STALL_EPOCHS 6
#define STALL_GAPS 1.5

#define EQUAL_JUDGEMENTS 3

/* What a suspect must show. Below two minutes a warm-up is still nearly straight. */
struct bar {
	double span_s;		/* from here on */
	int floors, records;
	double records_share;	/* of the floors that can be new */
	double direction, bend, lines;	/* lines: gain of the line over its noise */
};

static const struct bar bars[] = {
	{120, 6, 5, 0, 0.6, 0.5, 5},
	{14, 7, 5, 0.75, 0.9, 0.88, 12},
};
/* Troughs of full collections are few, but each of them is proved: all must rise. */
static const struct bar trough_bars[] = {
	{120, 4, 3, 1, 0.9, 0.5, 5},
	{14, 4, 3, 1, 0.9, 0.88, 12},
};
#define BEND_SETTLED 0.15
#define BEND_GROWS 0.5

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
	return epochs_counted(e) < FLOORS_LEAST ? RATCHET_EARLY : RATCHET_FLAT;
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

/* ---- one ring --------------------------------------------------------------------------- */

struct view {				/* a ring as it is judged */
	struct floors floors;
	int full;			/* full collections in them */
	bool joined;			/* each floor reaches to one */
	double lowest, highest;		/* counts in its epochs */
	double width_s;
};

/* The open epoch is looked at when it is half over: its least may still be to come. */
static int closed_epochs(const struct epochs *e, const struct epochs_line *line)
{
	int64_t open_ns = line->start_ns + (line->n - 1) * line->width_ns;

	return line->n > 0 && e->now_ns - open_ns < line->width_ns / 2 ? line->n - 1 : line->n;
}

static double middle_s(const struct epochs_line *line, int i)
{
	return (i + 0.5) * (double)line->width_ns / (double)CLOCK_NS_PER_S;
}

struct span {				/* epochs that make one floor */
	int known, full;
	int32_t least;
	int at;				/* the epoch of the least */
};

static void close_span(struct view *v, struct span *s, const struct epochs_line *line)
{
	if (s->known) {
		v->floors.at_s[v->floors.n] = middle_s(line, s->at);
		v->floors.floor[v->floors.n++] = s->least;
		v->full += s->full;
	}
	*s = (struct span){0};
}

/*
 * The floors of a ring. joined: each reaches to the next full collection, so that it holds a
 * trough. proven: what came after the last full collection is left out.
 */
static void look(const struct ratchet *r, const struct epochs *e, int ring, bool joined, bool proven,
		 struct view *ret)
{
	const struct epochs_line *line = &e->line[ring];
	int n = closed_epochs(e, line), last_full = -1;
	struct span s = {0};

	*ret = (struct view){
		.width_s = (double)line->width_ns / (double)CLOCK_NS_PER_S,
		.joined = joined, .lowest = INFINITY, .highest = -INFINITY,
	};
	for (int i = 0; i < n; i++)
		if (line->full[i])
			last_full = i;
	if (proven)
		n = last_full + 1;
	for (int i = 0; i < n; i++) {
		int32_t lo = r->lo[ring][i];

		s.full += line->full[i];
		if (lo != GAP) {
			if (!s.known++ || lo <= s.least) {
				s.least = lo;
				s.at = i;
			}
			ret->lowest = fmin(ret->lowest, lo);
			ret->highest = fmax(ret->highest, r->hi[ring][i]);
		}
		if (s.known && (!joined || s.full))
			close_span(ret, &s, line);
	}
	if (joined && !proven)
		close_span(ret, &s, line);
}

struct measure {			/* what is much for this type */
	double objects, object_bytes, first;
};

static bool is_material(const struct measure *m, double gain)
{
	if (gain >= m->objects)
		return true;
	return gain >= m->objects / 2 && gain * m->object_bytes >= BYTES_LEAST;
}

/* bar: two of them, for long spans and for short ones. */
static bool clears(const struct bar *bar, const struct view *v, const struct floors_facts *f)
{
	if (f->span_s < bar->span_s)
		bar++;
	return f->span_s >= bar->span_s && v->floors.n >= bar->floors &&
	       f->records >= bar->records &&
	       f->records >= bar->records_share * (v->floors.n - 1) &&
	       f->direction >= bar->direction && f->bend >= bar->bend &&
	       f->fit_gain >= bar->lines * f->noise;
}

static bool is_suspect(const struct view *v, const struct floors_facts *f)
{
	return clears(bars, v, f) || (v->joined && clears(trough_bars, v, f));
}

static enum ratchet_word calm_word(const struct view *v, const struct floors_facts *f,
				   const struct measure *m)
{
	double first = m->first + v->floors.floor[0];

	if (f->gain < -m->objects && f->direction < -0.3)
		return RATCHET_SHRINK;
	return v->highest - v->lowest > fmax(m->objects, CHURN_SHARE * first) ? RATCHET_CHURN : RATCHET_FLAT;
}

static enum ratchet_word word_of(const struct view *v, const struct floors_facts *f,
				 const struct measure *m, enum ratchet_note *note)
{
	bool rests;

	*note = RATCHET_PLAIN;
	if (!is_material(m, f->gain))
		return calm_word(v, f, m);
	rests = f->age_s > fmax(REST_EPOCHS * v->width_s, REST_GAPS * f->gap_s);
	if (rests && f->kept >= KEPT)
		return RATCHET_HOLD;
	if (f->fit_gain < NOISE_LINE * f->noise && f->gain < NOISE_ENDS * f->noise)
		return RATCHET_CHURN;
	if (rests)
		return RATCHET_HOLD;
	*note = f->bend < BEND_GROWS ? RATCHET_SLOWING : RATCHET_PLAIN;
	return f->bend >= BEND_SETTLED && is_suspect(v, f) ? RATCHET_SUSPECT : RATCHET_GROWING;
}

struct opinion {
	enum ratchet_word word;
	enum ratchet_note note;
	struct view view;
	struct floors_facts facts;
};

static bool enough(const struct view *v, bool joined)
{
	return v->floors.n >= (joined ? TROUGHS : FLOORS_LEAST);
}

static void judge_ring(const struct ratchet *r, const struct epochs *e, int ring,
		       struct measure *m, struct opinion *ret)
{
	bool joined = epochs_full(&e->line[ring]) >= TROUGHS, due = epochs_full_due(e);
	struct floors_facts facts;
	enum ratchet_note note;
	struct view view;

	ret->word = RATCHET_EARLY;
	ret->note = RATCHET_PLAIN;
	look(r, e, ring, joined, joined && due, &ret->view);
	if (!enough(&ret->view, joined))
		return;
	m->first = (double)r->origin;
	m->objects = fmax(OBJECTS_LEAST, SHARE_LEAST * (m->first + ret->view.floors.floor[0]));
	floors_judge(&ret->view.floors, &ret->facts);
	ret->word = word_of(&ret->view, &ret->facts, m, &ret->note);
	if (ret->word != RATCHET_SUSPECT || joined || !due)
		return;
	/* What grew since the last full collection may be garbage: without it, still a suspect? */
	look(r, e, ring, false, true, &view);
	if (enough(&view, false)) {
		floors_judge(&view.floors, &facts);
		if (word_of(&view, &facts, m, &note) == RATCHET_SUSPECT)
			return;
	}
	ret->word = RATCHET_GROWING;
	ret->note = RATCHET_AWAITS;
}

/* ---- the word --------------------------------------------------------------------------- */

/* Sorting within a word: upwards, often, straight, and not long ago. */
static float score_of(const struct opinion *o, double quiet_s, double stall_s)
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

/* A collector that is off and was never seen to run frees nothing: there is no proof to wait for. */
static bool collector_proves(const struct epochs *e)
{
	return epochs_full(&e->line[EPOCHS_BASE]) >= TROUGHS || (e->gc_off && e->full == 0);
}

/* A suspect that lasts is a leak. The time runs while it does not fall below growing. */
static void confirm(struct ratchet *r, const struct epochs *e, const struct ratchet_rules *rules,
		    struct opinion *o)
{
	double least_s = fmin(bars[0].span_s, (double)rules->confirm_ns / CLOCK_NS_PER_S / 5);

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

static void show(struct ratchet *r, const struct opinion *o)
{
	r->times = o->word == r->next ? r->times + (r->times < UINT8_MAX) : 1;
	r->next = (uint8_t)o->word;
	/* The first word need not wait: there is nothing to be withdrawn. A strong one does. */
	if (r->times >= EQUAL_JUDGEMENTS || (r->word == RATCHET_EARLY && o->word > RATCHET_GROWING))
		r->word = r->next;
}

static void explain(struct ratchet *r, const struct opinion *o, double quiet_s, double stall_s)
{
	r->reason = (struct ratchet_reason){
		.note = o->note,
		.epochs = o->view.floors.n,
		.records = o->facts.records,
		.full = o->view.full,
		.bend = (float)o->facts.bend,
		.rest_s = (float)longest_gap_s(r),
		.score = score_of(o, quiet_s, stall_s),
	};
}

/* The session says it rests, or says too little, and the last minutes say that it rises. */
static bool fast_knows_better(const struct opinion *base, const struct opinion *fast)
{
	switch (base->word) {
	case RATCHET_EARLY:
		return fast->word != RATCHET_EARLY;
	case RATCHET_FLAT:
	case RATCHET_HOLD:
		return rising(fast->word);
	case RATCHET_CHURN:	/* hours of rest, then a leak: no line yet, but no way down */
		return rising(fast->word) && base->facts.direction >= bars[0].direction;
	case RATCHET_GROWING:
		return fast->word == RATCHET_SUSPECT && base->note == RATCHET_PLAIN;
	default:
		return false;
	}
}

static void judge(struct ratchet *r, const struct epochs *e, int64_t count, int64_t bytes,
		  const struct ratchet_rules *rules)
{
	struct measure m = {.object_bytes = 0};
	struct opinion base = {0}, fast = {0}, *o = &base;
	double quiet_s = ratchet_quiet_s(r, e), stall_s;

	if (num_known(bytes) && count > 0)
		m.object_bytes = (double)bytes / (double)count;
	judge_ring(r, e, EPOCHS_BASE, &m, &base);
	judge_ring(r, e, EPOCHS_FAST, &m, &fast);
	stall_s = fmax(STALL_EPOCHS * fast.view.width_s, STALL_GAPS * longest_gap_s(r));
	if (epochs_full_due(e))		/* until it has run nothing is proved, no rise either */
		stall_s = fmax(stall_s, STALL_GAPS * epochs_full_every_s(e));
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
	struct view v;

	look(r, e, EPOCHS_BASE, false, false, &v);
	*ret = v.floors;
}
