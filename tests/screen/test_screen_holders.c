/* Who holds it: the reason line and pane, the tree of paths, the rings of garbage. */
#include "config.h"
#include "../unit/test.h"
#include "fixture.h"

#include <math.h>

#include "model/growing.h"
#include "model/holding.h"
#include "ui/keys.h"
#include "util/num.h"

#define TYPE "app.net.Connection"

static struct fixture f;
static struct holding h;
static const struct holding *const all[] = {&h};

static void add_path(const char *path, const char *shown, const char *root, const char *container,
		     size_t samples)
{
	struct holding_path *p = &h.paths[h.n_paths++];

	snprintf(p->path, sizeof(p->path), "%s", path);
	snprintf(p->shown, sizeof(p->shown), "%s", shown);
	snprintf(p->root, sizeof(p->root), "%s", root);
	snprintf(p->container, sizeof(p->container), "%s", container);
	p->samples = samples;
	p->share = (double)samples / 200;
	p->low = p->share - 0.02;
	p->high = p->share + 0.01;
}

static void hold(void)
{
	struct holding_path *p = &h.paths[0];

	add_path("app.net.Server.peers[...][*].conn", "app.net.Server.peers['eu'][*].conn",
		 "class app.net.Server", "list", 190);
	p->length = 48213;
	p->length_delta = 12680;
	p->length_rate = 16.7;
	p->growth = (struct holding_growth){.readings = 16, .rises = 14};
	add_path("app.net.Server.spare[*]", "app.net.Server.spare[*]", "class app.net.Server",
		 "dict", 5);
	add_path("thread 'MainThread' -> serve() -> local conn",
		 "thread 'MainThread' -> serve() -> local conn", "thread MainThread", "", 1);
	h.no_path = 4;
	h.refcounts.min = 1;
	h.refcounts.median = 2;
	h.refcounts.max = 7;
	h.refcounts.explained = 2;
}

static void ring(void)
{
	static const char *const names[][2] = {
		{TYPE, "_conn_handler"}, {"app.net.ConnectionHandler", "_conn"},
	};
	struct holding_cycle *c = &h.cycles[h.n_cycles++];

	*c = (struct holding_cycle){.n = 2, .samples = 198, .instances = 47731,
				    .since = FIXTURE_NOW - 600};
	for (size_t i = 0; i < 2; i++) {
		snprintf(c->types[i], sizeof(c->types[i]), "%s", names[i][0]);
		snprintf(c->attributes[i], sizeof(c->attributes[i]), "%s", names[i][1]);
	}
}

static void show(void)
{
	f.snap.holdings = all;
	f.snap.n_holdings = 1;
	f.snap.holdings_version++;
}

/* What was found comes with the next snapshot, which is drawn. */
static void show_at(int rows, int cols)
{
	show();
	fixture_draw(&f, rows, cols);
}

static void begin_with(bool ascii)
{
	fixture_init(&f, ascii);
	holding_init(&h, TYPE);
	h.t = FIXTURE_NOW - 12;
	h.instances = 48200;
	h.sampled = 202;
	h.freed = 2;
	h.time_ns = 3100000000;
}

static int begin(void **state)
{
	begin_with(false);
	return 0;
}

static int end(void **state)
{
	fixture_done(&f);
	return 0;
}

/* ---- by itself ------------------------------------------------------------------------------ */

static void the_reason_line_prefers_who_holds_it(void **state)
{
	hold();
	show_at(24, 80);
	EXPECT(&f, 21, "Connection: held by app.net.Server.peers[...] "
		       "(list, 48 213 items, +16.7/s)");
}

static void the_reason_line_has_the_ring_with_its_attributes(void **state)
{
	ring();
	show_at(24, 80);
	EXPECT(&f, 21, "Connection: cycle Connection._conn_handler -> ConnectionHandler._conn "
		       "-> Connect");
}

static void the_pane_has_the_holder_its_length_and_what_else_there_is(void **state)
{
	hold();
	show_at(40, 120);
	EXPECT(&f, 33, "held   190/200 sampled via app.net.Server.peers[...]  list, 48 213 items, "
		       "+16.7/s   2 more paths   4 no path");
}

