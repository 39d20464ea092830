#include "config.h"
#include "test_model.h"

#include "model/rate.h"
#include "model/series.h"

struct line {			/* a grid with one series on it */
	struct series_grid grid;
	int64_t cells[SERIES_CELLS];
};

static void step(struct line *l, double at_s)
{
	struct series_step s;

	if (l->grid.n == 0)
		series_clear(l->cells);
	s = series_grid_step(&l->grid, (int64_t)(at_s * 1e9));
	series_follow(l->cells, &s);
}

static void put(struct line *l, double at_s, int64_t v)
{
	step(l, at_s);
	series_put(l->cells, &l->grid, v);
}

static void assert_cells(const struct line *l, const char *expected)
{
	char text[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < l->grid.n; i++)
		at += num_known(l->cells[i])
			? (size_t)snprintf(text + at, sizeof(text) - at, "%s%lld", i ? " " : "",
					   (long long)l->cells[i])
			: (size_t)snprintf(text + at, sizeof(text) - at, "%s_", i ? " " : "");
	assert_string_equal(text, expected);
}

static void cells_are_as_wide_as_the_first_two_samples_are_apart(void **state)
{
	static const struct { double apart_s, cell_s; } cases[] = {
		{0.2, 1}, {1, 1}, {2, 2}, {2.5, 2.5}, {60, 60}, {3600, 1920},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line l = {0};

		put(&l, 100, 1);
		put(&l, 100 + cases[i].apart_s, 1);
		assert_near(series_show(l.cells, &l.grid).cell_s, cases[i].cell_s);
	}
}

static void a_cell_holds_the_least_that_was_read_in_it(void **state)
{
	struct line l = {0};

	put(&l, 10, 5);
	put(&l, 12, 9);
	put(&l, 13.9, 7);
	put(&l, 14, 8);
	put(&l, 15, LT_UNKNOWN);
	assert_cells(&l, "5 7 8");
}

static void a_time_without_a_reading_is_a_gap(void **state)
{
	struct line l = {0};

	put(&l, 0, 5);
	put(&l, 2, 6);
	step(&l, 4);
	step(&l, 6);
	put(&l, 8, 7);
	put(&l, 20, 8);		/* nothing was sampled for 12 s */
	assert_cells(&l, "5 6 _ _ 7 _ _ _ _ _ 8");
}

static void a_timer_that_fires_late_leaves_no_gap(void **state)
{
	struct line l = {0};

	put(&l, 0, 5);
	put(&l, 2, 9);
	put(&l, 3.999, 9);
	put(&l, 6.001, 7);	/* nothing fell into [4, 6) */
	assert_cells(&l, "5 9 9 7");
	step(&l, 7.999);
	step(&l, 10.001);	/* but a sample without a reading is no late timer */
	put(&l, 12.001, 7);
	put(&l, 17.9, 7);	/* and nearly three widths are a stall */
	assert_cells(&l, "5 9 9 7 _ _ 7 _ 7");
}

static void a_full_grid_merges_pairs_and_keeps_their_floor(void **state)
{
	struct line l = {0};

	for (int i = 0; i < 64; i++)
		put(&l, i, i % 2 ? 1000 - i : 1000);
	assert_int_equal(l.grid.n, 64);
	put(&l, 64, 1000);
	assert_int_equal(l.grid.n, 33);
	for (int i = 0; i < 32; i++)
		assert_int_equal(l.cells[i], 1000 - (2 * i + 1));
	assert_int_equal(l.cells[32], 1000);
	assert_int_equal(l.cells[33], LT_UNKNOWN);
}

static void a_gap_merged_with_a_reading_is_a_reading(void **state)
{
	struct line l = {0};

	put(&l, 0, 5);
	put(&l, 1, 6);
	for (int i = 2; i < 64; i++)
		step(&l, i);
	put(&l, 64, 7);
	assert_int_equal(l.cells[0], 5);
	assert_int_equal(l.cells[1], LT_UNKNOWN);
	assert_int_equal(l.cells[32], 7);
}

