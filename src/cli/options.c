#include "config.h"
#include "cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/cells.h"
#include "model/model.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/pattern.h"

#define PID_LIMIT      4194304	/* PID_MAX_LIMIT of linux/threads.h: 2^22 on 64-bit kernels */
#define DELAY_MIN_NS   (100 * CLOCK_NS_PER_MS)
#define DELAY_MAX_NS   (3600 * CLOCK_NS_PER_S)
#define PAUSE_MAX_MS   10000
#define ITERATIONS_MAX 1000000000
#define TOP_MAX        1000000

/* What is being filled in; top is resolved at the end, when the format is known. */
struct parse {
	struct options opt;
	bool top_given;
	struct lt_err *err;
};

/* "WHAT, not 'GOT'"; got is cleaned, for it may come from a script's variable. */
static enum lt_errc usage(struct parse *p, const char *what, const char *got)
{
	char clean[48];

	clean_text(clean, sizeof(clean), got, strlen(got));
	return lt_err_set(p->err, LT_E_USAGE, 0, "%s, not '%s'", what, clean);
}

static enum lt_errc take_pid(struct parse *p, const char *arg)
{
	int64_t pid;

	if (p->opt.pid)
		return usage(p, "one PID at a time is watched, the one given first", arg);
	if (strchr(arg, ',') || strchr(arg, ' '))
		return usage(p, "one PID at a time is watched", arg);
	if (!num_parse(arg, 1, PID_LIMIT, &pid))
		return usage(p, "a PID is a number from 1 to 4194304", arg);
	p->opt.pid = (pid_t)pid;
	return LT_OK;
}

static enum lt_errc take_delay(struct parse *p, const char *arg)
{
	if (!num_parse_seconds(arg, DELAY_MIN_NS, DELAY_MAX_NS, &p->opt.delay_ns))
		return usage(p, "the delay is 0.1 to 3600 seconds", arg);
	return LT_OK;
}

static enum lt_errc take_iterations(struct parse *p, const char *arg)
{
	if (!num_parse(arg, 1, ITERATIONS_MAX, &p->opt.iterations))
		return usage(p, "the iterations are a number from 1 to 1000000000", arg);
	return LT_OK;
}

static enum lt_errc take_duration(struct parse *p, const char *arg)
{
	if (!num_parse_duration(arg, &p->opt.duration_ns))
		return usage(p, "a duration is a number and s, m, h or d, as in 90s or 10m", arg);
	return LT_OK;
}

static enum lt_errc take_batch(struct parse *p, const char *arg)
{
	p->opt.batch = true;
	return LT_OK;
}

static enum lt_errc take_format(struct parse *p, const char *arg)
{
	const struct sink_ops *sink = sink_by_name(arg);
	struct buf names = {0};

	if (sink) {
		p->opt.sink = sink;
		p->opt.batch = true;
		return LT_OK;
	}
	for (size_t i = 0; (sink = sink_by_index(i)) != NULL; i++)
		buf_printf(&names, "%s%s", i ? ", " : "the format is one of ", sink->name);
	usage(p, buf_text(&names), arg);
	buf_done(&names);
	return LT_E_USAGE;
}

static enum lt_errc take_output(struct parse *p, const char *arg)
{
	if (!*arg)
		return usage(p, "the output is the name of a file", arg);
	p->opt.output = arg;
	p->opt.batch = true;
	return LT_OK;
}

static enum lt_errc take_listen(struct parse *p, const char *arg)
{
	if (!serve_address_parse(arg, &p->opt.listen_at))
		return usage(p, "the address is PORT, ADDR:PORT or [ADDR]:PORT, in digits", arg);
	p->opt.listen = true;
	return LT_OK;
}

static const struct { const char *name, *help; } fields[SORT_COUNT_OF] = {
#define X(id, name, help) [SORT_##id] = {name, help},
	SNAPSHOT_SORTS(X)
#undef X
};

