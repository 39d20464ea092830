#include "config.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/complain.h"
#include "cli/settings.h"
#include "cli/inspect.h"
#include "cli/options.h"
#include "cli/pick.h"
#include "cli/play.h"
#include "cli/watch.h"
#include "util/io.h"

#define LARGE_BYTES (128 << 10)

/* The configuration, and the command line again over it. */
static enum lt_errc configure(int argc, char **argv, struct settings *settings,
			      struct options *options, struct lt_err *err)
{
	struct options defaults;

	options_defaults(&defaults);
	settings_read(settings, options->config_path, &defaults);
	return options_parse_over(&defaults, argc, argv, options, err);
}

static int run(struct options *options, const struct settings *settings)
{
	struct ui *ui = NULL;
	int status = 0;

	if (settings->message[0] && options_batch(options))
		fprintf(stderr, "leaktop: %s\n", settings->message);
	if (options->replay)
		return play_run(options, settings);
	if (options->pid || pick_run(options, settings, &options->pid, &ui, &status))
		return watch_run(options, settings, ui);
	return status;
}

/*
 * Tables of a search are large and soon freed. glibc would take the first of them for a reason to
 * keep the next ones in its heap (M_MMAP_THRESHOLD in mallopt(3)), where small pieces that stay
 * hold all of that memory: a fixed threshold is its way to say that they are to go back at once.
 */
static void give_back_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

/*
 * Where memory runs out, perhaps because leaktop came into the container of its target, the kernel
 * is to take leaktop, which leaves the target unharmed whenever it dies. Anybody may raise the
 * number (proc_pid_oom_score_adj(5)); where it cannot be, nothing is lost.
 */
static void be_killed_first(void)
{
	static const char most[] = "1000";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)io_write_all(fd, most, sizeof(most) - 1);
	close(fd);
}

int main(int argc, char **argv)
{
	struct options options;
	struct settings settings = {0};
	struct lt_err err;
	int status = 0;

	be_killed_first();
	give_back_memory();
	if (options_parse(argc, argv, &options, &err) != LT_OK)
		return complain(&err);
	if (options.help)
		options_help(stdout);
	else if (options.version)
		options_version(stdout);
	else if (options.list_fields)
		options_fields(stdout);
	else if (options.preflight)
		return inspect_run(&options);
	else if (configure(argc, argv, &settings, &options, &err) == LT_OK)
		status = run(&options, &settings);
	else
		status = complain(&err);
	settings_done(&settings);
	return fflush(stdout) && status == 0 ? 1 : status;
}
