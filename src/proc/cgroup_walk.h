/* The control groups of a process, where they are mounted. Private to proc/. */
#ifndef LT_PROC_CGROUP_WALK_H
#define LT_PROC_CGROUP_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "util/buf.h"

struct cgroup_mount {
	bool v2;
	char root[PATH_MAX];		/* the group that is mounted there */
	char point[PATH_MAX];
};

/* rest: the group as a path below the mount point, "" for the mounted one itself */
typedef void cgroup_visit_group(void *arg, const struct cgroup_mount *m, const char *rest);
typedef void cgroup_visit_level(void *arg, const char *dir, bool v2);

/*
 * Calls fn for the group of the process in each hierarchy that has the controller, or is v2: from
 * the text of its /proc/PID/cgroup and of /proc/self/mountinfo.
 */
void cgroup_each(const char *cgroup, const char *mountinfo, const char *controller,
		 cgroup_visit_group *fn, void *arg);

/*
 * The directory of each such group and of all above it up to the mount point: what each level
 * imposes holds for all below.
 */
void cgroup_each_level(const char *root, const char *cgroup, const char *mountinfo,
		       const char *controller, cgroup_visit_level *fn, void *arg);

/* The two texts; `root` goes before every path. */
bool cgroup_read_mounts(const char *root, struct buf *ret);
bool cgroup_read_groups(const char *root, pid_t pid, struct buf *ret);

#endif
