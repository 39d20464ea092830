#include "config.h"
#include "../unit/test.h"

#include <math.h>

#include "ui/canvas.h"
#include "ui/columns.h"
#include "ui/header.h"
#include "ui/keys.h"
#include "ui/line.h"
#include "ui/picture.h"
#include "ui/prompt.h"
#include "ui/spark.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/text.h"

#define U LT_UNKNOWN

static void expect_row(const struct canvas *c, int row, const char *text)
{
	struct buf b = {0};

	canvas_text(c, row, &b);
	assert_string_equal(buf_text(&b), text);
	buf_done(&b);
}

static void sparklines_say_what_they_should(void **state)
{
	static const struct {
		const char *blocks, *ascii;
		int width, merge;
		int64_t noise;
		size_t n;
		int64_t cells[10];
	} cases[] = {
		{"▁▂▃▄▅▆▇█", ".:-=+*#@", 8, 1, 1, 8, {0, 1, 2, 3, 4, 5, 6, 7}},
		/* newest right, the unknown past blank */
		{"    ▁▅█", "    .+@", 7, 1, 1, 3, {100, 104, 107}},
		/* no movement is dots, not a full bar and not an empty one */
		{"....", "....", 4, 1, 50, 4, {9, 9, 9, 9}},
		{"....", "....", 4, 1, 50, 4, {600000, 600003, 600001, 600002}},
		/* 1 % of the highest is the least scale: 3 000 of 600 000 is half of it */
		{"▁▅", ".+", 2, 1, 50, 2, {597000, 600000}},
		/* a gap is blank, in ASCII '_', and does not move the scale */
		{"▁ █", "._@", 3, 1, 1, 3, {1000, U, 2000}},
		{"   ", "___", 3, 1, 1, 3, {U, U, U}},
		/* merged cells show their floor; a gap beside a figure is not seen */
		{"▁▄█", ".=@", 3, 2, 1, 6, {0, 9, 3, 9, 7, U}},
		/* more cells than room: the newest */
		{"▁█", ".@", 2, 1, 1, 4, {99, 0, 50, 200}},
		{"    ", "    ", 4, 1, 1, 0, {0}},
		{"", "", 0, 1, 1, 2, {1, 2}},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct series_view s = {cases[i].cells, cases[i].n, 10};
		struct spark_style style = {cases[i].noise, cases[i].merge, false};
		char buf[SPARK_TEXT_MAX];

		assert_string_equal(spark_text(&s, &style, cases[i].width, buf), cases[i].blocks);
		style.ascii = true;
		assert_string_equal(spark_text(&s, &style, cases[i].width, buf), cases[i].ascii);
	}
}

static void a_sparkline_merges_as_much_as_still_fills_it(void **state)
{
	assert_int_equal(spark_merge(0, 10, 10), 1);
	assert_int_equal(spark_merge(10, 10, 10), 1);
	assert_int_equal(spark_merge(11, 10, 10), 1);
	assert_int_equal(spark_merge(12, 10, 10), 2);
	assert_int_equal(spark_merge(64, 10, 10), 6);
	assert_int_equal(spark_merge(64, 10, 30), 2);
	assert_int_equal(spark_merge(64, 10, 0), 1);
	assert_int_equal(spark_merge(10, 1, 10), 3);
	assert_int_equal(spark_merge(10, 2, 10), 2);
	assert_int_equal(spark_merge(64, 2, 10), 6);
}

static void text_is_clipped_by_width_not_by_bytes(void **state)
{
	struct canvas c = {0};

	canvas_reset(&c, 4, 10);
	assert_int_equal(canvas_put(&c, 0, 2, 5, ATTR_PLAIN, "日本語"), 4);
	expect_row(&c, 0, "  日本");
	assert_int_equal(canvas_put(&c, 1, 7, 9, ATTR_PLAIN, "日本"), 2);
	expect_row(&c, 1, "       日");
	assert_int_equal(canvas_put(&c, 2, 9, 9, ATTR_PLAIN, "日"), 0);
	assert_int_equal(canvas_put(&c, 9, 0, 9, ATTR_PLAIN, "x"), 0);
	assert_int_equal(canvas_put(&c, 0, -1, 9, ATTR_PLAIN, "x"), 0);
	canvas_put(&c, 3, 0, 10, ATTR_PLAIN, "日本語");
	canvas_put(&c, 3, 1, 2, ATTR_PLAIN, "ab");	/* half a wide character is none */
	expect_row(&c, 3, " ab 語");
	canvas_done(&c);
}

