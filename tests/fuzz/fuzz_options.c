/* The command line, arguments apart by newlines. */
#include "config.h"
#include "fuzz.h"

#include <string.h>

#include "cli/options.h"
#include "util/mem.h"

#define ARGS_MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGS_MOST + 2] = {(char *)(uintptr_t)"leaktop"}, *text, *save = NULL;
	struct options options;
	struct lt_err err = {0};
	int argc = 1;

	if (size > 512 || memchr(data, '\0', size))
		return 0;
	text = mem_alloc(size + 1);
	memcpy(text, data, size);
	for (char *word = strtok_r(text, "\n", &save); word && argc <= ARGS_MOST;
	     word = strtok_r(NULL, "\n", &save))
		argv[argc++] = word;
	if (options_parse(argc, argv, &options, &err) == LT_OK) {
		PROMISE(options.pid > 0 || !options.preflight || options.help || options.version ||
			options.list_fields);
		PROMISE(options.delay_ns > 0 && options.sink && options.top >= 0);
	} else {
		PROMISE(err.code == LT_E_USAGE && strlen(err.detail) > 0);
	}
	free(text);
	return 0;
}
