#include "config.h"
#include "proc/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/procfile.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

#define MOUNTINFO_MAX (4u << 20)
#define NO_LIMIT (1ULL << 62)		/* v1 prints LONG_MAX rounded down to a page */

struct mount {
	bool v2;
	char root[PATH_MAX];		/* the group that is mounted there */
	char point[PATH_MAX];
};

struct word {
	const char *at;
	size_t len;
};

/* The run of bytes up to `stop` or the end; *p moves behind the stop. */
static bool next_word(const char **p, const char *end, char stop, struct word *ret)
{
	const char *found;

	if (*p >= end)
		return false;
	found = memchr(*p, stop, (size_t)(end - *p));
	ret->at = *p;
	ret->len = (size_t)((found ? found : end) - *p);
	*p = found ? found + 1 : end;
	return true;
}

static bool word_is(const struct word *w, const char *s)
{
	return strlen(s) == w->len && memcmp(w->at, s, w->len) == 0;
}

/* "rw,memory" has memory */
static bool list_has(const struct word *list, const char *name)
{
	const char *p = list->at, *end = list->at + list->len;
	struct word w;

	while (next_word(&p, end, ',', &w))
		if (word_is(&w, name))
			return true;
	return false;
}

static int octal(const char *s)
{
	int v = 0;

	for (int i = 0; i < 3; i++) {
		if (s[i] < '0' || s[i] > '7')
			return -1;
		v = v * 8 + (s[i] - '0');
	}
	return v;
}

/* mountinfo writes blank, tab, newline and backslash as \040, \011, \012 and \134. */
static bool copy_path(char *dst, size_t size, const struct word *w)
{
	size_t out = 0;

	for (size_t i = 0; i < w->len; i++) {
		int c = w->at[i] == '\\' && w->len - i > 3 ? octal(w->at + i + 1) : -1;

		if (out + 1 >= size)
			return false;
		dst[out++] = c < 0 ? w->at[i] : (char)c;
		i += c < 0 ? 0 : 3;
	}
	dst[out] = '\0';
	return out > 0;
}

/*
 * "35 31 0:32 /docker/4f1 /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory":
 * id parent dev ROOT POINT options [optional ...] - TYPE source OPTIONS. true for v2, and for a
 * hierarchy of v1 with that controller.
 */
static bool parse_mount(const char *line, const char *end, const char *controller,
			struct mount *ret)
{
	struct word skip, root, point, type, options;
	const char *p = line;

	for (int i = 0; i < 3; i++)
		if (!next_word(&p, end, ' ', &skip))
			return false;
	if (!next_word(&p, end, ' ', &root) || !next_word(&p, end, ' ', &point))
		return false;
	do {
		if (!next_word(&p, end, ' ', &skip))
			return false;
	} while (!word_is(&skip, "-"));
	if (!next_word(&p, end, ' ', &type) || !next_word(&p, end, ' ', &skip) ||
	    !next_word(&p, end, ' ', &options))
		return false;
	ret->v2 = word_is(&type, "cgroup2");
	if (!ret->v2 && !(word_is(&type, "cgroup") && list_has(&options, controller)))
		return false;
	return copy_path(ret->root, sizeof(ret->root), &root) &&
	       copy_path(ret->point, sizeof(ret->point), &point);
}

/*
 * "4:memory:/app/web" of v1 or "0::/app/web" of v2. A path with ".." lies outside of leaktop's
 * cgroup namespace, where nothing of it is mounted.
 */
static bool find_group(const char *cgroup, bool v2, const char *controller, char *dst, size_t size)
{
	const char *p = cgroup, *end = cgroup + strlen(cgroup);
	struct word line, id, controllers;

	while (next_word(&p, end, '\n', &line)) {
		const char *at = line.at, *stop = line.at + line.len;
		int n;

		if (!next_word(&at, stop, ':', &id) || !next_word(&at, stop, ':', &controllers))
			continue;
		if (v2 ? !word_is(&id, "0") || controllers.len
		       : !list_has(&controllers, controller))
			continue;
		n = snprintf(dst, size, "%.*s", (int)(stop - at), at);
		return n > 0 && (size_t)n < size && dst[0] == '/' && !strstr(dst, "/..");
	}
	return false;
}

