#include "config.h"
#include "inject/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inject/arch.h"
#include "inject/priority.h"
#include "inject/tracee.h"
#include "proc/status.h"
#include "util/num.h"

#define CAP_SYS_PTRACE_BIT 19	/* linux/capability.h */
#define CAP_SYS_ADMIN_BIT  21
#define MEMORY_LEAST (16 << 20)	/* 8 MB at a million objects, and what the container may need */

static bool may_ptrace_all(void)
{
	struct status self;

	return status_read(getpid(), 0, &self, NULL) == LT_OK &&
	       (self.cap_effective >> CAP_SYS_PTRACE_BIT & 1);
}

/* The kernel asks for all three user and group ids (ptrace(2), "access mode checking"). */
static bool same_ids(const struct status *st)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	for (int i = 0; i < 3; i++)
		if (st->uid[i] != uid || st->gid[i] != gid)
			return false;
	return true;
}

/* A process that is not dumpable has its /proc files owned by root (proc(5)). */
static bool looks_undumpable(pid_t pid, const struct status *st)
{
	char path[32];
	struct stat file;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	return stat(path, &file) == 0 && file.st_uid == 0 && st->uid[1] != 0;
}

/*
 * kernel/ptrace.c __ptrace_may_access, then the security modules: ids, then dumpable (both are
 * overruled by CAP_SYS_PTRACE), then Yama (1 and 2 are overruled, 3 is not), then the others.
 */
enum lt_errc preflight_name(const struct preflight_case *c)
{
	if (c->yama == 3)
		return LT_E_PERM_YAMA_LOCKED;
	if (c->may_ptrace)
		return LT_E_PERM_POLICY;
	if (c->root)
		return LT_E_PERM_CAP;
	if (!c->same_ids)
		return LT_E_PERM_UID;
	if (c->undumpable)
		return LT_E_PERM_DUMPABLE;
	return c->yama > 0 ? LT_E_PERM_YAMA : LT_E_PERM;
}

/* Why the kernel said no, as well as can be told from outside. */
static enum lt_errc name_refusal(pid_t pid, const struct status *st, int sys_errno,
				 struct lt_err *err)
{
	const struct preflight_case c = {
		.yama = status_yama_scope(), .root = geteuid() == 0, .may_ptrace = may_ptrace_all(),
		.same_ids = same_ids(st), .undumpable = looks_undumpable(pid, st),
	};
	enum lt_errc code = preflight_name(&c);

	switch (code) {
	case LT_E_PERM_UID:
		return lt_err_set(err, code, sys_errno, "PID %d, uid %u", pid,
				  (unsigned)st->uid[0]);
	case LT_E_PERM_YAMA:
	case LT_E_PERM_YAMA_LOCKED:
		return lt_err_set(err, code, sys_errno, "PID %d, ptrace_scope is %d", pid, c.yama);
	default:
		return lt_err_set(err, code, sys_errno, "PID %d", pid);
	}
}

