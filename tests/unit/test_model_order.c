#include "config.h"
#include "test_model.h"

#include "model/order.h"

#define MAX_ROWS 200

struct shown {			/* rows of one table, and the order they are shown in */
	struct order order;
	struct snapshot_row rows[MAX_ROWS];
	size_t n;
	char text[2 * MAX_ROWS + 1];
};

/* Rows named A, B, ... with these growths; returns the names in order. */
static const char *refresh(struct shown *s, enum order_step step, size_t n, const int64_t growth[])
{
	static const char *const letters[] = {"A", "B", "C", "D", "E", "F"};
	const uint32_t *order;

	s->n = n;
	s->order.sort = SORT_GROWTH;
	for (size_t i = 0; i < n; i++)
		s->rows[i] = (struct snapshot_row){
			.id = (uint32_t)i, .name = letters[i % 6], .rate = NAN,
			.count = 1000 + growth[i], .count_delta = growth[i],
		};
	order = order_rows(&s->order, s->rows, n, step);
	for (size_t i = 0; i < n; i++)
		s->text[i] = *s->rows[order[i]].name;
	s->text[n] = '\0';
	return s->text;
}

#define REFRESH(s, step, ...)                                                          \
	refresh(s, step, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),            \
		(int64_t[]){__VA_ARGS__})

static void two_that_cross_swap_only_when_clearly_apart_and_twice(void **state)
{
	static const struct {
		int64_t b[5];		/* growth of B in five refreshes; A stays at 1000 */
		const char *top;	/* who is on top in each */
	} cases[] = {
		{{900, 1010, 1020, 1050, 1040}, "AAAAA"},	/* within 5 % for ever */
		{{900, 1060, 1040, 1060, 1040}, "AAAAA"},	/* never twice in a row */
		{{900, 1060, 1060, 1060, 1060}, "AABBB"},
		{{900, 1051, 1051, 900, 960}, "AABBB"},	/* A must win clearly, too */
		{{900, 2000, 2000, 500, 500}, "AABBA"},
		{{900, 1000, 1001, 999, 1000}, "AAAAA"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shown s = {0};
		char top[6] = "";

		for (int k = 0; k < 5; k++)
			top[k] = *REFRESH(&s, ORDER_REFRESH, 1000, cases[i].b[k]);
		assert_string_equal(top, cases[i].top);
		order_done(&s.order);
	}
}

static void two_that_grow_side_by_side_never_swap(void **state)
{
	struct shown s = {0};

	for (int k = 1; k < 200; k++) {
		int64_t a = 100 * k + (k % 2 ? 3 : 0), b = 100 * k + (k % 2 ? 0 : 3);

		assert_string_equal(REFRESH(&s, ORDER_REFRESH, a, b), "AB");
	}
	order_done(&s.order);
}

/* 11 % more at every moment, and yet never more than the other had a refresh later. */
static void of_two_that_rise_together_the_faster_one_passes(void **state)
{
	struct shown s = {0};

	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 0, 0), "AB");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 180, 200), "AB");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 360, 400), "BA");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 540, 600), "BA");
	order_done(&s.order);
}

static void a_row_passes_many_at_once(void **state)
{
	struct shown s = {0};

	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 40, 30, 20, 10, 0), "ABCDEF");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 40, 30, 20, 10, 90), "ABCDEF");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 40, 30, 20, 10, 90), "FABCDE");
	order_done(&s.order);
}

static void a_row_within_5_percent_does_not_shield_those_above_it(void **state)
{
	struct shown s = {0};

	REFRESH(&s, ORDER_REFRESH, 100, 99, 98);
	REFRESH(&s, ORDER_REFRESH, 100, 104, 108);
	/* C beats A clearly and B not; B beats nobody clearly: A goes last. */
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 100, 104, 108), "BCA");
	order_done(&s.order);
}

static void a_new_row_gets_its_place_at_once(void **state)
{
	struct shown s = {0};

	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 40, 30), "ABC");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 40, 30, 45), "ADBC");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 40, 30, 45, 0), "ADBCE");
	order_done(&s.order);
}

static void while_held_only_new_rows_move_and_they_go_last(void **state)
{
	struct shown s = {0};

	REFRESH(&s, ORDER_REFRESH, 50, 40, 30);
	assert_string_equal(REFRESH(&s, ORDER_HELD, 0, 40, 90), "ABC");
	assert_string_equal(REFRESH(&s, ORDER_HELD, 0, 40, 90, 70, 80), "ABCED");
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 0, 40, 90, 70, 80), "CEDBA");
	order_done(&s.order);
}

static void asking_again_without_new_figures_is_no_refresh(void **state)
{
	struct shown s = {0};

	REFRESH(&s, ORDER_REFRESH, 50, 40);
	REFRESH(&s, ORDER_REFRESH, 50, 90);
	assert_string_equal(REFRESH(&s, ORDER_KEEP, 50, 90), "AB");
	assert_string_equal(REFRESH(&s, ORDER_KEEP, 50, 40), "AB");	/* a rate may move */
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, 50, 90), "BA");
	order_done(&s.order);
}

static void losses_are_ordered_like_gains(void **state)
{
	struct shown s = {0};

	assert_string_equal(REFRESH(&s, ORDER_REFRESH, -100, 5, -97, 0), "BDCA");
	REFRESH(&s, ORDER_REFRESH, -97, 5, -100, 0);
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, -97, 5, -100, 0), "BDCA");
	REFRESH(&s, ORDER_REFRESH, -50, 5, -100, 0);
	assert_string_equal(REFRESH(&s, ORDER_REFRESH, -50, 5, -100, 0), "BDAC");
	order_done(&s.order);
}

