/* The parts of the verdict one by one, and bad input: clocks, gaps, resets, huge counts. */
#include "config.h"
#include "test_model.h"

#include <math.h>

#include "model/epochs.h"
#include "model/floors.h"
#include "model/ratchet.h"
#include "model/verdict.h"
#include "util/mem.h"

#define assert_close(a, b) assert_true(fabs((a) - (b)) <= 1e-6 * (1 + fabs(b)))

/* ---- floors ----------------------------------------------------------------------------- */

static struct floors line_of(const double *v, int n)
{
	struct floors f = {.n = n};

	for (int i = 0; i < n; i++) {
		f.at_s[i] = 10 * i;
		f.floor[i] = v[i];
	}
	return f;
}

static void a_straight_line_has_its_slope_no_noise_and_bend_1(void **state)
{
	double v[16];

	for (int n = 6; n <= 16; n++) {
		struct floors_facts facts;
		struct floors f;

		for (int i = 0; i < n; i++)
			v[i] = 500 + 70 * i;
		f = line_of(v, n);
		floors_judge(&f, &facts);
		assert_close(facts.slope, 7.0);
		assert_close(facts.noise, 0.0);
		assert_close(facts.bend, 1.0);
		assert_close(facts.direction, 1.0);
		assert_close(facts.gain, 70.0 * (n - 1));
		assert_int_equal(facts.records, n - 1);
		assert_close(facts.age_s, 0.0);
		assert_close(facts.gap_s, 10.0);
	}
}

static void the_bend_tells_curves_apart(void **state)
{
	static const struct { const char *what; double power, least, most; } cases[] = {
		{"square root", 0.5, 0.40, 0.43}, {"straight", 1, 0.99, 1.01},
		{"square", 2, 2.9, 3.1},
	};
	struct floors_facts facts;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		double v[16];
		struct floors f;

		for (int k = 0; k < 16; k++)
			v[k] = 10000 * pow(k / 15.0, cases[i].power);
		f = line_of(v, 16);
		floors_judge(&f, &facts);
		if (facts.bend < cases[i].least || facts.bend > cases[i].most)
			fail_msg("%s: bend %g", cases[i].what, facts.bend);
	}
}

static void one_outlier_moves_neither_slope_nor_noise(void **state)
{
	static const double v[] = {0, 10, 20, 30, 9000, 50, 60, 70, 80};
	struct floors f = line_of(v, 9);
	struct floors_facts facts;

	floors_judge(&f, &facts);
	assert_close(facts.slope, 1.0);
	assert_close(facts.noise, 0.0);
}

static void medians_are_exact_for_any_length(void **state)
{
	for (int n = 1; n <= 120; n++) {
		double v[120];

		for (int i = 0; i < n; i++)	/* 0 to n - 1, the odd ones backwards */
			v[i] = i % 2 ? n - (n % 2) - i : i;
		assert_close(floors_median(v, n), (n - 1) / 2.0);
	}
}

/* ---- epochs ----------------------------------------------------------------------------- */

static struct epochs_move at(struct epochs *e, double s, int64_t collections)
{
	struct epochs_gc gc = {.collections = collections, .uptime_s = NAN};

	return epochs_step(e, (int64_t)(s * 1e9), &gc);
}

static void the_base_ring_keeps_8_to_16_epochs_and_every_collection(void **state)
{
	struct epochs e;

	epochs_init(&e);
	for (int s = 0; s < 100000; s += 3) {
		(void)at(&e, s, s / 30);
		assert_in_range(e.line[EPOCHS_BASE].n, s < 16 ? 1 : 8, EPOCHS);
		assert_int_equal(epochs_full(&e.line[EPOCHS_BASE]), s / 30);
		assert_true(e.line[EPOCHS_FAST].n <= EPOCHS);
	}
	/* 320 s of the fast ring hold ten or eleven of them. */
	assert_in_range(epochs_full(&e.line[EPOCHS_FAST]), 10, 11);
}

