/*
 * What the kernel says of one process: sizes, threads, start time, command. Bytes everywhere;
 * LT_UNKNOWN where a figure could not be had. Read through libproc2 or libprocps, and from
 * /proc directly where that library misbehaves.
 */
#ifndef LT_PROC_FIGURES_H
#define LT_PROC_FIGURES_H

#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

struct figures;			/* opaque; owns the library's handles */

struct figures_quick {		/* cheap: every sample */
	int64_t rss_bytes, vsz_bytes, swap_bytes;
	int64_t threads;
	int64_t cpu_ns;		/* user + system time of the process so far */
	char state;		/* R S D T t Z X I as in /proc/PID/stat */
};

struct figures_slow {		/* smaps_rollup: costs milliseconds on a large process */
	int64_t pss_bytes, uss_bytes;	/* uss = Private_Clean + Private_Dirty (+ Hugetlb) */
};

struct figures_fixed {		/* once */
	int64_t start_boot_ns;	/* since boot, CLOCK_BOOTTIME */
	double start_wall_s;
	char command[256];	/* cmdline joined by spaces, or [comm]; cleaned */
	char exe[256];		/* readlink of exe, cleaned; "" if unreadable */
	char user[40];
};

/* LT_E_GONE where the PID does not exist. *ret: caller frees with figures_free. */
enum lt_errc figures_new(pid_t pid, struct figures **ret, struct lt_err *err);
void figures_free(struct figures *f);

/* LT_E_GONE once the process has ended (a zombie counts as ended). */
enum lt_errc figures_read(struct figures *f, struct figures_quick *ret, struct lt_err *err);
enum lt_errc figures_read_slow(struct figures *f, struct figures_slow *ret, struct lt_err *err);
enum lt_errc figures_read_fixed(struct figures *f, struct figures_fixed *ret, struct lt_err *err);

/* RSS alone, now, in a microsecond or two; LT_UNKNOWN. */
int64_t figures_rss(pid_t pid);

/* "libproc2", "libprocps" or "/proc" - which one answers now. */
const char *figures_source(const struct figures *f);

/* The tightest cgroup v1/v2 memory limit on the path of the process, LT_UNKNOWN if none. */
int64_t figures_memory_limit(pid_t pid);

#endif