static void a_figure_that_does_not_fit_is_no_figure(void **state)
{
	struct canvas c = {0};

	canvas_reset(&c, 1, 10);
	canvas_put_right(&c, 0, 0, 6, ATTR_PLAIN, "1 234");
	canvas_put_right(&c, 0, 7, 3, ATTR_PLAIN, "1 234");
	expect_row(&c, 0, " 1 234 ###");
	canvas_done(&c);
}

static void a_long_name_keeps_its_end(void **state)
{
	struct canvas c = {0};

	canvas_reset(&c, 3, 12);
	canvas_put_tail(&c, 0, 0, 12, ATTR_PLAIN, "pool.HTTPPool");
	expect_row(&c, 0, "…ol.HTTPPool");
	canvas_put_tail(&c, 1, 0, 4, ATTR_PLAIN, "日本語");
	expect_row(&c, 1, "…語");
	c.ascii = true;
	canvas_put_tail(&c, 2, 0, 12, ATTR_PLAIN, "pool.HTTPPool");
	expect_row(&c, 2, "~ol.HTTPPool");
	canvas_done(&c);
}

static void no_raw_byte_reaches_a_cell(void **state)
{
	struct canvas c = {0};

	canvas_reset(&c, 2, 30);
	canvas_put(&c, 0, 0, 30, ATTR_PLAIN, "a\x1b[2Jb\x07\x7f\xc2\x9b" "c\xff\xc3(");
	expect_row(&c, 0, "a?[2Jb?" "?" "?c?" "?(");
	c.ascii = true;
	canvas_put(&c, 1, 0, 30, ATTR_PLAIN, "é日▁x");
	expect_row(&c, 1, "???x");
	canvas_done(&c);
}

static void a_line_leaves_out_what_does_not_fit_whole(void **state)
{
	struct canvas c = {0};
	struct line l;

	canvas_reset(&c, 1, 20);
	l = line_begin(&c, 0);
	line_put_end(&l, ATTR_PLAIN, "12:00");
	line_put(&l, ATTR_PLAIN, "RSS %s  ", "812.4M");
	line_put(&l, ATTR_PLAIN, "+38.2M ");
	line_put(&l, ATTR_PLAIN, "x");
	expect_row(&c, 0, "RSS 812.4M     12:00");
	canvas_done(&c);
}

static void counts_are_exact_where_they_fit_and_rounded_where_not(void **state)
{
	static const struct { int64_t v; int sign, width; const char *text; } cases[] = {
		{48213, 0, 9, "48 213"}, {6120900, 0, 9, "6 120 900"}, {6120900, 0, 8, "6.12M"},
		{12345678, 0, 9, "12.3M"}, {-12680, 1, 8, "-12 680"}, {1234567, 1, 8, "+1.23M"},
		{0, 1, 8, "0"}, {LT_UNKNOWN, 1, 8, ""}, {INT64_MAX, 1, 8, "+9.22E"},
		{999999, 0, 6, "1.00M"}, {99960, 0, 4, "100k"},
	};
	char buf[32];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		text_count(cases[i].v, cases[i].sign, cases[i].width, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].text);
		assert_true(strlen(buf) <= (size_t)cases[i].width);
	}
}

static void a_program_is_named_by_its_script(void **state)
{
	static const struct { const char *command, *name; } cases[] = {
		{"python3 -u /srv/api/app.py --port 8080", "app.py"},
		{"/usr/bin/python3 app.py", "app.py"},
		{"python3 -m http.server 8000", "-m http.server 8000"},
		{"python3 -m/x", "-m/x"},
		{"/opt/bin/gunicorn", "gunicorn"},
		{"python3 -u", "python3"},
		{"", ""},
		{"python3 /srv/", "/srv/"},
	};
	char buf[64];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(text_program(cases[i].command, buf, sizeof(buf)),
				    cases[i].name);
}

