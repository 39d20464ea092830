#include "config.h"
#include "ui/clip.h"

#include <string.h>

#include "util/mem.h"

/* RFC 4648, section 4. */
static void put_base64(struct buf *b, const char *text, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned bits = (unsigned)(unsigned char)text[i] << 16;

		if (i + 1 < n)
			bits |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (i + 2 < n)
			bits |= (unsigned char)text[i + 2];
		buf_putc(b, digits[bits >> 18]);
		buf_putc(b, digits[bits >> 12 & 63]);
		buf_putc(b, i + 1 < n ? digits[bits >> 6 & 63] : '=');
		buf_putc(b, i + 2 < n ? digits[bits & 63] : '=');
	}
}

/* "\e]52;c;BASE64\a": c is the clipboard, as in terminfo's Ms of xterm. */
static void put_osc(struct buf *b, const char *text, size_t n)
{
	buf_puts(b, "\x1b]52;c;");
	put_base64(b, text, n);
	buf_putc(b, '\a');
}

/* Terminals whose terminfo often lacks Ms though they parse OSC, obeyed or not. */
static bool swallows(const char *term)
{
	static const char *const families[] = {
		"xterm", "tmux", "screen", "rxvt-unicode", "alacritty", "foot", "kitty",
		"wezterm", "st-", "konsole", "gnome", "vte", "mintty", "contour", "ghostty",
	};

	for (size_t i = 0; term && i < COUNT_OF(families); i++)
		if (strncmp(term, families[i], strlen(families[i])) == 0)
			return true;
	return false;
}

/*
 * tmux obeys the sequence where set-clipboard is on, and where allow-passthrough is on hands what
 * is wrapped to the terminal outside; by default older ones do the second, newer ones neither
 * (tmux(1)). Both are sent, for the two settings are apart. GNU screen only hands on.
 */
bool clip_put(struct buf *b, const struct clip_place *place, const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > CLIP_TEXT_MAX || !(place->can || swallows(place->term)))
		return false;
	if (!place->gnu_screen || place->tmux)
		put_osc(b, text, n);
	if (place->tmux) {
		buf_puts(b, "\x1bPtmux;\x1b");	/* each Esc within is doubled */
		put_osc(b, text, n);
		buf_puts(b, "\x1b\\");
	} else if (place->gnu_screen) {
		buf_puts(b, "\x1bP");
		put_osc(b, text, n);
		buf_puts(b, "\x1b\\");
	}
	return true;
}
