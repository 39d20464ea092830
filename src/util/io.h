/* Small whole-file reads, for /proc and /sys. */
#ifndef LT_UTIL_IO_H
#define LT_UTIL_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "util/buf.h"

/*
 * Appends the file to b, at most max bytes (larger is cut; a /proc file is made in one piece per
 * read, so it is read until EOF). Returns 0, or an errno value with b as it was.
 */
int io_read_file(const char *path, size_t max, struct buf *b);
/* The same from a descriptor, which stays open. */
int io_read_fd(int fd, size_t max, struct buf *b);

/* "/proc/PID/NAME" or, with tid, "/proc/PID/task/TID/NAME". Same result. */
int io_read_proc(pid_t pid, pid_t tid, const char *name, size_t max, struct buf *b);

/* write() until all is out. 0 or an errno value. */
int io_write_all(int fd, const void *p, size_t n);

#endif
