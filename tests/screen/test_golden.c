/*
 * What a person sees of three leaks: screens from the recordings in tests/recordings, as text.
 * LT_GOLDEN=write makes them anew: look at the difference, it is what users will see change.
 */
#include "config.h"
#include "../unit/test.h"

#include "model/model.h"
#include "session/replay.h"
#include "session/retell.h"
#include "ui/screen.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/num.h"

struct golden {
	const char *recording;
	int cols, rows;
};

static const struct golden goldens[] = {
	{"global", 80, 24}, {"global", 120, 40}, {"global", 200, 50}, {"global", 40, 10},
	{"class", 80, 24}, {"cycle", 80, 24},
};

static const char *top_dir(void)
{
	const char *dir = getenv("LT_SRCDIR");

	return dir ? dir : ".";
}

static struct replay *load(const char *name)
{
	struct replay *r;
	char path[4200];

	snprintf(path, sizeof(path), "%s/tests/recordings/%s.jsonl", top_dir(), name);
	assert_int_equal(replay_open(path, &r, NULL), LT_OK);
	while (replay_load(r, CLOCK_NS_PER_S) != REPLAY_COMPLETE)
		;
	assert_int_equal(replay_damage(r)->code, LT_OK);
	return r;
}

/* All of a recording, as a replay shows it at its end. */
static struct model *play(struct replay *r)
{
	struct replay_step step;
	struct model *m = NULL;

	while (replay_next(r, &step)) {
		if (!m) {
			m = model_new(step.target);
			model_confirm(m, replay_confirm_ns(r));
		}
		retell_step(m, &step);
	}
	assert_non_null(m);
	model_sort(m, SORT_VERDICT, false);
	return m;
}

static void draw(const struct golden *g, struct buf *ret)
{
	const struct screen_options options = {.delay_s = 1, .replay = true};
	struct screen *screen = screen_new(&options);
	struct replay *r = load(g->recording);
	struct model *m = play(r);
	struct canvas c = {0};

	screen_state(screen, "REPLAY end", false);
	canvas_reset(&c, g->rows, g->cols);
	screen_draw(screen, model_snapshot(m), model_snapshot(m)->t, false, &c);
	for (int row = 0; row < g->rows; row++) {
		canvas_text(&c, row, ret);
		buf_putc(ret, '\n');
	}
	canvas_done(&c);
	screen_free(screen);
	model_free(m);
	replay_free(r);
}

static void write_golden(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text->data, 1, text->len, f), text->len);
	assert_int_equal(fclose(f), 0);
}

/* Both, line by line, where they differ. */
static void print_difference(const char *wanted, const char *drawn)
{
	while (*wanted || *drawn) {
		int w = (int)strcspn(wanted, "\n"), d = (int)strcspn(drawn, "\n");

		if (w != d || strncmp(wanted, drawn, (size_t)w) != 0)
			printf("# - %.*s\n# + %.*s\n", w, wanted, d, drawn);
		wanted += w + (wanted[w] == '\n');
		drawn += d + (drawn[d] == '\n');
	}
	printf("# where that is right: make check TESTS=test_golden LT_GOLDEN=write\n");
	fflush(stdout);
}

static void the_screen_is_the_golden_one(void **state)
{
	const struct golden *g = *state;
	const char *how = getenv("LT_GOLDEN");
	struct buf drawn = {0}, wanted = {0};
	char path[4200];

	snprintf(path, sizeof(path), "%s/tests/recordings/golden/%s-%dx%d.txt", top_dir(),
		 g->recording, g->cols, g->rows);
	draw(g, &drawn);
	if (how && strcmp(how, "write") == 0) {
		write_golden(path, &drawn);
	} else {
		assert_int_equal(io_read_file(path, 1 << 20, &wanted), 0);
		if (strcmp(buf_text(&wanted), buf_text(&drawn)) != 0) {
			print_difference(buf_text(&wanted), buf_text(&drawn));
			fail();
		}
	}
	buf_done(&wanted);
	buf_done(&drawn);
}

int main(void)
{
#define GOLDEN(name, i) \
	{#name, the_screen_is_the_golden_one, NULL, NULL, (void *)(uintptr_t)&goldens[i]}
	const struct CMUnitTest tests[] = {
		GOLDEN(a_leak_held_by_a_global_at_80x24, 0),
		GOLDEN(a_leak_held_by_a_global_at_120x40, 1),
		GOLDEN(a_leak_held_by_a_global_at_200x50, 2),
		GOLDEN(a_leak_held_by_a_global_at_40x10, 3),
		GOLDEN(a_leak_held_by_a_class_at_80x24, 4),
		GOLDEN(a_leak_of_cycles_at_80x24, 5),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
