#include "config.h"
#include "../unit/test.h"
#include "fixture.h"
#include "util/mem.h"

#include <stdio.h>

#include "model/ledger.h"
#include "ui/keys.h"
#include "util/mem.h"
#include "util/num.h"

static struct fixture f;

static int begin(void **state)
{
	fixture_init(&f, false);
	return 0;
}

static int begin_ascii(void **state)
{
	fixture_init(&f, true);
	return 0;
}

static int end(void **state)
{
	fixture_done(&f);
	return 0;
}

/* Which keys stand there is for their table to say; help, the way out and the place always do. */
static void expect_bar(struct fixture *fx)
{
	const char *bar = fixture_row(fx, fx->canvas.rows - 1);

	assert_memory_equal(bar, "F1Help ", 7);
	assert_non_null(strstr(bar, " q:quit "));
	assert_int_equal(strlen(bar), fx->canvas.cols);
	assert_string_equal(bar + strlen(bar) - 5, " 1/14");
}

static void an_80x24_screen_shows_all_that_matters(void **state)
{
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 0,
		"leaktop 4242 python3.12 app.py     up 3d04h  2s  base 16:02:11 +12m41s  16:14:52",
		"RSS 812.4M  +38.2M  ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██    +3.0M/min  limit 1.00G, full ~58m",
		"PSS 801.0M  priv 796.2M  | pyheap 702.0M 86%  used 93%  native 110.4M 14%",
		"gc  312/700  4/10  7/10  full #1841, 9s ago, 12 since base  garbage 0",
		"self scan 98%  target paused 1.2 ms, at most 3.4 ms  0.4% of a core  samples 381",
		">> LEAK 1 group +26.6M, 70% of RSS growth  2 growing  2 hold  1 churn  410 flat",
		" VERDICT▼ TYPE                        COUNT   +COUNT   +SIZE RATE/min TREND 10m",
		">LEAK     app.net.Connection         48 213  +12 680   +792K   +1 000 ▁▂▃▃▄▅▆▆▇█",
		" LEAK     `- bytearray               48 390  +12 680  +25.8M   +1 000 ▁▂▃▃▄▅▆▆▇█",
		" growing  app.cache.Entry             8 122     +402  +96.0K      +31 ▁▂▃▃▄▅▆▆▇█",
		" growing  dict                      391 204      +93   +318K     +0.6 ..........",
		" hold 6m  app.tmpl.Node              31 004   +9 210   +2.1M        0 ▁▂▃▃▄▅▆▆▇█",
		" hold 11m function                   52 940   +1 311   +205K        0 ▁▂▃▃▄▅▆▆▇█",
		" churn    tuple                     210 443      -87   -6.0K     -7.0 ..........",
		"          str                     6 120 900       +3   +1.0K        0 ..........",
		"          …rseManyToOneDescriptor     1 204        0       0        0 ..........",
		"          서버.연결                      77        0       0        0 ..........",
		"          cell                        9 771        0       0        0 ..........",
		"          method                     18 220        0       0        0 ..........",
		"          module                      12.3M                           ..........",
		"          weakref.ReferenceType      21 118        0       0        0 ..........",
		"Connection: floor rose in 14/15 epochs, straight, survived 12 full collections",
		"sort: verdict   14 of 417 types shown");
	expect_bar(&f);
}

