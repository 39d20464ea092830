/*
 * What comes from the keyboard, or from whatever sits there: any bytes are decoded, handed to the
 * screen as keys, and drawn at sizes that change. The first byte chooses the size.
 */
#include "config.h"
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "ui/escape.h"
#include "ui/keys.h"
#include "ui/screen.h"
#include "util/mem.h"
#include "util/num.h"

#define KEYS_MOST 400			/* a frame is drawn for each */

struct input {
	const uint8_t *at, *end;
	int back;			/* ESCAPE_NONE: nothing was put back */
};

static int next(void *arg)
{
	struct input *in = arg;
	int c = in->back;

	in->back = ESCAPE_NONE;
	if (c != ESCAPE_NONE)
		return c;
	return in->at < in->end ? *in->at++ : ESCAPE_NONE;
}

static void back(void *arg, int c)
{
	struct input *in = arg;

	PROMISE(in->back == ESCAPE_NONE && c == UI_KEY_ESC);
	in->back = c;
}

/* 0x80 and more stand for the keys that curses makes of sequences it knows. */
static int next_key(struct input *in)
{
	struct escape_source src = {next, back, in};
	int c = next(in), key;

	if (c == ESCAPE_NONE)
		return ESCAPE_NONE;
	if (c >= 0x80)
		return UI_KEY_BACKSPACE + (c - 0x80) % (UI_KEY_F12 - UI_KEY_BACKSPACE + 1);
	if (c != UI_KEY_ESC)
		return escape_char(c);
	key = escape_rest(&src);
	PROMISE(key == UI_KEY_ESC || key == UI_KEY_NONE);
	return key;
}

/* A whole control sequence with these bytes as parameters leaves what stands behind it. */
static void sequences_end_where_they_end(const uint8_t *data, size_t size)
{
	uint8_t bytes[64] = {'['};
	struct input in = {bytes, bytes, ESCAPE_NONE};
	struct escape_source src = {next, back, &in};
	size_t n = size < 40 ? size : 40;

	for (size_t i = 0; i < n; i++)
		bytes[1 + i] = 0x20 | (data[i] & 0x1f);
	bytes[1 + n] = (uint8_t)('a' + n % 26);
	bytes[2 + n] = 'q';
	in.end = bytes + n + 3;
	PROMISE(escape_rest(&src) == UI_KEY_NONE);
	PROMISE(next(&in) == 'q');
}

static void obey(struct snapshot *snap, const struct ui_request *request)
{
	if (request->ask == UI_SORT) {
		snap->sort = request->sort;
		snap->sort_reversed = request->reversed;
	}
	if (request->ask == UI_HIDE_FLAT)
		snap->hide_flat = request->on;
	PROMISE(request->ask != UI_DELAY || (request->delay_s >= 0.1 && request->delay_s <= 3600));
	PROMISE(memchr(request->text, '\0', sizeof(request->text)));
}

static void fill(struct snapshot *snap, struct snapshot_row *rows, size_t n)
{
	static const char *const names[] = {"dict", "app.net.Connection", "서버.연결", "x"};

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct snapshot_row){
			.id = (uint32_t)i, .name = names[i % COUNT_OF(names)],
			.count = (int64_t)i, .bytes = LT_UNKNOWN, .rate = NAN, .head = 0,
			.grew_ago_s = NAN, .word = (enum ratchet_word)(i % RATCHET_WORDS_OF),
			.quiet_s = 7, .group_n = 1,
		};
	snap->rows = rows;
	snap->n_rows = n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample_target target = {.pid = 1};
	struct snapshot snap = {.target = &target, .filter = "", .seq = 1, .census = true};
	struct screen_options options = {.delay_s = 2};
	struct input in = {data, data + size, ESCAPE_NONE};
	struct snapshot_row rows[40];
	struct canvas canvas = {0};
	struct screen *screen;
	int key = UI_KEY_NONE;

	if (size < 1)
		return 0;
	sequences_end_where_they_end(data, size);
	in.at++;
	screen = screen_new(&options);
	fill(&snap, rows, COUNT_OF(rows));
	for (int n = 0; n < KEYS_MOST && key != ESCAPE_NONE; n++) {
		struct ui_request request;

		snap.n_rows = (size_t)n % (COUNT_OF(rows) + 1);
		canvas_reset(&canvas, 1 + (data[0] + n) % 60, 1 + data[0] % 130);
		screen_draw(screen, &snap, 1764000000, n % 2, &canvas);
		PROMISE(canvas.cursor_row < canvas.rows && canvas.cursor_col <= canvas.cols);
		key = next_key(&in);
		if (key == ESCAPE_NONE || key == UI_KEY_NONE)
			continue;
		screen_key(screen, key, &request);
		PROMISE(request.ask != UI_QUIT || key == 'q' || key == KEYS_F(10));
		obey(&snap, &request);
	}
	canvas_done(&canvas);
	screen_free(screen);
	return 0;
}
