/*
 * The real leaktop in a real terminal, on real Pythons: the leaking server is seen to leak, keys
 * do what they say, and whatever ends it, the terminal and the target are as they were.
 */
#include "config.h"
#include "../unit/test.h"

#include <ctype.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../live/watching.h"
#include "await.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define HEAD " VERDICT"			/* of the table, a mark of the order may follow */
#define LEAD_PATIENCE_MS 90000		/* 15 s are promised, on a machine that is not loaded */
#define GROWN 50			/* objects that nobody takes for noise */

static struct tty *t;
static struct python_run target, client;

/* ---- what is watched --------------------------------------------------------------------- */

static void start_workload(const char *kind)
{
	const char *const args[] = {"--kind", kind, "--objects", "1000", "--parent-pipe", NULL};

	json_decref(watching_start_usual(&target, "workload.py", args));
}

/* It leaks a connection for each that the client makes, 100 a second. Returns its port. */
static int start_server(const char *leak)
{
	const char *const args[] = {"--leak", leak, "--parent-pipe", NULL};
	json_t *ready = watching_start_usual(&target, "tcp_server.py", args);
	int port = (int)json_integer_value(json_object_get(ready, "port"));

	json_decref(ready);
	return port;
}

static void start_client(int port, const char *count)
{
	char number[16], path[700];
	const char *const argv[] = {pythons_usual()->path, "-u", "-B", path, "--port", number,
				    "--parent-pipe", "--count", count, NULL};
	const char *dir = getenv("LT_SRCDIR");

	snprintf(number, sizeof(number), "%d", port);
	snprintf(path, sizeof(path), "%s/tests/targets/tcp_client.py", dir ? dir : ".");
	assert_true(python_start_program(&client, "", argv));
}

/* ---- leaktop ------------------------------------------------------------------------------ */

/* delay NULL: leaktop's own. */
static void watch(const char *delay, int rows, int cols)
{
	char pid[16];
	const char *const argv[] = {watching_leaktop(), "-p", pid, delay ? "-d" : NULL, delay,
				    NULL};

	snprintf(pid, sizeof(pid), "%d", target.pid);
	t = await_terminal(argv, rows, cols, NULL);
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	if (target.pid > 0)
		kill(target.pid, SIGCONT);
	python_stop(&client);
	python_stop(&target);
	return 0;
}

static void expect(const char *text)
{
	await_text(t, text);
}

static void expect_gone(const char *text)
{
	await_gone(t, text);
}

static void expect_that(bool (*pred)(struct tty *tty, void *arg), void *arg, const char *what)
{
	await_that(t, pred, arg, what);
}

static void expect_exit(int status)
{
	await_exit(t, status);
}

/* ---- reading the table -------------------------------------------------------------------- */

/*
 * The row of the type whose name ends so, -1 none: narrow screens show the end of a long name,
 * and "__main__.Connection" is not "__main__.ConnectionHandler".
 */
static int row_of(const char *type)
{
	int head = tty_find(t, HEAD);
	size_t n = strlen(type);
	const char *at;

	for (int row = head + 1; head >= 0 && row < 200; row++)
		if ((at = strstr(tty_row(t, row), type)) != NULL && at[n] == ' ')
			return row;
	return -1;
}

/* Where column col of a row begins; names and marks may take more bytes than columns. */
static size_t byte_of(const char *text, size_t col)
{
	size_t at = 0;

	while (text[at] && col-- > 0)
		for (at++; (text[at] & 0xc0) == 0x80; at++)
			;
	return at;
}

/*
 * "48 213" of a row under the head "COUNT": numbers stand flush right with their head, and the
 * thousands are apart by one blank. LT_UNKNOWN where there is none.
 */
static int64_t number_under(const char *head, int row)
{
	const char *text = tty_row(t, tty_find(t, HEAD)), *at = strstr(text, head);
	int64_t v = 0, unit = 1;
	size_t end;

	if (!at || row < 0)
		return LT_UNKNOWN;
	end = strlen(head);			/* in columns: a mark is one, but more bytes */
	for (; at > text; at--)
		end += (at[-1] & 0xc0) != 0x80;
	text = tty_row(t, row);
	end = byte_of(text, end);
	if (end == 0 || !isdigit((unsigned char)text[end - 1]))
		return LT_UNKNOWN;
	while (end-- > 0 && (isdigit((unsigned char)text[end]) ||
			     (text[end] == ' ' && isdigit((unsigned char)text[end - 1])))) {
		if (text[end] == ' ')
			continue;
		v += unit * (text[end] - '0');
		unit *= 10;
	}
	return text[end] == '-' ? -v : v;
}