/*
 * As in top, '+' puts the high end first and '-' the low one; without a sign each field has its
 * natural order: numbers from the high end, names from A.
 */
static enum lt_errc take_sort(struct parse *p, const char *arg)
{
	char sign = arg[0] == '+' || arg[0] == '-' ? arg[0] : '\0';
	const char *name = arg + (sign != '\0');
	struct buf names = {0};

	for (int i = 0; i < SORT_COUNT_OF; i++) {
		if (strcmp(fields[i].name, name) == 0) {
			buf_done(&names);
			p->opt.sort = (enum snapshot_sort)i;
			p->opt.reversed = sign && (sign == '+') == (i == SORT_NAME);
			return LT_OK;
		}
		buf_printf(&names, "%s%s", i ? ", " : "the field is one of ", fields[i].name);
	}
	usage(p, buf_text(&names), arg);
	buf_done(&names);
	return LT_E_USAGE;
}

/* Looked at here to refuse a wrong one before anything is touched; others take it apart. */
static enum lt_errc take_fields(struct parse *p, const char *arg)
{
	static const char *const names[] = {
#define X(id, name, ...) name,
		CELLS(X)
#undef X
	};
	struct buf known = {0};
	const char *at = arg;
	bool good = *arg != '\0';
	size_t len, i;

	for (; good && *at; at += len + (at[len] == ',')) {
		len = strcspn(at, ",");
		for (i = 0; i < COUNT_OF(names); i++)
			if (strlen(names[i]) == len && strncmp(names[i], at, len) == 0)
				break;
		good = i < COUNT_OF(names);
	}
	for (i = 0; i < COUNT_OF(names) && !good; i++)
		buf_printf(&known, "%s%s", i ? ", " : "the columns are some of ", names[i]);
	if (!good)
		usage(p, buf_text(&known), arg);
	else
		p->opt.fields = arg;
	buf_done(&known);
	return good ? LT_OK : LT_E_USAGE;
}

static enum lt_errc take_list(struct parse *p, const char *arg)
{
	p->opt.list_fields = true;
	return LT_OK;
}

static enum lt_errc take_top(struct parse *p, const char *arg)
{
	int64_t top;

	if (!num_parse(arg, 0, TOP_MAX, &top))
		return usage(p, "the rows are a number from 0 (all) to 1000000", arg);
	p->opt.top = (int)top;
	p->top_given = true;
	return LT_OK;
}

static enum lt_errc take_census(struct parse *p, const char *arg)
{
	static const char *const words[] = {
		[CENSUS_AUTO] = "auto", [CENSUS_SCAN] = "scan", [CENSUS_WALK] = "walk",
	};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(arg, words[i]) == 0) {
			p->opt.census = (enum census_mode)i;
			return LT_OK;
		}
	}
	return usage(p, "the way to count is auto, scan or walk", arg);
}

static enum lt_errc take_max_cpu(struct parse *p, const char *arg)
{
	int64_t percent;

	if (!num_parse(arg, 1, 100, &percent))
		return usage(p, "the share of a core is 1 to 100 percent", arg);
	p->opt.max_cpu = (double)percent / 100;
	return LT_OK;
}

static enum lt_errc take_max_pause(struct parse *p, const char *arg)
{
	int64_t ms;

	if (!num_parse(arg, 1, PAUSE_MAX_MS, &ms))
		return usage(p, "the longest pause is 1 to 10000 milliseconds", arg);
	p->opt.max_pause_ns = ms * CLOCK_NS_PER_MS;
	return LT_OK;
}

/* Compiled here only to refuse a wrong one before anything is touched; the model does the work. */
static enum lt_errc take_filter(struct parse *p, const char *arg)
{
	char why[80], clean[48];
	regex_t re;

	if (!pattern_compile(&re, arg + (arg[0] == '!'), why, sizeof(why))) {
		clean_text(clean, sizeof(clean), arg, strlen(arg));
		return lt_err_set(p->err, LT_E_USAGE, 0, "the filter '%s': %s", clean, why);
	}
	regfree(&re);
	p->opt.filter = arg;
	return LT_OK;
}