static void times_are_short(void **state)
{
	static const struct { double s; const char *text; } cases[] = {
		{0, "0s"}, {99, "99s"}, {100, "2m"}, {600, "10m"}, {5999, "100m"}, {7200, "2h"},
		{172800, "2d"}, {NAN, ""}, {-1, ""}, {INFINITY, ""},
	};
	char buf[32];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(text_rough(cases[i].s, buf, sizeof(buf)), cases[i].text);
	assert_string_equal(text_clock(0, buf, sizeof(buf)), "");
	assert_string_equal(text_clock(NAN, buf, sizeof(buf)), "");
	assert_string_equal(text_ms(1240, buf, sizeof(buf)), "1.2 ms");
	assert_string_equal(text_ms(LT_UNKNOWN, buf, sizeof(buf)), "");
}

static void a_prompt_edits_whole_characters(void **state)
{
	struct prompt p;

	prompt_begin(&p, "find: ", "");
	prompt_key(&p, 'a');
	prompt_key(&p, 0x65e5);
	prompt_key(&p, 0x1f40d);
	assert_string_equal(p.text, "a日🐍");
	prompt_key(&p, UI_KEY_BACKSPACE);
	prompt_key(&p, UI_KEY_BACKSPACE);
	assert_string_equal(p.text, "a");
	prompt_key(&p, UI_KEY_BACKSPACE);
	prompt_key(&p, UI_KEY_BACKSPACE);
	assert_string_equal(p.text, "");
	for (int i = 0; i < 500; i++)
		prompt_key(&p, 0x65e5);
	assert_true(strlen(p.text) < sizeof(p.text));
	assert_int_equal(strlen(p.text) % 3, 0);
	prompt_key(&p, UI_KEY_UP);
	prompt_key(&p, 0x07);
	prompt_key(&p, KEYS_CTRL('U'));
	assert_string_equal(p.text, "");
	assert_int_equal(prompt_key(&p, UI_KEY_ENTER), PROMPT_ACCEPTED);
	assert_int_equal(prompt_key(&p, UI_KEY_ESC), PROMPT_CANCELLED);
}

static void every_key_has_one_meaning_and_one_help(void **state)
{
	const struct keys_row *rows;
	size_t n;

	rows = keys_rows(&n);
	assert_int_equal(n, KEYS_ACTIONS - 1);
	for (size_t i = 0; i < n; i++) {
		assert_true(rows[i].names[0] && rows[i].help[0] && rows[i].keys[0]);
		for (size_t k = 0; k < KEYS_PER_ROW && rows[i].keys[k]; k++)
			assert_int_equal(keys_find(rows[i].keys[k]), rows[i].action);
	}
	assert_int_equal(keys_find('x'), KEYS_NONE);
	assert_int_equal(keys_find(UI_KEY_NONE), KEYS_NONE);
}

static void the_keys_can_be_listed_for_the_man_page(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	keys_print(f);
	fclose(f);
	assert_non_null(strstr(text, "q F10\tquit\n"));
	assert_non_null(strstr(text, "f F4 \\\t"));
	free(text);
}

static void every_column_fits_its_own_title_and_every_sort_has_a_column(void **state)
{
	const struct column *columns;
	enum snapshot_sort sort;
	bool seen[SORT_COUNT_OF] = {false};
	size_t n;

	columns = columns_all(&n);
	for (size_t i = 0; i < n; i++) {
		assert_true((int)strlen(columns[i].of->title) <= columns[i].of->width);
		assert_true(columns[i].of->help[0]);
	}
	for (int i = 1; columns_nth_sort(i, &sort); i++)
		seen[sort] = true;
	for (int i = 0; i < SORT_COUNT_OF; i++)
		assert_true(seen[i]);
	for (int i = 0; i < HEADER_METERS; i++)
		assert_true(header_meters[i].help[0]);
}

static void sort_columns_are_walked_left_and_right_and_stop_at_the_ends(void **state)
{
	assert_int_equal(columns_next_sort(SORT_NAME, 1), SORT_COUNT);
	assert_int_equal(columns_next_sort(SORT_COUNT, -1), SORT_NAME);
	assert_int_equal(columns_next_sort(SORT_NAME, -1), SORT_VERDICT);
	assert_int_equal(columns_next_sort(SORT_VERDICT, -1), SORT_VERDICT);
	assert_int_equal(columns_next_sort(SORT_RATE, 1), SORT_RATE);
}

