/*
 * The Python processes of this machine, for a person to choose one. Plain data: owned by whoever
 * makes it, borrowed until that one changes it.
 */
#ifndef LT_MODEL_PROCESSES_H
#define LT_MODEL_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

struct process_row {
	pid_t pid;
	int64_t rss_bytes;		/* LT_UNKNOWN */
	double age_s;
	char user[40];
	char python[24];		/* "3.12.1"; "3.12" where a name tells it; "" unknown */
	char where[48];			/* container or service; "" none */
	char command[256];		/* cleaned */
	struct lt_err refusal;		/* LT_OK: it may be watched, see process_refused() */
};

struct processes {
	const struct process_row *rows;	/* largest RSS first */
	size_t n;
	size_t n_all;			/* Pythons, before the filter */
	bool searching;			/* the first look at all processes is not over */
	char filter[128];		/* "" none */
	char empty[200];		/* why there is none; "" where there are some */
};

/* Would leaktop refuse it? Some reasons only make it read-only. */
static inline bool process_refused(const struct process_row *row)
{
	return row->refusal.code != LT_OK && !lt_err_goes_on(row->refusal.code);
}

#endif
