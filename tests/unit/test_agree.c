#include "config.h"
#include "test.h"

#include <string.h>

#include "census/agree.h"

static char why[100];

static bool agrees(const struct census_type *scanned, size_t n_scanned,
		   const struct census_type *walked, size_t n_walked)
{
	struct census_result scan = {.types = scanned, .n_types = n_scanned};
	struct census_result walk = {.types = walked, .n_types = n_walked};

	why[0] = '\0';
	return agree(&scan, NULL, &walk, why, sizeof(why));
}

static bool pair(const char *name, uint64_t scanned, uint64_t walked)
{
	const struct census_type s[] = {
		{.name = "a", .count = 1}, {.name = name, .count = scanned},
	};
	const struct census_type w[] = {{.name = name, .count = walked}};

	return agrees(s, 2, w, 1);
}

static void one_in_a_hundred_may_differ_either_way(void **state)
{
	assert_true(pair("app.Node", 10000, 10000));
	assert_true(pair("app.Node", 9900, 10000));
	assert_true(pair("app.Node", 10100, 10000));
	assert_false(pair("app.Node", 9899, 10000));
	assert_string_equal(why, "the scan finds 9899 of 10000 app.Node");
	assert_false(pair("app.Node", 10101, 10000));
}

static void types_with_few_instances_say_nothing(void **state)
{
	assert_true(pair("app.Node", 0, 1000));
	assert_false(pair("app.Node", 0, 1001));
}

static void tuples_and_dicts_that_are_not_tracked_may_be_more(void **state)
{
	assert_true(pair("tuple", 50000, 2000));
	assert_true(pair("dict", 50000, 2000));
	assert_false(pair("list", 50000, 2000));
	assert_false(pair("tuple", 1900, 2000));
}

static void a_type_that_the_scan_does_not_know_is_missing(void **state)
{
	const struct census_type w[] = {{.name = "b", .count = 5000}};

	assert_false(agrees(NULL, 0, w, 1));
	assert_string_equal(why, "the scan finds 0 of 5000 b");
}

static void what_differs_most_is_told(void **state)
{
	const struct census_type s[] = {
		{.name = "z", .count = 1500}, {.name = "a", .count = 1900},
	};
	const struct census_type w[] = {
		{.name = "a", .count = 2000}, {.name = "z", .count = 2000},
		{.name = "m", .count = 9},
	};

	assert_false(agrees(s, 2, w, 3));
	assert_string_equal(why, "the scan finds 1500 of 2000 z");
}

static void nothing_walked_is_nothing_to_hold_against(void **state)
{
	assert_true(agrees(NULL, 0, NULL, 0));
}

static bool among(const char *name, uint64_t before, uint64_t walked, uint64_t after)
{
	const struct census_type x = {.name = name, .count = before};
	const struct census_type w = {.name = name, .count = walked};
	const struct census_type y = {.name = name, .count = after};
	const struct census_result first = {.types = &x, .n_types = 1};
	const struct census_result walk = {.types = &w, .n_types = 1};
	const struct census_result second = {.types = &y, .n_types = 1};

	why[0] = '\0';
	return agree(&first, &second, &walk, why, sizeof(why));
}

static void what_grows_or_shrinks_lies_between_two_scans(void **state)
{
	assert_true(among("app.Node", 10000, 12000, 15000));
	assert_true(among("app.Node", 15000, 12000, 10000));
	assert_true(among("app.Node", 0, 12000, 12000));
	assert_true(among("app.Node", 10000, 12000, 11890));
	assert_false(among("app.Node", 10000, 12000, 11000));
	assert_string_equal(why, "the scan finds 11000 of 12000 app.Node");
	assert_false(among("app.Node", 13000, 12000, 14000));
	assert_true(among("tuple", 13000, 12000, 14000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_a_hundred_may_differ_either_way),
		cmocka_unit_test(types_with_few_instances_say_nothing),
		cmocka_unit_test(tuples_and_dicts_that_are_not_tracked_may_be_more),
		cmocka_unit_test(a_type_that_the_scan_does_not_know_is_missing),
		cmocka_unit_test(what_differs_most_is_told),
		cmocka_unit_test(nothing_walked_is_nothing_to_hold_against),
		cmocka_unit_test(what_grows_or_shrinks_lies_between_two_scans),
	};

	return cmocka_run_group_tests_name("agree", tests, NULL, NULL);
}
