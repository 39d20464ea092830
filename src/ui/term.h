/*
 * The terminal, through ncursesw; nothing else includes curses. One terminal, so one state, in
 * term.c.
 *
 * Every way out restores it: term_close, exit() through atexit, and the signals that end a
 * process - SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT always, then the former disposition gets
 * the signal again; SIGINT, SIGTERM, SIGHUP and SIGQUIT only where they had their default action
 * when the terminal was opened. A loop that sets a flag in handlers of its own keeps these, and
 * leaves by itself: ui_close, then exit status 128+N. The handlers of ncurses are not kept.
 *
 * ^C and ^\ send their signals as always. ^Z is a key (UI_SUSPEND); where SIGTSTP comes from
 * outside, the loop should catch it and call ui_suspend.
 */
#ifndef LT_UI_TERM_H
#define LT_UI_TERM_H

#include <stdbool.h>

#include "ui/canvas.h"
#include "ui/keys.h"
#include "util/err.h"

/* LT_E_TERM where standard input or output is no terminal, or TERM is unknown or too dumb; then
 * nothing has been written. Sets the locale from the environment, LC_NUMERIC to C. */
enum lt_errc term_open(struct lt_err *err);
void term_close(void);

bool term_utf8(void);			/* the locale's characters are UTF-8 */
bool term_blocks(void);			/* and the terminal's font surely has block characters */
bool term_colors(void);			/* it has colours, and NO_COLOR does not forbid them */
void term_size(int *ret_rows, int *ret_cols);

/* false: it takes no output now (slow line, ^S), or has not taken all of the last frame, which is
 * tried again here. A frame is then skipped, never queued. */
bool term_ready(void);
/* One frame: ncurses finds the cells that changed, and they go out in one write. */
void term_blit(const struct canvas *c, bool color);
/*
 * Asks the terminal to put text into its clipboard (OSC 52). false: this one is not known to
 * understand that, or the text is longer than CLIP_TEXT_MAX; nothing was written. Whether it did
 * so it does not tell.
 */
bool term_copy(const char *text);
void term_repaint(void);		/* the next frame is drawn from nothing */

/* The next key that waits, UI_KEY_NONE where there is none. Escape sequences that are not known
 * are dropped whole. */
int term_key(void);

/*
 * Lets the terminal tell of clicks and of the wheel, or not, which leaves them to its own
 * selection. Every way out switches it off.
 */
void term_mouse_on(bool on);
/* After UI_KEY_MOUSE; borrowed until the next key. */
const struct ui_mouse *term_mouse(void);

void term_resized(void);
/* Restores the terminal, stops this process with SIGTSTP, comes back when it is continued. */
void term_suspend(void);

#endif
