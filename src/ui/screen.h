/*
 * The whole ui but the terminal: keys in, requests out, a canvas drawn. Owns the stack of views,
 * the prompt and the picture that is shown. Tests drive it without a terminal; ui.c with one.
 */
#ifndef LT_UI_SCREEN_H
#define LT_UI_SCREEN_H

#include "ui/canvas.h"
#include "ui/ui.h"
#include "ui/view.h"

struct screen;

struct screen_options {
	double delay_s;
	bool ascii;			/* no block characters */
	bool color, mouse, blank_zeros;
	bool replay, readonly;
	enum text_unit unit;
	bool pick;			/* it is screen_draw_processes() at first */
	struct cells_choice columns;
};

struct screen *screen_new(const struct screen_options *options);
void screen_free(struct screen *s);

/* One key (enum ui_key or a character). ret->ask is UI_NOTHING where it means nothing here. */
void screen_key(struct screen *s, int key, struct ui_request *ret);
/* The canvas has its size already and is blank. Arguments as ui_draw's. */
void screen_draw(struct screen *s, const struct snapshot *snap, double now, bool sampling,
		 struct canvas *c);
void screen_draw_processes(struct screen *s, const struct processes *list, double now,
			   struct canvas *c);
/* From now on it is screen_draw(). */
void screen_watch(struct screen *s);
void screen_successor(struct screen *s, pid_t pid);	/* as ui_successor */
void screen_message(struct screen *s, const char *text);
/* Shows text alone, to be selected with the terminal's own means, until a key is pressed. */
void screen_plain(struct screen *s, const char *text);
/* ui_state's. */
void screen_state(struct screen *s, const char *text, bool alert);
bool screen_paused(const struct screen *s);
bool screen_color(const struct screen *s);
bool screen_mouse_on(const struct screen *s);
/* A click or the wheel becomes the keys that do the same. The place is that of the last drawing. */
void screen_mouse(struct screen *s, const struct ui_mouse *mouse, struct ui_request *ret);
/* How it is to look at present, but for the colours: see ui_look. */
void screen_look(const struct screen *s, struct ui_look *ret);
/* ^L was pressed since the last call: the terminal should be drawn from nothing. */
bool screen_take_repaint(struct screen *s);

#endif
