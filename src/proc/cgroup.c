#include "config.h"
#include "proc/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/cgroup_walk.h"
#include "proc/procfile.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

#define STAT_MAX (64u << 10)		/* of memory.stat */
#define NO_LIMIT (1ULL << 62)		/* v1 prints LONG_MAX rounded down to a page */

int64_t cgroup_parse_limit(const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	uint64_t v;

	if (!num_scan(&p, end, 10, &v) || (p < end && *p != '\n') || v >= NO_LIMIT)
		return LT_UNKNOWN;
	return (int64_t)v;
}

static int64_t read_limit(const char *dir, bool v2)
{
	char path[PATH_MAX];
	struct buf b = {0};
	int64_t limit = LT_UNKNOWN;
	int n = snprintf(path, sizeof(path), "%s/%s", dir,
			 v2 ? "memory.max" : "memory.limit_in_bytes");

	if (n > 0 && (size_t)n < sizeof(path) && io_read_file(path, PROCFILE_SMALL_MAX, &b) == 0)
		limit = cgroup_parse_limit(buf_text(&b), b.len);
	buf_done(&b);
	return limit;
}

static int64_t tighter(int64_t a, int64_t b)
{
	if (!num_known(a) || !num_known(b))
		return num_known(a) ? a : b;
	return a < b ? a : b;
}

static void take_limit(void *arg, const char *dir, bool v2)
{
	int64_t *bytes = arg;

	*bytes = tighter(*bytes, read_limit(dir, v2));
}

int64_t cgroup_limit(const char *root, const char *cgroup, const char *mountinfo)
{
	int64_t bytes = LT_UNKNOWN;

	cgroup_each_level(root, cgroup, mountinfo, "memory", take_limit, &bytes);
	return bytes;
}

static void each_level_of(const char *root, pid_t pid, const char *controller,
			  cgroup_visit_level *fn, void *arg)
{
	struct buf groups = {0}, mounts = {0};

	if (cgroup_read_groups(root, pid, &groups) && cgroup_read_mounts(root, &mounts))
		cgroup_each_level(root, buf_text(&groups), buf_text(&mounts), controller, fn, arg);
	buf_done(&groups);
	buf_done(&mounts);
}

static bool in_same_groups(const char *root, pid_t a, pid_t b)
{
	struct buf one = {0}, other = {0};
	bool same = cgroup_read_groups(root, a, &one) && cgroup_read_groups(root, b, &other) &&
		    strcmp(buf_text(&one), buf_text(&other)) == 0;

	buf_done(&one);
	buf_done(&other);
	return same;
}

int64_t cgroup_memory_limit(const char *root, pid_t pid)
{
	int64_t bytes = LT_UNKNOWN;

	each_level_of(root, pid, "memory", take_limit, &bytes);
	return bytes;
}

/* One number, or as in v2 two; "max" and v1's -1 are none. */
static bool read_numbers(const char *dir, const char *name, int64_t *ret, size_t n)
{
	char path[PATH_MAX];
	struct buf b = {0};
	const char *p, *end;
	size_t got = 0;
	int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
	uint64_t v;

	if (len > 0 && (size_t)len < sizeof(path) &&
	    io_read_file(path, PROCFILE_SMALL_MAX, &b) == 0) {
		p = buf_text(&b);
		end = p + b.len;
		for (; got < n && num_scan(&p, end, 10, &v) && v < NO_LIMIT; p += p < end)
			ret[got++] = (int64_t)v;
	}
	buf_done(&b);
	return got == n;
}

static void take_cpu(void *arg, const char *dir, bool v2)
{
	struct status_cpu *t = arg;
	int64_t n[2];
	bool limited = v2 ? read_numbers(dir, "cpu.max", n, 2)
			  : read_numbers(dir, "cpu.cfs_quota_us", n, 1) &&
			    read_numbers(dir, "cpu.cfs_period_us", n + 1, 1);

	if (limited && n[1] > 0 &&
	    (!num_known(t->quota_us) ||
	     (double)n[0] / (double)n[1] < (double)t->quota_us / (double)t->period_us))
		*t = (struct status_cpu){n[0], n[1]};
}

struct status_cpu cgroup_cpu_limit(const char *root, pid_t pid, pid_t other)
{
	struct status_cpu tightest = {LT_UNKNOWN, LT_UNKNOWN};

	if (!in_same_groups(root, pid, other))
		each_level_of(root, pid, "cpu", take_cpu, &tightest);
	return tightest;
}

