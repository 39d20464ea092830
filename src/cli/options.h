/*
 * The command line (product.md section 2). One const table of options feeds the parser, --help,
 * and the test that holds the man page against both.
 */
#ifndef LT_CLI_OPTIONS_H
#define LT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "census/census.h"
#include "model/snapshot.h"
#include "output/sink.h"
#include "serve/address.h"
#include "ui/ui.h"
#include "util/err.h"

struct options {
	pid_t pid;			/* 0: none given, so one is to be chosen */
	int64_t delay_ns;		/* between samples */
	int64_t iterations;		/* samples; 0: no end */
	int64_t duration_ns;		/* 0: no end */
	enum census_mode census;
	int64_t max_pause_ns;		/* longest time any thread may wait for leaktop */
	double max_cpu;			/* of a core, for counting: 0.02 = 2 % */
	bool batch;			/* asked for, or implied by -f or --output */
	const struct sink_ops *sink;	/* how batch writes; never NULL */
	enum snapshot_sort sort;
	bool reversed;			/* against the natural order of sort */
	bool list_fields;
	const char *fields;		/* borrowed from argv, names of columns; NULL: not given */
	int top;			/* rows in batch; 0: all */
	const char *record;		/* -w: borrowed from argv; NULL: none */
	const char *replay;		/* -r: the same, "-" is standard input */
	const char *output;		/* file, borrowed from argv; NULL: standard output */
	bool listen;			/* serve /metrics, with so many types, at */
	int listen_top;
	struct serve_address listen_at;
	const char *filter;		/* borrowed from argv, a valid expression; NULL: none */
	enum ratchet_word fail_on;	/* exit 10 at this word or a stronger one; EARLY: never */
	int64_t confirm_ns;		/* how long a suspect lasts before it is a leak */
	bool confirm_given;		/* else a replay takes the recording's */
	bool readonly, preflight;
	struct ui_look look;
	bool ascii;
	bool hide_flat;			/* of the configuration alone; i switches it */
	const char *config_path;	/* borrowed from argv; NULL: the usual places */
	bool help, version;
};

/* One row of the table; `letter` is 0 where there is only the long name, `arg` NULL without one. */
struct options_row {
	const char *name, *arg, *help;
	int key;			/* the letter, or a number above 255 */
};

/*
 * Reads argv, whose order getopt may change. On failure LT_E_USAGE with the cause in err, *ret
 * untouched. Without a PID only --preflight fails. May be called again and again.
 */
enum lt_errc options_parse(int argc, char **argv, struct options *ret, struct lt_err *err);

/* The same over other defaults than the program's own, and these. */
enum lt_errc options_parse_over(const struct options *defaults, int argc, char **argv,
				struct options *ret, struct lt_err *err);
void options_defaults(struct options *ret);

/* One option by its long name, as if it stood on the command line. It must have an argument, which
 * is borrowed. LT_E_USAGE: *o is as it was. */
enum lt_errc options_set(struct options *o, const char *name, const char *value,
			 struct lt_err *err);

/* Lines instead of a screen: -b, or output that is no terminal, or one that can do nothing. */
bool options_batch(const struct options *options);

void options_help(FILE *out);
void options_version(FILE *out);
void options_fields(FILE *out);		/* -O: "name  what it is", one a line */

/* Row i, NULL past the end. options_letter: the short name, 0 where there is none. */
const struct options_row *options_by_index(size_t i);
char options_letter(const struct options_row *row);

#endif
