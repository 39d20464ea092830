#include "config.h"
#include "test_model.h"

#include "model/types.h"

static void before_any_sample_nothing_is_known_and_nothing_is_shown(void **state)
{
	struct model *m = new_model();
	const struct snapshot *snap = model_snapshot(m);

	assert_int_equal(snap->target->pid, 4242);
	assert_int_equal(snap->seq, 0);
	assert_int_equal(snap->n_rows, 0);
	assert_int_equal(snap->memory.rss, LT_UNKNOWN);
	assert_int_equal(snap->memory_delta.rss, LT_UNKNOWN);
	assert_int_equal(snap->gc.gen[2].collections, LT_UNKNOWN);
	assert_int_equal(snap->objects, LT_UNKNOWN);
	assert_true(isnan(snap->rss_rate));
	assert_string_equal(snap->filter, "");
	model_baseline_now(m);
	model_baseline_first(m);
	assert_int_equal(model_snapshot(m)->n_rows, 0);
	model_free(m);
	model_free(NULL);
}

static void the_first_census_is_the_baseline(void **state)
{
	struct model *m = new_model();
	const struct snapshot_row *r;

	gap(m, 0);
	assert_int_equal(model_snapshot(m)->n_rows, 0);
	census(m, 2, "dict=10 list=20");
	assert_string_equal(names(m), "list dict");
	assert_near(model_snapshot(m)->base_t, WALL + 2);
	r = row(m, "dict");
	assert_int_equal(r->count_delta, 0);
	assert_true(r->flat);
	census(m, 4, "dict=13 list=15");
	r = row(m, "dict");
	assert_int_equal(r->count, 13);
	assert_int_equal(r->bytes, 13 * OBJECT_BYTES);
	assert_int_equal(r->count_delta, 3);
	assert_int_equal(r->bytes_delta, 3 * OBJECT_BYTES);
	assert_false(r->flat);
	assert_int_equal(row(m, "list")->count_delta, -5);
	model_free(m);
}

static void a_type_that_appears_later_grew_from_nothing(void **state)
{
	struct model *m = new_model();
	const struct snapshot_row *r;

	census(m, 0, "dict=10");
	census(m, 2, "dict=10 app.Conn=7");
	r = row(m, "app.Conn");
	assert_int_equal(r->count_delta, 7);
	assert_int_equal(r->bytes_delta, 7 * OBJECT_BYTES);
	assert_near(r->rate, 3.5);
	assert_int_equal(r->trend.n, 2);
	assert_int_equal(r->trend.cells[0], 0);
	assert_int_equal(r->trend.cells[1], 7);
	model_free(m);
}

static void a_type_that_vanishes_shows_its_loss_until_the_next_baseline(void **state)
{
	struct model *m = new_model();

	census(m, 0, "dict=10 tmp=5");
	census(m, 2, "dict=10 job=3");
	assert_int_equal(row(m, "tmp")->count, 0);
	assert_int_equal(row(m, "tmp")->count_delta, -5);
	census(m, 4, "dict=10");
	assert_int_equal(row(m, "job")->count_delta, 0);	/* no row blinks */
	assert_int_equal(model_snapshot(m)->n_types, 1);
	model_baseline_now(m);
	assert_string_equal(names(m), "dict");
	census(m, 6, "dict=10 job=1");
	assert_int_equal(row(m, "job")->count_delta, 1);
	model_free(m);
}

static void a_baseline_can_be_set_and_taken_back(void **state)
{
	struct model *m = new_model();
	struct sample s = sample_at(2);

	census(m, 0, "dict=10 tmp=5");
	s.memory.rss = 1500000;
	push_census(m, s, "dict=30");
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 500000);
	model_baseline_now(m);
	assert_int_equal(row(m, "dict")->count_delta, 0);
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 0);
	assert_near(model_snapshot(m)->base_t, WALL + 2);
	assert_null(row(m, "tmp"));
	model_baseline_first(m);
	assert_int_equal(row(m, "dict")->count_delta, 20);
	assert_int_equal(row(m, "tmp")->count_delta, -5);
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 500000);
	assert_near(model_snapshot(m)->base_t, WALL);
	model_free(m);
}

