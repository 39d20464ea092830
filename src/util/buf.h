/*
 * A growable run of bytes that is always NUL terminated, so data is also a C string.
 * Embedded: zero it to begin, buf_done() to end. Owns `data`.
 */
#ifndef LT_UTIL_BUF_H
#define LT_UTIL_BUF_H

#include <stddef.h>

struct buf {
	char *data;		/* owned; NULL until the first byte */
	size_t len, cap;
};

void buf_done(struct buf *b);
void buf_clear(struct buf *b);				/* keeps the memory */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *buf_text(const struct buf *b);	/* never NULL; borrowed until the next call */

#endif