static void a_wide_screen_shows_more_columns_and_longer_names(void **state)
{
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 0,
		"leaktop 4242 python3.12.1 /usr/bin/python3 -u /srv/api/app.py --port 8"
			"080  up 3d04h  2s  base 16:02:11 +12m41s  16:14:52",
		"RSS    812.4M  +38.2M  ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇███    +3.0M"
			"/min  limit 1.00G, full ~58m (58m..58m)",
		"PSS    801.0M  +38.1M  ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇███  priv 79"
			"6.2M  VSZ 1.20G  swap 0  threads 18",
		"pyheap 702.0M  +33.0M  ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇███    +2.6M"
			"/min  86% of RSS  used 93%  objects 1 734 220",
		"native 110.4M   +5.2M  ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇███"
			"    +410K/min  C heap 60.0M  kept 12.0M  files 9.00M",
		"gc     312/700  4/10  7/10  full #1841, 9s ago, 12 since base"
			"  garbage 0  frozen 0",
		"self   scan 98%  target paused 1.2 ms, at most 3.4 ms  0.4% of"
			" a core  samples 381  gaps 0  stops 1, at most 2.1 ms",
		">> LEAK 1 group +26.6M, 70% of RSS growth  2 growing  2 hold  1 churn  410 flat",
		"",
		" VERDICT▼ TYPE                                   COUNT   SIZE   +COUNT"
			"   +SIZE %GROW RATE/min TREND 10m             LAST",
		">LEAK     app.net.Connection                    48 213   3.0M  +12 680"
			"   +792K    2%   +1 000 ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██    4s",
		" LEAK     `- bytearray                          48 390  98.4M  +12 680"
			"  +25.8M   68%   +1 000 ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██    4s",
		" growing  app.cache.Entry                        8 122   2.4M     +402"
			"  +96.0K    0%      +31 ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██   12s",
		" growing  dict                                 391 204  97.0M      +93"
			"   +318K    1%     +0.6 ....................   90s");
	EXPECT(&f, 38,
		"sort: verdict   14 of 417 types shown");
	expect_bar(&f);
}

static void the_collector_and_the_cost_have_sparklines_where_there_is_room(void **state)
{
	static const int64_t gen2[] = {1, 3, 5, 7, 9, 1, 3, LT_UNKNOWN, 7, 9};
	static const int64_t cpu[] = {90000, 9000, 9000, 9000, 9000, 9000, 9000, 50000, 9000, 9000};

	f.snap.gen2 = (struct series_view){gen2, COUNT_OF(gen2), 10};
	f.snap.cpu = (struct series_view){cpu, COUNT_OF(cpu), 10};
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 5,
		"gc     312/700  4/10  7/10  full #1841, 9s ago, 12 since base  garbage 0"
			"  frozen 0  gen2 ▁▃▅▆█▁▃ ▆█");
	fixture_draw(&f, 50, 200);
	assert_non_null(strstr(fixture_row(&f, 6), "gen2 ▁▃▅▆█▁▃ ▆█"));
	assert_non_null(strstr(fixture_row(&f, 7), "CPU █▁▁▁▁▁▁▅▁▁"));
	fixture_draw(&f, 24, 80);
	assert_null(strstr(fixture_row(&f, 3), "gen2"));
}

static void a_40x10_screen_keeps_the_types_and_their_growth(void **state)
{
	fixture_draw(&f, 10, 40);
	EXPECT(&f, 0,
		"leaktop 4242 python3.12 app.py  16:14:52",
		"RSS 812.4M  +38.2M  ▁▂▃▃▄▅▆▆▇█",
		" VERDICT▼ TYPE                    +COUNT",
		">LEAK     app.net.Connection     +12 680",
		" LEAK     `- bytearray           +12 680",
		" growing  app.cache.Entry           +402",
		" growing  dict                       +93",
		" hold 6m  app.tmpl.Node           +9 210",
		" hold 11m function                +1 311");
	expect_bar(&f);
}

static void a_long_name_of_a_group_keeps_its_mark_and_its_end(void **state)
{
	f.rows[1].name = "app.transport.secure.WriteBuffer";
	fixture_draw(&f, 10, 40);
	EXPECT(&f, 4, " LEAK     `- …ecure.WriteBuffer  +12 680");
}

static void below_8_rows_the_header_is_one_line(void **state)
{
	fixture_draw(&f, 7, 60);
	EXPECT(&f, 0,
		"leaktop 4242 python3.12 app.py                      16:14:52",
		" VERDICT▼ TYPE                                COUNT   +COUNT",
		">LEAK     app.net.Connection                 48 213  +12 680",
		" LEAK     `- bytearray                       48 390  +12 680",
		" growing  app.cache.Entry                     8 122     +402",
		" growing  dict                              391 204      +93");
	expect_bar(&f);
}