/* The first path holds nearly all objects, the second one nearly all of the newest. */
static void what_holds_the_newest_is_told_in_the_pane_and_behind_enter(void **state)
{
	add_path("app.lately[*]", "app.lately[*]", "module app", "list", 6);
	add_path("app.always[*]", "app.always[*]", "module app", "list", 194);
	h.newest = 60;
	h.paths[0].newest = 60;
	show();
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 33, "held   60/60 newest via app.lately  list   1 more path");
	fixture_draw(&f, 30, 100);
	(void)fixture_key(&f, UI_KEY_ENTER);
	assert_true(fixture_find(&f, "60 of the 60 newest are there, and 1..4% of all 48 200 "
				     "(95% interval)") > 0);
}

static void the_verdict_names_the_first_suspect_and_its_holder_where_there_is_room(void **state)
{
	hold();
	show_at(40, 200);
	assert_true(fixture_find(&f, "410 flat  app.net.Connection  held by "
				     "app.net.Server.peers[...]") > 0);
	fixture_draw(&f, 40, 120);	/* the name has room, and nothing is cut */
	assert_true(fixture_find(&f, "410 flat  app.net.Connection") > 0);
	assert_int_equal(fixture_find(&f, "app.net.Connection  held"), -1);
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_find(&f, "410 flat  app"), -1);
}

static void what_is_known_to_be_held_is_not_suspected_to_be_garbage(void **state)
{
	hold();
	show();
	f.rows[0].reason.full = 0;
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 32, "gc     no full collection since base: held by a live reference, which no "
		       "collection ends");
	h.no_path = 11;			/* 5.5 % of 200 */
	show_at(40, 120);
	EXPECT(&f, 32, "gc     no full collection since base: some of it may be garbage in cycles");
}

static void the_pane_has_the_cycle_and_what_the_collector_does(void **state)
{
	ring();
	show();
	f.snap.gc.gen[2].threshold = 100000;
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 32,
		"gc     garbage for the collector, which is starved: a full one comes after "
			"100 000 younger (gc.set_threshold)",
		"held   198/200 in cycles  Connection._conn_handler -> ConnectionHandler._conn "
			"-> Connection");
}

static void the_pane_has_the_containers_that_grow(void **state)
{
	static struct growing g = {
		.n = 2,
		.list = {{.path = "app.log._LINES", .shown = "app.log._LINES", .type = "list",
			  .length = 48213, .length_rate = 16.7},
			 {.path = "app.cache[...]", .shown = "app.cache['eu']", .type = "dict",
			  .length = 1204, .length_rate = 0.5}},
	};

	f.snap.growing = &g;
	fixture_draw(&f, 40, 120);
	EXPECT(&f, 34, "grows  app.log._LINES  list, 48 213 items, +16.7/s; app.cache[...]  dict, "
		       "1 204 items, +0.5/s");
	(void)fixture_key(&f, 'v');
	assert_int_not_equal(fixture_find(&f, "app.cache['eu']  dict"), -1);
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 21, "Connection: most grows app.log._LINES  list, 48 213 items, +16.7/s");
}

static void values_of_keys_are_shown_by_v_alone(void **state)
{
	hold();
	show_at(40, 120);
	assert_int_equal(fixture_find(&f, "'eu'"), -1);
	(void)fixture_key(&f, 'v');
	assert_int_equal(fixture_find(&f, "via app.net.Server.peers['eu']  list"), 33);
	(void)fixture_key(&f, UI_KEY_ENTER);
	assert_int_not_equal(fixture_find(&f, "`- ['eu']  list"), -1);
	(void)fixture_key(&f, 'v');
	assert_int_equal(fixture_find(&f, "'eu'"), -1);
}

/* ---- Enter ---------------------------------------------------------------------------------- */

static void enter_shows_a_tree_of_paths_from_their_roots(void **state)
{
	hold();
	show_at(24, 80);
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_REDRAW);
	EXPECT(&f, 0,
		"leaktop 4242 app.py > app.net.Connection > who holds                    16:14:52",
		"48 213 objects  +12 680 since base  202 sampled in 3.1s, nothing was stopped",
		"",
		"     OBJS SHARE PATH (root first)                                   LEN     +LEN",
		"  195/200   98% class app.net.Server",
		"  190/200   95% `- .peers",
		"> 190/200   95%    `- [...]  list                                48 213  +12 680",
		"  190/200   95%       `- [*]  <- fans out here",
		"  190/200   95%          `- .conn",
		"    5/200    2% `- .spare  dict",
		"    5/200    2%    `- [*]  <- fans out here",
		"    1/200    0% thread 'MainThread'",
		"    1/200    0% `- serve()",
		"    1/200    0%    `- local conn",
		"    4/200    2% no path to a name was found",
		"",
		"-- the holder ------------------------------------------------------------------",
		"app.net.Server.peers[...] begins at class app.net.Server. Its length rose in 14",
		"of 15 readings, +16.7/s, never fell.",
		"",
		"If these objects should end, something must remove them from this list.",
		"references: 1 to 7, median 2, of which 2 found",
		"shares are of the sample: 95% means 93..96% of all 48 200 (95% interval)",
		"Esc:back Enter:fold n/N:holder c:cycles v:values t:again y:copy q:quit");
}

