/* What y sends to a terminal, and what it shows where nothing may be sent. */
#include "config.h"
#include "../unit/test.h"
#include "fixture.h"

#include "ui/clip.h"
#include "util/mem.h"

/* What is made for "Connection" there; NULL: refused. */
static void expect_clip(const struct clip_place *place, const char *bytes)
{
	struct buf b = {0};
	bool made = clip_put(&b, place, "Connection");

	assert_int_equal(made, bytes != NULL);
	assert_string_equal(buf_text(&b), bytes ? bytes : "");
	buf_done(&b);
}

#define OSC "\x1b]52;c;Q29ubmVjdGlvbg==\a"

static void a_text_goes_to_the_clipboard_as_base64(void **state)
{
	static const struct { const char *text, *base64; } cases[] = {
		{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"},
		{"\xff\xfe", "//4="}, {"a>?", "YT4/"},
	};
	const struct clip_place xterm = {.term = "xterm"};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf b = {0}, want = {0};

		assert_true(clip_put(&b, &xterm, cases[i].text));
		buf_printf(&want, "\x1b]52;c;%s\a", cases[i].base64);
		assert_string_equal(buf_text(&b), buf_text(&want));
		buf_done(&b);
		buf_done(&want);
	}
}

static void a_terminal_that_may_print_it_gets_nothing(void **state)
{
	static const char *const terms[] = {"linux", "vt100", "vt220", "dumb", "", NULL};

	for (size_t i = 0; i < COUNT_OF(terms); i++)
		expect_clip(&(struct clip_place){.term = terms[i]}, NULL);
	expect_clip(&(struct clip_place){.term = "linux", .can = true}, OSC);
	expect_clip(&(struct clip_place){.term = "xterm-256color"}, OSC);
}

static void tmux_and_gnu_screen_are_asked_to_pass_it_on(void **state)
{
	expect_clip(&(struct clip_place){.term = "tmux-256color", .tmux = true},
		    OSC "\x1bPtmux;\x1b" OSC "\x1b\\");
	expect_clip(&(struct clip_place){.term = "screen", .gnu_screen = true},
		    "\x1bP" OSC "\x1b\\");
}

static void a_text_that_is_empty_or_too_long_is_not_sent(void **state)
{
	const struct clip_place xterm = {.term = "xterm"};
	char text[CLIP_TEXT_MAX + 2];
	struct buf b = {0};

	memset(text, 'x', sizeof(text));
	text[CLIP_TEXT_MAX + 1] = '\0';
	assert_false(clip_put(&b, &xterm, text));
	assert_false(clip_put(&b, &xterm, ""));
	assert_int_equal(b.len, 0);
	text[CLIP_TEXT_MAX] = '\0';
	assert_true(clip_put(&b, &xterm, text));
	assert_true(b.len < 768);
	buf_done(&b);
}

static struct fixture f;

static void y_asks_to_copy_the_whole_name_of_the_selected_type(void **state)
{
	fixture_init(&f, false);
	fixture_draw(&f, 24, 40);
	assert_int_equal(fixture_key(&f, 'y'), UI_COPY);
	assert_string_equal(f.request.text, f.snap.rows[0].name);
	(void)fixture_key(&f, 'j');
	assert_int_equal(fixture_key(&f, 'y'), UI_COPY);
	assert_string_equal(f.request.text, f.snap.rows[1].name);
	f.snap.n_rows = 0;
	fixture_draw(&f, 24, 40);
	assert_int_equal(fixture_key(&f, 'y'), UI_NOTHING);
	fixture_done(&f);
}

static void a_text_to_be_selected_stands_alone_and_any_key_goes_back(void **state)
{
	fixture_init(&f, false);
	screen_plain(f.screen, "abcdefghijklmnopqrstuvwxyz\xe6\x97\xa5" "0123456789");
	fixture_draw(&f, 6, 27);
	EXPECT(&f, 0, "select it here; any key goe", "", "abcdefghijklmnopqrstuvwxyz",
	       "\xe6\x97\xa5" "0123456789", "", "");
	assert_int_equal(fixture_key(&f, 'j'), UI_REDRAW);
	assert_int_equal(fixture_find(&f, "select it here"), -1);
	screen_plain(f.screen, "x");
	fixture_draw(&f, 1, 1);
	assert_int_equal(fixture_key(&f, 'q'), UI_QUIT);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_goes_to_the_clipboard_as_base64),
		cmocka_unit_test(a_terminal_that_may_print_it_gets_nothing),
		cmocka_unit_test(tmux_and_gnu_screen_are_asked_to_pass_it_on),
		cmocka_unit_test(a_text_that_is_empty_or_too_long_is_not_sent),
		cmocka_unit_test(y_asks_to_copy_the_whole_name_of_the_selected_type),
		cmocka_unit_test(a_text_to_be_selected_stands_alone_and_any_key_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