/* "samples 381" of the header; LT_UNKNOWN without one. */
static int64_t samples(void)
{
	int row = tty_find(t, "samples ");

	return row < 0 ? LT_UNKNOWN : atoll(strstr(tty_row(t, row), "samples ") + 8);
}

static bool connections_lead(struct tty *tty, void *unused)
{
	int first = tty_find(tty, HEAD) + 1;

	return first > 0 && row_of("main__.Connection") == first &&
	       number_under("+COUNT", first) >= GROWN;
}

static bool grew_less_than(struct tty *tty, void *most)
{
	int64_t grown = number_under("+COUNT", row_of("main__.Connection"));

	return num_known(grown) && grown < *(int64_t *)most;
}

static bool has_a_thousand_nodes(struct tty *tty, void *unused)
{
	return number_under("COUNT", row_of("__main__.Node")) == 1000;
}

static bool samples_more_than(struct tty *tty, void *least)
{
	return samples() > *(int64_t *)least;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void the_harness_can_fail(void **state)
{
	start_workload("event");
	watch("0.2", 24, 80);
	expect_that(has_a_thousand_nodes, NULL, "1 000 of __main__.Node");
	assert_int_equal(row_of("__main__.Nod"), -1);
	assert_false(tty_wait_until(t, connections_lead, NULL, 50));
	assert_false(tty_wait_for(t, "target ended", 50));
	assert_int_equal(number_under("no such head", row_of("__main__.Node")), LT_UNKNOWN);
}

static void expect_lead(const char *what, int64_t since_ns)
{
	if (!tty_wait_until(t, connections_lead, NULL, LEAD_PATIENCE_MS)) {
		tty_print(t);
		fail_msg("%s: __main__.Connection is not in the first row", what);
	}
	printf("# %s: leads after %.1f s with +%d\n", what,
	       (double)(clock_mono_ns() - since_ns) / CLOCK_NS_PER_S,
	       (int)number_under("+COUNT", row_of("main__.Connection")));
	fflush(stdout);
	tty_key(t, "q");
	expect_exit(0);
}

static void see_it_lead(const char *leak)
{
	int64_t begin;

	start_client(start_server(leak), "0");
	begin = clock_mono_ns();
	watch(NULL, 24, 80);
	expect_lead(leak, begin);
}

static void connections_in_a_global_list_become_the_first_row(void **state)
{
	see_it_lead("global");
}

static void connections_in_a_class_attribute_become_the_first_row(void **state)
{
	see_it_lead("class");
}

static void connections_in_cycles_become_the_first_row(void **state)
{
	see_it_lead("cycle");
}

static void a_leak_that_begins_later_becomes_the_first_row(void **state)
{
	int port = start_server("global");
	int64_t one = 1, begin;

	start_client(port, "20");
	assert_non_null(python_line(&client));	/* it has ended: 20 are left behind */
	python_stop(&client);
	watch(NULL, 24, 80);
	expect_that(samples_more_than, &one, "two samples at rest");
	begin = clock_mono_ns();
	start_client(port, "0");
	expect_lead("global, later", begin);
}

/* At 160 columns no name is cut. */
static void watch_the_leak(void)
{
	start_client(start_server("global"), "0");
	watch("0.3", 24, 160);
	expect_that(connections_lead, NULL, "__main__.Connection leads");
}

static void h_shows_the_help_and_esc_leaves_it(void **state)
{
	watch_the_leak();
	tty_key(t, "h");
	expect("keys and marks");
	expect("new baseline");
	tty_key(t, "\x1b");
	expect_gone("keys and marks");
	expect_that(connections_lead, NULL, "the table again");
}

/* Compares what stands in the TYPE column of two rows, as sorting does. */
static int compare_rows(int a, int b)
{
	char first[400];

	snprintf(first, sizeof(first), "%s", tty_row(t, a) + 3);
	return strcasecmp(first, tty_row(t, b) + 3);
}

static bool is_in_order_of_names(struct tty *tty, void *unused)
{
	int first = tty_find(tty, HEAD) + 1, last = tty_find(tty, "sort: name") - 2;

	for (int row = first; row < last; row++)
		if (compare_rows(row, row + 1) > 0)
			return false;
	return first > 0 && last > first + 5;
}

static void the_sort_menu_sorts_by_name(void **state)
{
	watch_the_leak();
	tty_key(t, "s");
	expect("sort by");
	tty_key(t, "G");			/* the last is the name */
	expect("> name");
	tty_key(t, "\r");
	expect("sort: name");
	expect_gone("sort by");
	expect_that(is_in_order_of_names, NULL, "types in the order of their names");
	tty_key(t, "D");
	expect("sort: growth");
	expect("+COUNT▼");
}

static bool handler_is_selected(struct tty *tty, void *unused)
{
	int row = tty_find(tty, "__main__.ConnectionHandler");

	return row > 0 && tty_row(tty, row)[0] == '>';
}

static void slash_finds_a_name(void **state)
{
	watch_the_leak();
	tty_key(t, "/connectionh");
	expect("find: connectionh");
	expect_that(handler_is_selected, NULL, "the cursor on ConnectionHandler");
	tty_key(t, "\r");
	expect_gone("find:");
	assert_true(handler_is_selected(t, NULL));
}

static bool only_main_is_shown(struct tty *tty, void *unused)
{
	int first = tty_find(tty, HEAD) + 1, last = tty_find(tty, "filter: ^__main__");
	int rows = 0;

	for (int row = first; first > 0 && row < last && tty_row(tty, row)[0]; row++, rows++)
		if (!strstr(tty_row(tty, row), " __main__."))
			return false;
	return rows > 1;
}

static void f_filters_and_esc_clears_the_filter(void **state)
{
	watch_the_leak();
	tty_key(t, "f^__main__\r");
	expect("filter: ^__main__");
	expect_that(only_main_is_shown, NULL, "types of __main__ only");
	tty_key(t, "\x1b");
	expect_gone("filter:");
	expect("wrapper_descriptor");
}

static void b_sets_the_growth_back(void **state)
{
	int64_t grown;

	watch_the_leak();
	tty_key(t, "f^__main__\r");		/* its row stays, however little it has grown */
	expect("filter: ^__main__");
	kill(client.pid, SIGSTOP);		/* and stands still, for as long as it takes */
	grown = number_under("+COUNT", row_of("main__.Connection"));
	tty_key(t, "b");
	expect_that(grew_less_than, &grown, "less growth than before");
	kill(client.pid, SIGCONT);
	expect_that(connections_lead, NULL, "it grows again");
	grown = GROWN;
	tty_key(t, "B");			/* the first sample's */
	assert_false(tty_wait_until(t, grew_less_than, &grown, 50));
}

static bool title_differs(struct tty *tty, void *former)
{
	return strcmp(tty_row(tty, 0), former) != 0;
}

static void p_keeps_the_picture_while_sampling_goes_on(void **state)
{
	char title[400], row[400];
	int64_t before = LT_UNKNOWN;

	watch_the_leak();
	tty_key(t, "p");
	expect("PAUSED at");
	for (int i = 0; i < 6; i++) {		/* ticks of the clock; all is drawn at the first */
		snprintf(title, sizeof(title), "%s", tty_row(t, 0));
		expect_that(title_differs, title, "a clock that goes on");
		if (i > 0)
			continue;
		before = samples();
		snprintf(row, sizeof(row), "%s", tty_row(t, row_of("main__.Connection")));
	}
	assert_int_equal(samples(), before);
	assert_string_equal(tty_row(t, row_of("main__.Connection")), row);
	tty_key(t, "p");
	expect_gone("PAUSED");
	expect_that(samples_more_than, &before, "what came meanwhile");
	assert_true(samples() > before + 1);
}

static void i_hides_what_has_not_changed(void **state)
{
	watch_the_leak();
	expect("wrapper_descriptor");
	tty_key(t, "i");
	expect("unchanged types hidden");
	expect_gone("wrapper_descriptor");
	assert_true(row_of("main__.Connection") > 0);
	tty_key(t, "i");
	expect_gone("unchanged types hidden");
	expect("wrapper_descriptor");
}

static void a_target_that_ends_is_told_and_its_last_rows_stay(void **state)
{
	watch_the_leak();
	python_stop(&target);
	expect("target ended");
	expect("q quits");
	assert_true(connections_lead(t, NULL));
	tty_key(t, "q");
	expect_exit(0);
}

static void end_by(int number)
{
	struct belongings before, after;

	start_workload("event");
	belongings_take(target.pid, &before);
	watch("0.2", 24, 80);
	expect_that(has_a_thousand_nodes, NULL, "1 000 of __main__.Node");
	kill(tty_pid(t), number);
	expect_exit(128 + number);
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&before);
	belongings_free(&after);
}

