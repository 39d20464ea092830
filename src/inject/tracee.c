#include "config.h"
#include "inject/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inject/arch_stop.h"
#include "inject/fault.h"
#include "proc/pidstat.h"
#include "proc/status.h"
#include "util/clock.h"

#ifndef PTRACE_GET_RSEQ_CONFIGURATION	/* Linux 5.13, glibc 2.34 */
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
#endif

#ifndef PTRACE_SECCOMP_GET_FILTER	/* Linux 4.4 */
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#ifndef PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG	/* Linux 6.4 */
#define PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211
#endif

#define POKE_FEW 256			/* bytes: opening a file takes as long */

struct dispatch_config {	/* struct ptrace_sud_config, linux/ptrace.h */
	uint64_t mode, selector, offset, size;
};

struct rseq_config {		/* struct ptrace_rseq_configuration, linux/ptrace.h */
	uint64_t abi;
	uint32_t size, signature, flags, pad;
};

static enum lt_errc lost(const struct tracee *t, int sys_errno, const char *doing,
			 struct lt_err *err)
{
	return lt_err_set(err, sys_errno == ESRCH ? LT_E_GONE : LT_E_SYS, sys_errno, "%s %d", doing,
			  t->tid);
}

enum lt_errc tracee_taken(pid_t tid, pid_t tracer, struct lt_err *err)
{
	struct pidstat self = {0}, parent = {0};
	struct status st;

	/* a child with its parent's name is on an errand, as our borrower is: the parent stays */
	if (pidstat_read(tracer, &self, NULL) == LT_OK &&
	    status_read(tracer, 0, &st, NULL) == LT_OK &&
	    pidstat_read(st.ppid, &parent, NULL) == LT_OK && strcmp(self.comm, parent.comm) == 0)
		tracer = st.ppid;
	return lt_err_set(err, LT_E_TRACED, 0, "PID %d is traced by %s%sPID %d", tid, self.comm,
			  self.comm[0] ? ", " : "", tracer);
}

/*
 * What it waits in, for arch_learn. Asked before it is seized and again before it is stopped: a
 * signal may come between, and one that has stopped tells nothing.
 */
static void ask_proc(struct tracee *t)
{
	struct status_syscall now;

	if (arch_needs_telling && status_syscall_read(t->tid, t->tid, &now) && now.nr >= 0)
		t->before = now;
}

enum lt_errc tracee_seize(struct tracee *t, pid_t tid, int64_t deadline_ns, struct lt_err *err)
{
	*t = (struct tracee){.tid = tid, .deadline_ns = deadline_ns, .before.nr = -1};
	ask_proc(t);
	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)(uintptr_t)PTRACE_O_TRACESYSGOOD) < 0) {
		int e = errno;
		struct status st;

		/* somebody was quicker, since preflight looked */
		if (e == EPERM && status_read(tid, 0, &st, NULL) == LT_OK && st.tracer)
			return tracee_taken(tid, st.tracer, err);
		return lt_err_set(err, e == ESRCH ? LT_E_GONE : LT_E_PERM, e, "tracing %d", tid);
	}
	t->seized = true;
	fault_at(FAULT_SEIZED);
	return LT_OK;
}

/*
 * waitpid() has no timeout: look, then sleep until SIGCHLD (blocked by the borrower, so none is
 * lost) or the deadline.
 */
static enum lt_errc wait_status(struct tracee *t, int *ret_status, struct lt_err *err)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t got = waitpid(t->tid, ret_status, __WALL | WNOHANG);
		int64_t left = t->deadline_ns - clock_mono_ns();
		struct timespec ts = {left / CLOCK_NS_PER_S, left % CLOCK_NS_PER_S};

		if (got == t->tid)
			return LT_OK;
		if (got < 0 && errno != EINTR)
			return lt_err_set(err, LT_E_GONE, errno, "waiting for %d", t->tid);
		if (left <= 0)
			return lt_err_set(err, LT_E_TIMEOUT, 0, "thread %d did not stop", t->tid);
		sigtimedwait(&chld, NULL, &ts);
	}
}

static enum lt_errc wait_stop(struct tracee *t, struct lt_err *err)
{
	int status = 0;
	enum lt_errc rc = wait_status(t, &status, err);

	if (rc != LT_OK)
		return rc;
	if (!WIFSTOPPED(status)) {
		t->seized = t->stopped = false;
		return lt_err_set(err, LT_E_GONE, 0, "thread %d ended", t->tid);
	}
	t->stopped = true;
	t->sig = WSTOPSIG(status);
	if (status >> 16 == PTRACE_EVENT_STOP)
		t->event = TRACEE_PARKED;
	else if (t->sig == (SIGTRAP | 0x80))
		t->event = TRACEE_SYSCALL;
	else
		t->event = TRACEE_SIGNAL;
	return LT_OK;
}

