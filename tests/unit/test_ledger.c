/* The ledger, the time to full and the collector's health: pure functions, tables of cases. */
#include "config.h"
#include "test_model.h"

#include "model/gchealth.h"
#include "model/ledger.h"
#include "model/limit.h"
#include "model/trend.h"
#include "util/mem.h"

#define M (1ll << 20)
#define U LT_UNKNOWN

static void parts_are_taken_from_rss_and_the_rest_is_other(void **state)
{
	static const struct {
		struct ledger_facts facts;
		struct sample_ledger want;
	} cases[] = {
		/* rss mapped stacks arenas used c_live c_free objects_in_c */
		{{100, 10, 2, 40, 30, 25, 15, 5}, {35, 10, 20, 15, 10, 2, 8}},
		{{100, 10, 2, U, U, 25, 15, U}, {U, U, 25, 15, 10, 2, 48}},
		{{100, U, U, U, U, U, U, U}, {U, U, U, U, U, U, 100}},
		{{U, 10, 2, 40, 30, 25, 15, 5}, {U, U, U, U, U, U, U}},
		/* what is not read at one moment may add up to more */
		{{50, 10, 2, 40, 30, 25, 15, 5}, {35, 10, 20, 15, 10, 2, 0}},
		{{100, 10, 2, 30, 40, 4, 15, 5}, {45, 0, 0, 15, 10, 2, 28}},
		/* large objects stay with the C heap where the small ones are unknown */
		{{100, 10, 2, U, U, 25, 15, 5}, {U, U, 25, 15, 10, 2, 48}},
		/* and no object is in a C heap that is unknown */
		{{100, 10, 2, 40, 30, U, U, 5}, {30, 10, U, U, 10, 2, 48}},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sample_ledger got;

		ledger_split(&cases[i].facts, &got);
		for (size_t k = 0; k < SAMPLE_LEDGER_BUCKETS; k++)
			if (ledger_bucket(&got, k) != ledger_bucket(&cases[i].want, k))
				fail_msg("case %zu, %s: %lld, not %lld", i, ledger_bucket_name(k),
					 (long long)ledger_bucket(&got, k),
					 (long long)ledger_bucket(&cases[i].want, k));
	}
}

static void push(struct model *m, double at_s, const struct sample_ledger *ledger)
{
	struct sample s = sample_at(at_s);

	s.ledger = *ledger;
	model_push(m, &s);
}

static void every_part_has_its_growth_and_its_rate(void **state)
{
	struct sample_ledger l = {100, 20, 300, 40, 5, 6, 7};
	struct model *m = new_model();
	const struct snapshot_ledger *shown = &model_snapshot(m)->ledger;

	assert_int_equal(shown->now.other, LT_UNKNOWN);
	push(m, 0, &l);
	shown = &model_snapshot(m)->ledger;
	assert_int_equal(shown->now.c_live, 300);
	assert_int_equal(shown->delta.c_live, 0);
	assert_true(isnan(shown->rate[2]));
	l.c_live = 500;
	l.c_free = 20;
	push(m, 10, &l);
	shown = &model_snapshot(m)->ledger;
	assert_int_equal(shown->delta.c_live, 200);
	assert_int_equal(shown->delta.c_free, -20);
	assert_near(shown->rate[2], 20);
	assert_near(shown->rate[3], -2);
	assert_near(shown->rate[0], 0);
	model_baseline_now(m);
	l.c_live = 510;
	push(m, 20, &l);
	assert_int_equal(model_snapshot(m)->ledger.delta.c_live, 10);
	model_baseline_first(m);
	assert_int_equal(model_snapshot(m)->ledger.delta.c_live, 210);
	model_free(m);
}

static void a_part_that_is_known_later_grows_from_then_on(void **state)
{
	struct sample_ledger l = ledger_unknown;
	struct model *m = new_model();

	l.other = 1000;
	push(m, 0, &l);
	assert_int_equal(model_snapshot(m)->ledger.delta.python_live, LT_UNKNOWN);
	l.python_live = 600;
	l.other = 400;
	push(m, 10, &l);
	assert_int_equal(model_snapshot(m)->ledger.delta.python_live, 0);
	/* it was among the others before, and these have not shrunk */
	assert_int_equal(model_snapshot(m)->ledger.delta.other, 0);
	l.python_live = 650;
	push(m, 20, &l);
	assert_int_equal(model_snapshot(m)->ledger.delta.python_live, 50);
	model_free(m);
}

