/*
 * The table of doc/verdict.md, played: 27 histories of a quarter of an hour, an hour and four
 * hours, and what happens in half a minute. Each row states the least share of runs in which a
 * word must stand at the end, and the most in which LEAK may ever be shown. Seeds are fixed.
 */
#include "config.h"
#include "test.h"

#include <math.h>

#include "scenarios.h"
#include "util/mem.h"

#define CONFIRM_S 600

#define W(word) (1u << RATCHET_##word)
#define ANY ((1u << RATCHET_WORDS_OF) - 1)

struct expected {
	unsigned words;		/* one of these at the end, */
	int least;		/* in at least so many percent of the runs */
	int leak_least, leak_most;	/* percent in which LEAK was ever shown */
};

struct row {
	const char *name;
	struct expected at[3];	/* 15 min, 1 h, 4 h */
};

static const struct row rows[] = {
	{"flat", {{W(FLAT), 100, 0, 0}, {W(FLAT), 100, 0, 0}, {W(FLAT), 100, 0, 0}}},
	{"noise 2 %", {{W(CHURN), 85, 0, 0}, {W(CHURN), 85, 0, 0}, {W(CHURN), 85, 0, 0}}},
	{"AR(1) 0.99 noise", {{W(CHURN), 85, 0, 0}, {W(CHURN), 85, 0, 0}, {W(CHURN), 80, 0, 0}}},
	{"random walk", {{ANY, 100, 0, 0}, {ANY, 100, 0, 20}, {ANY, 100, 0, 30}}},
	{"leak 1/s",
	 {{W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}}},
	{"leak 2/s under 40 s sawtooth",
	 {{W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}}},
	{"leak 1/s, 60 % missing",
	 {{W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}}},
	{"bursty leak, 1/s mean",
	 {{W(LEAK), 90, 90, 100}, {W(LEAK), 90, 100, 100}, {W(LEAK), 85, 100, 100}}},
	{"step leak +500 per 2 min",
	 {{W(SUSPECT), 100, 0, 0}, {W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}}},
	{"leak starts at half time",
	 {{W(SUSPECT), 100, 0, 0}, {W(LEAK), 100, 100, 100}, {W(LEAK), 100, 100, 100}}},
	{"+600 burst per 20 min",
	 {{W(HOLD), 95, 0, 0}, {W(GROWING), 80, 0, 0}, {W(LEAK), 90, 100, 100}}},
	{"slow leak 1/min, noise sd 40",
	 {{W(CHURN), 90, 0, 0}, {W(CHURN) | W(GROWING), 90, 0, 0},
	  {W(LEAK) | W(SUSPECT), 85, 85, 100}}},
	{"leak 1/s, full gc per 300 s",
	 {{ANY & ~W(LEAK), 100, 0, 0}, {W(LEAK), 75, 75, 100}, {W(LEAK), 100, 100, 100}}},
	{"sawtooth 40 s", {{W(CHURN), 100, 0, 0}, {W(CHURN), 100, 0, 0}, {W(CHURN), 100, 0, 0}}},
	{"sawtooth 300 s", {{W(CHURN), 95, 0, 0}, {W(CHURN), 93, 0, 0}, {W(CHURN), 93, 0, 0}}},
	{"exponential warm-up 60 s",
	 {{W(HOLD), 100, 0, 0}, {W(HOLD), 100, 0, 0}, {W(HOLD), 100, 0, 0}}},
	{"one step, then flat", {{W(HOLD), 100, 0, 0}, {W(HOLD), 100, 0, 0}, {W(HOLD), 100, 0, 0}}},
	{"cache fills until 40 %",
	 {{W(HOLD), 100, 0, 0}, {W(HOLD), 100, 100, 100}, {W(HOLD), 100, 100, 100}}},
	{"leak fixed at half time",
	 {{W(HOLD), 100, 0, 0}, {W(HOLD), 100, 100, 100}, {W(HOLD), 100, 100, 100}}},
	{"ramp up, ramp down",
	 {{W(CHURN), 100, 0, 0}, {W(CHURN), 100, 0, 100}, {W(CHURN), 100, 0, 100}}},
	{"sine load, 20 min period",
	 {{ANY & ~W(LEAK), 100, 0, 2}, {W(CHURN), 93, 0, 0}, {W(CHURN), 93, 0, 3}}},
	{"shrink", {{W(SHRINK), 100, 0, 0}, {W(SHRINK), 100, 0, 0}, {W(SHRINK), 100, 0, 0}}},
	{"log growth", {{W(GROWING), 100, 0, 0}, {W(GROWING), 100, 0, 0}, {W(GROWING), 100, 0, 0}}},
	{"square-root growth",
	 {{W(GROWING), 100, 0, 0}, {W(GROWING), 100, 0, 100}, {W(GROWING), 100, 0, 100}}},
	{"cache trimmed every 3 min",
	 {{W(LEAK), 90, 90, 100}, {W(HOLD) | W(GROWING), 100, 100, 100}, {W(HOLD), 100, 100, 100}}},
	{"pool filling, tau 1000 s",
	 {{W(LEAK), 90, 90, 100}, {W(GROWING) | W(HOLD), 90, 100, 100}, {W(HOLD), 80, 100, 100}}},
	{"accumulator reset ~10 min",
	 {{ANY, 100, 0, 45}, {W(CHURN), 70, 0, 65}, {W(CHURN), 80, 0, 93}}},
};

