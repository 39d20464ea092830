/*
 * Strings from outside (I8). The target chooses its type names, command line and paths; this is
 * the one function that makes them fit for a terminal, a file or a log.
 */
#ifndef LT_UTIL_CLEAN_H
#define LT_UTIL_CLEAN_H

#include <stddef.h>

/*
 * Copies at most n bytes of src (it need not be terminated; a NUL ends it) to dst as valid UTF-8
 * without control characters (C0, DEL, C1), bidi overrides or zero-width characters: each such
 * or invalid byte becomes '?'. Cuts at a character's boundary to fit size, with "..." at the
 * end if anything was lost. Returns the length of dst.
 */
size_t clean_text(char *dst, size_t size, const char *src, size_t n);

/* Columns that valid UTF-8 s takes in a terminal (wcwidth without the locale: wide = 2). */
int clean_width(const char *s);

/* Decodes one character at s[0..n). Returns its length, or 0 where s is not valid UTF-8. */
size_t clean_decode(const char *s, size_t n, unsigned *ret_code);

#endif
