/*
 * Terminal descriptions inside the program, for machines that have none: a small container, an
 * empty root. The viewer in one file has some (made by tools/terminals at build), others none.
 */
#ifndef LT_UI_ENTRIES_H
#define LT_UI_ENTRIES_H

#include <stddef.h>

/* `value` is what the variable TERMINFO may hold instead of a path: "hex:..." (ncurses 6.1). */
struct entries_row {
	const char *term, *value;
};

extern const struct entries_row entries_rows[];	/* the last one is all NULL */

/* NULL where there is none for that terminal. */
const char *entries_find(const char *term);

/* The name of a terminal that most machines know, or entries_rows does, for one of its kind; NULL
 * where it is of no known kind. Both are borrowed for good. */
const char *entries_like(const char *term);

#endif
