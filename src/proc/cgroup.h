/* What the control groups of a process impose: limits, standing still. Private to proc/. */
#ifndef LT_PROC_CGROUP_H
#define LT_PROC_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/status.h"

/*
 * The least memory.max (v2) or memory.limit_in_bytes (v1) from the group of the process up to the
 * root of the hierarchy as leaktop sees it mounted, in bytes; LT_UNKNOWN if there is none.
 * `root` goes before every path: "" for this machine, a directory for a test.
 */
int64_t cgroup_memory_limit(const char *root, pid_t pid);

/*
 * The same from the text of /proc/PID/cgroup and of /proc/self/mountinfo. A machine may have v1
 * and v2 mounted side by side; the limit is looked for in both.
 */
int64_t cgroup_limit(const char *root, const char *cgroup, const char *mountinfo);

/* The text of a limit file: bytes, or LT_UNKNOWN for "max" and what v1 prints for none. */
int64_t cgroup_parse_limit(const char *text, size_t n);

/* status_memory_left() in status.h. */
int64_t cgroup_memory_left(const char *root, pid_t pid, pid_t with);

/* The limit of CPU: status_cpu_limit() in status.h. */
struct status_cpu cgroup_cpu_limit(const char *root, pid_t pid, pid_t other);

/*
 * Is the group of the process frozen, in v2 (cgroup.events) or by v1's freezer (freezer.state)?
 * Both files tell of the groups above, too. false where none can be seen.
 */
bool cgroup_frozen(const char *root, pid_t pid);

#endif