static void columns_never_overlap_nor_leave_the_screen(void **state)
{
	struct snapshot snap = {.filter = ""};
	struct view_ctx ctx = {0};
	struct columns_plan plan;

	for (int k = 0; k < 261 * TEXT_UNITS_OF * 11; k++) {
		int cols = 40 + k % 261, skip = k / 261 % 11, end = 1;

		ctx.unit = (enum text_unit)(k / 261 / 11);
		columns_lay_out(&plan, &snap, cols, &ctx, skip);
		assert_true(plan.n >= (skip ? 2 : 3));
		for (int i = 0; i < plan.n; i++) {
			assert_true(plan.place[i].col >= end && plan.place[i].width > 0);
			end = plan.place[i].col + plan.place[i].width;
		}
		assert_int_equal(end, cols);
	}
}

/* "VERDICT TYPE COUNT" of a plan. */
static const char *titles(const struct columns_plan *plan)
{
	static char text[200];
	size_t at = 0;

	text[0] = '\0';
	for (int i = 0; i < plan->n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
				       plan->place[i].column->of->title);
	return text;
}

static void columns_scroll_behind_the_name_until_all_were_seen(void **state)
{
	static const struct { int cols, skip; bool more; const char *titles; } cases[] = {
		{80, 0, true, "VERDICT TYPE COUNT +COUNT +SIZE RATE/min TREND"},
		{80, 2, true, "VERDICT TYPE +COUNT +SIZE RATE/min TREND LAST"},
		{80, 3, false, "VERDICT TYPE +SIZE %GROW RATE/min TREND LAST"},
		{40, 0, true, "VERDICT TYPE +COUNT"},
		{40, 3, true, "VERDICT TYPE RATE/min"},
		{40, 7, false, "VERDICT TYPE LAST"},
		{160, 0, false,
		 "VERDICT TYPE COUNT SIZE +COUNT +SIZE %GROW RATE/min TREND LAST"},
	};
	struct snapshot snap = {.filter = ""};
	struct view_ctx ctx = {0};
	struct columns_plan plan;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		columns_lay_out(&plan, &snap, cases[i].cols, &ctx, cases[i].skip);
		assert_string_equal(titles(&plan), cases[i].titles);
		assert_int_equal(plan.more, cases[i].more);
	}
}

static void columns_are_chosen_by_name_and_dropped_from_the_right(void **state)
{
	struct snapshot snap = {.filter = ""};
	struct view_ctx ctx = {0};
	struct columns_plan plan;
	char msg[64];

	assert_true(cells_choose("count,last,count,verdict,", &ctx.columns, msg, sizeof(msg)));
	columns_lay_out(&plan, &snap, 80, &ctx, 0);
	assert_string_equal(titles(&plan), "COUNT LAST VERDICT TYPE");
	columns_lay_out(&plan, &snap, 40, &ctx, 0);
	assert_string_equal(titles(&plan), "COUNT LAST TYPE");
	assert_true(plan.more);
	assert_false(cells_choose("count,cuont", &ctx.columns, msg, sizeof(msg)));
	assert_string_equal(msg, "cuont");
	assert_int_equal(ctx.columns.n, 4);	/* as it was */
	assert_true(cells_choose("", &ctx.columns, msg, sizeof(msg)));
	assert_int_equal(ctx.columns.n, 0);
}

static void sizes_are_written_in_the_unit_asked_for_where_they_fit(void **state)
{
	static const struct {
		int64_t bytes;
		int sign;
		enum text_unit unit;
		int width;
		const char *text;
	} cases[] = {
		{103179878, 0, TEXT_AUTO, 6, "98.4M"},
		{103179878, 0, TEXT_BYTES, 12, "103 179 878"},
		{103179878, 0, TEXT_KIB, 9, "100 762K"},
		{103179878, 0, TEXT_MIB, 7, "98M"},
		{103179878, 0, TEXT_BYTES, 6, "98.4M"},
		{-103179878, 1, TEXT_KIB, 10, "-100 762K"},
		{999, 1, TEXT_BYTES, 13, "+999"},
		{1000, 1, TEXT_BYTES, 13, "+1 000"},
		{100, 0, TEXT_MIB, 7, "0"}, {0, 1, TEXT_KIB, 7, "0"},
		{LT_UNKNOWN, 1, TEXT_KIB, 7, ""},
	};
	char buf[40];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(text_size(cases[i].bytes, cases[i].sign, cases[i].unit,
					      cases[i].width, buf, sizeof(buf)), cases[i].text);
}

