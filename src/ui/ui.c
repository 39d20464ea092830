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
	bool no_color;			/* asked for */
	bool color;			/* at first: also NO_COLOR and the terminal have a say */
};

enum lt_errc ui_open(const struct ui_options *options, struct ui **ret, struct lt_err *err)
{
	struct screen_options screen = {.delay_s = options->delay_s, .replay = options->replay,
					.readonly = options->readonly};
	enum lt_errc code = term_open(err);
	struct ui *u;

	if (code != LT_OK)
		return code;
	u = MEM_NEW(struct ui);
	u->canvas.ascii = options->ascii || !term_utf8();
	screen.ascii = u->canvas.ascii || !term_blocks();
	screen.pick = options->pick;
	if (options->fields)
		(void)cells_choose(options->fields, &screen.columns, NULL, 0);
	screen.color = !options->look.no_color && term_colors();
	u->no_color = options->look.no_color;
	u->color = screen.color;
	screen.mouse = options->look.mouse;
	screen.unit = options->look.unit;
	screen.blank_zeros = options->look.blank_zeros;
	term_mouse_on(screen.mouse);
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
		if (key == UI_KEY_MOUSE)
			screen_mouse(u->screen, term_mouse(), ret);
		else
			screen_key(u->screen, key, ret);
		term_mouse_on(screen_mouse_on(u->screen));
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

/* false: it has not taken all of the frame. */
static bool frame_ends(struct ui *u)
{
	if (screen_take_repaint(u->screen))
		term_repaint();
	term_blit(&u->canvas, screen_color(u->screen));
	return term_ready();
}

bool ui_draw(struct ui *u, const struct snapshot *snap, double now, bool sampling)
{
	if (!frame_begins(u))
		return false;
	screen_draw(u->screen, snap, now, sampling, &u->canvas);
	return frame_ends(u);
}

bool ui_draw_processes(struct ui *u, const struct processes *list, double now)
{
	if (!frame_begins(u))
		return false;
	screen_draw_processes(u->screen, list, now, &u->canvas);
	return frame_ends(u);
}

void ui_watch(struct ui *u)
{
	screen_watch(u->screen);
}

void ui_successor(struct ui *u, pid_t pid)
{
	screen_successor(u->screen, pid);
}

void ui_look(const struct ui *u, struct ui_look *ret)
{
	bool color = screen_color(u->screen);

	screen_look(u->screen, ret);
	ret->no_color = color == u->color ? u->no_color : !color;
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
