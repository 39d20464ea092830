/*
 * One thread of the target under ptrace. SEIZE and INTERRUPT only: no SIGSTOP, no group of
 * threads, no breakpoint, no PTRACE_O_EXITKILL, so that whatever happens to leaktop the kernel lets
 * the thread go (I2, I3). Every wait has a deadline.
 */
#ifndef LT_INJECT_TRACEE_H
#define LT_INJECT_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject/arch.h"
#include "proc/status.h"
#include "util/err.h"

struct sock_filter;

enum tracee_event {
	TRACEE_PARKED,		/* stopped on its way to user mode: registers may be changed, an
				   interrupted system call restarts from them */
	TRACEE_SYSCALL,		/* at the entry or the exit of a system call */
	TRACEE_SIGNAL,		/* about to take `sig` */
};

struct tracee {
	pid_t tid;
	int64_t deadline_ns;	/* clock_mono_ns() after which a wait gives up: LT_E_TIMEOUT */
	bool seized, stopped;
	enum tracee_event event;	/* when stopped */
	int sig;
	struct status_syscall before;	/* right before the stop; nr -1: not known, or running */
	bool repaired;			/* by tracee_repair: tracee_detach may have to undo it */
};

/* LT_E_TRACED, with the name of the tracer: "PID 4242 is traced by gdb, PID 4300". */
enum lt_errc tracee_taken(pid_t tid, pid_t tracer, struct lt_err *err);

/* SEIZE. LT_E_GONE, LT_E_TRACED, LT_E_PERM. */
enum lt_errc tracee_seize(struct tracee *t, pid_t tid, int64_t deadline_ns, struct lt_err *err);
/* INTERRUPT and wait until parked. A signal that comes first is passed on: LT_E_NO_SAFE_POINT. */
enum lt_errc tracee_interrupt(struct tracee *t, struct lt_err *err);
/* Is it parked because the whole process is stopped (^Z)? Detached, it stays stopped. */
bool tracee_in_group_stop(const struct tracee *t);
/* Goes on to the next entry or exit of a system call. */
enum lt_errc tracee_next_syscall(struct tracee *t, struct lt_err *err);
/* From a system call stop: go on, but park before one more user instruction runs. */
enum lt_errc tracee_park(struct tracee *t, struct lt_err *err);
/* arch_repair_eintr, to be followed by tracee_set; where that is blind, no handler may be due. */
bool tracee_repair(struct tracee *t, struct arch_state *s);
/* Lets it go, a blind repair undone if a handler is due. Nothing else to do if it has died. */
void tracee_detach(struct tracee *t);

enum lt_errc tracee_get(const struct tracee *t, struct arch_state *s, struct lt_err *err);
enum lt_errc tracee_set(const struct tracee *t, const struct arch_state *s, struct lt_err *err);
/* The whole state: registers, extended state, signal mask. */
enum lt_errc tracee_save(const struct tracee *t, struct arch_state *s, struct lt_err *err);
enum lt_errc tracee_mask(const struct tracee *t, uint64_t mask, struct lt_err *err);
/*
 * Writes where even the target may not (its own read-only code page), from the beginning on: by one
 * write where the kernel lets us, else a word at a time. Zeros up to 8 bytes behind n.
 */
enum lt_errc tracee_poke(const struct tracee *t, uint64_t addr, const void *src, size_t n,
			 struct lt_err *err);
/*
 * Its seccomp filter number i (the newest is 0), into room for SECCOMP_INSNS_MAX instructions: how
 * many they are; 0: it has no more; -1 with errno: only who has CAP_SYS_ADMIN may read it.
 */
int tracee_filter(const struct tracee *t, unsigned i, struct sock_filter *code);
/* Does the program catch its own system calls? Before Linux 6.4 nobody can tell: false. */
bool tracee_dispatches(const struct tracee *t);
/* Is it inside a restartable sequence (rseq(2))? A stop there is harmless, a detour is not. */
bool tracee_in_rseq(const struct tracee *t);

#endif