static void a_part_that_is_lost_is_no_growth_of_the_others(void **state)
{
	struct sample_ledger l = {600, 20, 300, 40, 5, 6, 7};
	struct model *m = new_model();

	push(m, 0, &l);
	l.python_live = l.python_free = LT_UNKNOWN;
	l.other = 627;
	push(m, 10, &l);
	assert_int_equal(model_snapshot(m)->ledger.delta.other, LT_UNKNOWN);
	l.python_live = 650;
	l.python_free = 25;
	l.other = 8;
	push(m, 20, &l);
	assert_int_equal(model_snapshot(m)->ledger.delta.other, 1);
	assert_int_equal(model_snapshot(m)->ledger.delta.python_live, 50);
	model_free(m);
}

static void a_reading_is_held_until_the_next_one_may_be_due(void **state)
{
	struct sample_ledger l = {100, 20, 300, 40, 5, 6, 7};
	struct model *m = new_model();

	push(m, 0, &l);
	push(m, 60, &ledger_unknown);
	assert_int_equal(model_snapshot(m)->ledger.now.c_live, 300);
	push(m, 61, &ledger_unknown);
	assert_int_equal(model_snapshot(m)->ledger.now.c_live, LT_UNKNOWN);
	assert_int_equal(model_snapshot(m)->ledger.delta.c_live, LT_UNKNOWN);
	push(m, 100, &l);			/* every 100 s, so far */
	push(m, 399, &ledger_unknown);
	assert_int_equal(model_snapshot(m)->ledger.now.c_live, 300);
	push(m, 401, &ledger_unknown);
	assert_int_equal(model_snapshot(m)->ledger.now.c_live, LT_UNKNOWN);
	model_free(m);
}

