#include "config.h"
#include "model/epochs.h"

#include <math.h>
#include <string.h>

#include "util/clock.h"
#include "util/num.h"

#define BASE_WIDTH_NS (2 * CLOCK_NS_PER_S)
#define FAST_WIDTH_NS (20 * CLOCK_NS_PER_S)
#define FAST_SAMPLES 4
/* Early on a word may change every few seconds; later ones rest on epochs of 20 s and more. */
#define YOUNG_NS (64 * CLOCK_NS_PER_S)
#define JUDGE_YOUNG_NS (2 * CLOCK_NS_PER_S)
#define JUDGE_NS (5 * CLOCK_NS_PER_S)
#define OVERDUE 1.5

void epochs_init(struct epochs *e)
{
	*e = (struct epochs){
		.collections = LT_UNKNOWN, .first_full_ns = LT_UNKNOWN,
		.last_full_ns = LT_UNKNOWN, .start_ns = LT_UNKNOWN, .history_s = NAN,
	};
}

static void begin(struct epochs_line *line, int64_t now_ns, int64_t width_ns)
{
	*line = (struct epochs_line){.start_ns = now_ns, .width_ns = width_ns, .n = 1};
}

static void merge_pairs(struct epochs_line *line)
{
	for (int i = 0; i < EPOCHS / 2; i++) {
		line->full[i] = line->full[2 * i] + line->full[2 * i + 1];
		line->first_ns[i] = line->first_ns[line->counted[2 * i] ? 2 * i : 2 * i + 1];
		line->counted[i] = line->counted[2 * i] || line->counted[2 * i + 1];
	}
	for (int i = EPOCHS / 2; i < EPOCHS; i++) {
		line->full[i] = 0;
		line->counted[i] = false;
	}
	line->width_ns *= 2;
	line->n = (line->n + 1) / 2;
}

/* Opens the epochs of the base ring up to now_ns; returns how often it was merged. */
static int widen(struct epochs_line *line, int64_t now_ns)
{
	int merges = 0;

	while ((now_ns - line->start_ns) / line->width_ns >= EPOCHS) {
		merge_pairs(line);
		merges++;
	}
	line->n = (int)((now_ns - line->start_ns) / line->width_ns) + 1;
	return merges;
}

/* Opens those of the fast ring; returns how many old ones went. */
static int slide(struct epochs_line *line, int64_t now_ns)
{
	int64_t k = (now_ns - line->start_ns) / line->width_ns;
	int shift = 0;

	if (k >= EPOCHS) {
		int64_t far = k - EPOCHS + 1;

		shift = far > EPOCHS ? EPOCHS : (int)far;
		line->start_ns += far * line->width_ns;
		for (int i = 0; i < EPOCHS; i++) {
			bool stays = i + shift < EPOCHS;

			line->full[i] = stays ? line->full[i + shift] : 0;
			line->first_ns[i] = stays ? line->first_ns[i + shift] : 0;
			line->counted[i] = stays && line->counted[i + shift];
		}
		k = EPOCHS - 1;
	}
	line->n = (int)k + 1;
	return shift;
}

static void note_pace(struct epochs *e, int64_t gap_ns)
{
	int64_t most_ns;

	if (gap_ns == 0)
		return;
	e->pace_ns = !e->gap_ns || gap_ns < e->gap_ns ? gap_ns : e->gap_ns;
	e->gap_ns = gap_ns;
	most_ns = 2 * e->pace_ns > FAST_WIDTH_NS ? 2 * e->pace_ns : FAST_WIDTH_NS;
	e->watched_ns += gap_ns < most_ns ? gap_ns : most_ns;
}

static int32_t take_gc(struct epochs *e, const struct epochs_gc *gc, int64_t now_ns)
{
	int64_t rise = num_delta(gc->collections, e->collections);

	e->gc_off = gc->off;
	if (!num_known(gc->collections))
		return 0;
	e->collections = gc->collections;
	if (!num_known(rise) || rise <= 0)
		return 0;
	if (rise > INT16_MAX)		/* sums of sums still fit */
		rise = INT16_MAX;
	e->full += rise;
	if (!num_known(e->first_full_ns))
		e->first_full_ns = now_ns;
	e->last_full_ns = now_ns;
	return (int32_t)rise;
}

