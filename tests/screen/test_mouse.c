/* A mouse does what keys do: on the table, the sort menu and the list of processes. */
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

static enum ui_ask mouse(enum ui_mouse_what what, int row, int col)
{
	const struct ui_mouse m = {what, row, col};

	screen_mouse(f.screen, &m, &f.request);
	fixture_draw(&f, f.canvas.rows, f.canvas.cols);
	return f.request.ask;
}

static enum ui_ask press(int row, int col)
{
	return mouse(UI_MOUSE_PRESS, row, col);
}

static void a_click_selects_the_row(void **state)
{
	int first = f.canvas.cursor_row;

	assert_int_equal(press(first + 4, 30), UI_HOLD_ORDER);
	assert_int_equal(f.canvas.cursor_row, first + 4);
	assert_int_equal(press(first + 1, 2), UI_HOLD_ORDER);
	assert_int_equal(f.canvas.cursor_row, first + 1);
	assert_int_equal(press(first + 1, 2), UI_NOTHING);
}

static void a_click_beside_the_rows_does_nothing(void **state)
{
	int first = f.canvas.cursor_row;

	f.snap.n_rows = 3;
	fixture_draw(&f, 24, 80);
	assert_int_equal(press(0, 5), UI_NOTHING);
	assert_int_equal(press(first + 3, 5), UI_NOTHING);
	assert_int_equal(press(23, 79), UI_NOTHING);
	assert_int_equal(press(-1, -1), UI_NOTHING);
	assert_int_equal(press(500, 500), UI_NOTHING);
	assert_int_equal(f.canvas.cursor_row, first);
}

static void a_click_on_a_title_sorts_and_another_one_reverses(void **state)
{
	int head = f.canvas.cursor_row - 1;
	const char *title = strstr(fixture_row(&f, head), "TYPE");

	assert_non_null(title);
	assert_int_equal(press(head, 11), UI_SORT);
	assert_int_equal(f.request.sort, SORT_NAME);
	assert_false(f.request.reversed);
	f.snap.sort = SORT_NAME;
	fixture_draw(&f, 24, 80);
	assert_int_equal(mouse(UI_MOUSE_AGAIN, head, 11), UI_SORT);
	assert_true(f.request.reversed);
}

static void a_click_on_the_bar_is_the_key(void **state)
{
	const char *bar = fixture_row(&f, 23), *at = strstr(bar, "b:base");

	assert_non_null(at);
	assert_int_equal(press(23, (int)(at - bar) + 3), UI_BASELINE_NOW);
	at = strstr(fixture_row(&f, 23), "q:quit");
	assert_int_equal(press(23, (int)(at - fixture_row(&f, 23))), UI_QUIT);
	(void)press(23, 0);
	assert_non_null(strstr(fixture_row(&f, 0), "keys and marks"));
}

static void the_wheel_scrolls(void **state)
{
	int first = f.canvas.cursor_row;

	assert_int_equal(mouse(UI_MOUSE_WHEEL_DOWN, 0, 0), UI_HOLD_ORDER);
	assert_int_equal(f.canvas.cursor_row, first + 3);
	assert_int_equal(mouse(UI_MOUSE_WHEEL_UP, 23, 0), UI_HOLD_ORDER);
	assert_int_equal(f.canvas.cursor_row, first);
}

/* What is under a menu cannot be pressed. */
static void a_menu_has_its_own_rows(void **state)
{
	int row;

	(void)fixture_key(&f, 's');
	row = fixture_find(&f, "bytes of live objects");
	assert_int_not_equal(row, -1);
	(void)press(row, 20);
	assert_int_equal(f.canvas.cursor_row, row);
	assert_int_equal(mouse(UI_MOUSE_AGAIN, row, 20), UI_SORT);
	assert_int_equal(f.request.sort, SORT_SIZE);
	(void)fixture_key(&f, 'h');
	assert_int_equal(press(8, 20), UI_NOTHING);
}

static void while_text_is_asked_for_the_mouse_does_nothing(void **state)
{
	int first = f.canvas.cursor_row;

	(void)fixture_key(&f, '/');
	assert_int_equal(press(first + 2, 5), UI_NOTHING);
	assert_int_equal(mouse(UI_MOUSE_WHEEL_DOWN, 5, 5), UI_NOTHING);
	(void)fixture_key(&f, UI_KEY_ESC);
	assert_int_equal(f.canvas.cursor_row, first);
}

static void m_switches_it_and_says_how_to_select(void **state)
{
	assert_false(screen_mouse_on(f.screen));
	assert_int_equal(fixture_key(&f, 'm'), UI_REDRAW);
	assert_true(screen_mouse_on(f.screen));
	assert_int_not_equal(fixture_find(&f, "the terminal selects with Shift"), -1);
	(void)fixture_key(&f, 'm');
	assert_false(screen_mouse_on(f.screen));
}

static void a_double_click_takes_a_process_from_the_list(void **state)
{
	static const struct process_row rows[] = {{.pid = 11}, {.pid = 12}, {.pid = 13}};
	const struct processes list = {.rows = rows, .n = 3, .n_all = 3};
	struct ui_mouse m = {UI_MOUSE_PRESS, 3, 10};
	struct screen *s = screen_new(&(struct screen_options){.delay_s = 2, .pick = true});
	struct ui_request r;

	canvas_reset(&f.canvas, 24, 80);
	screen_draw_processes(s, &list, FIXTURE_NOW, &f.canvas);
	screen_mouse(s, &m, &r);
	m.what = UI_MOUSE_AGAIN;		/* before the next frame */
	screen_mouse(s, &m, &r);
	assert_int_equal(r.ask, UI_WATCH);
	assert_int_equal(r.pid, 12);
	screen_free(s);
}

static void no_size_and_no_place_is_too_much(void **state)
{
	for (int rows = 1; rows < 45; rows += 3) {
		for (int cols = 1; cols < 130; cols += 9) {
			fixture_draw(&f, rows, cols);
			for (int row = 0; row <= rows; row++)
				(void)press(row, cols / 2);
			fixture_draw(&f, rows > 5 ? rows - 5 : rows, cols);
			(void)press(rows - 1, 1);
		}
	}
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAWN(a_click_selects_the_row),
		DRAWN(a_click_beside_the_rows_does_nothing),
		DRAWN(a_click_on_a_title_sorts_and_another_one_reverses),
		DRAWN(a_click_on_the_bar_is_the_key),
		DRAWN(the_wheel_scrolls),
		DRAWN(a_menu_has_its_own_rows),
		DRAWN(while_text_is_asked_for_the_mouse_does_nothing),
		DRAWN(m_switches_it_and_says_how_to_select),
		DRAWN(a_double_click_takes_a_process_from_the_list),
		DRAWN(no_size_and_no_place_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