static void merged_epochs_keep_the_least_and_the_most(void **state)
{
	static const struct ratchet_rules rules = {.confirm_ns = 600 * CLOCK_NS_PER_S};
	struct epochs e;
	struct ratchet r;
	bool gap_seen = false;

	epochs_init(&e);
	for (int s = 0; s < 4000; s++) {
		struct epochs_move move;
		int64_t count = 1000 + (s == 1111 ? -777 : s == 2222 ? 888 : 0);

		if (s >= 300 && s < 1100)
			continue;
		move = at(&e, s, 0);
		if (s == 0)
			ratchet_init(&r, &e, count);
		else
			ratchet_follow(&r, &move);
		ratchet_put(&r, &e, &move, count, LT_UNKNOWN, &rules);
	}
	for (int i = 0, lo = 0, hi = 0; i < e.line[EPOCHS_BASE].n; i++) {
		lo = r.lo[EPOCHS_BASE][i] < lo && r.lo[EPOCHS_BASE][i] != RATCHET_GAP
			? r.lo[EPOCHS_BASE][i] : lo;
		hi = r.hi[EPOCHS_BASE][i] > hi ? r.hi[EPOCHS_BASE][i] : hi;
		gap_seen |= r.lo[EPOCHS_BASE][i] == RATCHET_GAP;
		if (i == e.line[EPOCHS_BASE].n - 1) {
			assert_int_equal(lo, -777);
			assert_int_equal(hi, 888);
		}
	}
	assert_true(gap_seen);
}

static void a_collection_is_due_as_often_as_it_came_before(void **state)
{
	struct epochs_gc gc = {.collections = 100, .uptime_s = 4000};
	struct epochs e;

	epochs_init(&e);
	(void)epochs_step(&e, 0, &gc);
	assert_close(epochs_full_every_s(&e), 40.0);
	assert_true(epochs_full_due(&e));
	(void)epochs_step(&e, 59 * CLOCK_NS_PER_S, &gc);
	assert_true(epochs_full_due(&e));
	(void)epochs_step(&e, 61 * CLOCK_NS_PER_S, &gc);
	assert_false(epochs_full_due(&e));	/* it missed its time by half */
	for (int i = 1; i <= 4; i++) {
		gc.collections = 100 + i;
		(void)epochs_step(&e, (61 + 10 * i) * CLOCK_NS_PER_S, &gc);
	}
	assert_close(epochs_full_every_s(&e), 10.0);
	epochs_init(&e);
	gc = (struct epochs_gc){.collections = LT_UNKNOWN, .uptime_s = 4000};
	(void)epochs_step(&e, 0, &gc);
	assert_false(epochs_full_due(&e));
}

/* ---- the whole model -------------------------------------------------------------------- */

static struct sample sample_gc(double s, int64_t collections, bool on)
{
	struct sample r = sample_at(s);

	r.gc.gen[2].collections = collections;
	r.gc.enabled = on;
	return r;
}

static const char *word(struct model *m, const char *name)
{
	return row(m, name) ? ratchet_word_text(row(m, name)->word) : "no row";
}

/* A leak of 20/s for n samples, one every step_s, from start_s on. */
static void leak(struct model *m, double start_s, double step_s, int n, int64_t from)
{
	for (int i = 0; i < n; i++) {
		char text[96];

		snprintf(text, sizeof(text), "app.Leak=%lld still=500",
			 (long long)(from + (int64_t)(20 * step_s * i)));
		push_census(m, sample_gc(start_s + step_s * i, 0, true), text);
		(void)model_snapshot(m);
	}
}

static void a_steady_leak_is_suspect_at_any_delay(void **state)
{
	static const struct { double delay_s, most_s; } cases[] = {
		{0.1, 24}, {0.5, 24}, {1, 24}, {2, 26}, {5, 70}, {60, 900},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct model *m = new_model();
		double t = 0;

		while (strcmp(word(m, "app.Leak"), "suspect") != 0) {
			assert_true(t <= cases[i].most_s);
			leak(m, t, cases[i].delay_s, 1, 1000 + (int64_t)(20 * t));
			t += cases[i].delay_s;
		}
		printf("# delay %g s: suspect after %g s\n", cases[i].delay_s,
		       t - cases[i].delay_s);
		assert_string_equal(word(m, "still"), "flat");
		model_free(m);
	}
}

