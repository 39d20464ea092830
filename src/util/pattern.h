/*
 * The regular expressions that a person types: POSIX extended, case-insensitive. Of glibc's own
 * extensions back-references are refused, which can take a search without end, and so are more
 * repetitions than a name needs (twelve are fine): regcomp() copies what a '+' or a "{9}" repeats,
 * so that 30 of them take the memory of the machine that is looked after.
 */
#ifndef LT_UTIL_PATTERN_H
#define LT_UTIL_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* true: regfree() is the caller's. false and the reason in msg: *ret is not to be freed. */
bool pattern_compile(regex_t *ret, const char *text, char *msg, size_t size);

#endif
