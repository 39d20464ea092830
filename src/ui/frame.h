/*
 * One write per frame. ncurses (6.4) flushes at every cursor movement, which over ssh makes a
 * packet of each changed piece and a screen that is seen half drawn. So ncurses gets a descriptor
 * of its own; while a frame is drawn a memory file stands behind it, and its content then goes to
 * the terminal at once. One terminal, so one state.
 *
 * A line that is slow, or that nobody reads, never holds up the caller: what it does not take waits
 * here, and until it is out no other frame is begun, so frames are dropped and never queued.
 */
#ifndef LT_UI_FRAME_H
#define LT_UI_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The stream for newterm(), on a duplicate of fd. NULL where there are no descriptors left.
 * Without memory files in the kernel it works too, in several writes. */
FILE *frame_open(int fd);
void frame_close(void);

void frame_begin(void);
void frame_end(void);

/* Bytes beside a frame, behind it; they wait as it does. */
void frame_put(const void *bytes, size_t n);
/* Tries again. true: all is out, and the terminal takes more. */
bool frame_flush(void);

#endif