static void a_baseline_set_in_a_gap_is_that_of_the_rows_on_show(void **state)
{
	struct model *m = new_model();

	census(m, 0, "dict=10");
	census(m, 2, "dict=14");
	gap(m, 4);
	model_baseline_now(m);
	census(m, 6, "dict=20");
	assert_int_equal(row(m, "dict")->count_delta, 6);
	model_free(m);
}

static void a_baseline_asked_for_before_the_first_census_is_not_moved_by_it(void **state)
{
	struct model *m = new_model();

	gap(m, 0);
	gap(m, 2);
	model_baseline_now(m);
	census(m, 4, "dict=10");
	census(m, 6, "dict=11");
	assert_near(model_snapshot(m)->base_t, WALL + 2);
	assert_int_equal(row(m, "dict")->count_delta, 1);
	model_baseline_first(m);
	assert_near(model_snapshot(m)->base_t, WALL + 4);
	model_free(m);
	m = new_model();
	gap(m, 0);
	gap(m, 2);
	model_baseline_now(m);
	model_baseline_first(m);		/* taken back */
	census(m, 4, "dict=10");
	assert_near(model_snapshot(m)->base_t, WALL + 4);
	model_free(m);
}

static void a_sample_without_a_census_is_a_gap_and_rows_stay(void **state)
{
	struct model *m = new_model();
	const struct snapshot *snap;

	census(m, 0, "dict=10");
	census(m, 2, "dict=12");
	gap(m, 4);
	snap = model_snapshot(m);
	assert_false(snap->census);
	assert_int_equal(snap->why.code, LT_E_BUSY);
	assert_int_equal(snap->samples, 3);
	assert_int_equal(snap->gaps, 1);
	assert_near(snap->t, WALL + 4);
	assert_near(snap->census_t, WALL + 2);
	assert_int_equal(row(m, "dict")->count, 12);
	assert_near(row(m, "dict")->grew_ago_s, 2);
	assert_int_equal(row(m, "dict")->trend.n, 3);
	assert_int_equal(row(m, "dict")->trend.cells[2], LT_UNKNOWN);
	census(m, 6, "dict=12");
	snap = model_snapshot(m);
	assert_true(snap->census);
	assert_int_equal(snap->why.code, LT_OK);
	model_free(m);
}

static void an_empty_census_is_a_count_of_nothing(void **state)
{
	struct model *m = new_model();

	census(m, 0, "");
	assert_int_equal(model_snapshot(m)->n_rows, 0);
	census(m, 2, "dict=3");
	assert_int_equal(row(m, "dict")->count_delta, 3);
	census(m, 4, "");
	assert_int_equal(row(m, "dict")->count_delta, 0);
	assert_int_equal(model_snapshot(m)->n_types, 0);
	assert_int_equal(model_snapshot(m)->n_listed, 1);	/* the dicts that went */
	assert_int_equal(model_snapshot(m)->gaps, 0);
	model_free(m);
}

static void a_rate_needs_two_counts_in_the_last_minute(void **state)
{
	static const struct {
		const char *what;
		double at_s[6];		/* a count each, of 10 more objects; negative: a gap */
		double rate;
	} cases[] = {
		{"one count", {0}, NAN},
		{"two counts", {0, 2}, 5},
		{"a steady leak", {0, 2, 4, 6, 8, 10}, 5},
		{"a gap between", {0, 2, -4, -6, 8}, 2.5},
		{"the last one is a gap", {0, 2, -4}, 5},
		{"gaps for longer than a minute", {0, 2, -30, -62.5}, NAN},
		{"older than a minute does not count", {0, 2, 50, 58, 70, 80}, 1},
		{"nothing sampled for long", {0, 2, 4, 500}, NAN},
		{"a slow pace", {0, 300, 600}, 1 / 30.},
		{"a slow pace, not quite even", {0, 300, 602}, 10 / 302.},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model *m = new_model();
		double rate;
		int n = 0;

		for (size_t k = 0; k < 6 && (k == 0 || cases[i].at_s[k] != 0); k++) {
			char text[32];

			snprintf(text, sizeof(text), "dict=%d", 1000 + 10 * n);
			if (cases[i].at_s[k] < 0)
				gap(m, -cases[i].at_s[k]);
			else
				census(m, cases[i].at_s[k], text);
			n += cases[i].at_s[k] >= 0;
		}
		rate = row(m, "dict")->rate;
		if (isnan(cases[i].rate) ? !isnan(rate) : !(fabs(rate - cases[i].rate) <= 1e-9))
			fail_msg("%s: %g, expected %g", cases[i].what, rate, cases[i].rate);
		model_free(m);
	}
}

