/*
 * The command line, arguments apart by newlines. Many repetitions in a filter are left out: glibc's
 * regcomp() takes time and memory without end for "((a{99}){99}){99}" and "a++++++++++++++++++++",
 * which are the user's own to spend.
 */
#include "config.h"
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "cli/options.h"
#include "util/mem.h"

#define ARGS_MOST 16
#define PLUS_MOST 8

static bool costly(const uint8_t *data, size_t size)
{
	size_t plus = 0;

	for (size_t i = 0; i < size; i++)
		plus += data[i] == '+';
	return plus > PLUS_MOST || memchr(data, '{', size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGS_MOST + 2] = {(char *)(uintptr_t)"leaktop"}, *text, *save = NULL;
	struct options options;
	struct lt_err err = {0};
	int argc = 1;

	if (size > 512 || costly(data, size) || memchr(data, '\0', size))
		return 0;
	text = mem_alloc(size + 1);
	memcpy(text, data, size);
	for (char *word = strtok_r(text, "\n", &save); word && argc <= ARGS_MOST;
	     word = strtok_r(NULL, "\n", &save))
		argv[argc++] = word;
	if (options_parse(argc, argv, &options, &err) == LT_OK) {
		PROMISE(options.pid > 0 || options.help || options.version || options.list_fields);
		PROMISE(options.delay_ns > 0 && options.sink && options.top >= 0);
	} else {
		PROMISE(err.code == LT_E_USAGE && strlen(err.detail) > 0);
	}
	free(text);
	return 0;
}
