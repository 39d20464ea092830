/* /proc/PID/stat, the fields leaktop needs (proc_pid_stat(5)). Outside of proc/ only for
 * who is who: a PID and its start_ticks name a process for good. */
#ifndef LT_PROC_PIDSTAT_H
#define LT_PROC_PIDSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

struct pidstat {
	char comm[64];			/* (2), cleaned; 15 bytes, more for some kernel threads */
	char state;			/* (3) */
	uint64_t user_ticks;		/* (14) utime and (15) stime, clock ticks */
	uint64_t system_ticks;
	uint64_t threads;		/* (20) */
	uint64_t start_ticks;		/* (22), clock ticks since boot */
};

/* text[0..n) as read; LT_E_BAD_DATA where a field is missing. */
enum lt_errc pidstat_parse(const char *text, size_t n, struct pidstat *ret, struct lt_err *err);
enum lt_errc pidstat_read(pid_t pid, struct pidstat *ret, struct lt_err *err);

/* Since it was forked: execve() does not count. */
int64_t pidstat_age_ns(const struct pidstat *st);

/*
 * Z waits for its parent, X and x are being reaped. The leader is also Z while other threads of
 * its process outlive it: the main thread, the one leaktop borrows, is gone then as well.
 */
bool pidstat_ended(char state);

#endif