static enum lt_errc take_record(struct parse *p, const char *arg)
{
	if (!*arg || strcmp(arg, "-") == 0)
		return usage(p, "-w wants a file (-f jsonl writes to standard output)", arg);
	p->opt.record = arg;
	return LT_OK;
}

static enum lt_errc take_replay(struct parse *p, const char *arg)
{
	if (!*arg)
		return usage(p, "-r wants a file, or - for standard input", arg);
	p->opt.replay = arg;
	return LT_OK;
}

static enum lt_errc take_fail_on(struct parse *p, const char *arg)
{
	static const enum ratchet_word words[] = {RATCHET_SUSPECT, RATCHET_LEAK};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(arg, ratchet_word_text(words[i])) != 0)
			continue;
		p->opt.fail_on = words[i];
		return LT_OK;
	}
	return usage(p, "it can fail on suspect or on leak", arg);
}

static enum lt_errc take_confirm(struct parse *p, const char *arg)
{
	if (!num_parse_duration(arg, &p->opt.confirm_ns))
		return usage(p, "a time is a number and s, m, h or d, as in 90s or 10m", arg);
	p->opt.confirm_given = true;
	return LT_OK;
}

static enum lt_errc take_config(struct parse *p, const char *arg)
{
	p->opt.config_path = arg;
	return LT_OK;
}

#define TAKE_FLAG(name, member)                                          \
	static enum lt_errc take_##name(struct parse *p, const char *arg) \
	{                                                                \
		p->opt.member = true;                                    \
		return LT_OK;                                            \
	}
TAKE_FLAG(readonly, readonly)
TAKE_FLAG(preflight, preflight)
TAKE_FLAG(no_color, look.no_color)
TAKE_FLAG(mouse, look.mouse)
TAKE_FLAG(ascii, ascii)
TAKE_FLAG(help, help)
TAKE_FLAG(version, version)

/*
 * X(take, key, long name, argument or NULL, help). Keys from 256 on have no letter. A new option is
 * a line here, a take_ function above, and its paragraph in doc/leaktop.1.
 */
#define OPTIONS(X) \
	X(pid, 'p', "pid", "PID", "the process to watch (a bare PID does the same)") \
	X(delay, 'd', "delay", "SECS", "seconds between samples, 0.1 to 3600 (2)") \
	X(iterations, 'n', "iterations", "N", "stop after N samples") \
	X(duration, 256, "duration", "T", "stop after a time: 90s, 10m, 2h, 1d") \
	X(batch, 'b', "batch", NULL, "write lines instead of a screen") \
	X(format, 'f', "format", "FORMAT", "table, jsonl, csv or openmetrics; implies -b") \
	X(output, 280, "output", "FILE", "write there, whole or not at all; implies -b") \
	X(listen, 281, "listen", "ADDR:PORT", "serve /metrics for Prometheus (127.0.0.1)") \
	X(sort, 'o', "sort", "[+-]FIELD", "sort by FIELD: + high end first, - low end first") \
	X(fields, 268, "fields", "LIST", "columns of the table: verdict,name,count,...") \
	X(list, 'O', "list-fields", NULL, "list the fields to sort by, and exit") \
	X(top, 'T', "top", "N", "rows in batch, 0 for all (table 20, metrics 50)") \
	X(filter, 'F', "filter", "RE", "only types that match RE, or with !RE do not") \
	X(record, 'w', "record", "FILE", "record into FILE all the while") \
	X(replay, 'r', "replay", "FILE", "show a recording; - is standard input") \
	X(fail_on, 259, "fail-on", "WORD", "exit 10 if it ends with a suspect, or a leak") \
	X(confirm, 260, "confirm", "T", "a suspect that lasts so long is a leak (10m)") \
	X(readonly, 257, "readonly", NULL, "never stop or write into the process") \
	X(preflight, 258, "preflight", NULL, "say what would work, touching nothing") \
	X(census, 262, "census", "HOW", "count by scan, by walk or what fits (auto)") \
	X(max_cpu, 263, "max-cpu", "PERCENT", "of a core that counting may take (2)") \
	X(max_pause, 261, "max-pause", "MS", "longest time a thread may wait for leaktop (2)") \
	X(no_color, 'C', "no-color", NULL, "no colours (NO_COLOR does the same)") \
	X(ascii, 'U', "ascii", NULL, "draw with ASCII characters only") \
	X(mouse, 266, "mouse", NULL, "clicks select and sort, the wheel scrolls") \
	X(config, 265, "config", "FILE", "settings, instead of ~/.config/leaktop/config") \
	X(help, 'h', "help", NULL, "show this help, and exit") \
	X(version, 'V', "version", NULL, "show the version, and exit")