static void before_six_floors_it_is_too_early(void **state)
{
	struct model *m = new_model();
	const struct snapshot *snap;

	leak(m, 0, 1, 10, 1000);
	snap = model_snapshot(m);
	assert_string_equal(word(m, "app.Leak"), "too early");
	assert_string_equal(word(m, "still"), "too early");
	assert_int_equal(snap->verdict.word, RATCHET_EARLY);
	assert_false(snap->verdict.leaking);
	model_free(m);
}

/* What rests is known to be flat some seconds before what moves has its six floors. */
static void it_is_too_early_while_what_grows_has_no_word(void **state)
{
	struct model *m = new_model();
	int seen = 0;

	for (int i = 0; i < 40 && strcmp(word(m, "app.Leak"), "growing") != 0; i++) {
		leak(m, i, 1, 1, 1000 + 20 * i);
		if (strcmp(word(m, "still"), "flat") != 0 ||
		    strcmp(word(m, "app.Leak"), "too early") != 0)
			continue;
		assert_int_equal(model_snapshot(m)->verdict.word, RATCHET_EARLY);
		seen++;
	}
	assert_true(seen > 0);
	assert_true(model_snapshot(m)->verdict.word < RATCHET_EARLY);
	model_free(m);
}

static void the_process_has_the_strongest_word_and_its_suspects_in_order(void **state)
{
	struct model *m = new_model();
	const struct outcome *v;

	for (int i = 0; i < 30; i++) {
		char text[200];

		snprintf(text, sizeof(text), "dict=%d app.Conn=%d slow.Leak=%d churn=%d still=5",
			 700 + 20 * i, 20 * i, 8 * i, 500 + 200 * (i % 2));
		census(m, i, text);
	}
	v = &model_snapshot(m)->verdict;
	assert_int_equal(v->word, RATCHET_SUSPECT);
	assert_true(v->leaking);
	assert_int_equal(v->cause, CAUSE_OBJECTS);
	assert_int_equal(v->n_suspects, 3);
	/* dict rises in step with the class that someone wrote, which is the head. */
	assert_string_equal(v->suspects[0].name, "app.Conn");
	assert_string_equal(v->suspects[1].name, "dict");
	assert_int_equal(v->suspects[1].head, v->suspects[0].id);
	assert_int_equal(v->suspects[0].group_n, 2);
	assert_string_equal(v->suspects[2].name, "slow.Leak");
	assert_int_equal(v->suspects[2].group_n, 1);
	assert_int_equal(v->n[RATCHET_CHURN], 1);
	model_sort(m, SORT_VERDICT, false);
	assert_string_equal(names(m), "app.Conn dict slow.Leak churn still");
	model_free(m);
}

/* Types that gain so many a second; "head n" of the first suspect. */
static const char *first_of(const char *const *names, const int *gains)
{
	static char text[64];
	struct model *m = new_model();
	const struct snapshot_row *first;

	for (int s = 0; s < 30; s++) {
		char types[200];
		size_t at = 0;

		for (size_t i = 0; names[i]; i++)
			at += (size_t)snprintf(types + at, sizeof(types) - at, "%s%s=%d",
					       i ? " " : "", names[i], 1000 + gains[i] * s);
		census(m, s, types);
	}
	first = model_snapshot(m)->verdict.suspects;
	snprintf(text, sizeof(text), "%s %u", first->name, first->group_n);
	model_free(m);
	return text;
}

static void what_is_no_part_of_others_leads_them(void **state)
{
	static const char *const loggers[] = {"list", "dict", "logging.Logger", NULL};
	static const char *const threads[] = {"collections.deque", "threading.Condition",
					      "threading.Thread", NULL};
	static const char *const own[] = {"logging.Logger", "app.Conn", "dict", NULL};
	static const char *const apart[] = {"list", "logging.Logger", NULL};

	assert_string_equal(first_of(loggers, (const int[]){60, 20, 20}), "logging.Logger 3");
	assert_string_equal(first_of(threads, (const int[]){40, 20, 20}), "threading.Thread 3");
	assert_string_equal(first_of(own, (const int[]){20, 20, 40}), "app.Conn 3");
	/* two and a half lists a logger: something else makes them */
	assert_string_equal(first_of(apart, (const int[]){50, 20}), "logging.Logger 1");
	assert_string_equal(first_of(apart, (const int[]){200, 20}), "logging.Logger 1");
}

