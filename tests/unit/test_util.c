#include "config.h"
#include "../unit/test.h"

#include <errno.h>
#include <math.h>

#include "util/buf.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/num.h"

static void a_number_is_parsed_only_when_whole_and_in_range(void **state)
{
	int64_t v = 7;

	assert_true(num_parse("42", 1, 100, &v));
	assert_int_equal(v, 42);
	assert_false(num_parse("101", 1, 100, &v));
	assert_false(num_parse("4x", 1, 100, &v));
	assert_false(num_parse("", 1, 100, &v));
	assert_false(num_parse(" 4", 1, 100, &v));
	assert_false(num_parse("99999999999999999999", 1, INT64_MAX, &v));
	assert_int_equal(v, 42);
	assert_true(num_parse("-3", -5, 5, &v));
	assert_int_equal(v, -3);
}

static void seconds_take_a_fraction_and_no_locale(void **state)
{
	int64_t ns = 0;

	assert_true(num_parse_seconds("2", 1, INT64_MAX, &ns));
	assert_int_equal(ns, 2 * CLOCK_NS_PER_S);
	assert_true(num_parse_seconds("0.5", 1, INT64_MAX, &ns));
	assert_int_equal(ns, 500 * CLOCK_NS_PER_MS);
	assert_true(num_parse_seconds(".25", 1, INT64_MAX, &ns));
	assert_int_equal(ns, 250 * CLOCK_NS_PER_MS);
	assert_false(num_parse_seconds("0,5", 1, INT64_MAX, &ns));
	assert_false(num_parse_seconds(".", 0, INT64_MAX, &ns));
	assert_false(num_parse_seconds("0", 1, INT64_MAX, &ns));
	assert_false(num_parse_seconds("1e3", 1, INT64_MAX, &ns));
}

static void durations_take_one_unit(void **state)
{
	int64_t ns = 0;

	assert_true(num_parse_duration("10m", &ns));
	assert_int_equal(ns, 600 * CLOCK_NS_PER_S);
	assert_true(num_parse_duration("90", &ns));
	assert_int_equal(ns, 90 * CLOCK_NS_PER_S);
	assert_false(num_parse_duration("10mm", &ns));
	assert_false(num_parse_duration("m", &ns));
	assert_false(num_parse_duration("0s", &ns));
}

static void people_read_numbers_of_at_most_a_few_digits(void **state)
{
	char b[32];

	assert_string_equal(num_count(48213, b, sizeof(b)), "48 213");
	assert_string_equal(num_count(0, b, sizeof(b)), "0");
	assert_string_equal(num_count(999, b, sizeof(b)), "999");
	assert_string_equal(num_count(1000, b, sizeof(b)), "1 000");
	assert_string_equal(num_count(1234567, b, sizeof(b)), "1 234 567");
	assert_string_equal(num_count(12345678, b, sizeof(b)), "12.3M");
	assert_string_equal(num_count(LT_UNKNOWN, b, sizeof(b)), "");
	assert_string_equal(num_signed(12680, b, sizeof(b)), "+12 680");
	assert_string_equal(num_signed(-87, b, sizeof(b)), "-87");
	assert_string_equal(num_size(851889357, b, sizeof(b)), "812.4M");
	assert_string_equal(num_size(1023, b, sizeof(b)), "1023");
	assert_string_equal(num_size(1024, b, sizeof(b)), "1.00K");
	assert_string_equal(num_size(1048575, b, sizeof(b)), "1.00M");
	assert_string_equal(num_ssize(-6144, b, sizeof(b)), "-6.00K");
	assert_string_equal(num_span(761, b, sizeof(b)), "12m41s");
	assert_string_equal(num_span(3 * 86400 + 4 * 3600, b, sizeof(b)), "3d04h");
	assert_string_equal(num_rate(1000.4, b, sizeof(b)), "+1 000");
	assert_string_equal(num_rate(-0.31, b, sizeof(b)), "-0.3");
	assert_string_equal(num_rate(0.01, b, sizeof(b)), "0");
	assert_string_equal(num_rate(NAN, b, sizeof(b)), "");
}

static void a_delta_with_an_unknown_side_is_unknown(void **state)
{
	assert_int_equal(num_delta(5, 3), 2);
	assert_int_equal(num_delta(LT_UNKNOWN, 3), LT_UNKNOWN);
	assert_int_equal(num_delta(3, LT_UNKNOWN), LT_UNKNOWN);
	assert_int_equal(num_delta(INT64_MAX, -1), LT_UNKNOWN);
}

