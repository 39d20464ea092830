/*
 * A text on its way to the clipboard of the person's own machine, through ssh: OSC 52 of xterm's
 * control sequences, which the terminal at the other end obeys where its user lets it. Pure: makes
 * bytes, writes nothing.
 */
#ifndef LT_UI_CLIP_H
#define LT_UI_CLIP_H

#include <stdbool.h>

#include "util/buf.h"

/* GNU screen cuts what it passes on after 768 bytes; this much text fits in there as base64. */
#define CLIP_TEXT_MAX 512

struct clip_place {
	const char *term;		/* TERM; may be NULL */
	bool can;			/* its terminfo has Ms, which tmux and xterm set */
	bool tmux, gnu_screen;		/* one of these is between */
};

/*
 * Appends the sequence. false, and nothing appended, where the text is too long or the terminal is
 * not known to swallow a sequence that it does not obey (the Linux console would print it).
 */
bool clip_put(struct buf *b, const struct clip_place *place, const char *text);

#endif
