/*
 * A cursor in a list of rows that scrolls, as every view with a list has one: how far each key
 * moves it, and which rows are on the screen. What the cursor follows when rows move is the view's.
 */
#ifndef LT_UI_ROWS_H
#define LT_UI_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/canvas.h"
#include "ui/keys.h"

struct rows {
	size_t cursor;			/* index of the selected row */
	size_t top;			/* first row on the screen */
	size_t page;			/* rows on the screen when it was last drawn */
};

/* Where action would move the cursor in a list of n rows, 0 where there is none. false: not such
 * an action. */
bool rows_move(const struct rows *r, size_t n, enum keys_action action, size_t *ret_to);
/* Scrolls so that the cursor is on the screen, and no room is left below the last row. */
void rows_scroll(struct rows *r, size_t n);
/* The rows of the list that are on the screen, the first of them at y, are what a click selects. */
void rows_clicks(const struct rows *r, size_t n, struct canvas *c, int y);

#endif
