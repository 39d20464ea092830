/* The list of Python processes, drawn on a canvas. */
#include "config.h"
#include "../unit/test.h"
#include "fixture.h"

#include "ui/keys.h"
#include "util/mem.h"

static struct process_row rows[] = {
	{.pid = 4242, .rss_bytes = 851853312, .age_s = 273600, .user = "api",
	 .python = "3.12.1", .where = "docker 1f2e3d4c5b6a",
	 .command = "/srv/venv/bin/python3 /srv/api/app.py --port 8080"},
	{.pid = 311, .rss_bytes = 98765432, .age_s = 761, .user = "postgres",
	 .python = "3.9", .where = "patroni.service", .command = "patroni /etc/patroni.yml",
	 .refusal = {.code = LT_E_PERM_UID, .detail = "PID 311, uid 107"}},
	{.pid = 4100000, .rss_bytes = 10485760, .age_s = 12, .user = "averylongusername",
	 .python = "", .where = "", .command = "gunicorn: worker [api]",
	 .refusal = {.code = LT_E_TRACED, .detail = "PID 4100000 is traced by 7"}},
};

static struct screen *screen;
static struct canvas canvas;
static struct processes list;
static struct ui_request request;
static struct buf text;

static int begin(void **state)
{
	screen = screen_new(&(struct screen_options){.delay_s = 2, .pick = true});
	list = (struct processes){.rows = rows, .n = COUNT_OF(rows), .n_all = COUNT_OF(rows)};
	return 0;
}

static int end(void **state)
{
	screen_free(screen);
	canvas_done(&canvas);
	buf_done(&text);
	return 0;
}

static void draw(int n_rows, int cols)
{
	canvas_reset(&canvas, n_rows, cols);
	screen_draw_processes(screen, &list, FIXTURE_NOW, &canvas);
}

static const char *row(int y)
{
	buf_clear(&text);
	canvas_text(&canvas, y, &text);
	return buf_text(&text);
}

static bool drawn(const char *what)
{
	for (int y = 0; y < canvas.rows; y++)
		if (strstr(row(y), what))
			return true;
	return false;
}

static enum ui_ask key(int k)
{
	int n_rows = canvas.rows, cols = canvas.cols;

	screen_key(screen, k, &request);
	draw(n_rows, cols);
	return request.ask;
}

static void type(const char *keys)
{
	while (*keys)
		(void)key((unsigned char)*keys++);
}

static void each_process_has_a_row_on_80_columns(void **state)
{
	draw(24, 80);
	assert_string_equal(row(0), "leaktop   which Python process?   3 of 3");
	assert_string_equal(row(1), "     PID USER        RSS    AGE PYTHON  COMMAND");
	assert_string_equal(row(2),
		">   4242 api      812.4M  3d04h 3.12.1  python3 /srv/api/app.py --port 8080");
	assert_string_equal(row(3),
		"     311 postgres  94.2M 12m41s 3.9     [permission-uid] patroni /etc/patroni.ym");
	assert_string_equal(row(4),
		" 4100000 averylon  10.0M    12s ?       gunicorn: worker [api]");
	assert_string_equal(row(21), "Enter watches 4242");
	assert_int_equal(canvas.cursor_row, 2);
}

static void a_wide_screen_tells_the_container_and_a_small_one_the_command(void **state)
{
	draw(40, 120);
	assert_string_equal(row(2), ">   4242 api      812.4M  3d04h 3.12.1  docker 1f2e3d4c5b6a "
			    "python3 /srv/api/app.py --port 8080");
	draw(10, 40);
	assert_string_equal(row(2), ">   4242 812.4M python3 /srv/api/app.py");
	for (int n_rows = 1; n_rows < 12; n_rows++)
		for (int cols = 1; cols < 130; cols += 3)
			draw(n_rows, cols);
}

static void what_would_be_refused_is_dim_and_says_why(void **state)
{
	draw(24, 80);
	assert_int_equal(canvas.cells[3 * 80 + 5].attr, ATTR_CALM);
	assert_int_equal(canvas.cells[4 * 80 + 5].attr, ATTR_PLAIN);
	(void)key('j');
	assert_string_equal(row(21),
		"refused: the process belongs to another user: PID 311, uid 107");
	assert_string_equal(row(22), "run leaktop as that user or with sudo");
	(void)key('j');
	assert_true(drawn("read-only: another program is tracing the process"));
}

