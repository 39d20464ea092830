/*
 * Writes one line of JSON into a buffer: flat output that must stream needs no tree. (The names
 * json_* belong to jansson, which the tests read with.) Numbers do not depend on the locale;
 * what is unknown is null, never 0 (I6). The caller opens and closes in pairs; a key is NULL
 * inside an array. Embedded: jsonw_begin() points it at a buffer.
 */
#ifndef LT_OUTPUT_JSONW_H
#define LT_OUTPUT_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct jsonw {
	struct buf *out;	/* borrowed; appended to */
	bool comma;		/* a value stands before the next one */
};

void jsonw_begin(struct jsonw *j, struct buf *out);

void jsonw_object(struct jsonw *j, const char *key);
void jsonw_object_end(struct jsonw *j);
void jsonw_array(struct jsonw *j, const char *key);
void jsonw_array_end(struct jsonw *j);

void jsonw_null(struct jsonw *j, const char *key);
void jsonw_bool(struct jsonw *j, const char *key, bool v);
void jsonw_int(struct jsonw *j, const char *key, int64_t v);	/* LT_UNKNOWN: null */

/* At most six decimals, no trailing zeros. Not finite, or past 2^63 / 10^6: null. */
void jsonw_real(struct jsonw *j, const char *key, double v);
/* Wall seconds with exactly three decimals. */
void jsonw_time(struct jsonw *j, const char *key, double wall_s);

/*
 * UTF-8; NULL is null. Control characters, quotes, backslashes and U+2028/9 (which end a line in
 * JavaScript) are escaped; a byte that is no UTF-8 becomes U+FFFD.
 */
void jsonw_string(struct jsonw *j, const char *key, const char *s);

#endif