static void after_100000_samples_the_whole_session_is_still_in_64_cells(void **state)
{
	struct line l = {0};
	struct series_view v;

	for (int i = 0; i < 100000; i++) {
		put(&l, 2 * i, i);
		assert_in_range(l.grid.n, 1, SERIES_CELLS);
	}
	v = series_show(l.cells, &l.grid);
	assert_near(v.cell_s, 4096);
	assert_int_equal(v.n, 49);
	for (size_t i = 0; i < v.n; i++)
		assert_int_equal(v.cells[i], 2048 * i);
}

static void a_slower_pace_widens_the_cells_and_one_stall_does_not(void **state)
{
	struct line l = {0};

	put(&l, 0, 1);
	put(&l, 2, 2);
	put(&l, 12, 3);
	assert_near(series_show(l.cells, &l.grid).cell_s, 2);
	put(&l, 14, 4);
	assert_near(series_show(l.cells, &l.grid).cell_s, 2);
	put(&l, 24, 5);
	put(&l, 34, 6);
	assert_near(series_show(l.cells, &l.grid).cell_s, 8);
	put(&l, 44, 7);
	assert_cells(&l, "1 3 _ 5 6 7");
}

static void a_clock_that_stands_or_runs_back_stays_in_its_cell(void **state)
{
	struct line l = {0};

	put(&l, 100, 5);
	put(&l, 100, 4);
	put(&l, 90, 3);
	put(&l, 102, 6);
	put(&l, 50, 7);
	assert_cells(&l, "3 6");
}

static void a_jump_of_years_is_one_long_gap(void **state)
{
	struct line l = {0};

	put(&l, 0, 5);
	put(&l, 1, 6);
	put(&l, 1e9, 7);
	assert_in_range(l.grid.n, 33, 64);
	assert_int_equal(l.cells[0], 5);
	assert_int_equal(l.cells[1], LT_UNKNOWN);
	assert_int_equal(l.cells[l.grid.n - 1], 7);
}

static void marks_reach_back_a_minute_and_no_further(void **state)
{
	static const struct { double apart_s, reach_s; } cases[] = {
		{0.5, 60}, {1, 60}, {2, 60}, {3, 60}, {4, 60}, {7, 56}, {30, 60}, {60, 60},
		{61, 61}, {300, 300},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rate_clock c = {0};
		int64_t apart_ns = (int64_t)(cases[i].apart_s * 1e9);
		int64_t now_ns = 500 * apart_ns;
		struct rate_span span;

		for (int k = 0; k <= 500; k++)
			rate_clock_mark(&c, k * apart_ns);
		span = rate_clock_span(&c, now_ns, now_ns, rate_window_ns(apart_ns));
		assert_true(span.slot >= 0 && span.slot < RATE_MARKS);
		/* Marks are 4 s apart at least, and only readings can be marks. */
		assert_true(span.seconds <= cases[i].reach_s + 1e-9);
		assert_true(span.seconds > cases[i].reach_s - 4 - cases[i].apart_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_as_wide_as_the_first_two_samples_are_apart),
		cmocka_unit_test(a_cell_holds_the_least_that_was_read_in_it),
		cmocka_unit_test(a_time_without_a_reading_is_a_gap),
		cmocka_unit_test(a_timer_that_fires_late_leaves_no_gap),
		cmocka_unit_test(a_full_grid_merges_pairs_and_keeps_their_floor),
		cmocka_unit_test(a_gap_merged_with_a_reading_is_a_reading),
		cmocka_unit_test(after_100000_samples_the_whole_session_is_still_in_64_cells),
		cmocka_unit_test(a_slower_pace_widens_the_cells_and_one_stall_does_not),
		cmocka_unit_test(a_clock_that_stands_or_runs_back_stays_in_its_cell),
		cmocka_unit_test(a_jump_of_years_is_one_long_gap),
		cmocka_unit_test(marks_reach_back_a_minute_and_no_further),
	};

	return cmocka_run_group_tests_name("model series", tests, NULL, NULL);
}