static const struct {
	const char *name;
	struct ledger_growth growth;
	enum outcome_cause cause;
	const char *text;
} causes[] = {
	{"an object leak",
	 {1000 * M, 400 * M, {380 * M, 5 * M, 10 * M, 0, 0, 0, 5 * M},
	  true, true, false, true, false},
	 CAUSE_OBJECTS,
	 "RSS +400.0M: 95 % Python heap in use; Python objects +380.0M: an object leak"},
	{"cycles",
	 {1000 * M, 400 * M, {380 * M, 5 * M, 10 * M, 0, 0, 0, 5 * M},
	  true, true, true, true, false},
	 CAUSE_CYCLE,
	 "RSS +400.0M: 95 % Python heap in use; Python objects +380.0M: cycles that only a full "
	 "collection frees"},
	{"small objects that hold large native memory",
	 {1000 * M, 400 * M, {M, 0, 399 * M, 0, 0, 0, 0}, true, true, false, true, false},
	 CAUSE_OBJECTS,
	 "RSS +400.0M: 100 % C heap in use; Python objects flat: an object leak"},
	{"malloc through ctypes",
	 {500 * M, 100 * M, {0, 0, 98 * M, 2 * M, 0, 0, 0}, true, false, false, true, false},
	 CAUSE_NATIVE,
	 "RSS +100.0M: 98 % C heap in use; Python objects flat: native memory, not an object leak"},
	{"the same where large strings are not counted: it may be those",
	 {500 * M, 100 * M, {0, 0, 98 * M, 2 * M, 0, 0, 0}, true, false, false, false, false},
	 CAUSE_NONE, "RSS +100.0M: 98 % C heap in use; Python objects flat"},
	{"malloc for a cache that fills",
	 {500 * M, 100 * M, {0, 0, 98 * M, 2 * M, 0, 0, 0}, true, false, false, true, true},
	 CAUSE_NONE, "RSS +100.0M: 98 % C heap in use; Python objects flat"},
	{"fragmentation that gets less",
	 {900 * M, 412 * M, {0, 0, 30 * M, 375 * M, 7 * M, 0, 0}, true, false, false, true, true},
	 CAUSE_FRAGMENTATION,
	 "RSS +412.0M: 91 % C heap free but kept; Python objects flat: fragmentation, not an "
	 "object leak"},
	{"mmap, or an allocator that is not known",
	 {500 * M, 100 * M, {0, 0, U, U, 0, 0, 100 * M}, true, false, false, true, false},
	 CAUSE_NATIVE,
	 "RSS +100.0M: 100 % other mappings; Python objects flat: native memory, not an object "
	 "leak"},
	{"C heap free but kept",
	 {900 * M, 412 * M, {0, 0, 30 * M, 375 * M, 7 * M, 0, 0}, true, false, false, true, false},
	 CAUSE_FRAGMENTATION,
	 "RSS +412.0M: 91 % C heap free but kept; Python objects flat: fragmentation, not an "
	 "object leak"},
	{"arenas that one object each keeps",
	 {900 * M, 400 * M, {10 * M, 390 * M, 0, 0, 0, 0, 0}, true, false, false, true, false},
	 CAUSE_FRAGMENTATION,
	 "RSS +400.0M: 98 % Python heap free but kept; Python objects flat: fragmentation, not an "
	 "object leak"},
	{"both heaps keep a third",
	 {900 * M, 300 * M, {50 * M, 110 * M, 40 * M, 100 * M, 0, 0, 0},
	  true, false, false, true, false},
	 CAUSE_FRAGMENTATION,
	 "RSS +300.0M: 37 % Python heap free but kept; Python objects +50.0M: fragmentation, not "
	 "an object leak"},
	{"a growth that has stopped",
	 {500 * M, 100 * M, {0, 0, 98 * M, 2 * M, 0, 0, 0}, false, false, false, true, false},
	 CAUSE_NONE, "RSS +100.0M: 98 % C heap in use; Python objects flat"},
	{"objects that grow and are not called a leak",
	 {500 * M, 100 * M, {95 * M, 5 * M, 0, 0, 0, 0, 0}, true, false, false, true, false},
	 CAUSE_NONE, "RSS +100.0M: 95 % Python heap in use; Python objects +95.0M"},
	{"pages of files",
	 {500 * M, 100 * M, {0, 0, 0, 0, 99 * M, 0, M}, true, false, false, true, false},
	 CAUSE_NONE, "RSS +100.0M: 99 % mapped files; Python objects flat"},
	{"objects whose size nobody measured",
	 {500 * M, 100 * M, {U, U, 10 * M, 90 * M, 0, 0, 0}, true, false, false, true, false},
	 CAUSE_FRAGMENTATION,
	 "RSS +100.0M: 90 % C heap free but kept; Python objects not measured: fragmentation, not "
	 "an object leak"},
	{"a Python heap that nobody counted is among the others",
	 {500 * M, 100 * M, {U, U, 5 * M, 0, 0, 0, 95 * M}, true, false, false, true, false},
	 CAUSE_NONE, "RSS +100.0M: 95 % other mappings; Python objects not measured"},
	{"one part grows by more than all together",
	 {500 * M, 100 * M, {-50 * M, 0, 150 * M, 0, 0, 0, 0}, true, false, false, true, false},
	 CAUSE_NATIVE,
	 "RSS +100.0M: 100 % C heap in use; Python objects -50.0M: native memory, not an object "
	 "leak"},
	{"too little to explain",
	 {500 * M, 3 * M, {0, 0, 3 * M, 0, 0, 0, 0},
	  true, false, false, true, false}, CAUSE_NONE, ""},
	{"little for its size",
	 {4000 * M, 100 * M, {0, 0, 100 * M, 0, 0, 0, 0},
	  true, false, false, true, false}, CAUSE_NONE,
	 ""},
	{"a type that leaks while RSS stands still",
	 {500 * M, 0, {M, 0, 0, -M, 0, 0, 0}, false, true, false, true, false}, CAUSE_OBJECTS, ""},
	{"shrinking", {500 * M, -100 * M, {0, 0, 0, -100 * M, 0, 0, 0},
	  true, false, false, true, false},
	 CAUSE_NONE, ""},
	{"nothing known", {U, U, {U, U, U, U, U, U, U},
	  true, false, false, true, false}, CAUSE_NONE, ""},
};

