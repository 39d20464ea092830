/*
 * Prints the tables that documentation and completions must agree with, for options-man-help.sh and
 * tools/completions: a word for the table and the row's columns, separated by tabs.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/output_fixture.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "model/cells.h"
#include "output/openmetrics.h"
#include "util/err.h"

/* The keys are in the header alone, so nothing of ui/ need be linked. */
#if __has_include("ui/keys.h")
#include "ui/keys.h"
#else
#define KEYS(X)
#endif

static void print_options(void)
{
	const struct options_row *row;
	char letter[3] = "-";

	for (size_t i = 0; (row = options_by_index(i)); i++) {
		letter[1] = options_letter(row);
		printf("option\t%s\t--%s\t%s\n", letter[1] ? letter : "", row->name,
		       row->arg ? row->arg : "");
	}
	for (size_t i = 0; sink_by_index(i); i++)
		printf("format\t%s\n", sink_by_index(i)->name);
}

static void print_fields(void)
{
#define X(id, name, help) puts("field\t" name);
	SNAPSHOT_SORTS(X)
#undef X
}

static void print_errors(void)
{
	for (int i = LT_OK + 1; i < LT_E_COUNT; i++) {
		const struct lt_err_info *info = lt_err_info((enum lt_errc)i);

		printf("error\t%d\t%s\n", info->exit_status, info->code);
	}
}

static void print_settings(void)
{
	for (size_t i = 0; settings_name(i); i++)
		printf("setting\t%s\n", settings_name(i));
}

/* As a server of metrics keeps them. */
static int print_metrics(void)
{
	const struct expo_family *f;

	for (size_t i = 0; (f = openmetrics_by_index(i)) != NULL; i++)
		printf("%s%s\n", f->name, f->type == EXPO_COUNTER ? "_total" : "");
	return EXIT_SUCCESS;
}

static void print_keys(void)
{
#define X(id, names, ...) puts("key\t" names);
	KEYS(X)
#undef X
}

/* One line of each kind, with every field that there can be. */
static int print_json(void)
{
	const struct sink_ops *ops = &sink_jsonl;
	struct sink s = {.ops = ops, .options = {.out = stdout}};
	struct snapshot snap = fixture_snapshot();
	struct sample_left left = {0};
	struct lt_err err = {.code = LT_E_BUSY};

	fflush(stdout);
	if (ops->attach(&s, &snap, &err) || ops->sample(&s, &snap, &err))
		return EXIT_FAILURE;
	snap.census = false;
	snap.why = err;
	if (ops->sample(&s, &snap, &err) || ops->verdict(&s, &snap, &err) ||
	    ops->detach(&s, &snap, &left, snap.t, &err) || ops->error(&s, &err, &err))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* Those of the words that the option takes: its parser has the list. */
static void print_accepted(const char *option, const char *arg, const char *const *words)
{
	struct options options;
	struct lt_err err;

	options_defaults(&options);
	for (; *words; words++)
		if (options_set(&options, option, *words, &err) == LT_OK)
			printf("value\t%s\t%s\n", arg, *words);
}

/* For tools/completions: rows with their help, and what an argument of each name can be. */
static int print_completion(void)
{
	static const char *const ways[] = {"auto", "scan", "walk", NULL};
	static const char *const words[] = {"growing", "suspect", "leak", NULL};
	const struct options_row *row;

	for (size_t i = 0; (row = options_by_index(i)); i++) {
		char letter[2] = {options_letter(row), '\0'};

		printf("option\t%s\t%s\t%s\t%s\n", letter, row->name, row->arg ? row->arg : "",
		       row->help);
	}
	for (size_t i = 0; sink_by_index(i); i++)
		printf("value\tFORMAT\t%s\n", sink_by_index(i)->name);
#define X(id, name, help) puts("value\tFIELD\t" name);
	SNAPSHOT_SORTS(X)
#undef X
	for (size_t i = 0; i < CELLS_OF; i++)
		printf("value\tLIST\t%s\n", cells_columns[i].name);
	print_accepted("census", "HOW", ways);
	print_accepted("fail-on", "WORD", words);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "completion") == 0)
		return print_completion();
	if (argc > 1 && strcmp(argv[1], "json") == 0)
		return print_json();
	if (argc > 1 && strcmp(argv[1], "metrics") == 0)
		return print_metrics();
	if (argc > 1 && strcmp(argv[1], "help") == 0) {
		options_help(stdout);
		return EXIT_SUCCESS;
	}
	print_options();
	print_fields();
	print_errors();
	print_keys();
	print_settings();
	return EXIT_SUCCESS;
}