static void sigterm_restores_the_terminal_and_leaves_nothing(void **state)
{
	end_by(SIGTERM);
}

static void sighup_restores_the_terminal_and_leaves_nothing(void **state)
{
	end_by(SIGHUP);
}

static void sigint_restores_the_terminal_and_leaves_nothing(void **state)
{
	end_by(SIGINT);
}

/* Nothing can be drawn or restored any more: what counts is the target. */
static void a_lost_terminal_ends_it_and_leaves_nothing(void **state)
{
	struct belongings before, after;
	int status;

	start_workload("event");
	belongings_take(target.pid, &before);
	watch("0.2", 24, 80);
	expect_that(has_a_thousand_nodes, NULL, "1 000 of __main__.Node");
	tty_hang_up(t);
	status = tty_exit_status(t, TTY_PATIENCE_MS);
	assert_int_not_equal(status, -1);
	assert_true(WIFEXITED(status));
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&before);
	belongings_free(&after);
}

static void a_busy_target_is_counted(void **state)
{
	start_workload("busy");
	watch("0.5", 24, 80);
	expect_that(has_a_thousand_nodes, NULL, "1 000 of __main__.Node");
	tty_key(t, "q");
	expect_exit(0);
}

static void a_stopped_target_is_told_and_counted_again_when_it_goes_on(void **state)
{
	int64_t before;

	start_workload("event");
	watch("0.2", 24, 80);
	expect_that(has_a_thousand_nodes, NULL, "1 000 of __main__.Node");
	kill(target.pid, SIGSTOP);
	expect("read-only: the process is stopped");
	assert_true(has_a_thousand_nodes(t, NULL));
	kill(target.pid, SIGCONT);
	expect_gone("read-only");
	before = samples();
	expect_that(samples_more_than, &before, "more samples");
	assert_true(has_a_thousand_nodes(t, NULL));
}