static const struct options_row rows[] = {
#define X(take, key, name, arg, help) {name, arg, help, key},
	OPTIONS(X)
#undef X
};

static enum lt_errc (*const takes[])(struct parse *p, const char *arg) = {
#define X(take, key, name, arg, help) take_##take,
	OPTIONS(X)
#undef X
};

const struct options_row *options_by_index(size_t i)
{
	return i < COUNT_OF(rows) ? &rows[i] : NULL;
}

char options_letter(const struct options_row *row)
{
	return row->key < 256 ? (char)row->key : '\0';
}

/* getopt_long's two descriptions. The leading ':' makes it tell a missing argument apart. */
static void describe(char *letters, struct option *longs)
{
	*letters++ = ':';
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int has_arg = rows[i].arg ? required_argument : no_argument;

		longs[i] = (struct option){rows[i].name, has_arg, NULL, rows[i].key};
		if (!options_letter(&rows[i]))
			continue;
		*letters++ = options_letter(&rows[i]);
		if (rows[i].arg)
			*letters++ = ':';
	}
	longs[COUNT_OF(rows)] = (struct option){0};
	*letters = '\0';
}

static const struct options_row *row_of(int key)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].key == key)
			return &rows[i];
	return NULL;
}

/*
 * What getopt_long refused: with optopt 0 a long name that is unknown or short for several, with
 * an option's key an argument where none belongs ("--batch=x"), else an unknown letter.
 */
static enum lt_errc refused(struct parse *p, char **argv)
{
	const struct options_row *row = row_of(optopt);
	char clean[48];

	if (row)
		return lt_err_set(p->err, LT_E_USAGE, 0, "--%s takes no argument", row->name);
	if (optopt)
		return lt_err_set(p->err, LT_E_USAGE, 0, "there is no option -%c",
				  optopt > ' ' && optopt < 127 ? optopt : '?');
	clean_text(clean, sizeof(clean), argv[optind - 1], strlen(argv[optind - 1]));
	return lt_err_set(p->err, LT_E_USAGE, 0, "there is no option %s, or it can mean several",
			  clean);
}

static enum lt_errc take_key(struct parse *p, int key, char **argv)
{
	const struct options_row *row = row_of(key == ':' ? optopt : key);

	if (key == '?' || !row)
		return refused(p, argv);
	if (key == ':')
		return lt_err_set(p->err, LT_E_USAGE, 0, "--%s needs an argument: %s", row->name,
				  row->arg);
	return takes[row - rows](p, optarg);
}

/* What a replay has no use for would be believed to have been heeded. */
static enum lt_errc check_replay(struct parse *p)
{
	if (p->opt.pid)
		return lt_err_set(p->err, LT_E_USAGE, 0, "a replay has no PID: leave it out");
	if (p->opt.record)
		return lt_err_set(p->err, LT_E_USAGE, 0, "a replay is not recorded: -r or -w");
	if (p->opt.preflight)
		return lt_err_set(p->err, LT_E_USAGE, 0, "--preflight looks at a process, not -r");
	if (p->opt.listen)
		return lt_err_set(p->err, LT_E_USAGE, 0, "--listen serves a process, not -r");
	return LT_OK;
}