/* The number behind a key at the beginning of a line: "KEY NUMBER"; 0 where there is none. */
static int64_t value_of(const char *text, const char *key)
{
	const char *line = text, *at;
	size_t n = strlen(key);
	uint64_t v;

	while (strncmp(line, key, n) != 0 || line[n] != ' ') {
		line = strchr(line, '\n');
		if (!line++)
			return 0;
	}
	at = line + n + 1;
	return num_scan(&at, at + strlen(at), 10, &v) && v < NO_LIMIT ? (int64_t)v : 0;
}

/* What the kernel would take back before it kills: the page cache. */
static int64_t reclaimable(const char *dir, bool v2)
{
	static const char *const keys[2][3] = {
		{"total_inactive_file", "total_active_file", NULL},
		{"inactive_file", "active_file", "slab_reclaimable"},
	};
	char path[PATH_MAX];
	struct buf b = {0};
	int64_t sum = 0;
	int len = snprintf(path, sizeof(path), "%s/memory.stat", dir);

	if (len > 0 && (size_t)len < sizeof(path) && io_read_file(path, STAT_MAX, &b) == 0)
		for (size_t i = 0; i < COUNT_OF(keys[v2]) && keys[v2][i]; i++)
			sum += value_of(buf_text(&b), keys[v2][i]);
	buf_done(&b);
	return sum;
}

static void take_left(void *arg, const char *dir, bool v2)
{
	int64_t limit = read_limit(dir, v2), used, *left = arg;

	if (num_known(limit) &&
	    read_numbers(dir, v2 ? "memory.current" : "memory.usage_in_bytes", &used, 1))
		*left = tighter(*left, limit - used + reclaimable(dir, v2));
}

int64_t cgroup_memory_left(const char *root, pid_t pid, pid_t with)
{
	int64_t left = LT_UNKNOWN;

	if (in_same_groups(root, pid, with))
		each_level_of(root, pid, "memory", take_left, &left);
	return num_known(left) && left < 0 ? 0 : left;
}

/*
 * Asked before every borrowing, so the files are remembered for as long as the process is in the
 * same groups: a machine with containers has a thousand mounts to look through.
 */
static struct {
	char root[PATH_MAX];
	char *groups;			/* what /proc/PID/cgroup said; NULL: nothing remembered */
	struct { char path[PATH_MAX]; const char *sign; } files[2];
	size_t n;
} freezer;

/* "populated 1\nfrozen 1\n" of v2, "FROZEN\n" or "FREEZING\n" of v1. */
static void remember(void *arg, const struct cgroup_mount *m, const char *rest)
{
	char *path = freezer.files[freezer.n < COUNT_OF(freezer.files) ? freezer.n : 0].path;
	int n;

	if (freezer.n == COUNT_OF(freezer.files))
		return;
	n = snprintf(path, PATH_MAX, "%s%s%s/%s", freezer.root, m->point, rest,
		     m->v2 ? "cgroup.events" : "freezer.state");
	if (n <= 0 || n >= PATH_MAX || access(path, R_OK) != 0)
		return;			/* the root of v2 cannot be frozen and has none */
	freezer.files[freezer.n++].sign = m->v2 ? "frozen 1" : "FR";
}

static bool find_freezer(const char *root, const struct buf *groups)
{
	struct buf mounts = {0};

	if (freezer.groups && !strcmp(freezer.root, root) &&
	    !strcmp(freezer.groups, buf_text(groups)))
		return true;
	free(freezer.groups);
	freezer.groups = NULL;
	freezer.n = 0;
	if (!cgroup_read_mounts(root, &mounts))
		return false;
	snprintf(freezer.root, sizeof(freezer.root), "%s", root);
	cgroup_each(buf_text(groups), buf_text(&mounts), "freezer", remember, NULL);
	freezer.groups = mem_strdup(buf_text(groups));
	buf_done(&mounts);
	return true;
}

bool cgroup_frozen(const char *root, pid_t pid)
{
	struct buf groups = {0}, state = {0};
	bool frozen = false;

	if (cgroup_read_groups(root, pid, &groups) && find_freezer(root, &groups)) {
		for (size_t i = 0; i < freezer.n; i++) {
			buf_clear(&state);
			if (io_read_file(freezer.files[i].path, PROCFILE_SMALL_MAX, &state) == 0)
				frozen |= strstr(buf_text(&state), freezer.files[i].sign) != NULL;
		}
	}
	buf_done(&state);
	buf_done(&groups);
	return frozen;
}