static void a_type_that_never_changed_has_rate_zero_and_a_level_trend(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=10 c=12");
	assert_true(isnan(row(m, "a")->rate));
	gap(m, 2);
	census(m, 4, "a=10 b=10 c=12");
	assert_near(row(m, "a")->rate, 0);
	assert_true(isnan(row(m, "a")->grew_ago_s));
	assert_int_equal(row(m, "b")->trend.n, 3);
	assert_int_equal(row(m, "b")->trend.cells[0], 10);
	assert_int_equal(row(m, "b")->trend.cells[1], LT_UNKNOWN);
	assert_int_equal(row(m, "b")->trend.cells[2], 10);
	assert_int_equal(row(m, "c")->trend.cells[2], 12);
	model_free(m);
}

static void each_of_many_level_types_has_its_own_count_as_trend(void **state)
{
	static char text[3000][16];
	static struct sample_type types[3000];
	struct model *m = new_model();
	struct sample s = sample_at(0);
	const struct snapshot *snap;

	for (int i = 0; i < 3000; i++) {
		snprintf(text[i], sizeof(text[i]), "type%d", i);
		types[i] = (struct sample_type){text[i], (int64_t)i * i * 7919 + 1, 0};
	}
	s.census = true;
	s.types = types;
	for (s.n_types = 1000; s.n_types <= 3000; s.n_types += 1000) {
		model_push(m, &s);
		snap = model_snapshot(m);
		assert_int_equal(snap->n_rows, s.n_types);
		for (size_t i = 0; i < snap->n_rows; i++)
			if (snap->rows[i].id < 1000)
				assert_int_equal(snap->rows[i].trend.cells[0], snap->rows[i].count);
	}
	model_free(m);
}

static void a_type_that_changes_late_has_had_its_past_all_along(void **state)
{
	struct model *m = new_model();
	const struct snapshot_row *r;

	census(m, 0, "a=10");
	gap(m, 2);
	census(m, 4, "a=10");
	census(m, 6, "a=15");
	r = row(m, "a");
	assert_int_equal(r->trend.cells[0], 10);
	assert_int_equal(r->trend.cells[1], LT_UNKNOWN);
	assert_int_equal(r->trend.cells[2], 10);
	assert_int_equal(r->trend.cells[3], 15);
	assert_near(r->rate, 5 / 6.);
	model_free(m);
}

static void jumps_of_the_wall_clock_do_no_harm(void **state)
{
	struct model *m = new_model();

	for (int i = 0; i <= 10; i++) {
		struct sample s = sample_at(2 * i);
		char text[32];

		s.t += i % 3 == 0 ? -7200 : i % 3 == 1 ? 1e8 : 0;
		snprintf(text, sizeof(text), "dict=%d", 100 + 4 * i);
		push_census(m, s, text);
	}
	assert_near(row(m, "dict")->rate, 2);
	assert_int_equal(row(m, "dict")->trend.n, 11);
	assert_near(row(m, "dict")->grew_ago_s, 0);
	model_free(m);
}