static void the_cause_of_a_growth_is_the_part_that_explains_it(void **state)
{
	for (size_t i = 0; i < COUNT_OF(causes); i++) {
		char text[160];

		if (ledger_cause(&causes[i].growth) != causes[i].cause)
			fail_msg("%s: %d, not %d", causes[i].name, ledger_cause(&causes[i].growth),
				 causes[i].cause);
		ledger_text(&causes[i].growth, text, sizeof(text));
		if (strcmp(text, causes[i].text) != 0)
			fail_msg("%s: \"%s\"", causes[i].name, text);
	}
}

/* n cells of 10 s by a formula. */
static struct series_view cells_of(int64_t cells[SERIES_CELLS], size_t n, int64_t step,
				   int64_t noise)
{
	for (size_t i = 0; i < n; i++)
		cells[i] = 500 * M + (int64_t)i * step + (int64_t)(i * 7919 % 13 - 6) * noise;
	return (struct series_view){cells, n, 10};
}

static void a_straight_growth_tells_when_memory_is_full(void **state)
{
	int64_t cells[SERIES_CELLS];
	struct series_view s = cells_of(cells, 32, 10 * M, 0);
	struct limit_full full;

	assert_true(limit_time_to_full(&s, 800 * M, 1000 * M, &full));
	assert_near(full.slope, (double)M);
	assert_near(full.seconds, 200);
	assert_near(full.soonest_s, 200);
	assert_near(full.latest_s, 200);
}

static void a_noisy_growth_gives_an_interval_that_holds_the_truth(void **state)
{
	int64_t cells[SERIES_CELLS];
	struct series_view s = cells_of(cells, 32, 10 * M, 2 * M);
	struct limit_full full;

	assert_true(limit_time_to_full(&s, 800 * M, 1000 * M, &full));
	assert_true(full.soonest_s < 200 && full.latest_s > 200);
	assert_true(full.soonest_s < full.seconds && full.seconds < full.latest_s);
	assert_true(full.latest_s < 300);
}

static void a_gap_in_the_series_does_no_harm(void **state)
{
	int64_t cells[SERIES_CELLS];
	struct series_view s = cells_of(cells, 32, 10 * M, 0);
	struct limit_full full;

	for (size_t i = 5; i < 20; i++)
		cells[i] = LT_UNKNOWN;
	assert_true(limit_time_to_full(&s, 800 * M, 1000 * M, &full));
	assert_near(full.seconds, 200);
}

static void there_is_no_forecast_where_the_slope_does_not_deserve_one(void **state)
{
	static const struct {
		const char *why;
		size_t n;
		int64_t step, noise, now, limit;
	} cases[] = {
		{"no limit", 32, M, 0, 800 * M, U},
		{"rss is not known", 32, M, 0, U, 1000 * M},
		{"it is full already", 32, M, 0, 1000 * M, 1000 * M},
		{"no growth", 32, 0, 0, 500 * M, 1000 * M},
		{"shrinking", 32, -M, 0, 500 * M, 1000 * M},
		{"noise", 32, 0, M, 500 * M, 1000 * M},
		{"a growth lost in noise", 32, M / 4, 5 * M, 500 * M, 1000 * M},
		{"too few cells", 8, M, 0, 500 * M, 1000 * M},
		{"in years", 32, 4096, 0, 500 * M, 100000 * M},
		{"nothing was read", 0, 0, 0, 500 * M, 1000 * M},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t cells[SERIES_CELLS];
		struct series_view s = cells_of(cells, cases[i].n, cases[i].step, cases[i].noise);
		struct limit_full full;

		if (limit_time_to_full(&s, cases[i].now, cases[i].limit, &full))
			fail_msg("%s: %g s", cases[i].why, full.seconds);
	}
}

static double straight(double s) { return 1e6 * s; }
static double flat(double s) { return 0 * s; }
static double shrinking(double s) { return -1e6 * s; }
static double step_early(double s) { return s < 8 ? 0 : 5e7; }
static double step_half(double s) { return s < 30 ? 0 : 5e7; }
static double step_late(double s) { return s < 50 ? 0 : 5e7; }
static double warm_up(double s) { return 1e8 * (1 - exp(-s / 10)); }
static double warm_up_60(double s) { return 1e8 * (1 - exp(-s / 60)); }
static double filled(double s) { return fmin(s, 25) * 1e6; }
static double saw(double s) { return fmod(s, 15) * 1e6; }
static double sine(double s) { return 1e7 * sin(s / 8); }
static double stairs(double s) { return floor(s / 7) * 7e6; }
static double leak_in_saw(double s) { return 1e6 * s + fmod(s, 5) * 5e5; }
static double root(double s) { return 1e7 * sqrt(s); }