static void the_filter_is_for_the_verdict_too(void **state)
{
	struct model *m = new_model();

	assert_true(model_filter(m, "still", NULL, 0));
	leak(m, 0, 1, 30, 1000);
	assert_false(model_snapshot(m)->verdict.leaking);
	assert_int_equal(model_snapshot(m)->verdict.word, RATCHET_FLAT);
	assert_true(model_filter(m, "", NULL, 0));
	assert_true(model_snapshot(m)->verdict.leaking);
	model_free(m);
}

static void another_judge_can_name_the_cause(void **state)
{
	struct model *m = new_model();

	for (int i = 0; i < 30; i++)
		census(m, i, "still=500");
	model_cause(m, CAUSE_FRAGMENTATION);
	assert_false(model_snapshot(m)->verdict.leaking);
	assert_int_equal(model_snapshot(m)->verdict.cause, CAUSE_FRAGMENTATION);
	model_cause(m, CAUSE_NATIVE);
	assert_true(model_snapshot(m)->verdict.leaking);
	assert_int_equal(model_snapshot(m)->verdict.word, RATCHET_FLAT);
	model_free(m);
}

/* A suspect from 20 s on; collections as often as every_s, 0 never. */
static const char *word_after(double length_s, double every_s, bool on, int64_t confirm_s)
{
	static char text[24];
	struct model *m = new_model();

	model_confirm(m, confirm_s * CLOCK_NS_PER_S);
	for (int s = 0; s < length_s; s++) {
		char types[64];

		snprintf(types, sizeof(types), "app.Leak=%d", 20 * s);
		push_census(m, sample_gc(s, every_s > 0 ? (int64_t)(s / every_s) : 0, on), types);
	}
	snprintf(text, sizeof(text), "%s", word(m, "app.Leak"));
	model_free(m);
	return text;
}

static void a_leak_takes_three_full_collections_and_the_time_to_confirm(void **state)
{
	assert_string_equal(word_after(700, 20, true, 600), "suspect");
	assert_string_equal(word_after(900, 20, true, 600), "leak");
	assert_string_equal(word_after(900, 0, true, 600), "suspect");
	assert_string_equal(word_after(60, 5, true, 10), "leak");
	assert_string_equal(word_after(60, 0, true, 10), "suspect");
	/* What a collector that is switched off leaves stays for good: no proof to wait for. */
	assert_string_equal(word_after(60, 0, false, 10), "leak");
}

static void growth_that_a_due_collection_may_free_is_not_suspected(void **state)
{
	static struct sample_target target = {.pid = 1, .start_wall_s = WALL - 4000};
	struct model *m = model_new(&target);

	for (int s = 0; s < 70; s++) {
		char types[64];
		int full = 100 + s / 40;		/* one every 40 s, before as well */

		snprintf(types, sizeof(types), "app.Cycle=%d", 1000 + 50 * (s % 40));
		push_census(m, sample_gc(s, full, true), types);
		assert_true(row(m, "app.Cycle")->word > RATCHET_SUSPECT);
		if (s == 35) {
			assert_string_equal(word(m, "app.Cycle"), "growing");
			assert_int_equal(row(m, "app.Cycle")->reason.note, RATCHET_AWAITS);
		}
	}
	model_free(m);
}

static void the_wall_clock_may_jump_and_the_other_stand_still(void **state)
{
	struct model *m = new_model();

	for (int i = 0; i < 30; i++) {
		struct sample s = sample_gc(i, 0, true);
		char text[64];

		s.t += i % 3 ? -1e6 * i : 1e9;
		snprintf(text, sizeof(text), "app.Leak=%d", 1000 + 20 * i);
		push_census(m, s, text);
		s = sample_gc(i < 5 ? 0 : i - 5, 0, true);	/* an earlier time once more */
		push_census(m, s, text);
	}
	assert_string_equal(word(m, "app.Leak"), "suspect");
	census(m, 1e9, "app.Leak=2000");	/* thirty years later */
	census(m, 1e9 + 1, "app.Leak=2000");
	assert_true(row(m, "app.Leak")->word < RATCHET_WORDS_OF);
	model_free(m);
}