static void a_monotonic_clock_that_stands_or_runs_back_breaks_nothing(void **state)
{
	static const int64_t times[] = {5000000000, 5000000000, 5000000000, 1, -1, INT64_MIN,
					INT64_MAX, INT64_MAX, 0, 7000000000};
	struct model *m = new_model();

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct sample s = sample_at(0);
		char text[32];

		s.mono_ns = times[i];
		snprintf(text, sizeof(text), "dict=%zu", 10 + i);
		push_census(m, s, text);
		assert_int_equal(row(m, "dict")->count, 10 + i);
		assert_true(isnan(row(m, "dict")->rate) || isfinite(row(m, "dict")->rate));
	}
	model_free(m);
}

static void rows_are_sorted_by_growth_and_any_other_key_at_once(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=500 c=90");
	assert_string_equal(names(m), "b c a");		/* no growth: most objects first */
	census(m, 2, "a=40 b=500 c=95");
	census(m, 4, "a=40 b=500 c=95");
	assert_string_equal(names(m), "a c b");
	model_sort(m, SORT_COUNT, false);
	assert_string_equal(names(m), "b c a");
	model_sort(m, SORT_COUNT, true);
	assert_string_equal(names(m), "a c b");
	assert_true(model_snapshot(m)->sort_reversed);
	model_sort(m, SORT_NAME, false);
	assert_string_equal(names(m), "a b c");
	assert_int_equal(model_snapshot(m)->sort, SORT_NAME);
	model_free(m);
}

static void looking_twice_at_one_sample_is_one_refresh(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=10");
	census(m, 2, "a=60 b=10");
	census(m, 4, "a=60 b=10");
	census(m, 6, "a=60 b=99");
	for (int i = 0; i < 5; i++) {
		model_hide_flat(m, i % 2);
		assert_string_equal(names(m), "a b");
	}
	gap(m, 8);
	assert_string_equal(names(m), "a b");
	census(m, 10, "a=60 b=99");
	assert_string_equal(names(m), "b a");
	model_free(m);
}

static void the_order_holds_for_5_samples_after_the_cursor_moved(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=10");
	census(m, 2, "a=60 b=10");
	census(m, 4, "a=60 b=10");
	assert_string_equal(names(m), "a b");
	model_hold_order(m);
	assert_int_equal(model_snapshot(m)->order_held, 5);
	for (int i = 0; i < 5; i++) {
		census(m, 6 + 2 * i, "a=60 b=999");
		assert_string_equal(names(m), "a b");
		assert_int_equal(model_snapshot(m)->order_held, 4 - i);
	}
	census(m, 16, "a=60 b=999");
	assert_string_equal(names(m), "b a");
	model_hold_order(m);
	model_sort(m, SORT_NAME, false);
	assert_int_equal(model_snapshot(m)->order_held, 0);
	assert_string_equal(names(m), "a b");
	model_free(m);
}

static void a_cursor_moved_before_the_screen_is_drawn_holds_the_order_too(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=10");
	census(m, 2, "a=60 b=10");
	census(m, 4, "a=60 b=10");
	census(m, 6, "a=60 b=99");
	push_census(m, sample_at(8), "a=60 b=99");
	model_hold_order(m);
	assert_string_equal(names(m), "a b");
	model_free(m);
}

static void a_new_baseline_leaves_the_rows_where_they_are(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=500 c=90");
	census(m, 2, "a=40 b=500 c=95");
	census(m, 4, "a=40 b=500 c=95");
	model_baseline_now(m);
	assert_string_equal(names(m), "a c b");
	census(m, 6, "a=40 b=502 c=95");
	census(m, 8, "a=40 b=502 c=95");
	assert_string_equal(names(m), "b a c");
	model_free(m);
}

static void a_filter_is_an_expression_without_case_and_may_be_inverted(void **state)
{
	static const struct { const char *re, *shown; } cases[] = {
		{NULL, "app.Conn app.Cache dict frozendict"},
		{"", "app.Conn app.Cache dict frozendict"},
		{"!", "app.Conn app.Cache dict frozendict"},
		{"dict", "dict frozendict"},
		{"^dict$", "dict"},
		{"APP\\.c(onn|ache)", "app.Conn app.Cache"},
		{"!^app\\.", "dict frozendict"},
		{"nothing like it", ""},
		{"!nothing like it", "app.Conn app.Cache dict frozendict"},
	};
	struct model *m = new_model();

	census(m, 0, "app.Conn=9 app.Cache=8 dict=7");
	census(m, 2, "app.Conn=9 app.Cache=8 dict=7");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char msg[100] = "";

		assert_true(model_filter(m, cases[i].re, msg, sizeof(msg)));
		census(m, 4 + 2 * i, "app.Conn=9 app.Cache=8 dict=7 frozendict=6");
		model_sort(m, SORT_COUNT, false);
		assert_string_equal(names(m), cases[i].shown);
		assert_int_equal(model_snapshot(m)->n_types, 4);
		assert_string_equal(msg, "");
	}
	model_free(m);
}

