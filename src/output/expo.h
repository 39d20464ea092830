/*
 * Writes what a Prometheus server scrapes, in one of the two dialects that it asks for: OpenMetrics
 * 1.0, or the older text format 0.0.4. A family's lines of description come with its first value,
 * so that what is unknown is absent, never 0 (I6). Numbers do not depend on the locale.
 */
#ifndef LT_OUTPUT_EXPO_H
#define LT_OUTPUT_EXPO_H

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

enum expo_dialect { EXPO_OPENMETRICS, EXPO_TEXT, EXPO_DIALECTS_OF };

enum expo_type { EXPO_GAUGE, EXPO_COUNTER };

/* A counter is called without its "_total" here; a unit is the last word of the name. */
struct expo_family {
	const char *name;
	enum expo_type type;
	const char *unit;		/* NULL: none */
	const char *help;		/* no backslash, quote or newline */
};

struct expo_label {
	const char *name, *value;	/* "" as a value: as if the label were not there */
};

#define EXPO_LABELS 8			/* at most, of one value */

struct expo {				/* expo_begin() to begin; owns nothing */
	struct buf *out;		/* borrowed; appended to */
	enum expo_dialect dialect;
	struct expo_label common;	/* first label of every value */
	const struct expo_family *family;
	int described;			/* its lines are out */
};

void expo_begin(struct expo *e, struct buf *out, enum expo_dialect dialect,
		struct expo_label common);
void expo_family(struct expo *e, const struct expo_family *family);

/* labels ends with a name that is NULL; NULL: none but the common one. LT_UNKNOWN: nothing. */
void expo_int(struct expo *e, const struct expo_label *labels, int64_t v);
/* The same of millionths, for seconds. */
void expo_micros(struct expo *e, const struct expo_label *labels, int64_t micros);

/* "# EOF", which OpenMetrics demands and the other dialect takes for a comment. */
void expo_end(struct expo *e);

/* What HTTP calls the dialect. */
const char *expo_media_type(enum expo_dialect dialect);

#endif
