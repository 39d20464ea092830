/* Files under /proc/PID, with the kernel's errno turned into leaktop's errors. Private to proc/. */
#ifndef LT_PROC_PROCFILE_H
#define LT_PROC_PROCFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/err.h"

#define PROCFILE_SMALL_MAX (64u << 10)	/* stat, status, cgroup: a page or less in practice */

/*
 * Appends /proc/PID/NAME, or /proc/PID/task/TID/NAME with a tid, at most max bytes.
 * LT_E_GONE where the process is no more, LT_E_PERM where its owner or hidepid= hides it.
 */
enum lt_errc procfile_read(pid_t pid, pid_t tid, const char *name, size_t max, struct buf *b,
			   struct lt_err *err);

/* The same mapping for an errno value that came from another file of /proc/PID. */
enum lt_errc procfile_error(int sys_errno, pid_t pid, const char *name, struct lt_err *err);

/*
 * The line of status, smaps and their like at text[*at..n): "VmSwap:\t       0 kB". The value has
 * no blanks around it and is not terminated. false at the end. A line without ':' has no key.
 */
struct procfile_line {
	const char *key, *value;
	size_t key_len, value_len;
};
bool procfile_next(const char *text, size_t n, size_t *at, struct procfile_line *ret);
bool procfile_key_is(const struct procfile_line *line, const char *key);

/* count units of unit_size each, as a figure; LT_UNKNOWN where it does not fit. */
int64_t procfile_scale(uint64_t count, uint64_t unit_size);

/* Clock ticks (utime, starttime) to nanoseconds. */
int64_t procfile_ticks_ns(uint64_t ticks);

#endif