static void each_key_sorts_exactly_when_chosen_and_both_ways(void **state)
{
	static const struct snapshot_row rows[] = {
		{.id = 0, .name = "b", .count = 5, .bytes = 900, .count_delta = 1,
		 .bytes_delta = 30, .rate = 0.5, .word = RATCHET_FLAT},
		{.id = 1, .name = "C", .count = 7, .bytes = 100, .count_delta = 0,
		 .bytes_delta = 20, .rate = NAN, .word = RATCHET_SUSPECT, .reason = {.score = 90}},
		{.id = 2, .name = "a", .count = 6, .bytes = 500, .count_delta = 2,
		 .bytes_delta = 10, .rate = -1, .word = RATCHET_LEAK, .reason = {.score = 10}},
		{.id = 3, .name = "d", .count = 6, .bytes = LT_UNKNOWN, .count_delta = 0,
		 .bytes_delta = LT_UNKNOWN, .rate = 0, .word = RATCHET_EARLY},
	};
	static const struct { enum snapshot_sort key; const char *down, *up; } cases[] = {
		{SORT_VERDICT, "aCbd", "dbCa"},
		{SORT_GROWTH, "abCd", "dCba"},
		{SORT_COUNT, "Cadb", "bdaC"},
		{SORT_SIZE, "baCd", "Cabd"},	/* unknown last either way */
		{SORT_SIZE_GROWTH, "bCad", "aCbd"},
		{SORT_RATE, "bdaC", "adbC"},
		{SORT_NAME, "abCd", "dCba"},
	};
	struct order o = {0};

	assert_int_equal(sizeof(cases) / sizeof(cases[0]), SORT_COUNT_OF);
	for (size_t i = 0; i < 2 * SORT_COUNT_OF; i++) {
		const uint32_t *order;
		char text[5] = "";

		order_by(&o, cases[i / 2].key, i % 2);
		order = order_rows(&o, rows, 4, ORDER_KEEP);
		for (size_t k = 0; k < 4; k++)
			text[k] = *rows[order[k]].name;
		assert_string_equal(text, i % 2 ? cases[i / 2].up : cases[i / 2].down);
	}
	order_done(&o);
}

static struct shown walks;
static int64_t now[MAX_ROWS], before[MAX_ROWS];		/* growth by row, in two refreshes */

static bool beats(int64_t a, int64_t b)
{
	return (double)a > (double)b + 0.05 * fabs((double)b);
}

/* Clearly, now and before. */
static bool passes(uint32_t a, uint32_t b)
{
	return beats(now[a], now[b]) && beats(before[a], before[b]);
}

static void assert_each_row_is_shown_once(void)
{
	bool seen[MAX_ROWS] = {false};

	for (size_t i = 0; i < MAX_ROWS; i++) {
		assert_false(seen[walks.order.rows[i]]);
		seen[walks.order.rows[i]] = true;
	}
}

static void assert_nobody_below_clearly_beats_somebody_above(void)
{
	const uint32_t *order = walks.order.rows;

	for (size_t i = 0; i < MAX_ROWS; i++)
		for (size_t j = i + 1; j < MAX_ROWS; j++)
			assert_false(passes(order[j], order[i]));
}

/* Where neighbours have turned round, somebody above them now beats the lower one clearly. */
static void assert_nobody_moved_without_cause(const uint32_t place_before[MAX_ROWS])
{
	const uint32_t *order = walks.order.rows;

	for (size_t i = 0; i + 1 < MAX_ROWS; i++) {
		bool cause = place_before[order[i]] < place_before[order[i + 1]];

		for (size_t k = 0; k <= i; k++)
			cause = cause || passes(order[k], order[i + 1]);
		assert_true(cause);
	}
}

static void random_walks_obey_the_rule(void **state)
{
	uint32_t place[MAX_ROWS], random = 12345;

	for (int k = 0; k < 2000; k++) {
		memcpy(before, now, sizeof(before));
		for (size_t i = 0; i < MAX_ROWS; i++) {
			random = random * 1664525 + 1013904223;
			now[i] += (int64_t)(random >> 16) % 61 - 30;
		}
		refresh(&walks, ORDER_REFRESH, MAX_ROWS, now);
		assert_each_row_is_shown_once();
		if (k) {
			assert_nobody_below_clearly_beats_somebody_above();
			assert_nobody_moved_without_cause(place);
		}
		for (size_t i = 0; i < MAX_ROWS; i++)
			place[walks.order.rows[i]] = (uint32_t)i;
	}
	order_done(&walks.order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_cross_swap_only_when_clearly_apart_and_twice),
		cmocka_unit_test(two_that_grow_side_by_side_never_swap),
		cmocka_unit_test(of_two_that_rise_together_the_faster_one_passes),
		cmocka_unit_test(a_row_passes_many_at_once),
		cmocka_unit_test(a_row_within_5_percent_does_not_shield_those_above_it),
		cmocka_unit_test(a_new_row_gets_its_place_at_once),
		cmocka_unit_test(while_held_only_new_rows_move_and_they_go_last),
		cmocka_unit_test(asking_again_without_new_figures_is_no_refresh),
		cmocka_unit_test(losses_are_ordered_like_gains),
		cmocka_unit_test(each_key_sorts_exactly_when_chosen_and_both_ways),
		cmocka_unit_test(random_walks_obey_the_rule),
	};

	return cmocka_run_group_tests_name("model order", tests, NULL, NULL);
}
