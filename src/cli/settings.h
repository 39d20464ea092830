/*
 * The file with what a person wants by default: "key = value" lines. Read before the command line,
 * which wins; written by W alone, which keeps its comments and what this leaktop does not know.
 */
#ifndef LT_CLI_SETTINGS_H
#define LT_CLI_SETTINGS_H

#include <limits.h>

#include "cli/options.h"
#include "util/buf.h"

struct settings {
	char path[PATH_MAX];		/* where W writes; "" nowhere: there is no home */
	char message[512];		/* what was wrong with the file, in one line; "" nothing */
	struct buf text;		/* owned; options borrow values from it */
};

/*
 * Finds and reads the file. given: of --config, or NULL: the first there is of $LEAKTOPRC,
 * $XDG_CONFIG_HOME/leaktop/config, ~/.config/leaktop/config and /etc/leaktop.conf; relative paths
 * in the environment count as not set, so that nothing is ever read because of the current
 * directory. A file is used only if it belongs to the effective user or root and nobody else may
 * write it. Where a line is wrong none of it is used: *ret_options is untouched.
 */
void settings_read(struct settings *ret, const char *given, struct options *ret_options);
void settings_done(struct settings *s);

/*
 * Puts them into the file at s->path: beside it first, then in its place. LT_E_OUTPUT, and
 * the file is what it was.
 */
enum lt_errc settings_write(const struct settings *s, const struct options *now,
			    struct lt_err *err);

/* Setting i: its name and what it is; NULL past the end. For the test of the man page. */
const char *settings_name(size_t i);

#endif