static const struct scenario_plan plans[] = {
	{.length_s = 900, .step_s = 1, .confirm_s = CONFIRM_S, .uptime_s = 86400},
	{.length_s = 3600, .step_s = 1, .confirm_s = CONFIRM_S, .uptime_s = 86400},
	{.length_s = 14400, .step_s = 2, .confirm_s = CONFIRM_S, .uptime_s = 86400},
};
static const int seeds[] = {20, 20, 10};

struct shares {				/* percent of the runs, and means */
	int end[RATCHET_WORDS_OF], leak, suspect;
	double leak_s, suspect_s, end_s;
};

static void play(const struct scenario *s, const struct scenario_plan *plan, int n,
		 struct shares *ret)
{
	int leaks = 0, suspects = 0, end[RATCHET_WORDS_OF] = {0};

	*ret = (struct shares){.leak = 0};
	for (int i = 0; i < n; i++) {
		struct scenario_result r;

		scenario_play(s, plan, (uint64_t)i, &r);
		end[r.end]++;
		leaks += r.ever_leak;
		suspects += r.ever_suspect;
		ret->leak_s += r.ever_leak ? r.leak_s : 0;
		ret->suspect_s += r.ever_suspect ? r.suspect_s : 0;
		ret->end_s += r.end_s / n;
	}
	for (int w = 0; w < RATCHET_WORDS_OF; w++)
		ret->end[w] = 100 * end[w] / n;
	ret->leak = 100 * leaks / n;
	ret->suspect = 100 * suspects / n;
	ret->leak_s = leaks ? ret->leak_s / leaks : 0;
	ret->suspect_s = suspects ? ret->suspect_s / suspects : 0;
}

static void print(const char *name, const struct shares *s)
{
	char words[160] = "";
	size_t at = 0;

	for (int w = 0; w < RATCHET_WORDS_OF; w++)
		if (s->end[w])
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s %d%% ",
					       ratchet_word_text((enum ratchet_word)w), s->end[w]);
	printf("# %-29s %-38s %5.0f | %3d%% %5.0f | %3d%% %5.0f\n", name, words, s->end_s,
	       s->suspect, s->suspect_s, s->leak, s->leak_s);
}

static bool is_met(const struct expected *want, const struct shares *got)
{
	int sum = 0;

	for (int w = 0; w < RATCHET_WORDS_OF; w++)
		if (want->words & 1u << w)
			sum += got->end[w];
	return sum >= want->least && got->leak >= want->leak_least && got->leak <= want->leak_most;
}

static void head(double length_s, int n)
{
	printf("# %.0f s, %d runs: word at the end, since; ever suspect, from; ever leak, from\n",
	       length_s, n);
}

static void table(int k)
{
	int failed = 0;

	assert_int_equal(scenarios_n, COUNT_OF(rows));
	head(plans[k].length_s, seeds[k]);
	for (int i = 0; i < scenarios_n; i++) {
		struct shares got;

		assert_string_equal(scenarios[i].name, rows[i].name);
		play(&scenarios[i], &plans[k], seeds[k], &got);
		print(rows[i].name, &got);
		if (is_met(&rows[i].at[k], &got))
			continue;
		failed++;
		printf("# ^ not what is expected\n");
	}
	assert_int_equal(failed, 0);
}

static void the_words_after_a_quarter_of_an_hour(void **state)
{
	table(0);
}

static void the_words_after_an_hour(void **state)
{
	table(1);
}

static void the_words_after_four_hours(void **state)
{
	table(2);
}