static enum lt_errc go_on(struct tracee *t, int request, int sig, struct lt_err *err)
{
	if (ptrace(request, t->tid, NULL, (void *)(intptr_t)sig) < 0)
		return lost(t, errno, "continuing", err);
	t->stopped = false;
	return LT_OK;
}

/* Will a handler run as soon as the thread goes on? Unknown: yes. */
static bool handler_is_due(const struct tracee *t)
{
	uint64_t taken = t->event == TRACEE_SIGNAL ? 1ull << (t->sig - 1) : 0;
	struct status st;

	if (status_read(t->tid, 0, &st, NULL) != LT_OK)
		return true;
	return ((((st.sig_pending | st.sig_shared_pending) & ~st.sig_blocked) | taken) &
		st.sig_caught) != 0;
}

bool tracee_repair(struct tracee *t, struct arch_state *s)
{
	if ((arch_repairs_blindly && handler_is_due(t)) || !arch_repair_eintr(s))
		return false;
	t->repaired = arch_repairs_blindly;
	return true;
}

/* A handler that came since then must find the call interrupted. */
static void unrepair(struct tracee *t)
{
	struct arch_state now;

	if (!handler_is_due(t) || arch_regs_get(t->tid, &now) != 0)
		return;
	arch_unrepair(&now);
	(void)arch_regs_set(t->tid, &now);
}

/*
 * The kernel queues even an ignored signal for a thread that is traced (kernel/signal.c,
 * sig_ignored), and so ends system calls that it would have left alone: as arch_repair_eintr.
 */
static enum lt_errc pass_signal_on(struct tracee *t, struct lt_err *err)
{
	struct arch_state now;
	enum lt_errc rc = tracee_get(t, &now, err);

	if (rc == LT_OK && tracee_repair(t, &now))
		rc = tracee_set(t, &now, err);
	return rc == LT_OK ? lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "a signal came first") : rc;
}

enum lt_errc tracee_interrupt(struct tracee *t, struct lt_err *err)
{
	enum lt_errc rc;

	ask_proc(t);
	if (ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL) < 0)
		return lost(t, errno, "stopping", err);
	fault_at(FAULT_INTERRUPTED);
	rc = wait_stop(t, err);
	if (rc != LT_OK)
		return rc;
	if (t->event == TRACEE_PARKED)
		return LT_OK;
	return pass_signal_on(t, err);
}

enum lt_errc tracee_next_syscall(struct tracee *t, struct lt_err *err)
{
	int sig = 0;
	enum lt_errc rc;

	do {	/* a signal that cannot be masked, or a SIGSTOP: pass it on and look further */
		if ((rc = go_on(t, PTRACE_SYSCALL, sig, err)) != LT_OK)
			return rc;
		fault_at(FAULT_RUNNING);
		if ((rc = wait_stop(t, err)) != LT_OK)
			return rc;
		sig = t->event == TRACEE_SIGNAL ? t->sig : 0;
	} while (t->event != TRACEE_SYSCALL);
	return LT_OK;
}

enum lt_errc tracee_park(struct tracee *t, struct lt_err *err)
{
	enum lt_errc rc;
	int sig = 0;

	if (ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL) < 0)
		return lost(t, errno, "stopping", err);
	do {
		if ((rc = go_on(t, PTRACE_CONT, sig, err)) != LT_OK)
			return rc;
		if ((rc = wait_stop(t, err)) != LT_OK)
			return rc;
		sig = t->event == TRACEE_SIGNAL ? t->sig : 0;
	} while (t->event != TRACEE_PARKED);
	fault_at(FAULT_PARKED);
	return LT_OK;
}

bool tracee_in_group_stop(const struct tracee *t)
{
	return t->stopped && t->event == TRACEE_PARKED && t->sig != SIGTRAP;
}

void tracee_detach(struct tracee *t)
{
	int sig = t->stopped && t->event == TRACEE_SIGNAL ? t->sig : 0;

	if (t->seized && t->stopped && t->repaired)
		unrepair(t);
	if (t->seized && t->stopped)
		(void)ptrace(PTRACE_DETACH, t->tid, NULL, (void *)(intptr_t)sig);
	t->seized = t->stopped = false;
	fault_at(FAULT_DETACHED);
}

enum lt_errc tracee_get(const struct tracee *t, struct arch_state *s, struct lt_err *err)
{
	int e = arch_regs_get(t->tid, s);

