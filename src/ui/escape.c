#include "config.h"
#include "ui/escape.h"

#include "ui/keys.h"

#define CSI_MOST 64			/* characters: longer ones are no answer of a terminal */
#define STRING_MOST 256
#define UNICODE_END 0x110000

int escape_char(int c)
{
	switch (c) {
	case '\n':
	case '\r':
		return UI_KEY_ENTER;
	case 0x08:
	case 0x7f:
		return UI_KEY_BACKSPACE;
	default:
		return c > 0 && c < UNICODE_END ? c : UI_KEY_NONE;
	}
}

/* Drops up to `most` characters that wait, the last being one in [lo, hi]. */
static void drop_until(const struct escape_source *src, int lo, int hi, int most)
{
	while (most-- > 0) {
		int c = src->next(src->arg);

		if (c == ESCAPE_NONE || (c >= lo && c <= hi))
			return;
	}
}

/* The \ of Esc \ goes as well: it would open the filter prompt. */
static void drop_string(const struct escape_source *src)
{
	int c = 0;

	for (int n = 0; n < STRING_MOST && c != 0x07 && c != UI_KEY_ESC; n++) {
		c = src->next(src->arg);
		if (c == ESCAPE_NONE)
			return;
	}
	if (c == UI_KEY_ESC)
		(void)src->next(src->arg);
}

/* CSI: parameters, then one byte of 0x40..0x7e; behind ESC [ M are a mouse's three bytes. */
static void drop_csi(const struct escape_source *src)
{
	int c = src->next(src->arg);

	if (c == ESCAPE_NONE)
		return;
	if (c == 'M')
		drop_until(src, 1, 0, 3);
	else if (c < 0x40 || c > 0x7e)
		drop_until(src, 0x40, 0x7e, CSI_MOST);
}

int escape_rest(const struct escape_source *src)
{
	int c = src->next(src->arg);

	if (c == ESCAPE_NONE)
		return UI_KEY_ESC;
	if (c == UI_KEY_ESC) {
		src->back(src->arg, c);
		return UI_KEY_ESC;
	}
	if (c == '[')
		drop_csi(src);
	else if (c == 'O')			/* SS3: one byte */
		drop_until(src, 1, 0, 1);
	else if (c == ']' || c == 'P')		/* OSC, DCS: up to BEL or the Esc of Esc \ */
		drop_string(src);
	return UI_KEY_NONE;
}
