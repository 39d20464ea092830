#include "config.h"
#include "../unit/test.h"
#include "fixture.h"

#include "ui/keys.h"

static struct fixture f;

static int begin(void **state)
{
	fixture_init(&f, false);
	fixture_draw(&f, 24, 80);
	return 0;
}

static int end(void **state)
{
	fixture_done(&f);
	return 0;
}

/* The name of the selected row as drawn. */
static bool selected_is(const char *name)
{
	int row = 0;

	while (row < f.canvas.rows &&
	       (fixture_row(&f, row)[0] != '>' || fixture_row(&f, row)[1] == '>'))
		row++;
	return row < f.canvas.rows && strstr(fixture_row(&f, row), name);
}

static void quit_is_q_or_f10_and_never_esc(void **state)
{
	assert_int_equal(fixture_key(&f, 'q'), UI_QUIT);
	assert_int_equal(fixture_key(&f, KEYS_F(10)), UI_QUIT);
	for (int i = 0; i < 4; i++)
		assert_int_not_equal(fixture_key(&f, UI_KEY_ESC), UI_QUIT);
	(void)fixture_key(&f, 'h');
	assert_int_equal(fixture_key(&f, 'q'), UI_QUIT);
}

static void keys_without_a_meaning_ask_for_nothing(void **state)
{
	static const int keys[] = {'x', '8', '"', 0x65e5, KEYS_F(12)};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(fixture_key(&f, keys[i]), UI_NOTHING);
}

static void moving_the_cursor_asks_to_hold_the_order(void **state)
{
	static const int keys[] = {'j', 'k', UI_KEY_DOWN, UI_KEY_UP, UI_KEY_PAGE_DOWN,
				   UI_KEY_PAGE_UP, KEYS_CTRL('D'), KEYS_CTRL('U'), 'G', 'g'};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(fixture_key(&f, keys[i]), UI_HOLD_ORDER);
	f.snap.order_held = 5;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 22,
		"sort: verdict   order held 10s   14 of 417 types shown");
}

static void the_cursor_stops_at_both_ends(void **state)
{
	(void)fixture_key(&f, 'k');
	assert_true(selected_is("app.net.Connection"));
	(void)fixture_key(&f, 'G');
	(void)fixture_key(&f, 'j');
	assert_true(selected_is("weakref.ReferenceType"));
	(void)fixture_key(&f, UI_KEY_HOME);
	assert_true(selected_is("app.net.Connection"));
}

static void a_low_screen_scrolls_with_the_cursor(void **state)
{
	fixture_draw(&f, 10, 40);
	assert_int_equal(fixture_find(&f, "weakref"), -1);
	(void)fixture_key(&f, 'G');
	assert_true(selected_is("ReferenceType"));
	assert_int_equal(fixture_find(&f, "app.net"), -1);
	(void)fixture_key(&f, 'g');
	assert_true(selected_is("app.net.Conn"));
}

static void swap_rows(size_t a, size_t b)
{
	struct snapshot_row row = f.rows[a];

	f.rows[a] = f.rows[b];
	f.rows[b] = row;
	fixture_draw(&f, 24, 80);
}

static void the_cursor_follows_its_type_when_rows_move(void **state)
{
	(void)fixture_key(&f, 'j');
	assert_true(selected_is("bytearray"));
	swap_rows(1, 5);
	assert_true(selected_is("bytearray"));
	swap_rows(5, 0);
	assert_true(selected_is("bytearray"));
	swap_rows(0, 7);
	assert_true(selected_is("bytearray"));
}

static void an_unmoved_cursor_stays_on_the_first_row(void **state)
{
	swap_rows(0, 3);
	assert_true(selected_is("dict"));
	(void)fixture_key(&f, 'j');
	(void)fixture_key(&f, 'g');
	swap_rows(0, 5);
	assert_true(selected_is("function"));
}

static void with_follow_off_the_cursor_keeps_its_place(void **state)
{
	(void)fixture_key(&f, 'j');
	(void)fixture_key(&f, 'F');
	assert_true(fixture_find(&f, "cursor keeps its place") == 22);
	swap_rows(1, 5);
	assert_true(selected_is("function"));
	(void)fixture_key(&f, 'F');
	swap_rows(1, 6);
	assert_true(selected_is("function"));
}

