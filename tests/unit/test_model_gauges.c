#include "config.h"
#include "test_model.h"

static void push_memory(struct model *m, double at_s, int64_t rss, int64_t pss)
{
	struct sample s = sample_at(at_s);

	s.memory.rss = rss;
	s.memory.pss = pss;
	s.memory.uss = num_known(pss) ? pss - 100 : LT_UNKNOWN;
	model_push(m, &s);
}

static void memory_grows_from_the_first_sample_where_there_is_never_a_census(void **state)
{
	struct model *m = new_model();

	push_memory(m, 0, 5000, LT_UNKNOWN);
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 0);
	push_memory(m, 2, 7000, LT_UNKNOWN);
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 2000);
	model_baseline_now(m);
	push_memory(m, 4, 7500, LT_UNKNOWN);
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 500);
	model_baseline_first(m);
	assert_int_equal(model_snapshot(m)->memory_delta.rss, 2500);
	assert_near(model_snapshot(m)->base_t, WALL);
	model_free(m);
}

static void pss_is_read_seldom_and_held_for_a_minute(void **state)
{
	struct model *m = new_model();
	const struct snapshot *snap;

	push_memory(m, 0, 5000, LT_UNKNOWN);
	assert_int_equal(model_snapshot(m)->memory.pss, LT_UNKNOWN);
	push_memory(m, 2, 5000, 4000);
	for (int i = 2; i <= 31; i++) {
		push_memory(m, 2 * i, 5000, LT_UNKNOWN);
		assert_int_equal(model_snapshot(m)->memory.pss, 4000);
		assert_int_equal(model_snapshot(m)->memory.uss, 3900);
		assert_int_equal(model_snapshot(m)->memory_delta.pss, 0);
	}
	push_memory(m, 64, 5000, LT_UNKNOWN);
	snap = model_snapshot(m);
	assert_int_equal(snap->memory.pss, LT_UNKNOWN);
	assert_int_equal(snap->memory_delta.pss, LT_UNKNOWN);
	assert_int_equal(snap->pss.n, 33);
	assert_int_equal(snap->pss.cells[0], LT_UNKNOWN);
	for (size_t i = 1; i < 32; i++)
		assert_int_equal(snap->pss.cells[i], 4000);
	assert_int_equal(snap->pss.cells[32], LT_UNKNOWN);
	push_memory(m, 66, 5000, 4300);
	assert_int_equal(model_snapshot(m)->memory_delta.pss, 300);
	model_free(m);
}

static void rss_has_a_series_and_a_rate_from_three_samples_on(void **state)
{
	struct model *m = new_model();

	push_memory(m, 0, 1000, LT_UNKNOWN);
	assert_true(isnan(model_snapshot(m)->rss_rate));
	push_memory(m, 2, 1200, LT_UNKNOWN);
	assert_true(isnan(model_snapshot(m)->rss_rate));
	push_memory(m, 4, 1400, LT_UNKNOWN);
	assert_near(model_snapshot(m)->rss_rate, 100);
	push_memory(m, 6, LT_UNKNOWN, LT_UNKNOWN);
	assert_true(isnan(model_snapshot(m)->rss_rate));
	assert_int_equal(model_snapshot(m)->memory_delta.rss, LT_UNKNOWN);
	push_memory(m, 8, 1800, LT_UNKNOWN);
	assert_near(model_snapshot(m)->rss_rate, 100);
	assert_int_equal(model_snapshot(m)->rss.n, 5);
	assert_int_equal(model_snapshot(m)->rss.cells[1], 1200);
	assert_int_equal(model_snapshot(m)->rss.cells[3], LT_UNKNOWN);
	model_free(m);
}

static void rss_rate_looks_back_one_minute(void **state)
{
	struct model *m = new_model();

	for (int i = 0; i <= 100; i++)
		push_memory(m, 2 * i, i < 50 ? 1000 * i : 50000 + 10 * (i - 50), LT_UNKNOWN);
	assert_near(model_snapshot(m)->rss_rate, 5);
	model_free(m);
}

static void collect(struct model *m, double at_s, int64_t collections)
{
	struct sample s = sample_at(at_s);

	s.gc.gen[2].collections = collections;
	push_census(m, s, "dict=1");
}

static void full_collections_count_from_the_baseline_and_are_dated(void **state)
{
	struct model *m = new_model();

	gap(m, 0);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, LT_UNKNOWN);
	collect(m, 2, 1841);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 0);
	assert_true(isnan(model_snapshot(m)->gc_full_ago_s));
	collect(m, 4, 1843);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 2);
	assert_near(model_snapshot(m)->gc_full_ago_s, 0);
	gap(m, 9);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 2);
	assert_near(model_snapshot(m)->gc_full_ago_s, 5);
	model_baseline_now(m);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 0);
	collect(m, 11, 1844);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 1);
	model_baseline_first(m);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 3);
	model_free(m);
}

static void a_collection_counter_that_was_reset_takes_nothing_back(void **state)
{
	struct model *m = new_model();

	collect(m, 0, 100);
	collect(m, 2, 105);
	collect(m, 4, 3);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 5);
	assert_near(model_snapshot(m)->gc_full_ago_s, 2);
	collect(m, 6, 4);
	assert_int_equal(model_snapshot(m)->gc_full_since_base, 6);
	model_free(m);
}

static void pay(struct model *m, double at_s, int64_t stopped_us, int64_t pause_us, int64_t cpu_us)
{
	struct sample s = sample_at(at_s);

	s.cost = (struct sample_cost){1, stopped_us, pause_us, cpu_us, stopped_us};
	model_push(m, &s);
}

static void costs_add_up_and_the_longest_pause_is_kept(void **state)
{
	struct model *m = new_model();
	const struct snapshot *snap;

	pay(m, 0, 100, 90, 2000);
	assert_near(model_snapshot(m)->cost_share, 0.002);	/* of a second, at least */
	pay(m, 2, 300, 250, 4000);
	pay(m, 4, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN);
	pay(m, 10, 200, 120, 4000);
	snap = model_snapshot(m);
	assert_int_equal(snap->cost.stopped_us, 200);
	assert_int_equal(snap->cost_total.stops, 4);
	assert_int_equal(snap->cost_total.stopped_us, 600);
	assert_int_equal(snap->cost_total.pause_us, 250);
	assert_int_equal(snap->cost_total.longest_us, 300);
	assert_int_equal(snap->cost_total.cpu_us, 10000);
	assert_near(snap->cost_share, 0.001);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_grows_from_the_first_sample_where_there_is_never_a_census),
		cmocka_unit_test(pss_is_read_seldom_and_held_for_a_minute),
		cmocka_unit_test(rss_has_a_series_and_a_rate_from_three_samples_on),
		cmocka_unit_test(rss_rate_looks_back_one_minute),
		cmocka_unit_test(full_collections_count_from_the_baseline_and_are_dated),
		cmocka_unit_test(a_collection_counter_that_was_reset_takes_nothing_back),
		cmocka_unit_test(costs_add_up_and_the_longest_pause_is_kept),
	};

	return cmocka_run_group_tests_name("model gauges", tests, NULL, NULL);
}