static void keep(unsigned depth, const char *name, const char *type, int64_t bytes, int64_t length)
{
	struct holding_inside *in = &h.inside;
	struct holding_part *p = &in->parts[in->n++];

	*p = (struct holding_part){.depth = depth, .bytes = bytes, .length = length,
				   .shared = bytes == 0};
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->shown, sizeof(p->shown), "%s", strcmp(name, "[...]") ? name : "['eu']");
	snprintf(p->type, sizeof(p->type), "%s", type);
	in->address = 0x7f3c5a1d0e50;
	in->bytes += bytes;
}

/* One path, so that there is room, and five lines of what it has. */
static void hold_and_keep(void)
{
	add_path("app.net.peers[*]", "app.net.peers[*]", "module app.net", "list", 200);
	keep(0, "", TYPE, 64, LT_UNKNOWN);
	keep(1, ".__dict__", "dict", 248, 3);
	keep(2, ".buf", "bytearray", 2037, 1980);
	keep(2, ".loop", "asyncio.EventLoop", 0, LT_UNKNOWN);
	keep(1, "[...]", "tuple", 96, 2);
	h.inside.untold = 2;
}

static void enter_shows_what_one_of_them_keeps_alive(void **state)
{
	hold_and_keep();
	show_at(30, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	EXPECT(&f, 9,
		"-- one of them (0x7f3c5a1d0e50) keeps alive ------------------ retained ~2.39K -",
		"     64 B  app.net.Connection",
		"    248 B  |- .__dict__  dict, len 3",
		"  2 037 B  |  |- .buf    bytearray, len 1 980                          83% of it",
		"   shared  |  `- .loop   asyncio.EventLoop, not counted",
		"     96 B  `- [...]      tuple, len 2",
		"           and 2 more",
		"",
		"-- the holder ------------------------------------------------------------------");
	(void)fixture_key(&f, 'v');
	EXPECT(&f, 14, "     96 B  `- ['eu']     tuple, len 2");
	h.inside.incomplete = true;
	show_at(30, 120);
	EXPECT(&f, 9,
		"-- one of them (0x7f3c5a1d0e50) keeps alive --------------------------------"
			"---------------------- retained over 2.39K -",
		"     64 B  app.net.Connection",
		"    248 B  |- .__dict__  dict, len 3",
		"  2 037 B  |  |- .buf    bytearray, len 1 980");
	h.inside.incomplete = false;
	h.inside.address = 0;			/* a recording's */
	show_at(30, 80);
	EXPECT(&f, 9,
		"-- one of them keeps alive ----------------------------------- retained ~2.39K -");
	show_at(30, 120);
	EXPECT(&f, 12,
		"  2 037 B  |  |- .buf    bytearray, len 1 980                          83% of it");
}

static void what_one_keeps_alive_takes_the_room_that_is_left(void **state)
{
	hold_and_keep();
	show_at(24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	EXPECT(&f, 9,
		"-- one of them (0x7f3c5a1d0e50) keeps alive ------------------ retained ~2.39K -",
		"     64 B  app.net.Connection",
		"    248 B  |- .__dict__  dict, len 3",
		"  2 037 B  |  |- .buf    bytearray, len 1 980                          83% of it",
		"   shared  |  `- .loop   asyncio.EventLoop, not counted",
		"           and 3 more",
		"",
		"-- the holder ------------------------------------------------------------------");
	fixture_draw(&f, 30, 40);
	EXPECT(&f, 9,
		"-- one of them (0x7f3c5a1d0e50) keeps al",
		"     64 B  app.net.Connection",
		"    248 B  |- .__di dict, len 3",
		"  2 037 B  |  |- .b bytearray, len 1 980",
		"   shared  |  `- .l asyncio.EventLoop, n");
	fixture_draw(&f, 20, 80);
	assert_int_equal(fixture_find(&f, "keeps alive"), -1);
	fixture_draw(&f, 10, 40);
	assert_int_equal(fixture_find(&f, "keeps al"), -1);
	assert_int_not_equal(fixture_find(&f, "`- .peers"), -1);
}

static void a_small_screen_has_the_paths_and_their_shares(void **state)
{
	hold();
	show_at(10, 40);
	(void)fixture_key(&f, UI_KEY_ENTER);
	EXPECT(&f, 0,
		"leaktop 4242 app.net.Connection 16:14:52",
		"48 213 objects  +12 680 since base",
		"     OBJS SHARE PATH (root first)",
		"  195/200   98% class app.net.Server",
		"  190/200   95% `- .peers",
		"> 190/200   95%    `- [...]  list",
		"  190/200   95%       `- [*]",
		"  190/200   95%          `- .conn",
		"    5/200    2% `- .spare  dict",
		"Esc:back Enter:fold n/N:holder c:cycles");
}

static void no_size_of_terminal_is_too_small_for_a_view(void **state)
{
	hold_and_keep();
	ring();
	show_at(24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	for (int rows = 1; rows < 30; rows++)
		for (int cols = 1; cols < 130; cols += 7)
			fixture_draw(&f, rows, cols);
	(void)fixture_key(&f, 'c');
	for (int rows = 1; rows < 30; rows++)
		for (int cols = 1; cols < 130; cols += 7)
			fixture_draw(&f, rows, cols);
}

static void enter_folds_a_row_and_n_goes_to_the_next_holder(void **state)
{
	hold();
	show_at(24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	(void)fixture_key(&f, UI_KEY_UP);
	(void)fixture_key(&f, UI_KEY_ENTER);
	EXPECT(&f, 5,
		"> 190/200   95% `+ .peers",
		"    5/200    2% `- .spare  dict");
	(void)fixture_key(&f, UI_KEY_ENTER);
	EXPECT(&f, 6,
		"  190/200   95%    `- [...]  list                                48 213  +12 680");
	(void)fixture_key(&f, 'n');
	assert_int_equal(fixture_row(&f, 8)[0], '>');
	(void)fixture_key(&f, 'n');
	assert_int_equal(fixture_row(&f, 10)[0], '>');
	assert_int_not_equal(fixture_find(&f, "spare is an attribute of class app.net."), -1);
	assert_int_not_equal(fixture_find(&f, "something must remove them from this dict"), -1);
	(void)fixture_key(&f, 'n');
	assert_int_not_equal(fixture_find(&f, "They go when that call returns."), -1);
	(void)fixture_key(&f, 'N');
	assert_int_equal(fixture_row(&f, 10)[0], '>');
}

static bool title_has(const char *what)
{
	return strstr(fixture_row(&f, 0), what) != NULL;
}

static void tab_goes_round_the_screens_and_back(void **state)
{
	static const char *const there[] = {"who holds", "cycles", "base 16:02:11"};

	hold();
	ring();
	show();
	fixture_draw(&f, 24, 80);
	for (int i = 0; i < 6; i++) {
		(void)fixture_key(&f, '\t');
		assert_true(title_has(there[i % 3]));
	}
	for (int i = 0; i < 6; i++) {
		(void)fixture_key(&f, UI_KEY_BACK_TAB);
		assert_true(title_has(there[(i + 1) % 3 ? 1 - i % 3 : 2]));
	}
	(void)fixture_key(&f, '?');
	(void)fixture_key(&f, '\t');		/* help is no screen of the round */
	assert_true(title_has("keys and marks"));
}

static void a_click_selects_a_holder_and_another_one_folds_it(void **state)
{
	struct ui_mouse m = {UI_MOUSE_PRESS, 0, 20};
	char below[200];

	hold();
	show();
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	m.row = f.canvas.cursor_row - 1;
	screen_mouse(f.screen, &m, &f.request);
	fixture_draw(&f, 24, 80);
	assert_int_equal(f.canvas.cursor_row, m.row);
	snprintf(below, sizeof(below), "%s", fixture_row(&f, m.row + 1));
	m.what = UI_MOUSE_AGAIN;
	screen_mouse(f.screen, &m, &f.request);
	fixture_draw(&f, 24, 80);
	assert_string_not_equal(fixture_row(&f, m.row + 1), below);
	assert_non_null(strstr(fixture_row(&f, m.row), "+ "));
	m = (struct ui_mouse){UI_MOUSE_PRESS, 23, 1};
	screen_mouse(f.screen, &m, &f.request);	/* Esc:back */
	fixture_draw(&f, 24, 80);
	assert_false(title_has("who holds"));
}

static void y_copies_the_path_without_values_of_keys(void **state)
{
	hold();
	show_at(24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	assert_int_equal(fixture_key(&f, 'y'), UI_COPY);
	assert_string_equal(f.request.text, "app.net.Server.peers[...][*].conn");
	(void)fixture_key(&f, 'v');
	assert_int_equal(fixture_key(&f, 'y'), UI_COPY);
	assert_string_equal(f.request.text, "app.net.Server.peers['eu'][*].conn");
}

static void what_was_not_searched_or_long_ago_is_asked_for(void **state)
{
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_SEARCH);
	assert_string_equal(f.request.text, TYPE);
	(void)fixture_key(&f, UI_KEY_ESC);
	hold();
	show_at(24, 80);
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_REDRAW);
	assert_int_equal(fixture_key(&f, 't'), UI_SEARCH);
	(void)fixture_key(&f, UI_KEY_ESC);
	h.t = FIXTURE_NOW - 100;
	show_at(24, 80);
	assert_int_equal(fixture_key(&f, UI_KEY_ENTER), UI_SEARCH);
}

static void a_search_shows_how_far_it_is_and_esc_stops_it(void **state)
{
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	snprintf(f.snap.searching.type, sizeof(f.snap.searching.type), TYPE);
	f.snap.searching.progress = 0.45;
	f.snap.searching.asked = true;
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 1, "48 213 objects  +12 680 since base  searching, 45% (Esc stops)");
	assert_int_equal(fixture_key(&f, UI_KEY_ESC), UI_SEARCH_STOP);
	f.snap.searching.type[0] = '\0';
	fixture_draw(&f, 24, 80);
	EXPECT(&f, 1, "48 213 objects  +12 680 since base  not searched (t searches)");
	assert_int_equal(fixture_key(&f, UI_KEY_ESC), UI_REDRAW);
	assert_int_not_equal(fixture_find(&f, "VERDICT"), -1);
}

static void a_search_that_ends_is_shown_while_the_picture_is_paused(void **state)
{
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, 'p');
	(void)fixture_key(&f, UI_KEY_ENTER);
	hold();
	show_at(24, 80);
	assert_int_not_equal(fixture_find(&f, "`- .peers"), -1);
}

static void what_cannot_be_searched_says_why(void **state)
{
	h.code = LT_E_SYS;
	snprintf(h.why, sizeof(h.why), "reading /proc/4242/maps: Permission denied");
	show_at(24, 80);
	(void)fixture_key(&f, UI_KEY_ENTER);
	assert_int_not_equal(fixture_find(&f, "reading /proc/4242/maps: Permission denied"), -1);
}

/* ---- c -------------------------------------------------------------------------------------- */

static void c_shows_the_ring_the_collector_and_the_mend(void **state)
{
	ring();
	show();
	f.snap.gc.enabled = 0;
	f.snap.gc_full_since_base = 0;
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_key(&f, 'c'), UI_REDRAW);
	EXPECT(&f, 0,
		"leaktop 4242 app.py > app.net.Connection > cycles                       16:14:52",
		"48 213 objects  +12 680 since base  202 sampled in 3.1s, nothing was stopped",
		"",
		"-- 1/1: 198 of 200 sampled, about 47 731 objects, since 16:04:52 ---------------",
		"  Connection._conn_handler -> ConnectionHandler",
		"  ConnectionHandler._conn -> Connection   and round again",
		"mend       set ConnectionHandler._conn to None in close(), or make it a weakref",
		"collector  off (gc.disable): cycles are never freed",
		"");
	assert_int_equal(fixture_key(&f, 'y'), UI_COPY);
	assert_string_equal(f.request.text,
			    "Connection._conn_handler -> ConnectionHandler._conn -> Connection");
	(void)fixture_key(&f, UI_KEY_ESC);
	assert_int_not_equal(fixture_find(&f, "VERDICT"), -1);
}

