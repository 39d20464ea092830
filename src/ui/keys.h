/*
 * Keys: one row per action. The dispatcher, the help screen, the key bar and the lint test that
 * holds the man page against them all read this table.
 */
#ifndef LT_UI_KEYS_H
#define LT_UI_KEYS_H

#include <stddef.h>
#include <stdio.h>

/* A key is a Unicode character (control characters included) or one of these, beyond Unicode. */
enum ui_key {
	UI_KEY_NONE = 0,
	UI_KEY_ENTER = '\r', UI_KEY_ESC = 0x1b,
	UI_KEY_BACKSPACE = 0x110000, UI_KEY_UP, UI_KEY_DOWN, UI_KEY_PAGE_UP, UI_KEY_PAGE_DOWN,
	UI_KEY_HOME, UI_KEY_END, UI_KEY_LEFT, UI_KEY_RIGHT,
	UI_KEY_BACK_TAB,
	UI_KEY_F0,			/* F1 is UI_KEY_F0 + 1, up to F12 */
	UI_KEY_F12 = UI_KEY_F0 + 12,
	UI_KEY_MOUSE,			/* term_mouse() tells what it did */
};

enum ui_mouse_what { UI_MOUSE_PRESS, UI_MOUSE_AGAIN, UI_MOUSE_WHEEL_UP, UI_MOUSE_WHEEL_DOWN };
struct ui_mouse {
	enum ui_mouse_what what;	/* AGAIN: the second press of a double click */
	int row, col;
};
#define KEYS_CTRL(letter) ((letter) & 0x1f)
#define KEYS_F(n) (UI_KEY_F0 + (n))

/* X(ACTION, "keys as written in help", "label in the key bar" or NULL, "help", keys...) */
#define KEYS(X) \
	X(HELP, "h ? F1", "F1Help", "this help", 'h', '?', KEYS_F(1)) \
	X(BACK, "Esc BkSp", NULL, "back; clear the filter", UI_KEY_ESC, UI_KEY_BACKSPACE) \
	X(WHO, "Enter", "Enter:who", "who holds these objects", UI_KEY_ENTER) \
	X(CYCLES, "c", NULL, "cycles of garbage they are in", 'c') \
	X(SCREEN, "Tab", NULL, "next screen; Shift-Tab: before", '\t', UI_KEY_BACK_TAB) \
	X(VALUES, "v", NULL, "values of keys in paths", 'v') \
	X(UP, "Up k", NULL, "one row up", UI_KEY_UP, 'k') \
	X(DOWN, "Down j", NULL, "one row down", UI_KEY_DOWN, 'j') \
	X(PAGE_UP, "PgUp ^B", NULL, "one page up", UI_KEY_PAGE_UP, KEYS_CTRL('B')) \
	X(PAGE_DOWN, "PgDn ^F", NULL, "one page down", UI_KEY_PAGE_DOWN, KEYS_CTRL('F')) \
	X(HALF_UP, "^U", NULL, "half a page up", KEYS_CTRL('U')) \
	X(HALF_DOWN, "^D", NULL, "half a page down", KEYS_CTRL('D')) \
	X(FIRST, "Home g", NULL, "first row", UI_KEY_HOME, 'g') \
	X(LAST, "End G", NULL, "last row", UI_KEY_END, 'G') \
	X(LEFT, "Left", NULL, "columns back", UI_KEY_LEFT) \
	X(RIGHT, "Right", NULL, "the columns on the right", UI_KEY_RIGHT) \
	X(SORT_MENU, "s F6", "s:sort", "choose the order from a list", 's', KEYS_F(6)) \
	X(SORT_BESIDE, "< >", NULL, "sort by the column left, right", '<', '>') \
	X(SORT_NTH, "1-7", NULL, "sort by column; again reverses", '1', '2', '3', '4', '5', '6', \
	  '7') \
	X(REVERSE, "R I", "R:reverse", "reverse the order", 'R', 'I') \
	X(BY_SIZE, "M", NULL, "sort by size", 'M') \
	X(BY_GROWTH, "D", NULL, "sort by growth", 'D') \
	X(BY_VERDICT, "V", NULL, "sort by verdict (the default)", 'V') \
	X(FIND, "/ F3", "/:find", "find a name: an expression", '/', KEYS_F(3)) \
	X(FIND_NEXT, "n", NULL, "find the next one", 'n') \
	X(FIND_PREVIOUS, "N", NULL, "find the one before", 'N') \
	X(FILTER, "f F4 \\", "f:filter", "only matching types (!: not)", 'f', KEYS_F(4), '\\') \
	X(HIDE_FLAT, "i", NULL, "hide or show unchanged types", 'i') \
	X(ZEROS, "0", NULL, "zeros blank or not", '0') \
	X(UNITS, "e", "e:unit", "sizes in B, KiB, MiB, by size", 'e') \
	X(TAG, "Space", NULL, "tag: rows on top, summed up", ' ') \
	X(UNTAG, "U", NULL, "no tags", 'U') \
	X(CLEAR, "=", NULL, "no filter, tags, order, hiding", '=') \
	X(FOLLOW, "F", NULL, "cursor follows its type or not", 'F') \
	X(BASELINE_NOW, "b", "b:base", "new baseline: growth from now", 'b') \
	X(BASELINE_FIRST, "B", NULL, "baseline: the first sample", 'B') \
	X(PAUSE, "p Z", "p:pause", "pause the picture only", 'p', 'Z') \
	X(DELAY, "d", "d:delay", "seconds between samples", 'd') \
	X(SLOWER, "+", NULL, "longer delay", '+') \
	X(FASTER, "-", NULL, "shorter delay", '-') \
	X(RESAMPLE, "t r ^R", NULL, "take a sample now", 't', 'r', KEYS_CTRL('R')) \
	X(COPY, "y", NULL, "copy the type's name", 'y') \
	X(REPORT, "w", NULL, "write a report into a file", 'w') \
	X(STEP_BACK, "T", NULL, "replay: one sample back", 'T') \
	X(JUMP, "J", NULL, "replay: to a time (Home, End)", 'J') \
	X(SAVE, "W", NULL, "keep the settings: write them", 'W') \
	X(ALLOC, "a", "a:where", "where allocated: how to learn", 'a') \
	X(ACT, "!", "!:act", "act on the target: gc.collect", '!') \
	X(MOUSE, "m", NULL, "mouse on, off", 'm') \
	X(COLOR, "z", NULL, "colours on, off", 'z') \
	X(REDRAW, "^L", NULL, "draw the screen anew", KEYS_CTRL('L')) \
	X(SUSPEND, "^Z", NULL, "suspend; fg comes back", KEYS_CTRL('Z')) \
	X(QUIT, "q F10", "q:quit", "quit", 'q', KEYS_F(10))

enum keys_action {
	KEYS_NONE,
#define X(id, ...) KEYS_##id,
	KEYS(X)
#undef X
	KEYS_ACTIONS
};

#define KEYS_PER_ROW 8
struct keys_row {
	enum keys_action action;
	const char *names, *bar, *help;
	int keys[KEYS_PER_ROW];		/* 0 ends them */
};

/* KEYS_NONE where no row has this key. */
enum keys_action keys_find(int key);

/* The row of an action, which is not KEYS_NONE. */
const struct keys_row *keys_row(enum keys_action action);

/* All rows, in the order of the help screen. */
const struct keys_row *keys_rows(size_t *ret_n);

/* One row a line, "names<TAB>help": what the man page must have. */
void keys_print(FILE *f);

#endif