static void a_vanished_type_leaves_the_cursor_where_it_was(void **state)
{
	(void)fixture_key(&f, 'G');
	f.snap.n_rows = 4;
	fixture_draw(&f, 24, 80);
	assert_true(selected_is("dict"));
	f.snap.n_rows = 0;
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_key(&f, 'j'), UI_HOLD_ORDER);
}

static void a_number_sorts_and_the_same_again_reverses(void **state)
{
	assert_int_equal(fixture_key(&f, '4'), UI_SORT);
	assert_int_equal(f.request.sort, SORT_SIZE);
	assert_false(f.request.reversed);
	f.snap.sort = SORT_SIZE;
	fixture_draw(&f, 24, 120);
	assert_true(strstr(fixture_row(&f, 6), "SIZE▼") != NULL);
	assert_int_equal(fixture_key(&f, '4'), UI_SORT);
	assert_true(f.request.reversed);
	f.snap.sort_reversed = true;
	fixture_draw(&f, 24, 120);
	assert_true(strstr(fixture_row(&f, 6), "SIZE▲") != NULL);
	assert_int_equal(fixture_key(&f, '4'), UI_SORT);
	assert_false(f.request.reversed);
}

static void sort_keys_choose_what_they_say(void **state)
{
	static const struct { int key; enum snapshot_sort sort; } cases[] = {
		{'1', SORT_VERDICT}, {'2', SORT_NAME}, {'3', SORT_COUNT}, {'5', SORT_GROWTH},
		{'6', SORT_SIZE_GROWTH}, {'7', SORT_RATE}, {'M', SORT_SIZE}, {'V', SORT_VERDICT},
		{'D', SORT_GROWTH}, {'<', SORT_VERDICT}, {'>', SORT_NAME},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fixture_key(&f, cases[i].key), UI_SORT);
		assert_int_equal(f.request.sort, cases[i].sort);
	}
	f.snap.sort = SORT_NAME;
	fixture_draw(&f, 24, 80);
	assert_true(strstr(fixture_row(&f, 6), "TYPE▲") != NULL);
	assert_int_equal(fixture_key(&f, 'R'), UI_SORT);
	assert_true(f.request.reversed && f.request.sort == SORT_NAME);
}

static void the_menu_sorts_on_enter_and_not_on_esc(void **state)
{
	(void)fixture_key(&f, KEYS_F(6));
	assert_true(fixture_find(&f, "sort by") == 6);
	(void)fixture_key(&f, UI_KEY_DOWN);
	(void)fixture_key(&f, 'j');
	(void)fixture_key(&f, 'j');
	assert_true(fixture_find(&f, "> size") == 10);
	(void)fixture_key(&f, 'R');
	assert_true(fixture_find(&f, "(reversed)") == 10);
	assert_int_equal(fixture_key(&f, 'b'), UI_NOTHING);
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_SORT);
	assert_int_equal(f.request.sort, SORT_SIZE);
	assert_true(f.request.reversed);
	assert_int_equal(fixture_find(&f, "sort by"), -1);
	(void)fixture_key(&f, 's');
	(void)fixture_key(&f, 'G');
	assert_int_equal(fixture_key(&f, UI_KEY_ESC), UI_REDRAW);
	assert_int_equal(fixture_find(&f, "sort by"), -1);
}

static void find_jumps_while_it_is_typed(void **state)
{
	(void)fixture_key(&f, '/');
	assert_true(f.canvas.cursor_shown);
	fixture_type(&f, "TMPL");
	EXPECT(&f, 23, "find: TMPL");
	assert_int_equal(f.canvas.cursor_row, 23);
	assert_int_equal(f.canvas.cursor_col, 10);
	assert_true(selected_is("app.tmpl.Node"));
	fixture_type(&f, "x");
	assert_true(fixture_find(&f, "not found: TMPLx") == 22);
	(void)fixture_key(&f, UI_KEY_ESC);
	assert_true(selected_is("app.net.Connection"));
}

