#include "config.h"
#include "model/judge.h"

#include <math.h>

#include "util/clock.h"

/* Material: this many objects and this share, or this many bytes and half as many objects. */
#define OBJECTS_LEAST 50
#define SHARE_LEAST 0.002
#define BYTES_LEAST 65536
#define CHURN_SHARE 0.02

#define NOISE_LINE 4.0		/* below so many times the noise the line says nothing */
#define NOISE_ENDS 6.0

#define REST_EPOCHS 1.6		/* no new floor for longer than this, and than */
#define REST_GAPS 3.0		/* so many times the usual: it holds */
#define SWING_SHARE 0.25	/* of the whole swing: what a floor must gain to hold it */
#define KEPT 0.75		/* of the growth, by every floor since: no noise does that */

/* What a suspect must show. Below two minutes a warm-up is still nearly straight. */
struct bar {
	double span_s;		/* from here on */
	int floors, records;
	double records_share;	/* of the floors that can be new */
	double direction, bend, lines;	/* lines: gain of the line over its noise */
	double chance;		/* bend given away, over the root of the gain: see clears() */
	double kept;		/* and to what is called suspect already */
};

static const struct bar bars[] = {
	{JUDGE_LONG_S, 6, 5, 0, JUDGE_UPWARDS, 0.5, 5, 0, 0},
	{14, 7, 5, 0.75, 0.9, 0.92, 12, 1.2, 0.12},
};
/* Troughs of full collections are few, but each of them is proved: all must rise. */
static const struct bar trough_bars[] = {
	{JUDGE_LONG_S, 4, 3, 1, 0.9, 0.5, 5, 0, 0},
	{14, 4, 3, 1, 0.9, 0.92, 12, 1.2, 0.12},
};
#define BEND_SETTLED 0.15
#define BEND_GROWS 0.5

struct view {				/* a ring as it is judged */
	struct floors floors;
	int full;			/* full collections in them */
	bool joined;			/* each floor reaches to one */
	bool suspected;			/* its word is suspect now */
	double lowest, highest;		/* counts in its epochs */
	double width_s;
};

/* The open epoch is looked at when it is half over: its least may still be to come. */
static int closed_epochs(const struct epochs *e, const struct epochs_line *line)
{
	int64_t open_ns = line->start_ns + (line->n - 1) * line->width_ns;

	return line->n > 0 && e->now_ns - open_ns < line->width_ns / 2 ? line->n - 1 : line->n;
}

struct span {				/* epochs that make one floor */
	int known, full;
	int32_t least;
	int at;				/* the epoch of the least */
};

static void close_span(struct view *v, struct span *s, const struct epochs_line *line)
{
	if (s->known) {
		v->floors.at_s[v->floors.n] =
			(double)(line->first_ns[s->at] - line->start_ns) / (double)CLOCK_NS_PER_S;
		v->floors.floor[v->floors.n++] = s->least;
		v->full += s->full;
	}
	*s = (struct span){0};
}

/*
 * The floors of a ring. joined: each reaches to the next full collection, so that it holds a
 * trough. proven: what came after the last full collection is left out.
 */