static void below_40x6_everything_is_one_line(void **state)
{
	fixture_draw(&f, 4, 30);
	EXPECT(&f, 0,
		"4242 812.4M +38.2M +12 680 …on",
		"",
		"",
		"");
	fixture_draw(&f, 5, 80);
	EXPECT(&f, 0,
		"4242 812.4M +38.2M +12 680 app.net.Connection",
		"");
}

static void without_utf8_nothing_but_ascii_is_drawn(void **state)
{
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 0,
		"leaktop 4242 python3.12 app.py     up 3d04h  2s  base 16:02:11 +12m41s  16:14:52",
		"RSS 812.4M  +38.2M  ..:::--===+++**###@@    +3.0M/min  limit 1.00G, full ~58m",
		"PSS 801.0M  priv 796.2M  | pyheap 702.0M 86%  used 93%  native 110.4M 14%",
		"gc  312/700  4/10  7/10  full #1841, 9s ago, 12 since base  garbage 0",
		"self scan 98%  target paused 1.2 ms, at most 3.4 ms  0.4% of a core  samples 381",
		">> LEAK 1 group +26.6M, 70% of RSS growth  2 growing  2 hold  1 churn  410 flat",
		" VERDICTv TYPE                        COUNT   +COUNT   +SIZE RATE/min TREND 10m",
		">LEAK     app.net.Connection         48 213  +12 680   +792K   +1 000 .:--=+**#@",
		" LEAK     `- bytearray               48 390  +12 680  +25.8M   +1 000 .:--=+**#@",
		" growing  app.cache.Entry             8 122     +402  +96.0K      +31 .:--=+**#@",
		" growing  dict                      391 204      +93   +318K     +0.6 ..........",
		" hold 6m  app.tmpl.Node              31 004   +9 210   +2.1M        0 .:--=+**#@",
		" hold 11m function                   52 940   +1 311   +205K        0 .:--=+**#@",
		" churn    tuple                     210 443      -87   -6.0K     -7.0 ..........",
		"          str                     6 120 900       +3   +1.0K        0 ..........",
		"          ~rseManyToOneDescriptor     1 204        0       0        0 ..........",
		"          ??.??                          77        0       0        0 ..........",
		"          cell                        9 771        0       0        0 ..........",
		"          method                     18 220        0       0        0 ..........",
		"          module                      12.3M                           ..........",
		"          weakref.ReferenceType      21 118        0       0        0 ..........",
		"Connection: floor rose in 14/15 epochs, straight, survived 12 full collections",
		"sort: verdict   14 of 417 types shown");
	expect_bar(&f);
	for (int row = 0; row < 24; row++)
		for (const char *c = fixture_row(&f, row); *c; c++)
			assert_in_range((unsigned char)*c, 0x20, 0x7e);
}

static void the_sort_menu_lies_over_the_table(void **state)
{
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_key(&f, 's'), UI_REDRAW);
	EXPECT(&f, 5,
		">> LEAK 1 group +26.6M, 70% of RSS growth  2 growing  2 hold  1 churn  410 flat",
		" VERDICTv  sort by        (Enter:take R:reverse Esc:back)             TREND 10m",
		">LEAK      > verdict  leak first; own classes, how sure, bytes gained .:--=+**#@",
		" LEAK        growth   objects gained since the baseline, most first   .:--=+**#@",
		" growing     count    live objects                                    .:--=+**#@",
		" growing     size     bytes of live objects                           ..........",
		" hold 6m     dsize    bytes gained since the baseline                 .:--=+**#@",
		" hold 11m    rate     objects gained per minute, lately               .:--=+**#@",
		" churn       name     type name, A first                              ..........");
}

