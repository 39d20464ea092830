#include "config.h"

#include <stdio.h>

#include "cli/complain.h"
#include "cli/inspect.h"
#include "cli/options.h"
#include "cli/pick.h"
#include "cli/play.h"
#include "cli/watch.h"

int main(int argc, char **argv)
{
	struct options options;
	struct ui *ui = NULL;
	struct lt_err err;
	int status = 0;

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
	else if (options.preflight)
		return inspect_run(&options);
	else if (options.pid || pick_run(&options, &options.pid, &ui, &status))
		return watch_run(&options, ui);
	return fflush(stdout) ? 1 : status;
}