/* In half a minute: what leaks steadily is a suspect, what is calm never was one. */
static const struct { const char *name; bool leaks; unsigned words; } short_rows[] = {
	{"leak 20/s", true, 0}, {"leak 12.4/s by chance", true, 0}, {"leak 20/s, noise", true, 0},
	{"leak 20/s, 20 % missing", true, 0}, {"leak 20/s, full gc per 6 s", true, 0},
	{"warm-up 5 s", false, W(GROWING) | W(HOLD)}, {"warm-up 60 s", false, W(GROWING)},
	{"log growth", false, W(GROWING)}, {"square-root growth", false, W(GROWING)},
	{"sawtooth 7 s", false, W(CHURN)}, {"sawtooth 25 s", false, W(CHURN)},
	{"sawtooth 40 s, seen before", false, W(GROWING)}, {"one step", false, W(HOLD)},
	{"one step, no noise", false, W(HOLD)},
	{"cache full after 12 s", false, W(HOLD)}, {"churn", false, W(CHURN)},
	{"random walk", false, ANY & ~W(LEAK)}, {"sine 10 s", false, W(CHURN)},
	{"sine 20 s", false, W(CHURN)},
	{"flat", false, W(FLAT)},
};

static void half_a_minute_is_enough_for_suspect_and_calm_is_never_called_so(void **state)
{
	static const struct scenario_plan plan = {
		.length_s = 30, .step_s = 1, .confirm_s = CONFIRM_S, .uptime_s = 3600,
	};
	int failed = 0;

	assert_int_equal(short_scenarios_n, COUNT_OF(short_rows));
	head(plan.length_s, 100);
	for (int i = 0; i < short_scenarios_n; i++) {
		struct expected want = {short_rows[i].words, 98, 0, 0};
		struct shares got;
		bool ok;

		assert_string_equal(short_scenarios[i].name, short_rows[i].name);
		play(&short_scenarios[i], &plan, 100, &got);
		print(short_rows[i].name, &got);
		ok = short_rows[i].leaks ? got.end[RATCHET_SUSPECT] >= 85
					 : is_met(&want, &got) && got.suspect <= 1;
		if (!ok)
			printf("# ^ not what is expected\n");
		failed += !ok;
	}
	assert_int_equal(failed, 0);
}

/*
 * Teeth that take nearly a whole number of samples: each trough is seen a little later than the one
 * before, for minutes, and what is seen of it rises in a straight line. Nothing else does.
 */
static double teeth_s;

static double teeth(struct scenario_run *run, double step_s)
{
	return 400 * fmod(run->t, teeth_s);
}

static void what_beats_with_the_samples_is_no_growth(void **state)
{
	static const double periods_s[] = {2, 3, 5, 7, 12}, lengths_s[] = {34, 70, 300, 900};
	struct scenario_plan plan = {.step_s = 1, .confirm_s = 60, .uptime_s = 3600};
	int runs = 0, wrong = 0, suspects = 0;

	for (size_t p = 0; p < COUNT_OF(periods_s); p++)
		for (size_t l = 0; l < COUNT_OF(lengths_s); l++)
			for (int off = -20; off <= 20; off++) {
				struct scenario s = {"teeth", 0, 0, 0, teeth};
				struct scenario_result r;

				teeth_s = periods_s[p] + off / 500.0;
				s.gc_s = off % 2 ? teeth_s : 0;
				plan.length_s = lengths_s[l];
				scenario_play(&s, &plan, 1, &r);
				runs++;
				suspects += r.ever_suspect;
				if (r.end != RATCHET_GROWING && !r.ever_suspect)
					continue;
				wrong++;
				printf("# teeth of %.3f s, gc %.3f s, %.0f s: %s%s\n", teeth_s,
				       s.gc_s, plan.length_s, ratchet_word_text(r.end),
				       r.ever_suspect ? ", was suspect" : "");
			}
	printf("# %d runs, %d wrong, %d of them suspected\n", runs, wrong, suspects);
	assert_int_equal(wrong, 0);
}

static void what_stops_is_withdrawn_in_three_and_a_half_minutes(void **state)
{
	static const struct { const char *name; double share; } cases[] = {
		{"cache fills until 40 %", 0.4}, {"leak fixed at half time", 0.5},
	};

	for (size_t c = 0; c < COUNT_OF(cases); c++)
		for (int k = 0; k < 3; k++)
			for (int i = 0; i < scenarios_n; i++) {
				struct shares got;

				if (strcmp(scenarios[i].name, cases[c].name) != 0)
					continue;
				play(&scenarios[i], &plans[k], 5, &got);
				got.end_s -= cases[c].share * plans[k].length_s;
				printf("# %s, %.0f s: hold after %.0f s\n", cases[c].name,
				       plans[k].length_s, got.end_s);
				assert_true(got.end_s > 0 && got.end_s <= 210);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_after_a_quarter_of_an_hour),
		cmocka_unit_test(the_words_after_an_hour),
		cmocka_unit_test(the_words_after_four_hours),
		cmocka_unit_test(half_a_minute_is_enough_for_suspect_and_calm_is_never_called_so),
		cmocka_unit_test(what_beats_with_the_samples_is_no_growth),
		cmocka_unit_test(what_stops_is_withdrawn_in_three_and_a_half_minutes),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