static void a_filter_also_judges_types_that_appear_later(void **state)
{
	struct model *m = new_model();

	census(m, 0, "dict=9");
	assert_true(model_filter(m, "dict", NULL, 0));
	census(m, 2, "dict=9 list=5 frozendict=1");
	assert_string_equal(names(m), "frozendict dict");
	model_free(m);
}

static void a_wrong_expression_is_refused_and_the_old_one_stays(void **state)
{
	static const char *const wrong[] = {"(", "[a", "a{2,1}", "!(", "*("};
	struct model *m = new_model();

	census(m, 0, "dict=9 list=8");
	assert_true(model_filter(m, "dict", NULL, 0));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char msg[100] = "";

		assert_false(model_filter(m, wrong[i], msg, sizeof(msg)));
		assert_true(msg[0]);
		assert_string_equal(model_snapshot(m)->filter, "dict");
		assert_string_equal(names(m), "dict");
	}
	assert_true(model_filter(m, model_snapshot(m)->filter, NULL, 0));
	assert_string_equal(names(m), "dict");
	assert_true(model_filter(m, NULL, NULL, 0));
	assert_string_equal(model_snapshot(m)->filter, "");
	assert_string_equal(names(m), "dict list");
	model_free(m);
}

static void flat_types_can_be_hidden_and_are_still_counted(void **state)
{
	struct model *m = new_model();

	census(m, 0, "a=10 b=20 c=30");
	census(m, 2, "a=11 b=20 c=30 d=1");
	model_hide_flat(m, true);
	assert_string_equal(names(m), "a d");
	assert_int_equal(model_snapshot(m)->n_types, 4);
	assert_int_equal(model_snapshot(m)->n_flat, 2);
	assert_true(model_snapshot(m)->hide_flat);
	census(m, 4, "a=10 b=20 c=29 d=1");
	assert_string_equal(names(m), "d c");
	model_hide_flat(m, false);
	assert_int_equal(model_snapshot(m)->n_rows, 4);
	model_free(m);
}

static void an_id_belongs_to_a_name_for_the_whole_session(void **state)
{
	struct model *m = new_model();
	uint32_t a, b;

	census(m, 0, "a=1 b=2");
	a = row(m, "a")->id;
	b = row(m, "b")->id;
	assert_int_not_equal(a, b);
	census(m, 2, "c=3 b=2");
	model_baseline_now(m);
	census(m, 4, "c=3 b=2 a=9");
	assert_int_equal(row(m, "a")->id, a);
	assert_int_equal(row(m, "b")->id, b);
	model_free(m);
}

static void a_name_that_comes_twice_is_one_type(void **state)
{
	struct model *m = new_model();

	census(m, 0, "dict=10 list=1 dict=5");
	assert_int_equal(row(m, "dict")->count, 15);
	assert_int_equal(row(m, "dict")->bytes, 15 * OBJECT_BYTES);
	assert_int_equal(model_snapshot(m)->n_rows, 2);
	model_free(m);
}

