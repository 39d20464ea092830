/*
 * What can refuse, asked of /proc before the first ptrace call (I7). Nothing here stops, signals or
 * writes to the target.
 */
#ifndef LT_INJECT_PREFLIGHT_H
#define LT_INJECT_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proc/status.h"
#include "util/err.h"

/*
 * May the process be looked into at all? LT_E_GONE, _ZOMBIE, _KTHREAD, _PERM_UID, _PERM_DUMPABLE,
 * _PERM_YAMA, _PERM_YAMA_LOCKED, _PERM_CAP, _PERM_POLICY, _PERM: these end leaktop.
 */
enum lt_errc preflight_read(pid_t pid, struct lt_err *err);

/*
 * May leaktop run beside it? LT_E_MEMORY: both are in one control group, as in a container, that
 * has less memory left than leaktop takes; the kernel would kill the process or all of them.
 */
enum lt_errc preflight_memory(pid_t pid, struct lt_err *err);

/*
 * May its main thread be borrowed now? All of the above, then LT_E_TRACED, _STOPPED, _FROZEN,
 * _VFORK, _SECCOMP, _SHSTK, _SIGTRAP, _NICE, _CPU_LIMIT: reasons that still leave everything that
 * --readonly shows.
 */
enum lt_errc preflight_inject(pid_t pid, struct lt_err *err);

/* The questions of preflight_inject one by one, for --preflight. NULL name: the end. */
struct preflight_check {
	const char *name;
	enum lt_errc (*ask)(pid_t pid, const struct status *st, struct lt_err *err);
	const char *(*well)(const struct status *st);	/* what LT_OK means; NULL: just that */
};
extern const struct preflight_check preflight_checks[];

/* Which refusal it is that the kernel gave without a reason. */
struct preflight_case {
	int yama;			/* as status_yama_scope() */
	bool root;			/* leaktop's effective user is root */
	bool may_ptrace;		/* leaktop has CAP_SYS_PTRACE */
	bool same_ids;			/* all user and group ids of the target are leaktop's */
	bool undumpable;
};
enum lt_errc preflight_name(const struct preflight_case *c);

#endif