/* On two pages at the most, and no word of it is cut. */
static void help_shows_every_key_on_80x24(void **state)
{
	const struct keys_row *rows;
	bool seen[KEYS_ACTIONS] = {false};
	char line[64];
	size_t n;

	rows = keys_rows(&n);
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, 'h');
	assert_int_equal(fixture_find(&f, "leaktop " PACKAGE_VERSION_TEXT), 0);
	assert_int_equal(fixture_find(&f, "lines 1 to "), 0);
	for (int page = 0; page < 2; page++) {
		for (size_t i = 0; i < n; i++) {
			snprintf(line, sizeof(line), "%-8s %s", rows[i].names, rows[i].help);
			assert_in_range(strlen(line), 10, 40);
			seen[i] |= fixture_find(&f, line) > 0;
		}
		(void)fixture_key(&f, UI_KEY_PAGE_DOWN);
	}
	for (size_t i = 0; i < n; i++)
		assert_true(seen[i]);
	assert_true(fixture_find(&f, "1-7: VERDICT TYPE") > 0);
}

static void no_size_is_refused_and_nothing_is_drawn_outside(void **state)
{
	static const int keys[] = {'s', UI_KEY_ESC, 'h', UI_KEY_ESC, '/', 'x', UI_KEY_ESC, 'G'};

	for (int rows = 1; rows <= 60; rows++) {
		for (int cols = 1; cols <= 210; cols += 7)
			fixture_draw(&f, rows, cols);
		fixture_draw(&f, rows, 33);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			(void)fixture_key(&f, keys[i]);
	}
}

static void a_verdict_is_a_word_and_alone_highlighted(void **state)
{
	static const struct { int row; const char *word; enum attr attr; } cases[] = {
		{7, ">LEAK ", ATTR_CURSOR_STRONG}, {8, " LEAK ", ATTR_LEAK},
		{9, " growing ", ATTR_GROW}, {11, " hold 6m ", ATTR_HOLD},
		{13, " churn ", ATTR_CALM},
		{14, "          str", ATTR_PLAIN},
	};

	fixture_draw(&f, 24, 80);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct canvas_cell *cells = &f.canvas.cells[cases[i].row * 80];

		assert_memory_equal(fixture_row(&f, cases[i].row), cases[i].word,
				    strlen(cases[i].word));
		assert_int_equal(cells[1].attr, cases[i].attr);
		assert_int_equal(cells[30].attr, cases[i].row == 7 ? ATTR_CURSOR : ATTR_PLAIN);
	}
}

static void the_reason_is_that_of_the_selected_row(void **state)
{
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 21,
	       "Connection: floor rose in 14/15 epochs, straight, survived 12 full collections");
	(void)fixture_key(&f, 'j');
	(void)fixture_key(&f, 'j');
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 21, "Entry: floor rose in 6/15 epochs, less and less, no full collection seen");
	(void)fixture_key(&f, 'G');
	fixture_draw(&f, 24, 80);
	assert_memory_equal(fixture_row(&f, 21), "ReferenceType: no material growth", 33);
}

static void a_high_screen_has_the_reasons_in_a_pane(void **state)
{
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 30,
		"-- app.net.Connection ------------------------------------------------"
			"--------------------------------------------------",
		"why    +12 680 in 12m40s; 14 of 15 epochs set a new floor; longest rest"
			" 42s; 2nd half / 1st half = 1.02 (straight)",
		"gc     12 full collections since base, none brought it back: held by a"
			" live reference, not an uncollected cycle",
		"held   not searched: Enter does",
		"grows  no container is known to grow steadily",
		"alloc  leaktop cannot tell; tracemalloc can, where the target was started"
			" with -X tracemalloc",
		"next   Enter who holds   a where allocated   c cycles   Space tag"
			"   b new baseline here   ! act on the target",
		"",
		"sort: verdict   14 of 417 types shown");
	(void)fixture_key(&f, 'G');
	assert_int_equal(fixture_find(&f, "-- weakref.ReferenceType ---"), 30);
	assert_int_equal(fixture_find(&f, "why    no material growth"), 31);
	/* the last row of the table is above the pane, and no row is under it */
	fixture_draw(&f, 36, 80);
	assert_int_equal(fixture_find(&f, "-- weakref.ReferenceType ---"), 26);
	fixture_draw(&f, 35, 120);
	assert_int_equal(fixture_find(&f, "-- "), -1);
	f.snap.n_rows = 0;
	fixture_draw(&f, 40, 120);
	assert_int_equal(fixture_find(&f, "why "), -1);
}

