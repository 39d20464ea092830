/*
 * Numbers in and out, without the locale. A measured figure is int64_t and LT_UNKNOWN where it
 * could not be had: unknown is shown as blank or null, never as 0 (I6).
 */
#ifndef LT_UTIL_NUM_H
#define LT_UTIL_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LT_UNKNOWN INT64_MIN

static inline bool num_known(int64_t v)
{
	return v != LT_UNKNOWN;
}

/* a - b, or LT_UNKNOWN where either is. */
int64_t num_delta(int64_t a, int64_t b);

/* The whole of s must be a decimal number in [lo, hi]; false leaves *ret untouched. */
bool num_parse(const char *s, int64_t lo, int64_t hi, int64_t *ret);

/* Seconds with an optional fraction: "2", "0.5" -> nanoseconds in [lo_ns, hi_ns]. */
bool num_parse_seconds(const char *s, int64_t lo_ns, int64_t hi_ns, int64_t *ret_ns);

/* "90", "90s", "10m", "2h", "1d" -> nanoseconds. */
bool num_parse_duration(const char *s, int64_t *ret_ns);

/* For scanners of /proc: digits at *p in base 10 or 16, *p moves behind them; false if none. */
bool num_scan(const char **p, const char *end, int base, uint64_t *ret);

/*
 * For programs: v rounded to so many decimals, as "16.666667"; made from integers, for
 * printf("%f") would write the comma of some locales. With strip without zeros at its end. "" where
 * v is not finite or past 2^63 / 10^decimals. Returns buf, which should hold 24 bytes.
 */
char *num_decimal(double v, int decimals, bool strip, char *buf, size_t size);

/*
 * For people; LT_UNKNOWN gives "". All return buf, which should hold 16 bytes.
 *   num_count   48213 -> "48 213"; 12345678 -> "12.35M" once past 7 digits
 *   num_signed  +12680 -> "+12 680", 0 -> "0"
 *   num_size    851853312 -> "812.4M" (binary units, at most 4 digits)
 *   num_ssize   the same with a sign: "+38.2M", 0 -> "0"
 *   num_span    seconds -> "42s", "12m41s", "3d04h"
 *   num_rate    per-minute rate: "+1 000", "+0.3", 0 -> "0"; not finite gives ""
 */
char *num_count(int64_t v, char *buf, size_t size);
char *num_signed(int64_t v, char *buf, size_t size);
char *num_size(int64_t bytes, char *buf, size_t size);
char *num_ssize(int64_t bytes, char *buf, size_t size);
char *num_span(double seconds, char *buf, size_t size);
char *num_rate(double per_minute, char *buf, size_t size);

#endif
