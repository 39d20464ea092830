/* /proc/PID/status and a few neighbours: what preflight asks before the first ptrace call (I7). */
#ifndef LT_PROC_STATUS_H
#define LT_PROC_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

struct status {
	char state;			/* R S D T t Z X I P */
	char comm[64];			/* cleaned */
	pid_t tgid, ppid, tracer;	/* tracer 0: none */
	uid_t uid[4];			/* real, effective, saved, fs */
	gid_t gid[4];
	int threads;
	int seccomp;			/* 0 off, 1 strict, 2 filter; -1 unknown */
	int filters;			/* seccomp filters; -1 unknown (before Linux 5.9) */
	bool shadow_stack;		/* x86_Thread_features contains shstk */
	bool kernel_thread;		/* no VmSize and no exe */
	uint64_t sig_pending, sig_shared_pending, sig_blocked, sig_ignored, sig_caught;
	uint64_t cap_effective;		/* of the target */
	pid_t ns_pid;			/* innermost NSpid */
};

/* tid 0: the process; LT_E_GONE where it does not exist. */
enum lt_errc status_read(pid_t pid, pid_t tid, struct status *ret, struct lt_err *err);
enum lt_errc status_parse(const char *text, size_t n, struct status *ret, struct lt_err *err);

/* /proc/sys/kernel/yama/ptrace_scope: 0-3, or -1 where the kernel has no Yama. */
int status_yama_scope(void);

/*
 * /proc/PID/task/TID/syscall: what a blocked thread is blocked in. nr -1: "running", or not in a
 * system call. false where the file cannot be read.
 */
struct status_syscall {
	long nr;
	uint64_t args[6], sp, pc;
};
bool status_syscall_read(pid_t pid, pid_t tid, struct status_syscall *ret);
/* How often the thread went to sleep so far (voluntary_ctxt_switches); LT_UNKNOWN. */
int64_t status_switches(pid_t pid, pid_t tid);
bool status_syscall_parse(const char *text, struct status_syscall *ret);

/* Is a control group of the process (v2, or v1's freezer) frozen? false also where none is seen. */
bool status_frozen(pid_t pid);

/*
 * The tightest limit that pid's control groups put on its CPU: so much of it in each period
 * (cpu.max of v2, cpu.cfs_quota_us of v1), then the group stands still until the next. LT_UNKNOWN:
 * none, or `other` is in the very same groups.
 */
struct status_cpu {
	int64_t quota_us, period_us;
};
struct status_cpu status_cpu_limit(pid_t pid, pid_t other);

/*
 * What a memory limit on pid's control groups leaves to it, in bytes; page cache can be had back
 * and counts as left. LT_UNKNOWN: no limit, or `with` is not in the very same groups.
 */
int64_t status_memory_left(pid_t pid, pid_t with);

/* A pidfd that polls readable when pid ends; -1 with errno (ENOSYS before Linux 5.3). */
int status_pidfd_open(pid_t pid);

#endif
