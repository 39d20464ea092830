/*
 * Keys from the characters that curses hands on: it makes keys of the sequences that terminfo and
 * term.c know; what is left of an Esc that it could make nothing of is read here. Pure.
 */
#ifndef LT_UI_ESCAPE_H
#define LT_UI_ESCAPE_H

#define ESCAPE_NONE (-1)		/* no character waits */

struct escape_source {			/* characters that wait at the terminal */
	int (*next)(void *arg);
	void (*back)(void *arg, int c);	/* the next one to be read is c */
	void *arg;
};

/* The key of a character that is no Esc; UI_KEY_NONE: of none. */
int escape_char(int c);

/*
 * Behind an Esc: nothing (it was the Esc key), another Esc, or the rest of a sequence that nobody
 * asked for - a mouse, a late answer, Alt. Read as letters these would act on the screen at random,
 * so they are read to their end. Returns UI_KEY_ESC or UI_KEY_NONE.
 */
int escape_rest(const struct escape_source *src);

#endif