	if (!e && t->event != TRACEE_SYSCALL)
		arch_learn(s, &t->before, t->repaired);
	return e ? lost(t, e, "reading registers of", err) : LT_OK;
}

enum lt_errc tracee_set(const struct tracee *t, const struct arch_state *s, struct lt_err *err)
{
	int e = arch_regs_set(t->tid, s);

	return e ? lost(t, e, "writing registers of", err) : LT_OK;
}

enum lt_errc tracee_save(const struct tracee *t, struct arch_state *s, struct lt_err *err)
{
	int e = arch_regs_get(t->tid, s);

	if (!e)
		arch_learn(s, &t->before, t->repaired);
	if (!e)
		e = arch_fp_get(t->tid, s);
	if (e == EBUSY)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "the CPU is in a matrix mode");
	if (!e && ptrace(PTRACE_GETSIGMASK, t->tid, (void *)sizeof(s->sigmask), &s->sigmask) < 0)
		e = errno;
	return e ? lost(t, e, "saving the state of", err) : LT_OK;
}

enum lt_errc tracee_mask(const struct tracee *t, uint64_t mask, struct lt_err *err)
{
	if (ptrace(PTRACE_SETSIGMASK, t->tid, (void *)sizeof(mask), &mask) < 0)
		return lost(t, errno, "masking signals of", err);
	return LT_OK;
}

/* One word for each system call: what every kernel allows to the tracer. */
static enum lt_errc poke_words(const struct tracee *t, uint64_t addr, const void *src, size_t n,
			       struct lt_err *err)
{
	for (size_t at = 0; at < n; at += sizeof(long)) {
		size_t part = n - at < sizeof(long) ? n - at : sizeof(long);
		long word = 0;

		memcpy(&word, (const char *)src + at, part);
		if (ptrace(PTRACE_POKEDATA, t->tid, (void *)(uintptr_t)(addr + at),
			   (void *)word) < 0)
			return lost(t, errno, "writing code into", err);
	}
	return LT_OK;
}

/*
 * Through /proc/TID/mem: as a poke does it (access_remote_vm with FOLL_FORCE; on aarch64 both end
 * in copy_to_user_page, which keeps the instruction cache in step), a page at a time from the
 * beginning. How many bytes were written; since Linux 6.12 proc_mem.force_override may say none.
 *
 * The file is that of whoever has the number now, and it stays that one's. The main thread may be
 * dead and the number have passed to a thread that called exec (de_thread): the answer to a
 * request tells that we still hold the one that was opened.
 */
static size_t write_at_once(const struct tracee *t, uint64_t addr, const void *src, size_t n)
{
	char path[32];
	uint64_t mask;
	ssize_t done = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", t->tid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (ptrace(PTRACE_GETSIGMASK, t->tid, (void *)sizeof(mask), &mask) == 0)
		done = pwrite(fd, src, n, (off_t)addr);
	close(fd);
	return done > 0 ? (size_t)done : 0;
}

enum lt_errc tracee_poke(const struct tracee *t, uint64_t addr, const void *src, size_t n,
			 struct lt_err *err)
{
	size_t at = n > POKE_FEW ? write_at_once(t, addr, src, n) / sizeof(long) * sizeof(long) : 0;

	return poke_words(t, addr + at, (const char *)src + at, n - at, err);
}

/*
 * kernel/seccomp.c: EINVAL: no filters at all, ENOENT: not so many, EACCES: no CAP_SYS_ADMIN or
 * a filter of our own. The kernel copies as many instructions as there are, at most BPF_MAXINSNS.
 */
int tracee_filter(const struct tracee *t, unsigned i, struct sock_filter *code)
{
	long n = ptrace(PTRACE_SECCOMP_GET_FILTER, t->tid, (void *)(uintptr_t)i, code);

	if (n < 0 && (errno == EINVAL || errno == ENOENT))
		return 0;
	return (int)n;
}

bool tracee_dispatches(const struct tracee *t)
{
	struct dispatch_config config = {0};

	return ptrace(PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, t->tid, (void *)sizeof(config),
		      &config) == 0 && config.mode != 0;
}

bool tracee_in_rseq(const struct tracee *t)
{
	struct rseq_config config = {0};
	uint64_t section = 0;
	struct iovec here = {&section, sizeof(section)}, there;

	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, t->tid, (void *)sizeof(config), &config) <= 0 ||
	    !config.abi)
		return false;
	/* struct rseq: cpu_id_start, cpu_id (two u32), then the pointer rseq_cs */
	there = (struct iovec){(void *)(uintptr_t)(config.abi + 8), sizeof(section)};
	if (process_vm_readv(t->tid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(section))
		return true;		/* cannot tell: treat it as unsafe */
	return section != 0;
}