/* A name that comes up while it is being typed is found without another key. */
static void what_is_not_found_is_looked_for_in_new_rows(void **state)
{
	f.snap.n_rows--;
	fixture_draw(&f, 24, 80);
	fixture_type(&f, "/shop.late");
	assert_true(fixture_find(&f, "not found: shop.late") > 0);
	f.rows[FIXTURE_ROWS - 1].name = "shop.Later";
	f.snap.n_rows++;
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_find(&f, "not found"), -1);
	(void)fixture_key(&f, '\r');
	assert_int_equal(f.canvas.cursor_row, fixture_find(&f, "shop.Later"));
}

static void find_takes_an_expression_and_what_is_none_yet_as_it_stands(void **state)
{
	(void)fixture_key(&f, '/');
	fixture_type(&f, "^app.*y$");
	assert_true(selected_is("app.cache.Entry"));
	(void)fixture_key(&f, UI_KEY_ENTER);
	(void)fixture_key(&f, '/');
	f.rows[7].name = "app.f(x";
	fixture_draw(&f, 24, 80);
	fixture_type(&f, "(");
	assert_true(selected_is("app.f(x"));
	fixture_type(&f, "tuple|cell)");
	assert_true(selected_is("tuple"));
}

static void tagged_rows_stand_on_top_and_are_summed_up(void **state)
{
	(void)fixture_key(&f, 'j');
	(void)fixture_key(&f, 'j');
	assert_int_equal(fixture_key(&f, ' '), UI_HOLD_ORDER);
	assert_true(selected_is("dict"));
	EXPECT(&f, 7, "+growing  app.cache.Entry             8 122     +402  +96.0K      +31 "
		      "▁▂▃▃▄▅▆▆▇█");
	(void)fixture_key(&f, ' ');
	assert_true(selected_is("app.tmpl.Node"));
	EXPECT(&f, 22, "sort: verdict   2 tagged: +495, +414.0K   14 of 417 types shown");
	assert_memory_equal(fixture_row(&f, 8), "+growing  dict ", 15);
	assert_memory_equal(fixture_row(&f, 9), " LEAK     app.net.Connection", 28);
	/* another order moves them among themselves alone */
	swap_rows(2, 13);
	assert_memory_equal(fixture_row(&f, 7), "+growing  dict ", 15);
	(void)fixture_key(&f, 'g');
	assert_memory_equal(fixture_row(&f, 7), "*growing  dict ", 15);
	(void)fixture_key(&f, ' ');
	assert_memory_equal(fixture_row(&f, 7), "*growing  app.cache.Entry", 25);
	assert_int_equal(fixture_key(&f, 'U'), UI_REDRAW);
	assert_memory_equal(fixture_row(&f, 7), " LEAK     app.net.Connection", 28);
	assert_int_equal(fixture_find(&f, "tagged"), -1);
}

static void units_and_zeros_change_how_figures_are_written(void **state)
{
	(void)fixture_key(&f, 'e');
	assert_int_equal(fixture_find(&f, "sizes in B "), 22);
	assert_true(fixture_find(&f, "+27 052 933") == 8);
	(void)fixture_key(&f, 'e');
	assert_true(fixture_find(&f, "+26 419K") == 8);
	(void)fixture_key(&f, 'e');
	assert_true(fixture_find(&f, "+26M") == 8);
	(void)fixture_key(&f, 'e');
	assert_int_equal(fixture_find(&f, "sizes in"), -1);
	assert_true(fixture_find(&f, "18 220        0       0        0 ...") > 0);
	(void)fixture_key(&f, '0');
	assert_true(fixture_find(&f, "18 220                           ...") > 0);
}

static void columns_that_have_no_room_are_scrolled_to(void **state)
{
	(void)fixture_key(&f, UI_KEY_LEFT);
	assert_int_equal(fixture_find(&f, "columns on the left"), -1);
	assert_int_equal(fixture_find(&f, "LAST"), -1);
	for (int i = 0; i < 20; i++)
		(void)fixture_key(&f, UI_KEY_RIGHT);
	assert_true(fixture_find(&f, "LAST") == 6);
	assert_true(fixture_find(&f, "app.net.Connection") == 7);
	assert_true(fixture_find(&f, "3 columns on the left") == 22);
	for (int i = 0; i < 3; i++)
		(void)fixture_key(&f, UI_KEY_LEFT);
	assert_int_equal(fixture_find(&f, "LAST"), -1);
}