static void the_collector_is_evidence_only_where_it_ran(void **state)
{
	static const struct {
		int64_t enabled, full;
		struct ratchet_reason reason;
		const char *text;
	} cases[] = {
		{1, 0, {.epochs = 9, .records = 8}, "no full collection since base: some of it"},
		{1, 1, {.epochs = 9, .full = 1}, "1 full collection since base, none"},
		{1, 2, {.epochs = 9, .records = 8, .full = 2, .note = RATCHET_AWAITS},
		 "2 full collections since base, a full collection is due"},
		{0, 0, {.epochs = 9, .records = 8}, "the collector is off"},
		{0, 2, {.epochs = 9, .full = 2}, "2 full collections since base, none brought"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.snap.gc.enabled = cases[i].enabled;
		f.snap.gc_full_since_base = cases[i].full;
		f.rows[0].reason = cases[i].reason;
		fixture_draw(&f, 40, 120);
		assert_int_equal(fixture_find(&f, cases[i].text), 32);
	}
	snprintf(f.target.command, sizeof(f.target.command), "python3 -X tracemalloc app.py");
	fixture_draw(&f, 40, 120);
	assert_int_equal(fixture_find(&f, "alloc  the target traces allocations"), 35);
}

static void all_parts_of_memory_have_a_row_where_there_is_room(void **state)
{
	fixture_draw(&f, 45, 120);
	EXPECT(&f, 5,
		"ledger Python in use 650.0M +33.0M  kept 52.0M  C in use 60.0M +5.0M"
			"  kept 12.0M +205K  files 9.00M  stacks 2.00M");
	fixture_draw(&f, 50, 200);
	assert_int_equal(fixture_find(&f, "stacks 2.00M  other 27.4M"), 5);
	fixture_draw(&f, 44, 120);
	assert_int_equal(fixture_find(&f, "ledger "), -1);
	f.snap.ledger.now = ledger_unknown;
	fixture_draw(&f, 45, 120);
	EXPECT(&f, 5, "ledger");
}

static void to_act_costs_what_it_says(void **state)
{
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, '!');
	assert_int_equal(fixture_find(&f, "act on the target: gc.collect()"), 6);
	assert_true(fixture_find(&f, "0.12 to 0.69 s for 1 734 220 objects") > 6);
	assert_int_equal(fixture_key(&f, 'b'), UI_BASELINE_NOW);
	assert_int_equal(fixture_key(&f, 'y'), UI_COLLECT);
	assert_int_equal(fixture_find(&f, "act on the target: gc"), -1);
	assert_int_equal(fixture_key(&f, 'y'), UI_COPY);
}

static void to_act_is_asked_and_everything_but_y_is_no(void **state)
{
	static const int no[] = {'n', 'Y', 'i', '!', '\r', ' ', UI_KEY_ESC, UI_KEY_F0 + 5};

	fixture_draw(&f, 24, 80);
	for (size_t i = 0; i < COUNT_OF(no); i++) {
		(void)fixture_key(&f, '!');
		assert_true(fixture_find(&f, "any other key  no") > 6);
		assert_int_equal(fixture_key(&f, no[i]), UI_REDRAW);
		assert_int_equal(fixture_find(&f, "any other key  no"), -1);
	}
}

static void where_it_cannot_act_it_says_why_and_y_is_no(void **state)
{
	f.snap.why.code = LT_E_TRACED;
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, '!');
	assert_int_equal(fixture_find(&f, "It cannot be had here:"), 8);
	assert_non_null(strstr(fixture_row(&f, 10), "another program is tracing the process"));
	assert_int_equal(fixture_find(&f, "do it now"), -1);
	assert_int_equal(fixture_key(&f, 'y'), UI_REDRAW);
	f.snap.ended = true;
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, '!');
	assert_true(fixture_find(&f, "the target has ended.") > 6);
	assert_int_equal(fixture_key(&f, 'y'), UI_REDRAW);
}