static void gaps_and_a_suspended_target_are_no_rest(void **state)
{
	struct model *m = new_model();

	leak(m, 0, 1, 30, 1000);
	assert_string_equal(word(m, "app.Leak"), "suspect");
	for (int s = 30; s < 3600; s += 10)
		gap(m, s);
	assert_string_equal(word(m, "app.Leak"), "suspect");
	leak(m, 3600, 1, 10, 1600);
	assert_string_not_equal(word(m, "app.Leak"), "hold");
	model_free(m);
}

static void a_type_that_vanishes_and_comes_again_begins_anew(void **state)
{
	struct model *m = new_model();

	leak(m, 0, 1, 30, 1000);
	for (int s = 30; s < 34; s++)
		census(m, s, "still=500");
	leak(m, 34, 1, 10, 0);
	assert_string_not_equal(word(m, "app.Leak"), "suspect");
	leak(m, 44, 1, 500, 200);
	assert_string_equal(word(m, "app.Leak"), "suspect");
	model_free(m);
}

/* An exec keeps the PID; its collector counts from 0. */
static void another_program_under_the_same_pid_is_judged_anew(void **state)
{
	struct model *m = new_model();

	for (int i = 0; i < 40; i++) {
		char text[64];

		snprintf(text, sizeof(text), "app.Leak=%d still=500", 1000 + 20 * i);
		push_census(m, sample_gc(i, 900, true), text);
	}
	assert_string_equal(word(m, "app.Leak"), "suspect");
	for (int i = 40; i < 72; i++) {
		char text[64];

		snprintf(text, sizeof(text), "app.Leak=3 other.New=%d", 20 * (i - 40));
		push_census(m, sample_gc(i, 2, true), text);
		if (i == 40)
			assert_string_equal(word(m, "app.Leak"), "too early");
	}
	assert_string_equal(word(m, "app.Leak"), "flat");
	assert_string_equal(word(m, "other.New"), "suspect");
	model_free(m);
}

static void single_objects_count_beyond_2_to_the_31(void **state)
{
	static const int64_t starts[] = {
		(int64_t)INT32_MAX - 100, (int64_t)1 << 40, INT64_MAX - 10000,
	};

	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		struct model *m = new_model();
		enum ratchet_word got;

		for (int s = 0; s < 30; s++) {
			/* Bytes are a hundred times that, which must not overflow either. */
			struct sample_type type = {"app.Leak", starts[i] + 20 * s, 0};
			struct sample sample = sample_gc(s, 0, true);

			sample.census = true;
			sample.types = &type;
			sample.n_types = 1;
			model_push(m, &sample);
		}
		got = row(m, "app.Leak")->word;
		/* 600 objects of billions are not material; that they are seen at all: */
		assert_true(got == RATCHET_FLAT);
		assert_int_equal(row(m, "app.Leak")->reason.records,
				 row(m, "app.Leak")->reason.epochs - 1);
		model_free(m);
	}
}

static void a_jump_past_every_range_is_survived(void **state)
{
	struct model *m = new_model();

	for (int s = 1; s < 60; s++) {
		struct sample_type type = {"x", s % 2 ? INT64_MAX : 0, s % 3 ? INT64_MAX : 0};
		struct sample sample = sample_gc(s, s % 5 ? INT64_MAX : 0, s % 7);

		sample.census = true;
		sample.types = &type;
		sample.n_types = 1;
		model_push(m, &sample);
		assert_true(row(m, "x")->word < RATCHET_WORDS_OF);
		assert_false(model_snapshot(m)->verdict.leaking);
	}
	model_free(m);
}

static void a_new_baseline_begins_the_words_anew_but_knows_the_last_minutes(void **state)
{
	struct model *m = new_model();

	for (int s = 0; s < 200; s++) {
		char text[64];

		snprintf(text, sizeof(text), "app.Leak=%d warm=%d", 20 * s,
			 s < 60 ? 50 * s : 3000);
		push_census(m, sample_gc(s, s / 20, true), text);
	}
	assert_string_equal(word(m, "app.Leak"), "suspect");
	assert_string_equal(word(m, "warm"), "hold");
	model_baseline_now(m);
	for (int s = 200; s < 400; s++) {
		char text[64];

		snprintf(text, sizeof(text), "app.Leak=%d warm=3000", 20 * s);
		push_census(m, sample_gc(s, s / 20, true), text);
		assert_string_equal(word(m, "app.Leak"), "suspect");
	}
	assert_string_equal(word(m, "warm"), "flat");
	model_free(m);
}