static void huge_and_impossible_counts_are_kept_in_range(void **state)
{
	const int64_t big = (int64_t)1 << 62;
	struct sample_type types[] = {
		{"dict", big, big}, {"list", 3000000000, 300000000000}, {"odd", -5, -7},
		{"sum", INT64_MAX, INT64_MAX}, {"sum", INT64_MAX, INT64_MAX},
		{"unknown", 1, LT_UNKNOWN}, {"unknown", 1, 8},
	};
	struct sample s = sample_at(0);
	struct model *m = new_model();

	census(m, 0, "dict=1");
	s.mono_ns = 2000000000;
	s.census = true;
	s.types = types;
	s.n_types = sizeof(types) / sizeof(types[0]);
	model_push(m, &s);
	assert_int_equal(row(m, "dict")->count_delta, big - 1);
	assert_true(row(m, "dict")->rate == (double)(big - 1) / 2);
	assert_int_equal(row(m, "list")->count, 3000000000);
	assert_null(row(m, "odd"));
	assert_int_equal(row(m, "sum")->count, INT64_MAX);
	assert_int_equal(row(m, "unknown")->count, 2);
	assert_int_equal(row(m, "unknown")->bytes, LT_UNKNOWN);
	assert_int_equal(row(m, "unknown")->bytes_delta, LT_UNKNOWN);
	census(m, 4, "dict=1");
	assert_int_equal(row(m, "sum")->count_delta, 0);
	assert_int_equal(row(m, "dict")->count_delta, 0);
	model_free(m);
}

static void names_of_any_length_are_told_apart_up_to_255_bytes(void **state)
{
	static char a[400], b[400], c[400];
	struct sample_type types[] = {{a, 1, 1}, {b, 2, 2}, {c, 4, 4}, {"", 8, 8}};
	struct sample s = sample_at(0);
	struct model *m = new_model();
	char cut[300];

	memset(a, 'x', 255);
	memset(b, 'x', 255);
	b[254] = 'y';
	memset(c, 'x', 399);
	memcpy(c + 254, "\xc3\xa9", 2);		/* a character across the limit */
	s.census = true;
	s.types = types;
	s.n_types = 4;
	model_push(m, &s);
	snprintf(cut, sizeof(cut), "%.254s", a);
	assert_int_equal(row(m, a)->count, 1);
	assert_int_equal(row(m, b)->count, 2);
	assert_int_equal(row(m, cut)->count, 4);
	assert_int_equal(row(m, "")->count, 8);
	model_free(m);
}

#define MANY 100000

static void of_100000_types_the_first_have_rows_and_the_rest_is_summed(void **state)
{
	struct sample_type *types = calloc(MANY, sizeof(*types));
	char (*text)[24] = calloc(MANY, sizeof(*text));
	struct sample s = sample_at(0);
	struct model *m = new_model();
	const struct snapshot *snap;
	int64_t sum = 0;

	assert_true(types && text);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(text[i], sizeof(text[i]), "made.Type%zu", i);
		types[i] = (struct sample_type){text[i], 1, OBJECT_BYTES};
	}
	s.census = true;
	s.types = types;
	s.n_types = MANY;
	for (int k = 0; k < 4; k++) {
		s.mono_ns = k * 2000000000LL;
		types[7].count++;
		types[MANY - 1].count++;
		model_push(m, &s);
	}
	snap = model_snapshot(m);
	assert_int_equal(snap->n_rows, TYPES_MAX + 1);
	for (size_t i = 0; i < snap->n_rows; i++)
		sum += snap->rows[i].count;
	assert_int_equal(sum, MANY + 8);
	assert_int_equal(row(m, TYPES_OTHER)->count, MANY - TYPES_MAX + 4);
	assert_int_equal(row(m, TYPES_OTHER)->count_delta, 3);
	assert_int_equal(row(m, "made.Type7")->count_delta, 3);
	s.n_types = 8;
	s.mono_ns += 2000000000LL;
	model_push(m, &s);
	assert_int_equal(row(m, TYPES_OTHER)->count, 0);
	assert_int_equal(model_snapshot(m)->n_types, 8);
	model_free(m);
	free(types);
	free(text);
}