static void what_leaktop_does_not_do_it_explains(void **state)
{
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, 'a');
	assert_true(fixture_find(&f, "compare_to(a, 'lineno')") > 6);
	(void)fixture_key(&f, 'a');
	fixture_draw(&f, 10, 40);
	(void)fixture_key(&f, '!');
	assert_int_equal(fixture_find(&f, "act on the target: gc.collect()   (Up"), 0);
	for (int i = 0; i < 20; i++)
		(void)fixture_key(&f, 'j');
	assert_int_equal(fixture_find(&f, "any other key  no"), 9);
}

static void the_hardware_cursor_is_on_the_selected_row(void **state)
{
	fixture_draw(&f, 24, 80);
	assert_int_equal(f.canvas.cursor_row, 7);
	assert_false(f.canvas.cursor_shown);
	(void)fixture_key(&f, 'j');
	assert_int_equal(f.canvas.cursor_row, 8);
}

static void an_ended_target_keeps_its_last_screen(void **state)
{
	f.snap.ended = true;
	f.snap.ended_t = FIXTURE_NOW - 60;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, "target ended 16:13:52 - last screen kept, q quits");
	assert_true(fixture_find(&f, "app.net.Connection") > 0);
	fixture_draw(&f, 10, 40);
	assert_int_equal(fixture_find(&f, "target ended 16:13:52"), 2);
	fixture_draw(&f, 3, 50);
	EXPECT(&f, 0, "target ended 16:13:52 - last screen kept, q quits");
}

static void a_missing_count_is_explained_and_the_rows_get_an_age(void **state)
{
	f.snap.census = false;
	f.snap.census_t = FIXTURE_NOW - 12;
	lt_err_set(&f.snap.why, LT_E_BUSY, 0, "%s", "");
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, "rows are 12s old: the main thread is inside C code");
	assert_true(fixture_find(&f, "app.net.Connection") > 0);
}

static void before_the_first_count_the_screen_says_so(void **state)
{
	f.snap.seq = 0;
	f.snap.census = false;
	f.snap.census_t = 0;
	f.snap.n_rows = 0;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, "counting...");
	EXPECT(&f, 7, " counting...");
	f.snap.seq = 1;
	lt_err_set(&f.snap.why, LT_E_NO_SAFE_POINT, 0, "%s", "");
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, "no count yet: no safe moment to borrow the main thread was found");
	EXPECT(&f, 7, " nothing counted yet");
}

static void a_refusal_to_be_borrowed_is_called_read_only(void **state)
{
	f.snap.census = false;
	lt_err_set(&f.snap.why, LT_E_TRACED, 0, "PID %d is traced by %d", 4242, 77);
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, "read-only, rows are 1s old: another program is tracing the process: "
		      "PID 4242 is");
	f.snap.census_t = 0;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, "read-only: another program is tracing the process: PID 4242 is traced "
		      "by 77");
}

static void an_empty_table_says_why(void **state)
{
	f.snap.n_rows = 0;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 7, " no objects");
	f.snap.hide_flat = true;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 7, " nothing has changed since the baseline (i shows all types)");
	f.snap.filter = "Nope";
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 7, " no type matches the filter Nope (Esc clears it)");
	EXPECT(&f, 22,
		"sort: verdict   filter: Nope   unchanged types hidden   0 of 417 types shown");
	assert_true(strstr(fixture_row(&f, 23), "0/0") != NULL);
}

static void what_is_unknown_is_blank_and_never_zero(void **state)
{
	f.snap.memory = (struct sample_memory){LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
					       LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN};
	f.snap.memory_delta = f.snap.memory;
	f.snap.rss_rate = __builtin_nan("");
	f.snap.ledger.now = ledger_unknown;
	f.snap.rss.n = f.snap.pss.n = 0;
	f.snap.gc.enabled = LT_UNKNOWN;
	f.snap.cost.pause_us = f.snap.cost.stops = LT_UNKNOWN;
	f.snap.cost_share = __builtin_nan("");
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 1, "RSS", "PSS", "gc", "self scan 98%  samples 381  gaps 0");
}