void options_defaults(struct options *ret)
{
	*ret = (struct options){
		.delay_ns = 2 * CLOCK_NS_PER_S, .sink = &sink_table,
		.max_pause_ns = 2 * CLOCK_NS_PER_MS, .max_cpu = 0.02,
		.fail_on = RATCHET_EARLY, .confirm_ns = MODEL_CONFIRM_NS,
	};
}

enum lt_errc options_set(struct options *o, const char *name, const char *value,
			 struct lt_err *err)
{
	struct parse p = {.opt = *o, .err = err};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!rows[i].arg || strcmp(rows[i].name, name) != 0)
			continue;
		if (takes[i](&p, value) != LT_OK)
			return LT_E_USAGE;
		*o = p.opt;
		return LT_OK;
	}
	return lt_err_set(err, LT_E_USAGE, 0, "there is no option --%s", name);
}

enum lt_errc options_parse(int argc, char **argv, struct options *ret, struct lt_err *err)
{
	struct options defaults;

	options_defaults(&defaults);
	return options_parse_over(&defaults, argc, argv, ret, err);
}

enum lt_errc options_parse_over(const struct options *defaults, int argc, char **argv,
				struct options *ret, struct lt_err *err)
{
	struct parse p = {.opt = *defaults, .err = err};
	struct option longs[COUNT_OF(rows) + 1];
	char letters[2 * COUNT_OF(rows) + 2];
	enum lt_errc rc = LT_OK;
	int key;

	describe(letters, longs);
	opterr = 0;
	optind = 0;	/* 0, not 1: glibc and musl also forget a bundle of letters half read */
	while (rc == LT_OK && (key = getopt_long(argc, argv, letters, longs, NULL)) != -1)
		rc = take_key(&p, key, argv);
	for (; rc == LT_OK && optind < argc; optind++)
		rc = take_pid(&p, argv[optind]);
	if (rc == LT_OK && p.opt.replay)
		rc = check_replay(&p);
	else if (rc == LT_OK && !p.opt.pid && p.opt.preflight && !p.opt.help && !p.opt.version &&
		 !p.opt.list_fields)
		rc = lt_err_set(err, LT_E_USAGE, 0,
				"--preflight needs a PID (leaktop -b lists them)");
	if (rc != LT_OK)
		return rc;
	p.opt.listen_top = p.top_given ? p.opt.top : sink_openmetrics.default_top;
	if (!p.top_given)
		p.opt.top = p.opt.sink->default_top;
	*ret = p.opt;
	return LT_OK;
}

bool options_batch(const struct options *options)
{
	const char *term = getenv("TERM");

	return options->batch || !isatty(STDOUT_FILENO) || !term || !*term ||
	       strcmp(term, "dumb") == 0;
}

void options_help(FILE *out)
{
	fputs("Usage: leaktop [options] [PID]\n"
	      "Shows live which types of object grow in a running Python process.\n\n", out);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct options_row *row = &rows[i];
		char left[40];

		snprintf(left, sizeof(left), "--%s%s%s", row->name, row->arg ? " " : "",
			 row->arg ? row->arg : "");
		if (options_letter(row))
			fprintf(out, "  -%c, %-20s %s\n", options_letter(row), left, row->help);
		else
			fprintf(out, "      %-20s %s\n", left, row->help);
	}
	fputs("\nExit status: 0 fine, 1 run-time error, 2 usage, 3 no such process,\n"
	      "4 not permitted, 5 not a Python that can be watched, 10 --fail-on hit,\n"
	      "128+N on a signal.\n"
	      "See leaktop(1).\n", out);
}

void options_version(FILE *out)
{
	fputs("leaktop " PACKAGE_VERSION_TEXT "\n", out);
}

void options_fields(FILE *out)
{
	for (int i = 0; i < SORT_COUNT_OF; i++)
		fprintf(out, "%-8s %s\n", fields[i].name, fields[i].help);
}
