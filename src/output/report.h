/*
 * A report of the moment: leaktop-PID-YYYYmmdd-HHMMSS.txt with what the screen shows and every type
 * below it, and the same as JSON Lines in a file of that name, .jsonl.
 */
#ifndef LT_OUTPUT_REPORT_H
#define LT_OUTPUT_REPORT_H

#include <limits.h>

#include "model/snapshot.h"
#include "util/err.h"

/*
 * screen: its rows as text. Written to the current directory, or where that is not writable to
 * $TMPDIR or /tmp. A file that is there, or a link, is never written to; they are readable for
 * their owner alone. On success ret has the absolute path of the text; LT_E_OUTPUT, and no file is
 * left.
 */
enum lt_errc report_write(const struct snapshot *snap, const char *screen, double now,
			  char ret[PATH_MAX], struct lt_err *err);

#endif
