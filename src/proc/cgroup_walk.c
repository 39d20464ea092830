#include "config.h"
#include "proc/cgroup_walk.h"

#include <stdio.h>
#include <string.h>

#include "proc/procfile.h"
#include "util/io.h"

#define MOUNTINFO_MAX (4u << 20)

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
			struct cgroup_mount *ret)
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

struct climb {
	const char *root;
	cgroup_visit_level *fn;
	void *arg;
};

static void climb(void *arg, const struct cgroup_mount *m, const char *rest)
{
	const struct climb *c = arg;
	char dir[PATH_MAX];
	int base = snprintf(dir, sizeof(dir), "%s%s", c->root, m->point);
	int len = snprintf(dir, sizeof(dir), "%s%s%s", c->root, m->point, rest);
	char *slash;

	if (base <= 0 || len < base || (size_t)len >= sizeof(dir))
		return;
	do {
		c->fn(c->arg, dir, m->v2);
		slash = strrchr(dir + base, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
}

void cgroup_each(const char *cgroup, const char *mountinfo, const char *controller,
		 cgroup_visit_group *fn, void *arg)
{
	const char *p = mountinfo, *end = mountinfo + strlen(mountinfo);
	char group[PATH_MAX];
	struct cgroup_mount m;
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

void cgroup_each_level(const char *root, const char *cgroup, const char *mountinfo,
		       const char *controller, cgroup_visit_level *fn, void *arg)
{
	struct climb c = {root, fn, arg};

	cgroup_each(cgroup, mountinfo, controller, climb, &c);
}

bool cgroup_read_mounts(const char *root, struct buf *ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	return io_read_file(path, MOUNTINFO_MAX, ret) == 0;
}

bool cgroup_read_groups(const char *root, pid_t pid, struct buf *ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/%d/cgroup", root, pid);
	return io_read_file(path, PROCFILE_SMALL_MAX, ret) == 0;
}
