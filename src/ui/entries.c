#include "config.h"
#include "ui/entries.h"

#include <string.h>

#include "util/mem.h"

const char *entries_find(const char *term)
{
	for (size_t i = 0; entries_rows[i].term; i++)
		if (strcmp(entries_rows[i].term, term) == 0)
			return entries_rows[i].value;
	return NULL;
}

/*
 * What a name begins with, and who understands the same of what this program says. The first kind
 * are terminals that come with an entry of their own, which few servers have.
 */
static const struct { const char *begin, *like; } families[] = {
	{"alacritty", "xterm-256color"},
	{"contour", "xterm-256color"},
	{"foot", "xterm-256color"},
	{"gnome", "xterm-256color"},
	{"kitty", "xterm-256color"},
	{"konsole", "xterm-256color"},
	{"mintty", "xterm-256color"},
	{"putty", "xterm-256color"},
	{"st-", "xterm-256color"},
	{"vte", "xterm-256color"},
	{"wezterm", "xterm-256color"},
	{"xterm", "xterm-256color"},	/* -kitty, -ghostty, -direct ... */
	{"rxvt", "rxvt"},
	{"screen", "screen-256color"},	/* screen.xterm-256color */
	{"tmux", "tmux-256color"},
	{"linux", "linux"},
	{"vt", "vt100"},		/* vt102, vt320; after vte */
};

const char *entries_like(const char *term)
{
	for (size_t i = 0; i < COUNT_OF(families); i++)
		if (strncmp(term, families[i].begin, strlen(families[i].begin)) == 0)
			return families[i].like;
	return NULL;
}