static void tags_gather_rows_and_sum_them(void **state)
{
	static const uint32_t order[] = {2, 4, 0, 1, 3};
	struct snapshot_row rows[5];
	struct snapshot snap = {.rows = rows, .n_rows = COUNT_OF(rows)};
	struct tags tags = {0};
	struct tags_sum sum;

	for (uint32_t i = 0; i < COUNT_OF(rows); i++)
		rows[i] = (struct snapshot_row){.id = i, .count_delta = i, .bytes_delta = 10 * i};
	assert_true(tags_toggle(&tags, 4) && tags_toggle(&tags, 0) && tags_toggle(&tags, 2));
	assert_true(tags_toggle(&tags, 0));
	assert_true(tags_has(&tags, 4) && !tags_has(&tags, 0));
	tags_gather(&tags, rows, COUNT_OF(rows));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(rows[i].id, order[i]);
	tags_sum(&tags, &snap, &sum);
	assert_int_equal(sum.n, 2);
	assert_int_equal(sum.count_delta, 6);
	assert_int_equal(sum.bytes_delta, 60);
	rows[0].bytes_delta = U;
	tags_sum(&tags, &snap, &sum);
	assert_int_equal(sum.bytes_delta, U);
	for (uint32_t i = 0; tags.n < TAGS_MAX; i++)
		assert_true(tags_toggle(&tags, 100 + i));
	assert_false(tags_toggle(&tags, 99));
	assert_true(tags_toggle(&tags, 2));
}

static void a_picture_outlives_what_it_was_taken_from(void **state)
{
	int64_t cells[3] = {1, 2, 3};
	char name[16] = "dict", filter[8] = "d";
	struct snapshot_row row = {.id = 9, .name = name, .trend = {cells, 3, 10}};
	struct sample_target target = {.pid = 7};
	struct snapshot snap = {.target = &target, .rows = &row, .n_rows = 1, .filter = filter,
				.rss = {cells, 2, 10}};
	struct picture p = {0};

	picture_take(&p, &snap);
	memset(name, 'x', 4);
	memset(cells, 0, sizeof(cells));
	memset(&row, 0, sizeof(row));
	target.pid = 8;
	filter[0] = 'x';
	assert_string_equal(p.snap.rows[0].name, "dict");
	assert_int_equal(p.snap.rows[0].trend.cells[2], 3);
	assert_int_equal(p.snap.rss.cells[1], 2);
	assert_int_equal(p.snap.target->pid, 7);
	assert_string_equal(p.snap.filter, "d");
	picture_done(&p);
	picture_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparklines_say_what_they_should),
		cmocka_unit_test(a_sparkline_merges_as_much_as_still_fills_it),
		cmocka_unit_test(text_is_clipped_by_width_not_by_bytes),
		cmocka_unit_test(a_figure_that_does_not_fit_is_no_figure),
		cmocka_unit_test(a_long_name_keeps_its_end),
		cmocka_unit_test(no_raw_byte_reaches_a_cell),
		cmocka_unit_test(a_line_leaves_out_what_does_not_fit_whole),
		cmocka_unit_test(counts_are_exact_where_they_fit_and_rounded_where_not),
		cmocka_unit_test(a_program_is_named_by_its_script),
		cmocka_unit_test(times_are_short),
		cmocka_unit_test(a_prompt_edits_whole_characters),
		cmocka_unit_test(every_key_has_one_meaning_and_one_help),
		cmocka_unit_test(the_keys_can_be_listed_for_the_man_page),
		cmocka_unit_test(every_column_fits_its_own_title_and_every_sort_has_a_column),
		cmocka_unit_test(sort_columns_are_walked_left_and_right_and_stop_at_the_ends),
		cmocka_unit_test(columns_never_overlap_nor_leave_the_screen),
		cmocka_unit_test(columns_scroll_behind_the_name_until_all_were_seen),
		cmocka_unit_test(columns_are_chosen_by_name_and_dropped_from_the_right),
		cmocka_unit_test(sizes_are_written_in_the_unit_asked_for_where_they_fit),
		cmocka_unit_test(tags_gather_rows_and_sum_them),
		cmocka_unit_test(a_picture_outlives_what_it_was_taken_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