static void a_collector_that_is_off_is_said_so(void **state)
{
	f.snap.gc.enabled = 0;
	f.snap.gc_full_since_base = 0;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 3, "gc  off  312/700  4/10  7/10  full #1841, 9s ago, 0 since base  garbage 0");
	fixture_draw(&f, 24, 160);
	assert_non_null(strstr(fixture_row(&f, 3), "gc is disabled: cycles are never freed"));
}

static void every_ill_of_the_collector_has_its_place_on_the_line(void **state)
{
	f.snap.gc.garbage = 12;
	f.snap.gc.incremental = true;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 3, "gc  leaves garbage  in increments  312/700  4/10  7/10  full #1841, 9s ago");
	f.snap.gc.garbage = 0;
	f.snap.gc.incremental = false;
	f.snap.gc.frozen = 5000;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 3, "gc  312/700  4/10  7/10  full #1841, 9s ago, 12 since base  garbage 0");
	fixture_draw(&f, 24, 160);
	assert_non_null(strstr(fixture_row(&f, 3), "5 000 objects are frozen (gc.freeze)"));
}

static void a_wide_screen_of_few_rows_has_the_parts_of_memory_in_one(void **state)
{
	fixture_draw(&f, 24, 120);
	EXPECT(&f, 2,
		"PSS    801.0M  priv 796.2M  | pyheap 702.0M "
		"86%  used 93%  native 110.4M 14%");
	assert_true(fixture_find(&f, "objects 1 734 220") == 3);
	/* where nobody counts Python's heap the line has room for the rest */
	f.snap.ledger.now = f.snap.ledger.delta = ledger_unknown;
	f.snap.ledger.rate[0] = f.snap.ledger.rate[2] = __builtin_nan("");
	f.snap.pyheap.n = f.snap.native.n = 0;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 2,
		"PSS 801.0M  +38.1M  ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██ "
		" priv 796.2M  VSZ 1.20G  threads 18");
	fixture_draw(&f, 40, 120);
	assert_null(strchr(fixture_row(&f, 3), '%'));
	EXPECT(&f, 4, "native");
}

static void a_forecast_has_an_interval_and_is_left_out_without_a_trend(void **state)
{
	for (int k = 0; k < SERIES_CELLS; k++)
		f.memory[0][k] += (k * 7919 % 13 - 6) * 300000LL;
	fixture_draw(&f, 40, 120);
	assert_non_null(strstr(fixture_row(&f, 1), "limit 1.00G, full ~58m (56m..59m)"));
	for (int k = 0; k < SERIES_CELLS; k++)
		f.memory[0][k] = 851863142 + (k * 7919 % 13 - 6) * 300000LL;
	fixture_draw(&f, 40, 120);
	assert_null(strstr(fixture_row(&f, 1), "full"));
	assert_non_null(strstr(fixture_row(&f, 1), "limit 1.00G"));
}

static void growth_that_is_not_proved_a_leak_is_neither_called_so_nor_called_none(void **state)
{
	f.rows[0].word = f.rows[1].word = RATCHET_GROWING;
	f.rows[0].own = true;
	f.snap.verdict = (struct outcome){
		.word = RATCHET_GROWING, .n = {[RATCHET_GROWING] = 4, [RATCHET_FLAT] = 413},
	};
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5, ">> growth, not proved a leak  4 growing  413 flat");
}