static void a_long_session_stays_in_its_memory_and_in_view(void **state)
{
	struct model *m = new_model();
	const struct snapshot *snap;
	const struct snapshot_row *r;

	for (int i = 0; i < 100000; i++) {
		char text[64];

		snprintf(text, sizeof(text), "leak=%d saw=%d still=5", i, i % 40);
		census(m, 2.0 * i, text);
		snap = model_snapshot(m);
		assert_in_range(snap->rows[0].trend.n, 1, SERIES_CELLS);
		assert_in_range(snap->rss.n, 1, SERIES_CELLS);
	}
	r = row(m, "leak");
	assert_int_equal(r->trend.n, 49);
	for (size_t i = 0; i < r->trend.n; i++) {
		assert_int_equal(r->trend.cells[i], 2048 * i);
		assert_int_equal(row(m, "saw")->trend.cells[i], 0);
		assert_int_equal(row(m, "still")->trend.cells[i], 5);
	}
	assert_int_equal(r->count_delta, 99999);
	assert_near(r->rate, 0.5);
	model_free(m);
}

static void when_the_target_has_ended_the_last_picture_stays(void **state)
{
	struct model *m = new_model();

	census(m, 0, "dict=10");
	census(m, 2, "dict=12");
	assert_false(model_snapshot(m)->ended);
	model_ended(m, WALL + 3);
	assert_true(model_snapshot(m)->ended);
	assert_near(model_snapshot(m)->ended_t, WALL + 3);
	assert_int_equal(row(m, "dict")->count_delta, 2);
	model_sort(m, SORT_NAME, false);
	assert_int_equal(row(m, "dict")->count_delta, 2);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_any_sample_nothing_is_known_and_nothing_is_shown),
		cmocka_unit_test(the_first_census_is_the_baseline),
		cmocka_unit_test(a_type_that_appears_later_grew_from_nothing),
		cmocka_unit_test(a_type_that_vanishes_shows_its_loss_until_the_next_baseline),
		cmocka_unit_test(a_baseline_can_be_set_and_taken_back),
		cmocka_unit_test(a_baseline_set_in_a_gap_is_that_of_the_rows_on_show),
		cmocka_unit_test(a_baseline_asked_for_before_the_first_census_is_not_moved_by_it),
		cmocka_unit_test(a_sample_without_a_census_is_a_gap_and_rows_stay),
		cmocka_unit_test(an_empty_census_is_a_count_of_nothing),
		cmocka_unit_test(a_rate_needs_two_counts_in_the_last_minute),
		cmocka_unit_test(a_type_that_never_changed_has_rate_zero_and_a_level_trend),
		cmocka_unit_test(each_of_many_level_types_has_its_own_count_as_trend),
		cmocka_unit_test(a_type_that_changes_late_has_had_its_past_all_along),
		cmocka_unit_test(jumps_of_the_wall_clock_do_no_harm),
		cmocka_unit_test(a_monotonic_clock_that_stands_or_runs_back_breaks_nothing),
		cmocka_unit_test(rows_are_sorted_by_growth_and_any_other_key_at_once),
		cmocka_unit_test(looking_twice_at_one_sample_is_one_refresh),
		cmocka_unit_test(the_order_holds_for_5_samples_after_the_cursor_moved),
		cmocka_unit_test(a_cursor_moved_before_the_screen_is_drawn_holds_the_order_too),
		cmocka_unit_test(a_new_baseline_leaves_the_rows_where_they_are),
		cmocka_unit_test(a_filter_is_an_expression_without_case_and_may_be_inverted),
		cmocka_unit_test(a_filter_also_judges_types_that_appear_later),
		cmocka_unit_test(a_wrong_expression_is_refused_and_the_old_one_stays),
		cmocka_unit_test(flat_types_can_be_hidden_and_are_still_counted),
		cmocka_unit_test(an_id_belongs_to_a_name_for_the_whole_session),
		cmocka_unit_test(a_name_that_comes_twice_is_one_type),
		cmocka_unit_test(huge_and_impossible_counts_are_kept_in_range),
		cmocka_unit_test(names_of_any_length_are_told_apart_up_to_255_bytes),
		cmocka_unit_test(of_100000_types_the_first_have_rows_and_the_rest_is_summed),
		cmocka_unit_test(a_long_session_stays_in_its_memory_and_in_view),
		cmocka_unit_test(when_the_target_has_ended_the_last_picture_stays),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
