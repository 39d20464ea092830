#include "config.h"
#include "scenarios.h"

#include <math.h>

#include "util/clock.h"
#include "util/mem.h"

#define BASE 10000.0

/* xorshift64*: the same numbers on every machine. */
static double uniform(struct scenario_run *run)
{
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return ((double)((run->random * 0x2545f4914f6cdd1du) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct scenario_run *run)
{
	double a = uniform(run), b = uniform(run);

	return sqrt(-2 * log(a)) * cos(2 * M_PI * b);
}

/* Time since the last multiple of period. */
static double phase(const struct scenario_run *run, double period_s)
{
	return fmod(run->t, period_s);
}

/* Each returns what is above BASE, without the noise. */

static double flat(struct scenario_run *run, double step_s)
{
	return 0;
}

static double autocorrelated(struct scenario_run *run, double step_s)
{
	double keep = pow(0.99, step_s);

	run->x = keep * run->x + 200 * sqrt(1 - keep * keep) * normal(run);
	return run->x;
}

static double random_walk(struct scenario_run *run, double step_s)
{
	run->x += 10 * sqrt(step_s) * normal(run);
	return run->x;
}

static double leak(struct scenario_run *run, double step_s)
{
	return run->t;
}

static double leak_in_sawtooth(struct scenario_run *run, double step_s)
{
	return 2 * run->t + 25 * phase(run, 40);
}

static double bursty_leak(struct scenario_run *run, double step_s)
{
	if (uniform(run) < step_s / 10)
		run->x += -10 * log(uniform(run));
	return run->x;
}

static double step_leak(struct scenario_run *run, double step_s)
{
	return 500 * floor(run->t / 120);
}

static double leak_from_half(struct scenario_run *run, double step_s)
{
	return fmax(0, run->t - run->length_s / 2);
}

static double burst_per_20_min(struct scenario_run *run, double step_s)
{
	return 600 * floor((run->t + 600) / 1200);
}

static double slow_leak(struct scenario_run *run, double step_s)
{
	return run->t / 60;
}

static double sawtooth_40(struct scenario_run *run, double step_s)
{
	return 50 * phase(run, 40);
}

static double sawtooth_300(struct scenario_run *run, double step_s)
{
	return 10 * phase(run, 300);
}

static double warm_up(struct scenario_run *run, double step_s)
{
	return 5000 * (1 - exp(-run->t / 60));
}

static double one_step(struct scenario_run *run, double step_s)
{
	return run->t < 60 ? 0 : 3000;
}

static double cache_fills(struct scenario_run *run, double step_s)
{
	return 2 * fmin(run->t, 0.4 * run->length_s);
}

static double leak_fixed(struct scenario_run *run, double step_s)
{
	return fmin(run->t, run->length_s / 2);
}

static double up_and_down(struct scenario_run *run, double step_s)
{
	return 2 * fmin(run->t, run->length_s - run->t);
}

static double sine_20_min(struct scenario_run *run, double step_s)
{
	return 2000 * sin(2 * M_PI * run->t / 1200);
}

static double shrink(struct scenario_run *run, double step_s)
{
	return -run->t / 2;
}

static double log_growth(struct scenario_run *run, double step_s)
{
	return 1000 * log1p(run->t / 10);
}

static double root_growth(struct scenario_run *run, double step_s)
{
	return 100 * sqrt(run->t);
}

static double trimmed_cache(struct scenario_run *run, double step_s)
{
	run->x += 4 * step_s;
	if (phase(run, 180) < step_s && run->t >= 1)
		run->x *= 0.8;
	return run->x;
}

static double pool_fills(struct scenario_run *run, double step_s)
{
	return 5000 * (1 - exp(-run->t / 1000));
}

static double accumulator(struct scenario_run *run, double step_s)
{
	if (run->y <= 0)
		run->y = 600 + 120 * normal(run);
	run->x += 5 * step_s;
	run->y -= step_s;
	if (run->y <= 0)
		run->x = 0;
	return run->x;
}

const struct scenario scenarios[] = {
	{"flat", 0, 10, 0, flat},
	{"noise 2 %", 200, 10, 0, flat},
	{"AR(1) 0.99 noise", 3, 10, 0, autocorrelated},
	{"random walk", 0, 10, 0, random_walk},
	{"leak 1/s", 3, 10, 0, leak},
	{"leak 2/s under 40 s sawtooth", 3, 40, 0, leak_in_sawtooth},
	{"leak 1/s, 60 % missing", 3, 10, 0.6, leak},
	{"bursty leak, 1/s mean", 3, 10, 0, bursty_leak},
	{"step leak +500 per 2 min", 3, 10, 0, step_leak},
	{"leak starts at half time", 3, 10, 0, leak_from_half},
	{"+600 burst per 20 min", 3, 10, 0, burst_per_20_min},
	{"slow leak 1/min, noise sd 40", 40, 10, 0, slow_leak},
	{"leak 1/s, full gc per 300 s", 3, 300, 0, leak},
	{"sawtooth 40 s", 3, 40, 0, sawtooth_40},
	{"sawtooth 300 s", 3, 300, 0, sawtooth_300},
	{"exponential warm-up 60 s", 3, 10, 0, warm_up},
	{"one step, then flat", 3, 10, 0, one_step},
	{"cache fills until 40 %", 3, 10, 0, cache_fills},
	{"leak fixed at half time", 3, 10, 0, leak_fixed},
	{"ramp up, ramp down", 3, 10, 0, up_and_down},
	{"sine load, 20 min period", 3, 10, 0, sine_20_min},
	{"shrink", 3, 10, 0, shrink},
	{"log growth", 3, 10, 0, log_growth},
	{"square-root growth", 3, 10, 0, root_growth},
	{"cache trimmed every 3 min", 3, 10, 0, trimmed_cache},
	{"pool filling, tau 1000 s", 3, 10, 0, pool_fills},
	{"accumulator reset ~10 min", 3, 10, 0, accumulator},
};
const int scenarios_n = (int)COUNT_OF(scenarios);

/* What happens in half a minute. */

static double leak_20(struct scenario_run *run, double step_s)
{
	return 20 * run->t;
}

static double leak_poisson(struct scenario_run *run, double step_s)
{
	double mean = 12.4 * step_s;	/* about normal at this size */

	run->x += fmax(0, floor(mean + sqrt(mean) * normal(run) + 0.5));
	return run->x;
}

static double leak_sawtooth_6(struct scenario_run *run, double step_s)
{
	return 20 * run->t + 60 * phase(run, 6);
}

static double warm_up_5(struct scenario_run *run, double step_s)
{
	return 2000 * (1 - exp(-run->t / 5));
}

static double sawtooth_7(struct scenario_run *run, double step_s)
{
	return 100 * phase(run, 7);
}

static double sawtooth_25(struct scenario_run *run, double step_s)
{
	return 40 * fmod(run->t + 10, 25);
}

static double step_at_10(struct scenario_run *run, double step_s)
{
	return run->t < 10 ? 0 : 5000;
}

static double cache_full_at_12(struct scenario_run *run, double step_s)
{
	return 100 * fmin(run->t, 12);
}

static double sine_10(struct scenario_run *run, double step_s)
{
	return 1000 * sin(2 * M_PI * run->t / 10);
}

static double sine_20(struct scenario_run *run, double step_s)
{
	return 1000 * sin(2 * M_PI * run->t / 20);
}

const struct scenario short_scenarios[] = {
	{"leak 20/s", 1, 0, 0, leak_20},
	{"leak 12.4/s by chance", 0, 0, 0, leak_poisson},
	{"leak 20/s, noise", 10, 0, 0, leak_20},
	{"leak 20/s, 20 % missing", 1, 0, 0.2, leak_20},
	{"leak 20/s, full gc per 6 s", 1, 6, 0, leak_sawtooth_6},
	{"warm-up 5 s", 1, 0, 0, warm_up_5},
	{"warm-up 60 s", 3, 0, 0, warm_up},
	{"log growth", 3, 0, 0, log_growth},
	{"square-root growth", 3, 0, 0, root_growth},
	{"sawtooth 7 s", 3, 7, 0, sawtooth_7},
	{"sawtooth 25 s", 3, 25, 0, sawtooth_25},
	{"sawtooth 40 s, seen before", 3, 40, 0, sawtooth_40},
	{"one step", 1, 0, 0, step_at_10},
	{"one step, no noise", 0, 0, 0, step_at_10},
	{"cache full after 12 s", 1, 0, 0, cache_full_at_12},
	{"churn", 300, 0, 0, flat},
	{"random walk", 0, 0, 0, random_walk},
	{"sine 10 s", 3, 0, 0, sine_10},
	{"sine 20 s", 3, 0, 0, sine_20},
	{"flat", 0, 0, 0, flat},
};
const int short_scenarios_n = (int)COUNT_OF(short_scenarios);

struct player {
	struct epochs clock;
	struct ratchet ratchet;
	struct epochs_gc gc;
	struct ratchet_rules rules;
	bool begun;
};

static void take(struct player *p, double t, int64_t count)
{
	struct epochs_move move = epochs_step(&p->clock, (int64_t)(t * 1e9), &p->gc);

	ratchet_follow(&p->ratchet, &move);
	if (!p->begun)
		ratchet_init(&p->ratchet, &p->clock, count);
	p->begun = true;
	ratchet_put(&p->ratchet, &p->clock, &move, count, count * 100, &p->rules);
}

static void note(struct scenario_result *ret, enum ratchet_word word, double t)
{
	if (word != ret->end)
		ret->end_s = t;
	ret->end = word;
	if (word == RATCHET_LEAK && !ret->ever_leak) {
		ret->ever_leak = true;
		ret->leak_s = t;
	}
	if (word <= RATCHET_SUSPECT && !ret->ever_suspect) {
		ret->ever_suspect = true;
		ret->suspect_s = t;
	}
}

void scenario_play(const struct scenario *s, const struct scenario_plan *plan, uint64_t seed,
		   struct scenario_result *ret)
{
	struct scenario_run run = {
		.length_s = plan->length_s, .random = (seed + 1) * 0x9e3779b97f4a7c15u,
	};
	double before = s->gc_s > 0 ? floor(plan->uptime_s / s->gc_s) : 0;
	struct player p = {
		.gc = {.uptime_s = plan->uptime_s, .off = plan->gc_off},
		.rules = {.confirm_ns = (int64_t)(plan->confirm_s * 1e9)},
	};

	epochs_init(&p.clock);
	*ret = (struct scenario_result){.end = RATCHET_EARLY, .leak_s = NAN, .suspect_s = NAN};
	for (; run.t <= plan->length_s; run.t += plan->step_s) {
		double above = s->count(&run, plan->step_s) + s->noise * normal(&run);

		if (s->gc_s > 0)
			p.gc.collections = (int64_t)(before + floor(run.t / s->gc_s));
		if (uniform(&run) < s->missing)
			continue;
		take(&p, run.t, (int64_t)(BASE + above + 0.5));
		note(ret, (enum ratchet_word)p.ratchet.word, run.t);
	}
	ret->reason = p.ratchet.reason;
}