static void the_cause_of_a_growth_without_a_leak_is_told_with_its_part(void **state)
{
	static const struct sample_ledger kept = {0, 0, 2 << 20, 98 << 20, 0, 0, 0},
					  used = {0, 0, 98 << 20, 2 << 20, 0, 0, 0};

	f.snap.verdict = (struct outcome){
		.word = RATCHET_HOLD, .cause = CAUSE_FRAGMENTATION,
		.n = {[RATCHET_HOLD] = 2, [RATCHET_FLAT] = 415},
	};
	f.snap.ledger.delta = kept;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5,
		">> no leak but fragmentation: RSS +100.0M: "
		"98 % C heap free but kept  2 hold");
	f.snap.ledger.delta = used;
	f.snap.verdict.cause = CAUSE_NATIVE;
	f.snap.verdict.leaking = true;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 5,
		">> native memory, not objects: RSS +100.0M: "
		"98 % C heap in use  2 hold  415 flat");
}

static void help_scrolls_where_it_does_not_fit(void **state)
{
	fixture_draw(&f, 10, 40);
	(void)fixture_key(&f, '?');
	EXPECT(&f, 0, "leaktop " PACKAGE_VERSION_TEXT "   keys and marks", "h ? F1   this help");
	(void)fixture_key(&f, UI_KEY_DOWN);
	EXPECT(&f, 1, "Esc BkSp back; clear the filter");
	for (int i = 0; i < 9; i++)
		(void)fixture_key(&f, UI_KEY_PAGE_DOWN);
	assert_true(fixture_find(&f, "%GROW: of the growth") == 8);
	(void)fixture_key(&f, UI_KEY_ESC);
	assert_true(fixture_find(&f, "app.net.Connection") > 0);
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define DRAWN_ASCII(test) cmocka_unit_test_setup_teardown(test, begin_ascii, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAWN(an_80x24_screen_shows_all_that_matters),
		DRAWN(a_wide_screen_shows_more_columns_and_longer_names),
		DRAWN(the_collector_and_the_cost_have_sparklines_where_there_is_room),
		DRAWN(a_40x10_screen_keeps_the_types_and_their_growth),
		DRAWN(a_long_name_of_a_group_keeps_its_mark_and_its_end),
		DRAWN(below_8_rows_the_header_is_one_line),
		DRAWN(below_40x6_everything_is_one_line),
		DRAWN(no_size_is_refused_and_nothing_is_drawn_outside),
		DRAWN_ASCII(without_utf8_nothing_but_ascii_is_drawn),
		DRAWN_ASCII(the_sort_menu_lies_over_the_table),
		DRAWN_ASCII(help_shows_every_key_on_80x24),
		DRAWN(help_scrolls_where_it_does_not_fit),
		DRAWN(a_verdict_is_a_word_and_alone_highlighted),
		DRAWN(the_reason_is_that_of_the_selected_row),
		DRAWN(a_high_screen_has_the_reasons_in_a_pane),
		DRAWN(the_collector_is_evidence_only_where_it_ran),
		DRAWN(all_parts_of_memory_have_a_row_where_there_is_room),
		DRAWN(to_act_costs_what_it_says),
		DRAWN(to_act_is_asked_and_everything_but_y_is_no),
		DRAWN(where_it_cannot_act_it_says_why_and_y_is_no),
		DRAWN(what_leaktop_does_not_do_it_explains),
		DRAWN(the_hardware_cursor_is_on_the_selected_row),
		DRAWN(an_ended_target_keeps_its_last_screen),
		DRAWN(a_missing_count_is_explained_and_the_rows_get_an_age),
		DRAWN(before_the_first_count_the_screen_says_so),
		DRAWN(a_refusal_to_be_borrowed_is_called_read_only),
		DRAWN(an_empty_table_says_why),
		DRAWN(what_is_unknown_is_blank_and_never_zero),
		DRAWN(a_collector_that_is_off_is_said_so),
		DRAWN(every_ill_of_the_collector_has_its_place_on_the_line),
		DRAWN(a_wide_screen_of_few_rows_has_the_parts_of_memory_in_one),
		DRAWN(a_forecast_has_an_interval_and_is_left_out_without_a_trend),
		DRAWN(the_cause_of_a_growth_without_a_leak_is_told_with_its_part),
		DRAWN(growth_that_is_not_proved_a_leak_is_neither_called_so_nor_called_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