static void enter_asks_for_the_selected_process(void **state)
{
	draw(24, 80);
	assert_int_equal(key(UI_KEY_ENTER), UI_WATCH);
	assert_int_equal(request.pid, 4242);
	(void)key('G');
	assert_int_equal(key(UI_KEY_ENTER), UI_WATCH);
	assert_int_equal(request.pid, 4100000);
	(void)key('k');
	screen_key(screen, UI_KEY_ENTER, &request);	/* not drawn in between */
	assert_int_equal(request.pid, 311);
}

static void the_cursor_follows_its_process(void **state)
{
	static struct process_row other[COUNT_OF(rows)];

	draw(24, 80);
	(void)key('j');
	other[0] = rows[1];
	other[1] = rows[0];
	list.rows = other;
	list.n = 2;
	draw(24, 80);
	assert_int_equal(canvas.cursor_row, 2);
	assert_int_equal(key(UI_KEY_ENTER), UI_WATCH);
	assert_int_equal(request.pid, 311);
}

static void find_looks_at_commands_users_places_and_pids(void **state)
{
	draw(24, 80);
	type("/gunicorn\r");
	assert_int_equal(canvas.cursor_row, 4);
	type("/docker\r");
	assert_int_equal(canvas.cursor_row, 2);
	type("/postgres\r");
	assert_int_equal(canvas.cursor_row, 3);
	type("/4242\r");
	assert_int_equal(canvas.cursor_row, 2);
	type("/nobody");
	assert_true(drawn("find: nobody"));
	(void)key(UI_KEY_ESC);
	assert_int_equal(canvas.cursor_row, 2);
}

static void a_process_that_starts_while_it_is_looked_for_is_found(void **state)
{
	size_t all = list.n;

	list.n = 2;
	draw(24, 80);
	type("/gunicorn");
	assert_true(drawn("not found: gunicorn"));
	list.n = all;
	draw(24, 80);
	assert_false(drawn("not found"));
	(void)key('\r');
	assert_int_equal(canvas.cursor_row, 4);
}

static void f_asks_to_filter_and_esc_to_show_all_again(void **state)
{
	draw(24, 80);
	type("fapi");
	assert_true(drawn("show processes matching: api"));
	assert_int_equal(key('\r'), UI_FILTER);
	assert_string_equal(request.text, "api");
	snprintf(list.filter, sizeof(list.filter), "api");
	list.n = 1;
	draw(24, 80);
	assert_string_equal(row(0), "leaktop   which Python process?   filter: api   1 of 3");
	assert_int_equal(key(UI_KEY_ESC), UI_FILTER);
	assert_string_equal(request.text, "");
}

static void an_empty_list_says_why_and_a_search_that_it_goes_on(void **state)
{
	list = (struct processes){.searching = true};
	draw(24, 80);
	assert_true(drawn("searching..."));
	assert_int_equal(key(UI_KEY_ENTER), UI_NOTHING);
	assert_int_equal(key('j'), UI_REDRAW);
	list = (struct processes){.empty = "none among the 97 processes"};
	draw(24, 80);
	assert_string_equal(row(2), " none among the 97 processes");
	draw(2, 20);
	assert_true(drawn("none among"));
}

/* They would act on a table that is not there. */
static void keys_of_the_table_mean_nothing_here(void **state)
{
	static const char keys[] = "sRMDVibBpdy+<>w17";

	draw(24, 80);
	for (const char *k = keys; *k; k++)
		assert_int_equal(key((unsigned char)*k), UI_NOTHING);
	assert_int_equal(key('q'), UI_QUIT);
	assert_int_equal(key(KEYS_CTRL('Z')), UI_SUSPEND);
	assert_int_equal(key('r'), UI_RESAMPLE);
	(void)key('h');
	assert_true(drawn("keys and marks"));
	(void)key(UI_KEY_ESC);
	assert_true(drawn("which Python process?"));
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAWN(each_process_has_a_row_on_80_columns),
		DRAWN(a_wide_screen_tells_the_container_and_a_small_one_the_command),
		DRAWN(what_would_be_refused_is_dim_and_says_why),
		DRAWN(enter_asks_for_the_selected_process),
		DRAWN(the_cursor_follows_its_process),
		DRAWN(find_looks_at_commands_users_places_and_pids),
		DRAWN(a_process_that_starts_while_it_is_looked_for_is_found),
		DRAWN(f_asks_to_filter_and_esc_to_show_all_again),
		DRAWN(an_empty_list_says_why_and_a_search_that_it_goes_on),
		DRAWN(keys_of_the_table_mean_nothing_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