/* A stopped thread may not be borrowed, so what is mapped may have to stay. */
static void q_leaves_a_stopped_target_and_says_what_stays(void **state)
{
	struct belongings before, after;

	start_workload("event");
	belongings_take(target.pid, &before);
	watch("0.2", 24, 80);
	expect_that(has_a_thousand_nodes, NULL, "1 000 of __main__.Node");
	kill(target.pid, SIGSTOP);
	expect("read-only: the process is stopped");
	tty_key(t, "q");
	expect_exit(0);
	kill(target.pid, SIGCONT);
	belongings_take(target.pid, &after);
	assert_true(tty_find(t, "small mappings") >= 0 || belongings_equal(&before, &after));
	assert_string_equal(before.threads, after.threads);
	assert_string_equal(before.fds, after.fds);
	assert_string_equal(before.signals, after.signals);
	belongings_free(&before);
	belongings_free(&after);
}

static void every_size_shows_the_leak(void **state)
{
	start_client(start_server("global"), "0");
	watch("0.3", 40, 120);
	expect("LAST");
	expect_that(connections_lead, NULL, "__main__.Connection leads at 120x40");
	tty_resize(t, 24, 80);
	expect_gone("LAST");
	expect("TREND");
	expect_that(connections_lead, NULL, "__main__.Connection leads at 80x24");
	tty_resize(t, 10, 40);
	expect_gone("TREND");
	expect_that(connections_lead, NULL, "__main__.Connection leads at 40x10");
	expect("F1Help");
	assert_int_equal(tty_find(t, "leaktop "), 0);
	assert_int_equal(tty_find(t, "F1Help"), 9);
}

#define ON_TTY(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TTY(the_harness_can_fail),
		ON_TTY(connections_in_a_global_list_become_the_first_row),
		ON_TTY(connections_in_a_class_attribute_become_the_first_row),
		ON_TTY(connections_in_cycles_become_the_first_row),
		ON_TTY(a_leak_that_begins_later_becomes_the_first_row),
		ON_TTY(h_shows_the_help_and_esc_leaves_it),
		ON_TTY(the_sort_menu_sorts_by_name),
		ON_TTY(slash_finds_a_name),
		ON_TTY(f_filters_and_esc_clears_the_filter),
		ON_TTY(b_sets_the_growth_back),
		ON_TTY(p_keeps_the_picture_while_sampling_goes_on),
		ON_TTY(i_hides_what_has_not_changed),
		ON_TTY(a_target_that_ends_is_told_and_its_last_rows_stay),
		ON_TTY(sigterm_restores_the_terminal_and_leaves_nothing),
		ON_TTY(sighup_restores_the_terminal_and_leaves_nothing),
		ON_TTY(sigint_restores_the_terminal_and_leaves_nothing),
		ON_TTY(a_lost_terminal_ends_it_and_leaves_nothing),
		ON_TTY(a_busy_target_is_counted),
		ON_TTY(a_stopped_target_is_told_and_counted_again_when_it_goes_on),
		ON_TTY(q_leaves_a_stopped_target_and_says_what_stays),
		ON_TTY(every_size_shows_the_leak),
	};
	int failed = cmocka_run_group_tests_name("leaktop on a terminal", tests, NULL, NULL);

	watching_clean();
	return failed;
}
