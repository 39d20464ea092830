/*
 * Writes one line of JSON into a buffer: flat output that must stream needs no tree. Numbers do
 * not depend on the locale; what is unknown is null, never 0 (I6). The caller opens and closes
 * in pairs; a key is NULL inside an array. Embedded: json_begin() points it at a buffer.
 */
#ifndef LT_OUTPUT_JSON_H
#define LT_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct json {
	struct buf *out;	/* borrowed; appended to */
	bool comma;		/* a value stands before the next one */
};

void json_begin(struct json *j, struct buf *out);

void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, bool v);
void json_int(struct json *j, const char *key, int64_t v);	/* LT_UNKNOWN: null */

/* A measured real: at most six decimals, no trailing zeros. Not finite, or past 2^63 / 10^6: null. */
void json_real(struct json *j, const char *key, double v);
/* Wall seconds with exactly three decimals. */
void json_time(struct json *j, const char *key, double wall_s);

/*
 * UTF-8; NULL is null. Control characters, quotes, backslashes and U+2028/9 (which end a line in
 * JavaScript) are escaped; a byte that is no UTF-8 becomes U+FFFD.
 */
void json_string(struct json *j, const char *key, const char *s);

#endif