static void c_has_what_one_of_the_garbage_keeps_alive_where_there_is_room(void **state)
{
	ring();
	keep(0, "", TYPE, 64, LT_UNKNOWN);
	keep(1, ".buf", "bytearray", 2037, 1980);
	show();
	fixture_draw(&f, 24, 80);
	(void)fixture_key(&f, 'c');
	EXPECT(&f, 9,
		"-- one of them (0x7f3c5a1d0e50) keeps alive ------------------ retained ~2.05K -",
		"     64 B  app.net.Connection",
		"  2 037 B  `- .buf  bytearray, len 1 980                               97% of it",
		"");
	h.cycles[0].samples = 3;	/* others of them are held by something */
	show();
	fixture_draw(&f, 24, 80);
	assert_int_equal(fixture_find(&f, "keeps alive"), -1);
}

static void the_collector_is_told_in_each_of_its_states(void **state)
{
	static const struct { int64_t enabled, first, third, full; const char *text; } cases[] = {
		{0, 700, 10, 0, "off (gc.disable): cycles are never freed"},
		{0, 700, 10, 3, "off (gc.disable), but 3 full collections since the baseline"},
		{1, 0, 10, 0, "idle: threshold 0"},
		{1, 700, 100000, 0, "starved: a full one comes after 100 000 younger"},
		{1, 1000000, 10, 0, "starved: one begins after 1 000 000 new objects"},
		{1, 700, 10, 12, "keeping up: 12 full collections since the baseline, the last 9s"},
		{1, 700, 10, 0, "no full collection for 10m40s, and 1 734 220 objects wait"},
	};

	ring();
	show();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.snap.gc.enabled = cases[i].enabled;
		f.snap.gc.gen[0].threshold = cases[i].first;
		f.snap.gc.gen[2].threshold = cases[i].third;
		f.snap.gc_full_since_base = cases[i].full;
		f.snap.base_t = f.snap.t - 761;
		fixture_draw(&f, 24, 100);
		(void)fixture_key(&f, 'c');
		assert_int_not_equal(fixture_find(&f, cases[i].text), -1);
		(void)fixture_key(&f, UI_KEY_ESC);
	}
}