static void reasons_are_words_that_the_facts_bear_out(void **state)
{
	struct snapshot_row r = {.word = RATCHET_LEAK, .reason = {
		.epochs = 16, .records = 14, .full = 12, .bend = 1.02f}};
	char text[200];

	assert_string_equal(verdict_reason(&r, text, sizeof(text)),
			    "floor rose in 14/15 epochs, straight, survived 12 full collections");
	r.word = RATCHET_GROWING;
	r.reason.note = RATCHET_SLOWING;
	r.reason.bend = 0.3f;
	r.reason.full = 0;
	assert_string_equal(verdict_reason(&r, text, sizeof(text)),
			    "floor rose in 14/15 epochs, less and less, no full collection seen");
	r.word = RATCHET_HOLD;
	r.quiet_s = 372;
	assert_string_equal(verdict_reason(&r, text, sizeof(text)),
			    "grew, and has not set a new floor for 6m12s");
	for (int w = 0; w < RATCHET_WORDS_OF; w++) {
		r.word = (enum ratchet_word)w;
		assert_true(strlen(verdict_reason(&r, text, sizeof(text))) > 10);
	}
}

static void no_leak_is_claimed_only_where_nothing_grows(void **state)
{
	struct outcome v = {.word = RATCHET_GROWING};

	assert_string_equal(verdict_claim(&v), "growth, not proved a leak");
	for (v.word = RATCHET_HOLD; v.word <= RATCHET_FLAT; v.word++)
		assert_string_equal(verdict_claim(&v), "no leak");
	v = (struct outcome){.word = RATCHET_SUSPECT, .leaking = true};
	assert_string_equal(verdict_claim(&v), "leak?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_straight_line_has_its_slope_no_noise_and_bend_1),
		cmocka_unit_test(the_bend_tells_curves_apart),
		cmocka_unit_test(one_outlier_moves_neither_slope_nor_noise),
		cmocka_unit_test(medians_are_exact_for_any_length),
		cmocka_unit_test(the_base_ring_keeps_8_to_16_epochs_and_every_collection),
		cmocka_unit_test(merged_epochs_keep_the_least_and_the_most),
		cmocka_unit_test(a_collection_is_due_as_often_as_it_came_before),
		cmocka_unit_test(a_steady_leak_is_suspect_at_any_delay),
		cmocka_unit_test(before_six_floors_it_is_too_early),
		cmocka_unit_test(it_is_too_early_while_what_grows_has_no_word),
		cmocka_unit_test(the_process_has_the_strongest_word_and_its_suspects_in_order),
		cmocka_unit_test(what_is_no_part_of_others_leads_them),
		cmocka_unit_test(the_filter_is_for_the_verdict_too),
		cmocka_unit_test(another_judge_can_name_the_cause),
		cmocka_unit_test(a_leak_takes_three_full_collections_and_the_time_to_confirm),
		cmocka_unit_test(growth_that_a_due_collection_may_free_is_not_suspected),
		cmocka_unit_test(the_wall_clock_may_jump_and_the_other_stand_still),
		cmocka_unit_test(gaps_and_a_suspended_target_are_no_rest),
		cmocka_unit_test(a_type_that_vanishes_and_comes_again_begins_anew),
		cmocka_unit_test(another_program_under_the_same_pid_is_judged_anew),
		cmocka_unit_test(single_objects_count_beyond_2_to_the_31),
		cmocka_unit_test(a_jump_past_every_range_is_survived),
		cmocka_unit_test(a_new_baseline_begins_the_words_anew_but_knows_the_last_minutes),
		cmocka_unit_test(reasons_are_words_that_the_facts_bear_out),
		cmocka_unit_test(no_leak_is_claimed_only_where_nothing_grows),
	};

	return cmocka_run_group_tests_name("verdict rules", tests, NULL, NULL);
}
