#include "config.h"
#include "inject/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proc/maps.h"
#include "proc/status.h"
#include "util/buf.h"
#include "util/io.h"

#define CAP_SYS_PTRACE_BIT 19	/* linux/capability.h */

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

/* Why the kernel said no, as well as can be told from outside. */
static enum lt_errc name_refusal(pid_t pid, const struct status *st, int sys_errno,
				 struct lt_err *err)
{
	int yama = status_yama_scope();

	if (may_ptrace_all())
		return lt_err_set(err, yama == 3 ? LT_E_PERM_YAMA : LT_E_PERM, sys_errno,
				  "PID %d%s", pid, yama == 3 ? ", ptrace_scope is 3 for good" : "");
	if (!same_ids(st))
		return lt_err_set(err, LT_E_PERM_UID, sys_errno, "PID %d, uid %u", pid,
				  (unsigned)st->uid[0]);
	if (looks_undumpable(pid, st))
		return lt_err_set(err, LT_E_PERM_DUMPABLE, sys_errno, "PID %d", pid);
	if (yama > 0)
		return lt_err_set(err, LT_E_PERM_YAMA, sys_errno, "PID %d, ptrace_scope is %d", pid,
				  yama);
	return lt_err_set(err, LT_E_PERM, sys_errno, "PID %d", pid);
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

static bool is_pending(const struct status *st, int sig)
{
	return ((st->sig_pending | st->sig_shared_pending) >> (sig - 1)) & 1;
}

enum lt_errc preflight_inject(pid_t pid, struct lt_err *err)
{
	struct status st;
	enum lt_errc rc = look(pid, &st, err);

	if (rc != LT_OK)
		return rc;
	if (st.tracer)
		return lt_err_set(err, LT_E_TRACED, 0, "PID %d is traced by %d", pid, st.tracer);
	if (st.state == 'T' || st.state == 't')
		return lt_err_set(err, LT_E_STOPPED, 0, "PID %d", pid);
	if (st.seccomp > 0)
		return lt_err_set(err, LT_E_SECCOMP, 0, "PID %d, seccomp mode %d", pid, st.seccomp);
	if (st.shadow_stack)
		return lt_err_set(err, LT_E_SHSTK, 0, "PID %d", pid);
	if (is_pending(&st, SIGTRAP))
		return lt_err_set(err, LT_E_TRACED, 0, "PID %d has a SIGTRAP pending", pid);
	if (status_yama_scope() == 3)	/* reading still works there, tracing does not */
		return lt_err_set(err, LT_E_PERM_YAMA, 0, "ptrace_scope is 3 until the next boot");
	return LT_OK;
}