static const char *cleaned(const char *s, size_t n, size_t size)
{
	static char b[64];

	clean_text(b, size, s, n);
	return b;
}

static void text_from_outside_loses_what_could_reach_the_terminal(void **state)
{
	assert_string_equal(cleaned("app.Conn", 8, 64), "app.Conn");
	assert_string_equal(cleaned("a\x1b]52;c;x\x07z", 11, 64), "a?]52;c;x?z");
	assert_string_equal(cleaned("n\xc3\xa9", 3, 64), "n\xc3\xa9");
	assert_string_equal(cleaned("n\xc3", 2, 64), "n?");
	assert_string_equal(cleaned("\xc0\xaf", 2, 64), "??");
	assert_string_equal(cleaned("\xc2\x9b" "31m", 5, 64), "?31m");
	assert_string_equal(cleaned("x\xe2\x80\xaey", 5, 64), "x?y");
	assert_string_equal(cleaned("ab\0cd", 5, 64), "ab");
	assert_string_equal(cleaned("\xed\xa0\x80", 3, 64), "???");
}

static void text_too_long_is_cut_at_a_character_and_says_so(void **state)
{
	assert_string_equal(cleaned("abcdefgh", 8, 9), "abcdefgh");
	assert_string_equal(cleaned("abcdefgh", 8, 8), "abcd...");
	assert_string_equal(cleaned("ab\xc3\xa9\xc3\xa9\xc3\xa9", 8, 8), "ab\xc3\xa9...");
	assert_string_equal(cleaned("abc", 3, 1), "");
}

static void width_counts_columns_and_not_bytes(void **state)
{
	assert_int_equal(clean_width("abc"), 3);
	assert_int_equal(clean_width("n\xc3\xa9"), 2);
	assert_int_equal(clean_width("\xe6\xbc\xa2"), 2);
	assert_int_equal(clean_width("e\xcc\x81"), 1);
}

static void a_buffer_grows_and_stays_a_string(void **state)
{
	struct buf b = {0};

	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.len, strlen(b.data));
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	buf_done(&b);
	buf_done(&b);
}

static void every_error_has_a_cause_a_remedy_and_an_agreed_exit_status(void **state)
{
	for (int i = 1; i < LT_E_COUNT; i++) {
		const struct lt_err_info *info = lt_err_info((enum lt_errc)i);

		assert_true(info->cause[0] && info->remedy[0] && info->code[0]);
		assert_true(info->exit_status >= 0 && info->exit_status <= 5);
		assert_int_equal(lt_err_goes_on((enum lt_errc)i), info->exit_status == 0);
		for (int k = 1; k < i; k++)
			assert_string_not_equal(info->code, lt_err_info((enum lt_errc)k)->code);
	}
	assert_false(lt_err_goes_on(LT_OK));
}

static void an_error_reads_as_one_line(void **state)
{
	struct lt_err err;
	char b[256];

	assert_int_equal(lt_err_set(&err, LT_E_GONE, 0, "PID %d", 4242), LT_E_GONE);
	assert_string_equal(lt_err_text(&err, b, sizeof(b)),
			    "there is no such process: PID 4242");
	lt_err_set(&err, LT_E_SYS, ENOENT, "opening x");
	assert_non_null(strstr(lt_err_text(&err, b, sizeof(b)), "opening x (No such file"));
	assert_int_equal(lt_err_set(NULL, LT_E_SYS, 0, "x"), LT_E_SYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_parsed_only_when_whole_and_in_range),
		cmocka_unit_test(seconds_take_a_fraction_and_no_locale),
		cmocka_unit_test(durations_take_one_unit),
		cmocka_unit_test(people_read_numbers_of_at_most_a_few_digits),
		cmocka_unit_test(a_delta_with_an_unknown_side_is_unknown),
		cmocka_unit_test(text_from_outside_loses_what_could_reach_the_terminal),
		cmocka_unit_test(text_too_long_is_cut_at_a_character_and_says_so),
		cmocka_unit_test(width_counts_columns_and_not_bytes),
		cmocka_unit_test(a_buffer_grows_and_stays_a_string),
		cmocka_unit_test(every_error_has_a_cause_a_remedy_and_an_agreed_exit_status),
		cmocka_unit_test(an_error_reads_as_one_line),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
