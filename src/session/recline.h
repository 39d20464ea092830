/*
 * One line of JSON Lines, read back: what leaktop -f jsonl and -w write (output/jsonl.c), into the
 * types of the model. The line is not trusted: figures are bounded, texts cleaned, a line that
 * makes no sense is refused whole. Private to session/; the one file that knows jansson.
 */
#ifndef LT_SESSION_RECLINE_H
#define LT_SESSION_RECLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/holding.h"
#include "model/sample.h"
#include "util/err.h"

#define RECLINE_VALUES_MAX 500000	/* in a line; 20,001 types have 140,000 */
#define RECLINE_LENGTHS_MAX 16		/* types whose holders were found */

enum recline_kind {
	RECLINE_ATTACH, RECLINE_SAMPLE, RECLINE_VERDICT, RECLINE_DETACH, RECLINE_COLLECT,
	RECLINE_OTHER,			/* an error line, or of a kind that came later */
};

struct recline_lengths {		/* of the containers on the paths to a type */
	char type[HOLDING_NAME];
	int64_t lengths[HOLDING_PATHS];
	size_t n;
};

struct recline {			/* zero it to begin, recline_done() to end */
	enum recline_kind kind;
	double t;
	struct sample_target target;	/* of an attach line */
	int64_t confirm_ns;		/* the same; LT_UNKNOWN */
	double base;			/* of a sample line: when its baseline was; 0: not told */
	struct sample sample;		/* its types and texts: until the next line is parsed */
	struct recline_lengths lengths[RECLINE_LENGTHS_MAX];	/* of a sample line */
	size_t n_lengths;
	struct holding *holdings;	/* owned: of a verdict line */
	size_t n_holdings, holdings_cap;
	bool ended;			/* of a detach line: because the target had */
	struct sample_collect collect;	/* of a collect line */
	struct sample_type *types;	/* owned */
	size_t types_cap;
	char *names;			/* owned: cleaned, of the types */
	size_t names_cap;
	char why[256];			/* sample.way.why */
};

/*
 * LT_E_NO_RECORDING where it is no object with "v" and "kind", LT_E_RECORDING_VERSION, or
 * LT_E_DAMAGED; the cause in err.
 */
enum lt_errc recline_parse(struct recline *l, const char *text, size_t n, struct lt_err *err);
void recline_done(struct recline *l);

#endif
