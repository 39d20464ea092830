#include "config.h"

#include <stdio.h>

#include "cli/complain.h"
#include "cli/inspect.h"
#include "cli/options.h"
#include "cli/play.h"
#include "cli/watch.h"

int main(int argc, char **argv)
{
	struct options options;
	struct lt_err err;

	if (options_parse(argc, argv, &options, &err) != LT_OK)
		return complain(&err);
	if (options.help)
		options_help(stdout);
	else if (options.version)
		options_version(stdout);
	else if (options.list_fields)
		options_fields(stdout);
	else if (options.replay)
		return play_run(&options);
	else
		return options.preflight ? inspect_run(&options) : watch_run(&options);
	return fflush(stdout) ? 1 : 0;
}
