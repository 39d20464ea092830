/*
 * What a screen consists of, for the two files that change it: screen.c, the layers and what is
 * drawn of them, and acts.c, what its keys do. Private to them.
 */
#ifndef LT_UI_SCREEN_PARTS_H
#define LT_UI_SCREEN_PARTS_H

#include <stdbool.h>

#include "model/processes.h"
#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/picture.h"
#include "ui/prompt.h"
#include "ui/view.h"

#define SCREEN_DEPTH_MAX 4

struct layer {
	const struct view_ops *ops;
	void *state;			/* owned */
};

struct screen {
	struct layer layers[SCREEN_DEPTH_MAX];
	int depth;			/* at least 1: the table of types */
	struct picture picture;		/* what is shown; always the ui's own */
	struct processes processes;	/* the same of a list to choose from; owns its rows */
	struct view_ctx ctx;
	bool hide_flat, color, mouse, repaint;
	struct canvas_clicks clicks;	/* of the last drawing, and the row of its cursor */
	int cursor_row;
	enum keys_action asking;	/* FIND, FILTER, DELAY, JUMP: a prompt is open */
	struct prompt prompt;
	bool missed;			/* what is typed at FIND's was not found */
	char find[sizeof(((struct prompt *)0)->text)];
};

struct layer *screen_top(struct screen *s);
void screen_push(struct screen *s, const struct view_ops *ops);	/* no more than SCREEN_DEPTH_MAX */
void screen_pop(struct screen *s);

#endif