/* /proc/PID/mem asks the same question as ptrace and opening it does nothing to the target. */
static int try_access(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Reads what /proc says of the process into *st, and refuses what cannot be looked into. */
static enum lt_errc look(pid_t pid, struct status *st, struct lt_err *err)
{
	enum lt_errc rc = status_read(pid, 0, st, err);
	int e;

	if (rc != LT_OK)
		return rc;
	if (st->tgid != pid)
		return lt_err_set(err, LT_E_GONE, 0, "%d is a thread of process %d", pid, st->tgid);
	if (st->state == 'Z' || st->state == 'X')
		return lt_err_set(err, LT_E_ZOMBIE, 0, "PID %d (%s)", pid, st->comm);
	if (st->kernel_thread)
		return lt_err_set(err, LT_E_KTHREAD, 0, "PID %d [%s]", pid, st->comm);
	e = try_access(pid);
	if (e == ENOENT || e == ESRCH)
		return lt_err_set(err, LT_E_GONE, 0, "PID %d", pid);
	if (e == EACCES || e == EPERM)
		return name_refusal(pid, st, e, err);
	return e ? lt_err_set(err, LT_E_SYS, e, "opening /proc/%d/mem", pid) : LT_OK;
}

enum lt_errc preflight_read(pid_t pid, struct lt_err *err)
{
	struct status st;

	return look(pid, &st, err);
}

enum lt_errc preflight_memory(pid_t pid, struct lt_err *err)
{
	int64_t left = status_memory_left(getpid(), pid);

	if (!num_known(left) || left >= MEMORY_LEAST)
		return LT_OK;
	return lt_err_set(err, LT_E_MEMORY, 0,
			  "%.1f MB are left to its limit, leaktop takes about 10",
			  (double)left / (1 << 20));
}

static enum lt_errc ask_tracer(pid_t pid, const struct status *st, struct lt_err *err)
{
	if (st->tracer)
		return tracee_taken(pid, st->tracer, err);
	return LT_OK;
}

static enum lt_errc ask_stopped(pid_t pid, const struct status *st, struct lt_err *err)
{
	if (st->state == 'T' || st->state == 't')
		return lt_err_set(err, LT_E_STOPPED, 0, "PID %d", pid);
	return LT_OK;
}

static enum lt_errc ask_frozen(pid_t pid, const struct status *st, struct lt_err *err)
{
	return status_frozen(pid) ? lt_err_set(err, LT_E_FROZEN, 0, "PID %d", pid) : LT_OK;
}

/* kernel/fork.c wait_for_vfork_done: it sleeps like a disk wait, and no stop is taken before. */
static enum lt_errc ask_vfork(pid_t pid, const struct status *st, struct lt_err *err)
{
	struct status_syscall now;

	if (st->state == 'D' && status_syscall_read(pid, pid, &now) && arch_is_fork(now.nr))
		return lt_err_set(err, LT_E_VFORK, 0, "PID %d", pid);
	return LT_OK;
}

/* PTRACE_SECCOMP_GET_FILTER is for who has CAP_SYS_ADMIN and no filter. Why not, or NULL. */
static const char *filters_unreadable(void)
{
	struct status self;

	if (status_read(getpid(), 0, &self, NULL) != LT_OK || self.seccomp > 0)
		return "only who has none may read it: run leaktop on the host";
	return self.cap_effective >> CAP_SYS_ADMIN_BIT & 1 ? NULL : "only root may read it";
}

/* Filters that may be read are read in the first stop (policy.h): only there it is possible. */
static enum lt_errc ask_seccomp(pid_t pid, const struct status *st, struct lt_err *err)
{
	const char *why = NULL;

	if (st->seccomp == SECCOMP_MODE_STRICT)
		why = "in strict mode";
	else if (st->seccomp > 0)
		why = filters_unreadable();
	return why ? lt_err_set(err, LT_E_SECCOMP, 0, "PID %d, %s", pid, why) : LT_OK;
}

/* PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG wants a stopped thread, and /proc does not tell. */
static enum lt_errc ask_dispatch(pid_t pid, const struct status *st, struct lt_err *err)
{
	return LT_OK;
}

static const char *what_dispatch(const struct status *st)
{
	return "told by the first stop alone, before anything else";
}

static const char *what_seccomp(const struct status *st)
{
	return st->seccomp > 0 ? "a filter, to be read in the first stop before anything else"
			       : "ok";
}

static enum lt_errc ask_shadow_stack(pid_t pid, const struct status *st, struct lt_err *err)
{
	return st->shadow_stack ? lt_err_set(err, LT_E_SHSTK, 0, "PID %d", pid) : LT_OK;
}

/* It would be taken for the end of a stop that leaktop asked for. */
static enum lt_errc ask_trap(pid_t pid, const struct status *st, struct lt_err *err)
{
	if ((st->sig_pending | st->sig_shared_pending) >> (SIGTRAP - 1) & 1)
		return lt_err_set(err, LT_E_SIGTRAP, 0, "PID %d", pid);
	return LT_OK;
}

static enum lt_errc ask_priority(pid_t pid, const struct status *st, struct lt_err *err)
{
	return priority_ask(pid, err);
}

const struct preflight_check preflight_checks[] = {
	{"tracer", ask_tracer, NULL},
	{"stopped", ask_stopped, NULL},
	{"frozen", ask_frozen, NULL},
	{"vfork", ask_vfork, NULL},
	{"seccomp", ask_seccomp, what_seccomp},
	{"dispatch", ask_dispatch, what_dispatch},
	{"shadow-stack", ask_shadow_stack, NULL},
	{"trap", ask_trap, NULL},
	{"priority", ask_priority, NULL},
	{NULL, NULL, NULL},
};

enum lt_errc preflight_inject(pid_t pid, struct lt_err *err)
{
	struct status st;
	enum lt_errc rc = look(pid, &st, err);

	for (size_t i = 0; rc == LT_OK && preflight_checks[i].name; i++)
		rc = preflight_checks[i].ask(pid, &st, err);
	return rc;
}