static void n_and_N_go_round_the_matches(void **state)
{
	(void)fixture_key(&f, 'n');
	EXPECT(&f, 22, "nothing to find yet: / asks for a name");
	(void)fixture_key(&f, KEYS_F(3));
	fixture_type(&f, "app.");
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_HOLD_ORDER);
	assert_true(selected_is("app.net.Connection"));
	(void)fixture_key(&f, 'n');
	assert_true(selected_is("app.cache.Entry"));
	(void)fixture_key(&f, 'n');
	(void)fixture_key(&f, 'n');
	assert_true(selected_is("app.net.Connection"));
	(void)fixture_key(&f, 'N');
	assert_true(selected_is("app.tmpl.Node"));
}

static void the_filter_prompt_begins_with_the_filter_in_force(void **state)
{
	(void)fixture_key(&f, 'f');
	fixture_type(&f, "app[.]q");
	(void)fixture_key(&f, UI_KEY_BACKSPACE);
	EXPECT(&f, 23, "show types matching: app[.]");
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_FILTER);
	assert_string_equal(f.request.text, "app[.]");
	f.snap.filter = "app[.]";
	f.snap.n_rows = 2;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 22,
		"sort: verdict   filter: app[.]   2 of 417 types shown");
	(void)fixture_key(&f, '\\');
	EXPECT(&f, 23, "show types matching: app[.]");
	(void)fixture_key(&f, UI_KEY_ESC);
	assert_int_equal(f.request.ask, UI_REDRAW);
	assert_int_equal(fixture_key(&f, UI_KEY_ESC), UI_FILTER);
	assert_string_equal(f.request.text, "");
}

static void esc_clears_a_message_before_the_filter(void **state)
{
	f.snap.filter = "x";
	screen_message(f.screen, "baseline set");
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 22, "baseline set");
	assert_int_equal(fixture_key(&f, UI_KEY_ESC), UI_REDRAW);
	assert_int_equal(fixture_find(&f, "baseline set"), -1);
	assert_int_equal(fixture_key(&f, UI_KEY_BACKSPACE), UI_FILTER);
}

static void a_delay_is_checked_before_it_is_asked_for(void **state)
{
	(void)fixture_key(&f, 'd');
	EXPECT(&f, 23, "delay in seconds (now 2):");
	fixture_type(&f, "0.5");
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_DELAY);
	assert_float_equal(f.request.delay_s, 0.5, 1e-9);
	(void)fixture_key(&f, 'd');
	fixture_type(&f, "0,5");
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_REDRAW);
	EXPECT(&f, 22, "not a delay: 0,5 (0.1 to 3600 seconds)");
	(void)fixture_key(&f, 'd');
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_REDRAW);
	assert_int_equal(fixture_find(&f, "not a delay"), -1);
}

static void plus_and_minus_step_the_delay_and_stop_at_the_ends(void **state)
{
	assert_int_equal(fixture_key(&f, '+'), UI_DELAY);
	assert_float_equal(f.request.delay_s, 5, 1e-9);
	(void)fixture_key(&f, '-');
	(void)fixture_key(&f, '-');
	assert_float_equal(f.request.delay_s, 1, 1e-9);
	for (int i = 0; i < 20; i++)
		(void)fixture_key(&f, '-');
	assert_float_equal(f.request.delay_s, 0.1, 1e-9);
	for (int i = 0; i < 20; i++)
		(void)fixture_key(&f, '+');
	assert_float_equal(f.request.delay_s, 3600, 1e-9);
}