static void start(struct epochs *e, int64_t now_ns, const struct epochs_gc *gc)
{
	e->start_ns = e->now_ns = e->judged_ns = now_ns;
	if (num_known(gc->collections) && gc->collections > 0 && gc->uptime_s > 0)
		e->history_s = gc->uptime_s / (double)gc->collections;
	begin(&e->line[EPOCHS_BASE], now_ns, BASE_WIDTH_NS);
	begin(&e->line[EPOCHS_FAST], now_ns, FAST_WIDTH_NS);
}

static bool time_to_judge(const struct epochs *e)
{
	bool young = e->now_ns - e->line[EPOCHS_BASE].start_ns < YOUNG_NS;
	int64_t step_ns = young ? JUDGE_YOUNG_NS : JUDGE_NS;

	/* Timers jitter: a census due at this very moment is on time. */
	return e->now_ns - e->judged_ns >= step_ns - step_ns / 8;
}

struct epochs_move epochs_step(struct epochs *e, int64_t now_ns, const struct epochs_gc *gc)
{
	struct epochs_line *base = &e->line[EPOCHS_BASE], *fast = &e->line[EPOCHS_FAST];
	struct epochs_move move = {0};
	int32_t rise;

	if (now_ns < e->now_ns)
		now_ns = e->now_ns;
	/* The counter of collections never falls: this is another program, after an exec. */
	if (num_known(e->collections) && num_known(gc->collections) &&
	    gc->collections < e->collections) {
		epochs_init(e);
		move.restart = true;
	}
	if (!num_known(e->start_ns))
		start(e, now_ns, gc);
	note_pace(e, now_ns - e->now_ns);
	e->now_ns = now_ns;
	rise = take_gc(e, gc, now_ns);
	move.merges[EPOCHS_BASE] = widen(base, now_ns);
	move.shift[EPOCHS_FAST] = slide(fast, now_ns);
	/* Samples further apart than a quarter of an epoch: the epochs double, once per census. */
	if (fast->width_ns < FAST_SAMPLES * e->pace_ns) {
		merge_pairs(fast);
		move.merges[EPOCHS_FAST] = 1;
	}
	for (int i = 0; i < EPOCHS_RINGS; i++) {
		struct epochs_line *line = &e->line[i];
		int32_t *full = &line->full[line->n - 1];

		line->opened = !line->counted[line->n - 1];
		if (line->opened)
			line->first_ns[line->n - 1] = now_ns;
		line->counted[line->n - 1] = true;
		*full = *full > INT32_MAX / 2 ? *full : *full + rise;
	}
	move.full = rise > 0;
	move.judge = time_to_judge(e);
	if (move.judge)
		e->judged_ns = now_ns;
	return move;
}

void epochs_rebase(struct epochs *e)
{
	if (!num_known(e->start_ns))
		return;
	begin(&e->line[EPOCHS_BASE], e->now_ns, BASE_WIDTH_NS);
	e->line[EPOCHS_BASE].first_ns[0] = e->now_ns;
	e->line[EPOCHS_BASE].counted[0] = true;
}

int epochs_counted(const struct epochs *e)
{
	const struct epochs_line *base = &e->line[EPOCHS_BASE];
	int n = 0;

	for (int i = 0; i < base->n; i++)
		n += base->counted[i];
	return n;
}

int epochs_full(const struct epochs_line *line)
{
	int64_t sum = 0;

	for (int i = 0; i < line->n; i++)
		sum += line->full[i];
	return sum > INT32_MAX ? INT32_MAX : (int)sum;
}

double epochs_full_every_s(const struct epochs *e)
{
	double seen_s = (double)(e->last_full_ns - e->first_full_ns) / (double)CLOCK_NS_PER_S;

	return e->full > 1 && seen_s > 0 ? seen_s / (double)(e->full - 1) : e->history_s;
}

bool epochs_full_due(const struct epochs *e)
{
	int64_t since_ns = num_known(e->last_full_ns) ? e->last_full_ns : e->start_ns;
	double every_s = epochs_full_every_s(e);

	return isfinite(every_s) &&
	       (double)(e->now_ns - since_ns) < OVERDUE * every_s * (double)CLOCK_NS_PER_S;
}