/* The part of group below the mounted one, "" or "/..."; NULL where group is elsewhere. */
static const char *below(const char *group, const char *mounted)
{
	size_t n = strcmp(mounted, "/") == 0 ? 0 : strlen(mounted);

	if (strncmp(group, mounted, n) != 0 || (group[n] != '/' && group[n] != '\0'))
		return NULL;
	return strcmp(group + n, "/") == 0 ? "" : group + n;
}

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

/* From the group of the process up to the mount point: each level's limit holds for all below. */
static int64_t walk_up(const char *root, const struct mount *m, const char *rest)
{
	char dir[PATH_MAX];
	int base = snprintf(dir, sizeof(dir), "%s%s", root, m->point);
	int len = snprintf(dir, sizeof(dir), "%s%s%s", root, m->point, rest);
	int64_t limit = LT_UNKNOWN;

	if (base <= 0 || len < base || (size_t)len >= sizeof(dir))
		return LT_UNKNOWN;
	for (;;) {
		char *slash;

		limit = tighter(limit, read_limit(dir, m->v2));
		slash = strrchr(dir + base, '/');
		if (!slash)
			return limit;
		*slash = '\0';
	}
}

/* rest: the group as a path below the mount point, "" for the mounted one itself */
typedef void visit_group(void *arg, const struct mount *m, const char *rest);

/* Calls fn for the group of the process in each hierarchy that has the controller, or is v2. */
static void for_each_group(const char *cgroup, const char *mountinfo, const char *controller,
			   visit_group *fn, void *arg)
{
	const char *p = mountinfo, *end = mountinfo + strlen(mountinfo);
	char group[PATH_MAX];
	struct mount m;
	struct word line;

	while (next_word(&p, end, '\n', &line)) {
		const char *rest;

		if (!parse_mount(line.at, line.at + line.len, controller, &m) ||
		    !find_group(cgroup, m.v2, controller, group, sizeof(group)))
			continue;
		rest = below(group, m.root);
		if (rest)
			fn(arg, &m, rest);
	}
}

struct limit {
	const char *root;
	int64_t bytes;
};

static void take_limit(void *arg, const struct mount *m, const char *rest)
{
	struct limit *l = arg;

	l->bytes = tighter(l->bytes, walk_up(l->root, m, rest));
}

int64_t cgroup_limit(const char *root, const char *cgroup, const char *mountinfo)
{
	struct limit l = {root, LT_UNKNOWN};

	for_each_group(cgroup, mountinfo, "memory", take_limit, &l);
	return l.bytes;
}

static bool read_mounts(const char *root, struct buf *ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	return io_read_file(path, MOUNTINFO_MAX, ret) == 0;
}

static bool read_groups(const char *root, pid_t pid, struct buf *ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/%d/cgroup", root, pid);
	return io_read_file(path, PROCFILE_SMALL_MAX, ret) == 0;
}

int64_t cgroup_memory_limit(const char *root, pid_t pid)
{
	struct buf groups = {0}, mounts = {0};
	int64_t limit = LT_UNKNOWN;

	if (read_groups(root, pid, &groups) && read_mounts(root, &mounts))
		limit = cgroup_limit(root, buf_text(&groups), buf_text(&mounts));
	buf_done(&groups);
	buf_done(&mounts);
	return limit;
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
static void remember(void *arg, const struct mount *m, const char *rest)
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
	if (!read_mounts(root, &mounts))
		return false;
	snprintf(freezer.root, sizeof(freezer.root), "%s", root);
	for_each_group(buf_text(groups), buf_text(&mounts), "freezer", remember, NULL);
	freezer.groups = mem_strdup(buf_text(groups));
	buf_done(&mounts);
	return true;
}

bool cgroup_frozen(const char *root, pid_t pid)
{
	struct buf groups = {0}, state = {0};
	bool frozen = false;

	if (read_groups(root, pid, &groups) && find_freezer(root, &groups)) {
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
