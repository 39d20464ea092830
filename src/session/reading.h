/*
 * Lines out of a file or a pipe, one at a time and none longer than READING_LINE_MAX. Never waits
 * for a pipe: it says so, and offers its descriptor to poll. Private to session/. Owns the
 * descriptor. Zero it and set fd to begin, reading_done() to end.
 */
#ifndef LT_SESSION_READING_H
#define LT_SESSION_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"

#define READING_LINE_MAX (16u << 20)

struct reading {
	int fd;
	struct buf buf;
	size_t at, seen;		/* the next line; bytes behind it without a newline */
	int64_t line;			/* number of the last one, from 1 */
	bool eof;
	bool cut;			/* the last line had no end */
};

enum reading_step {
	READING_LINE,			/* *ret without its newline, until the next call */
	READING_WAIT,			/* a pipe: poll fd */
	READING_END,
	READING_FAILED,			/* LT_E_DAMAGED: too long; LT_E_SYS: it cannot be read */
};

enum reading_step reading_next(struct reading *r, const char **ret, size_t *ret_n,
			       struct lt_err *err);
void reading_done(struct reading *r);

#endif
