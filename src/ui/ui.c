#include "config.h"
#include "ui/ui.h"

#include <stdio.h>
#include <stdlib.h>

#include "ui/canvas.h"
#include "ui/columns.h"
#include "ui/screen.h"
#include "ui/term.h"
#include "util/mem.h"

struct ui {
	struct screen *screen;		/* owned */
	struct canvas canvas;
};

enum lt_errc ui_open(const struct ui_options *options, struct ui **ret, struct lt_err *err)
{
	struct screen_options screen = {.delay_s = options->delay_s, .replay = options->replay};
	enum lt_errc code = term_open(err);
	struct ui *u;

	if (code != LT_OK)
		return code;
	u = MEM_NEW(struct ui);
	u->canvas.ascii = options->ascii || !term_utf8();
	screen.ascii = u->canvas.ascii || !term_blocks();
	screen.pick = options->pick;
	if (options->fields)
		(void)columns_choose(options->fields, &screen.columns, NULL, 0);
	screen.color = !options->no_color && term_colors();
	u->screen = screen_new(&screen);
	*ret = u;
	return LT_OK;
}

void ui_close(struct ui *u)
{
	if (!u)
		return;
	term_close();
	screen_free(u->screen);
	canvas_done(&u->canvas);
	free(u);
}

/* Whether the terminal took it cannot be known: the text is told, so that nothing is lost. */
static void copy(struct ui *u, struct ui_request *r)
{
	char message[sizeof(r->text) + 24];

	r->ask = UI_REDRAW;
	if (!term_copy(r->text)) {
		screen_plain(u->screen, r->text);
		return;
	}
	snprintf(message, sizeof(message), "sent to the clipboard: %s", r->text);
	screen_message(u->screen, message);
}

void ui_text(const struct ui *u, struct buf *b)
{
	for (int row = 0; row < u->canvas.rows; row++) {
		canvas_text(&u->canvas, row, b);
		buf_putc(b, '\n');
	}
}

bool ui_next_request(struct ui *u, struct ui_request *ret)
{
	int key;

	while ((key = term_key()) != 0) {
		screen_key(u->screen, key, ret);
		if (ret->ask == UI_COPY)
			copy(u, ret);
		if (ret->ask != UI_NOTHING)
			return true;
	}
	*ret = (struct ui_request){.ask = UI_NOTHING};
	return false;
}

/* false: the terminal takes no output now. */
static bool frame_begins(struct ui *u)
{
	int rows, cols;

	if (!term_ready())
		return false;
	term_size(&rows, &cols);
	canvas_reset(&u->canvas, rows, cols);
	return true;
}

static void frame_ends(struct ui *u)
{
	if (screen_take_repaint(u->screen))
		term_repaint();
	term_blit(&u->canvas, screen_color(u->screen));
}

void ui_draw(struct ui *u, const struct snapshot *snap, double now, bool sampling)
{
	if (!frame_begins(u))
		return;
	screen_draw(u->screen, snap, now, sampling, &u->canvas);
	frame_ends(u);
}

void ui_draw_processes(struct ui *u, const struct processes *list, double now)
{
	if (!frame_begins(u))
		return;
	screen_draw_processes(u->screen, list, now, &u->canvas);
	frame_ends(u);
}

void ui_watch(struct ui *u)
{
	screen_watch(u->screen);
}

void ui_successor(struct ui *u, pid_t pid)
{
	screen_successor(u->screen, pid);
}

void ui_message(struct ui *u, const char *text)
{
	screen_message(u->screen, text);
}

void ui_state(struct ui *u, const char *text, bool alert)
{
	screen_state(u->screen, text, alert);
}

void ui_resized(struct ui *u)
{
	term_resized();
}

void ui_suspend(struct ui *u)
{
	term_suspend();
}