static void without_a_ring_c_says_who_holds_them_instead(void **state)
{
	hold();
	show_at(24, 80);
	(void)fixture_key(&f, 'c');
	EXPECT(&f, 3,
		"none of those sampled is garbage in a cycle",
		"held by app.net.Server.peers[...] (list, 48 213 items, +16.7/s)");
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAWN(the_reason_line_prefers_who_holds_it),
		DRAWN(the_reason_line_has_the_ring_with_its_attributes),
		DRAWN(the_pane_has_the_holder_its_length_and_what_else_there_is),
		DRAWN(what_holds_the_newest_is_told_in_the_pane_and_behind_enter),
		DRAWN(the_verdict_names_the_first_suspect_and_its_holder_where_there_is_room),
		DRAWN(what_is_known_to_be_held_is_not_suspected_to_be_garbage),
		DRAWN(the_pane_has_the_cycle_and_what_the_collector_does),
		DRAWN(the_pane_has_the_containers_that_grow),
		DRAWN(values_of_keys_are_shown_by_v_alone),
		DRAWN(enter_shows_a_tree_of_paths_from_their_roots),
		DRAWN(enter_shows_what_one_of_them_keeps_alive),
		DRAWN(what_one_keeps_alive_takes_the_room_that_is_left),
		DRAWN(a_small_screen_has_the_paths_and_their_shares),
		DRAWN(no_size_of_terminal_is_too_small_for_a_view),
		DRAWN(enter_folds_a_row_and_n_goes_to_the_next_holder),
		DRAWN(y_copies_the_path_without_values_of_keys),
		DRAWN(tab_goes_round_the_screens_and_back),
		DRAWN(a_click_selects_a_holder_and_another_one_folds_it),
		DRAWN(what_was_not_searched_or_long_ago_is_asked_for),
		DRAWN(a_search_shows_how_far_it_is_and_esc_stops_it),
		DRAWN(a_search_that_ends_is_shown_while_the_picture_is_paused),
		DRAWN(what_cannot_be_searched_says_why),
		DRAWN(c_shows_the_ring_the_collector_and_the_mend),
		DRAWN(c_has_what_one_of_the_garbage_keeps_alive_where_there_is_room),
		DRAWN(the_collector_is_told_in_each_of_its_states),
		DRAWN(without_a_ring_c_says_who_holds_them_instead),
	};

	return cmocka_run_group_tests_name("holders on the screen", tests, NULL, NULL);
}