static const struct {
	const char *name;
	bool goes_on, slows;
	double (*at)(double s);
} shapes[] = {
	{"a straight line", true, false, straight},
	{"stairs", true, false, stairs},
	{"a leak under a saw-tooth", true, false, leak_in_saw},
	{"slower and slower, without an end", true, true, root},
	{"flat", false, false, flat},
	{"shrinking", false, false, shrinking},
	{"a step at the beginning", false, true, step_early},
	{"a step in the middle", false, false, step_half},
	{"a step at the end", false, false, step_late},
	{"a warm-up", false, true, warm_up},
	{"the first minute of a long warm-up", true, true, warm_up_60},
	{"a cache that has filled", false, true, filled},
	{"a saw-tooth", false, false, saw},
	{"a sine", false, false, sine},
};

/* 60 cells of a second: a minute in a CI run. */
static void a_growth_goes_on_only_while_it_does(void **state)
{
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		int64_t cells[SERIES_CELLS];
		struct series_view s = {cells, 60, 1};

		for (size_t k = 0; k < s.n; k++)
			cells[k] = 500 * M + (int64_t)shapes[i].at((double)k);
		if (trend_goes_on(&s, 0) != shapes[i].goes_on)
			fail_msg("%s", shapes[i].name);
		if (shapes[i].goes_on && trend_slows(&s) != shapes[i].slows)
			fail_msg("%s: slows", shapes[i].name);
		s.n = 15;			/* too short for any word */
		assert_false(trend_goes_on(&s, 0));
	}
}

/* 40 s in which RSS gains a MiB a second, of which so many parts of 8 are C heap in use or free. */
static struct model *grown(int live, int free, bool scan, const char *leaking)
{
	struct sample_ledger l = {10 * M, M, 50 * M, M, M, M, M};
	struct model *m = new_model();

	for (int i = 0; i < 40; i++) {
		struct sample s = sample_at(i);
		char types[80];

		snprintf(types, sizeof(types), "still=500 %s=%d", leaking, 40 * i);
		s.memory.rss = 65 * M + i * M;
		l.c_live = 50 * M + i * M / 8 * live;
		l.c_free = M + i * M / 8 * free;
		l.other = M + i * M / 8 * (8 - live - free);
		s.ledger = i % 10 == 0 ? l : ledger_unknown;
		s.way.scan = scan;
		push_census(m, s, leaking[0] ? types : "still=500");
	}
	return m;
}

static void the_snapshot_tells_what_grew_and_whether_it_goes_on(void **state)
{
	struct model *m = grown(8, 0, true, "");
	struct ledger_growth g;
	char text[160];

	ledger_growth(model_snapshot(m), &g);
	assert_true(g.steady);
	assert_true(g.large_counted);
	/* since the ledger was read last RSS has grown on, which no part can explain */
	assert_int_equal(g.rss_delta, 30 * M);
	assert_int_equal(ledger_cause(&g), CAUSE_NATIVE);
	assert_string_equal(ledger_text(&g, text, sizeof(text)),
			    "RSS +30.0M: 100 % C heap in use; Python objects flat: native memory, "
			    "not an object leak");
	model_free(m);
}

/*
 * Memory that rises for seconds and falls again, nearly each so many samples: what is seen of its
 * troughs rises in a straight line, for minutes.
 */
static int native_in(double period_s, double length_s)
{
	struct model *m = new_model();
	int said = 0;

	for (int i = 0; i < (int)length_s; i++) {
		struct sample_ledger l = {10 * M, M, 50 * M, M, M, M, M};
		struct sample s = sample_at(i);
		int64_t more = (int64_t)(20.0 * (double)M * fmod(i, period_s));

		s.memory.rss = 65 * M + more;
		l.c_live += more;
		s.ledger = i % 10 == 0 ? l : ledger_unknown;
		s.way.scan = true;
		push_census(m, s, "still=500");
		if (i % 5 == 0)
			said += model_snapshot(m)->verdict.cause == CAUSE_NATIVE;
	}
	model_free(m);
	return said;
}

