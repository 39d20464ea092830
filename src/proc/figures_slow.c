#include "config.h"
#include "proc/figures_ops.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "proc/procfile.h"
#include "util/mem.h"
#include "util/num.h"

/* What the lines of one file add up to; USS is what nobody else has mapped. */
struct sum {
	uint64_t pss_kib, uss_kib;
	bool any_pss, any_private;
};

static const struct {
	const char *key;
	bool pss;
} rows[] = {
	{"Pss", true},
	{"Private_Clean", false},
	{"Private_Dirty", false},
	{"Private_Hugetlb", false},	/* since Linux 4.4 */
};

/* "Private_Dirty:       116 kB". A sum saturates, and is unknown as bytes then. */
static void sum_line(struct sum *sum, const char *text, size_t n)
{
	struct procfile_line line;
	size_t at = 0;
	uint64_t kib;

	if (!procfile_next(text, n, &at, &line))
		return;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t *total = rows[i].pss ? &sum->pss_kib : &sum->uss_kib;
		const char *p = line.value;

		if (!procfile_key_is(&line, rows[i].key) ||
		    !num_scan(&p, line.value + line.value_len, 10, &kib))
			continue;
		*(rows[i].pss ? &sum->any_pss : &sum->any_private) = true;
		*total = *total > UINT64_MAX - kib ? UINT64_MAX : *total + kib;
	}
}

/*
 * Line by line: the smaps of a process with 60,000 maps is longer than 60 MB. Returns 0 or an
 * errno value; *ret is only written on 0.
 */
static int sum_file(const char *path, struct figures_slow *ret)
{
	FILE *f = fopen(path, "re");
	struct sum sum = {0};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc;

	if (!f)
		return errno;
	while ((n = getline(&line, &cap, f)) >= 0)
		sum_line(&sum, line, (size_t)n);
	rc = ferror(f) ? errno : 0;
	free(line);
	fclose(f);
	if (rc)
		return rc;
	ret->pss_bytes = sum.any_pss ? procfile_scale(sum.pss_kib, 1024) : LT_UNKNOWN;
	ret->uss_bytes = sum.any_private ? procfile_scale(sum.uss_kib, 1024) : LT_UNKNOWN;
	return 0;
}

/*
 * smaps_rollup came with Linux 4.14; before that the kernel makes a text of every map, which
 * costs several times as much. Whoever may not trace the process may not read either (EACCES).
 */
enum lt_errc figures_slow_read(const char *root, pid_t pid, struct figures_slow *ret,
			       struct lt_err *err)
{
	static const char *const names[] = {"smaps_rollup", "smaps"};
	char path[256];
	int rc = ENOENT;

	for (size_t i = 0; i < COUNT_OF(names) && rc == ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/proc/%d/%s", root, pid, names[i]);
		rc = sum_file(path, ret);
	}
	if (rc == EACCES || rc == EPERM) {
		*ret = (struct figures_slow){LT_UNKNOWN, LT_UNKNOWN};
		return LT_OK;
	}
	return rc ? procfile_error(rc, pid, names[1], err) : LT_OK;
}