static void pause_keeps_the_picture_while_sampling_goes_on(void **state)
{
	(void)fixture_key(&f, 'p');
	assert_true(screen_paused(f.screen));
	EXPECT(&f, 5, "PAUSED at 16:14:51 - sampling goes on, p shows it again");
	f.rows[0].count = 99999;
	f.rows[0].name = "other";
	f.cells[0][5] = 0;
	f.snap.t += 2;
	fixture_draw(&f, 24, 80);
	assert_true(fixture_find(&f, "48 213") == 7);
	assert_int_equal(fixture_find(&f, "other"), -1);
	assert_int_equal(fixture_key(&f, 'M'), UI_SORT);
	assert_true(fixture_find(&f, "paused: the new order is shown when p continues") == 22);
	f.snap.ended = true;
	f.snap.ended_t = FIXTURE_NOW;
	fixture_draw(&f, 24, 80);
	assert_true(fixture_find(&f, "target ended 16:14:52") == 5);
	(void)fixture_key(&f, 'Z');
	assert_false(screen_paused(f.screen));
	assert_true(fixture_find(&f, "other") == 7);
}

static void the_remaining_keys_ask_for_what_they_say(void **state)
{
	static const struct { int key; enum ui_ask ask; } cases[] = {
		{'b', UI_BASELINE_NOW}, {'B', UI_BASELINE_FIRST}, {'t', UI_RESAMPLE},
		{'r', UI_RESAMPLE}, {KEYS_CTRL('R'), UI_RESAMPLE}, {'i', UI_HIDE_FLAT},
		{'=', UI_CLEAR}, {'U', UI_REDRAW}, {UI_KEY_RIGHT, UI_REDRAW},
		{KEYS_CTRL('Z'), UI_SUSPEND}, {'z', UI_REDRAW}, {KEYS_CTRL('L'), UI_REDRAW},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fixture_key(&f, cases[i].key), cases[i].ask);
	assert_true(screen_take_repaint(f.screen));
	assert_false(screen_take_repaint(f.screen));
	assert_true(screen_color(f.screen));
	f.snap.hide_flat = true;
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_key(&f, 'i'), UI_HIDE_FLAT);
	assert_false(f.request.on);
}

static void help_swallows_what_would_act_behind_it(void **state)
{
	(void)fixture_key(&f, 'h');
	assert_int_equal(fixture_key(&f, 'b'), UI_NOTHING);
	assert_int_equal(fixture_key(&f, 'i'), UI_NOTHING);
	(void)fixture_key(&f, 'h');
	assert_true(fixture_find(&f, "app.net.Connection") == 7);
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAWN(quit_is_q_or_f10_and_never_esc),
		DRAWN(keys_without_a_meaning_ask_for_nothing),
		DRAWN(moving_the_cursor_asks_to_hold_the_order),
		DRAWN(the_cursor_stops_at_both_ends),
		DRAWN(a_low_screen_scrolls_with_the_cursor),
		DRAWN(the_cursor_follows_its_type_when_rows_move),
		DRAWN(an_unmoved_cursor_stays_on_the_first_row),
		DRAWN(with_follow_off_the_cursor_keeps_its_place),
		DRAWN(a_vanished_type_leaves_the_cursor_where_it_was),
		DRAWN(a_number_sorts_and_the_same_again_reverses),
		DRAWN(sort_keys_choose_what_they_say),
		DRAWN(the_menu_sorts_on_enter_and_not_on_esc),
		DRAWN(find_jumps_while_it_is_typed),
		DRAWN(what_is_not_found_is_looked_for_in_new_rows),
		DRAWN(find_takes_an_expression_and_what_is_none_yet_as_it_stands),
		DRAWN(tagged_rows_stand_on_top_and_are_summed_up),
		DRAWN(units_and_zeros_change_how_figures_are_written),
		DRAWN(columns_that_have_no_room_are_scrolled_to),
		DRAWN(n_and_N_go_round_the_matches),
		DRAWN(the_filter_prompt_begins_with_the_filter_in_force),
		DRAWN(esc_clears_a_message_before_the_filter),
		DRAWN(a_delay_is_checked_before_it_is_asked_for),
		DRAWN(plus_and_minus_step_the_delay_and_stop_at_the_ends),
		DRAWN(pause_keeps_the_picture_while_sampling_goes_on),
		DRAWN(the_remaining_keys_ask_for_what_they_say),
		DRAWN(help_swallows_what_would_act_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