static void teeth_that_beat_with_the_samples_are_no_native_growth(void **state)
{
	static const double periods_s[] = {2, 3, 5, 7, 12};
	int wrong = 0;

	for (size_t p = 0; p < COUNT_OF(periods_s); p++)
		for (int off = -20; off <= 20; off += 5) {
			double period_s = periods_s[p] + off / 500.0;
			int said = native_in(period_s, 400);

			wrong += said > 0;
			if (said)
				printf("# teeth of %.3f s: native in %d of 80\n", period_s, said);
		}
	assert_int_equal(wrong, 0);
}

static void the_model_names_the_cause_by_its_ledger(void **state)
{
	static const struct {
		int live, free;
		bool scan;
		const char *leaking, *filter;
		enum outcome_cause cause;
		bool leaks;
	} cases[] = {
		{8, 0, true, "", "", CAUSE_NATIVE, true},
		{0, 0, true, "", "", CAUSE_NATIVE, true},
		{8, 0, false, "", "", CAUSE_NONE, false},
		{1, 7, true, "", "", CAUSE_FRAGMENTATION, false},
		{1, 7, false, "", "", CAUSE_FRAGMENTATION, false},
		{8, 0, true, "app.Conn", "", CAUSE_OBJECTS, true},
		/* what leaks is hidden, but it is not native for that */
		{8, 0, true, "app.Conn", "still", CAUSE_NONE, false},
		{8, 0, true, "", "nothing", CAUSE_NATIVE, true},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct model *m = grown(cases[i].live, cases[i].free, cases[i].scan,
					cases[i].leaking);
		const struct outcome *v;

		assert_true(model_filter(m, cases[i].filter, NULL, 0));
		v = &model_snapshot(m)->verdict;
		if (v->cause != cases[i].cause || v->leaking != cases[i].leaks)
			fail_msg("case %zu: %d, leaking %d", i, v->cause, v->leaking);
		/* from a new baseline on nothing has grown yet */
		model_baseline_now(m);
		if (!cases[i].leaking[0])
			assert_int_equal(model_snapshot(m)->verdict.cause, CAUSE_NONE);
		model_free(m);
	}
}

static struct gchealth_facts healthy(void)
{
	return (struct gchealth_facts){
		.gc = {.enabled = 1, .frozen = 375, .garbage = 0,
		       .gen = {{500, 10, 700, 900, 0, 0}, {400, 3, 10, 80, 0, 0},
			       {90000, 2, 10, 7, 0, 0}}},
		.full_since_base = 2, .watched_s = 300, .objects = 90900,
	};
}

static void assert_alarm(const struct gchealth_facts *facts, int id, const char *part)
{
	struct gchealth_alarm alarms[GCHEALTH_COUNT_OF];
	size_t n = gchealth_judge(facts, alarms, COUNT_OF(alarms));

	if (id < 0) {
		if (n)
			fail_msg("%s", alarms[0].text);
		return;
	}
	assert_int_equal(n, 1);
	assert_int_equal(alarms[0].id, id);
	assert_int_equal(alarms[0].grave, id < GCHEALTH_OFTEN);
	if (!strstr(alarms[0].text, part))
		fail_msg("%s", alarms[0].text);
	assert_true(strlen(alarms[0].text) + 1 < sizeof(alarms[0].text));
}

static void the_snapshot_tells_the_facts_of_the_collector(void **state)
{
	struct model *m = new_model();
	struct gchealth_facts f;
	struct sample s;

	for (int i = 0; i < 60; i++) {
		s = sample_at(i);
		s.gc = healthy().gc;
		s.gc.gen[2].collections = 7 + 2 * i;
		push_census(m, s, "dict=10");
	}
	gchealth_facts(model_snapshot(m), &f);
	assert_int_equal(f.full_since_base, 118);
	assert_near(f.watched_s, 59);
	assert_alarm(&f, GCHEALTH_OFTEN, "120 full collections a minute");
	s.t += 86400;				/* someone sets the clock */
	s.mono_ns += CLOCK_NS_PER_S;
	push_census(m, s, "dict=10");
	gchealth_facts(model_snapshot(m), &f);
	assert_true(f.watched_s < 62);
	model_free(m);
}