static void look(const struct ratchet *r, const struct epochs *e, int ring, bool joined,
		 bool proven, struct view *ret)
{
	const struct epochs_line *line = &e->line[ring];
	int n = closed_epochs(e, line), last_full = -1;
	struct span s = {0};

	*ret = (struct view){
		.width_s = (double)line->width_ns / (double)CLOCK_NS_PER_S,
		.joined = joined, .suspected = r->word <= RATCHET_SUSPECT,
		.lowest = INFINITY, .highest = -INFINITY,
	};
	for (int i = 0; i < n; i++)
		if (line->full[i])
			last_full = i;
	if (proven)
		n = last_full + 1;
	for (int i = 0; i < n; i++) {
		int32_t lo = r->lo[ring][i];

		s.full += line->full[i];
		if (lo != RATCHET_GAP) {
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
	double late;			/* no growth, but troughs seen late: teeth.h */
};

static bool is_material(const struct measure *m, double gain)
{
	if (gain <= m->late)
		return false;
	if (gain >= m->objects)
		return true;
	return gain >= m->objects / 2 && gain * m->object_bytes >= BYTES_LEAST;
}

/*
 * bar: two of them, for long spans and for short ones. Objects that come one by one and by chance
 * make halves that differ: the bend of n of them has a standard deviation of 2 / sqrt(n).
 */
static bool clears(const struct bar *bar, const struct view *v, const struct floors_facts *f)
{
	double bend;

	if (f->span_s < bar->span_s)
		bar++;
	bend = bar->bend - bar->chance / sqrt(fmax(f->gain, 1)) - (v->suspected ? bar->kept : 0);
	return f->span_s >= bar->span_s && v->floors.n >= bar->floors &&
	       f->records >= bar->records &&
	       f->records >= bar->records_share * (v->floors.n - 1) &&
	       f->direction >= bar->direction && f->bend >= bend &&
	       f->fit_gain >= bar->lines * f->noise;
}

static bool is_suspect(const struct view *v, const struct floors_facts *f)
{
	return clears(bars, v, f) || (v->joined && clears(trough_bars, v, f));
}

static enum ratchet_word calm_word(const struct view *v, const struct floors_facts *f,
				   const struct measure *m)
{
	if (f->gain < -fmax(m->objects, m->late) && f->direction < -0.3)
		return RATCHET_SHRINK;
	if (v->highest - v->lowest > fmax(m->objects, CHURN_SHARE * m->first))
		return RATCHET_CHURN;
	return RATCHET_FLAT;
}

static enum ratchet_word word_of(const struct view *v, const struct floors_facts *f,
				 const struct measure *m, enum ratchet_note *note)
{
	bool rests;

	*note = RATCHET_PLAIN;
	if (!is_material(m, f->gain))
		return calm_word(v, f, m);
	rests = f->age_s > fmax(REST_EPOCHS * v->width_s, REST_GAPS * f->gap_s);
	/* Up and down by far more than the floor has gained: a lucky trough is no growth. */
	if (rests && f->gain < SWING_SHARE * (v->highest - v->lowest))
		return RATCHET_CHURN;
	if (rests && f->kept >= KEPT)
		return RATCHET_HOLD;
	if (f->fit_gain < NOISE_LINE * f->noise && f->gain < NOISE_ENDS * f->noise)
		return RATCHET_CHURN;
	if (rests)
		return RATCHET_HOLD;
	*note = f->bend < BEND_GROWS ? RATCHET_SLOWING : RATCHET_PLAIN;
	return f->bend >= BEND_SETTLED && is_suspect(v, f) ? RATCHET_SUSPECT : RATCHET_GROWING;
}

static void measure(const struct ratchet *r, const struct epochs *e, const struct view *v,
		    double object_bytes, struct measure *ret)
{
	ret->first = (double)r->origin + v->floors.floor[0];
	ret->object_bytes = object_bytes;
	ret->objects = fmax(OBJECTS_LEAST, SHARE_LEAST * ret->first);
	ret->late = teeth_late(&r->teeth, e->pace_ns);
}

/* What grew since the last full collection may be garbage: without it, still a suspect? */
static bool suspect_until_last_full(const struct ratchet *r, const struct epochs *e, int ring,
				    const struct measure *m)
{
	struct floors_facts facts;
	enum ratchet_note note;
	struct view v;

	look(r, e, ring, false, true, &v);
	if (v.floors.n < JUDGE_FLOORS)
		return false;
	floors_judge(&v.floors, &facts);
	return word_of(&v, &facts, m, &note) == RATCHET_SUSPECT;
}

void judge_ring(const struct ratchet *r, const struct epochs *e, int ring, double object_bytes,
		struct judge_opinion *ret)
{
	bool joined = epochs_full(&e->line[ring]) >= JUDGE_TROUGHS, due = epochs_full_due(e);
	struct measure m;
	struct view v;

	ret->word = RATCHET_EARLY;
	ret->note = RATCHET_PLAIN;
	look(r, e, ring, joined, joined && due, &v);
	ret->floors = v.floors.n;
	ret->full = v.full;
	if (v.floors.n < (joined ? JUDGE_TROUGHS : JUDGE_FLOORS))
		return;
	measure(r, e, &v, object_bytes, &m);
	floors_judge(&v.floors, &ret->facts);
	ret->word = word_of(&v, &ret->facts, &m, &ret->note);
	if (ret->word == RATCHET_SUSPECT && !joined && due &&
	    !suspect_until_last_full(r, e, ring, &m)) {
		ret->word = RATCHET_GROWING;
		ret->note = RATCHET_AWAITS;
	}
}

void judge_floors(const struct ratchet *r, const struct epochs *e, int ring, struct floors *ret)
{
	struct view v;

	look(r, e, ring, false, false, &v);
	*ret = v.floors;
}
