/*
 * Where a process lives, in a few words: its container, or the service of systemd that it is part
 * of. Told by the name of its control group, which is all that a plain user can see.
 */
#ifndef LT_PROC_CONTAINER_H
#define LT_PROC_CONTAINER_H

#include <stddef.h>
#include <sys/types.h>

/*
 * From the text of /proc/PID/cgroup: "docker 1f2e3d4c5b6a", "podman ...", "k8s ...", "lxc web",
 * "nspawn web", "api.service"; else, where the process has another PID inside, "namespace (PID 7)".
 * "" for none of these. Cleaned; returns dst.
 */
char *container_name(const char *cgroup, pid_t pid, pid_t ns_pid, char *dst, size_t size);

/* The same, read from /proc. */
char *container_read(pid_t pid, pid_t ns_pid, char *dst, size_t size);

#endif