static void a_healthy_collector_gives_no_alarm(void **state)
{
	struct gchealth_facts f = healthy();

	assert_alarm(&f, -1, NULL);
	f.full_since_base = 0;			/* too early to say */
	assert_alarm(&f, -1, NULL);
	f.watched_s = 2;
	f.full_since_base = 5;
	assert_alarm(&f, -1, NULL);
	f.watched_s = 9000;			/* next to nothing to collect */
	f.full_since_base = 0;
	assert_alarm(&f, -1, NULL);
}

static void what_is_unknown_gives_no_alarm(void **state)
{
	struct gchealth_facts f = {.full_since_base = U, .watched_s = 1000, .objects = U};

	f.gc.enabled = f.gc.frozen = f.gc.garbage = U;
	for (size_t i = 0; i < 3; i++)
		f.gc.gen[i] = (struct sample_generation){U, U, U, U, U, U};
	assert_alarm(&f, -1, NULL);
}

static void each_ill_of_the_collector_has_its_words(void **state)
{
	struct gchealth_facts f = healthy();

	f.gc.enabled = 0;
	f.watched_s = 1000;
	f.full_since_base = 0;
	f.objects = 1000000;
	assert_alarm(&f, GCHEALTH_DISABLED, "gc is disabled: cycles are never freed");
	f.full_since_base = 3;
	assert_alarm(&f, GCHEALTH_DISABLED, "freed only when the program calls gc.collect");
	f = healthy();
	f.gc.gen[0].threshold = 0;
	assert_alarm(&f, GCHEALTH_THRESHOLD_ZERO, "threshold is 0");
	f = healthy();
	f.gc.garbage = 12;
	f.gc.gen[2].uncollectable = 12;
	assert_alarm(&f, GCHEALTH_GARBAGE, "gc.garbage holds 12 objects");
	f.gc.garbage = 0;
	assert_alarm(&f, GCHEALTH_UNCOLLECTABLE, "12 objects were found uncollectable");
	f = healthy();
	f.gc.incremental = true;
	assert_alarm(&f, GCHEALTH_INCREMENTAL, "3.14.5");
	f = healthy();
	f.full_since_base = 0;
	f.watched_s = 1200;
	f.objects = 250000;
	assert_alarm(&f, GCHEALTH_STARVED, "no full collection for 20m00s, and 250 000 objects");
	f = healthy();
	f.full_since_base = 300;
	assert_alarm(&f, GCHEALTH_OFTEN, "60 full collections a minute");
	f = healthy();
	f.gc.frozen = 105000;
	assert_alarm(&f, GCHEALTH_FROZEN, "105 000 objects are frozen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_taken_from_rss_and_the_rest_is_other),
		cmocka_unit_test(every_part_has_its_growth_and_its_rate),
		cmocka_unit_test(a_part_that_is_known_later_grows_from_then_on),
		cmocka_unit_test(a_part_that_is_lost_is_no_growth_of_the_others),
		cmocka_unit_test(a_reading_is_held_until_the_next_one_may_be_due),
		cmocka_unit_test(the_cause_of_a_growth_is_the_part_that_explains_it),
		cmocka_unit_test(a_straight_growth_tells_when_memory_is_full),
		cmocka_unit_test(a_noisy_growth_gives_an_interval_that_holds_the_truth),
		cmocka_unit_test(a_gap_in_the_series_does_no_harm),
		cmocka_unit_test(there_is_no_forecast_where_the_slope_does_not_deserve_one),
		cmocka_unit_test(a_growth_goes_on_only_while_it_does),
		cmocka_unit_test(the_snapshot_tells_what_grew_and_whether_it_goes_on),
		cmocka_unit_test(teeth_that_beat_with_the_samples_are_no_native_growth),
		cmocka_unit_test(the_model_names_the_cause_by_its_ledger),
		cmocka_unit_test(a_healthy_collector_gives_no_alarm),
		cmocka_unit_test(the_snapshot_tells_the_facts_of_the_collector),
		cmocka_unit_test(what_is_unknown_gives_no_alarm),
		cmocka_unit_test(each_ill_of_the_collector_has_its_words),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
