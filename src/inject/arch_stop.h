/*
 * The part of the CPU seam (arch.h) that is about system calls a stop has interrupted. On x86-64
 * registers tell everything: the number of the call, and how the kernel is going to restart it.
 *
 * On aarch64 the kernel has rewound the program counter before a tracer sees the thread, and keeps
 * the rest to itself for as long as the stop lasts (arch/arm64/kernel/signal.c, do_signal): no
 * register tells the number, nor whether it goes on through restart_syscall, nor, of a call that
 * returned EINTR, its first argument. So /proc is asked right before the stop; and a thread that
 * was sent elsewhere meanwhile must come back by way of a system call, or nobody would restart its
 * own the right way.
 */
#ifndef LT_INJECT_ARCH_STOP_H
#define LT_INJECT_ARCH_STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject/arch.h"
#include "proc/status.h"

/*
 * A ptrace stop makes epoll_wait and a few others return EINTR instead of restarting. Turns that
 * into "restart unless a handler runs" (-ERESTARTNOHAND), which the kernel honours on the way out.
 * true if there was anything to turn.
 */
bool arch_repair_eintr(struct arch_state *s);

/*
 * Makes the system call that the stop has interrupted return EINTR, as it would had a handler run
 * on its thread. false: the thread is in none, or in one that does not end so.
 */
bool arch_end_call(struct arch_state *s);

/* What a repaired call does with its timeout when it begins anew. */
enum arch_wait {
	ARCH_WAIT_UNTIMED,	/* it has none */
	ARCH_WAIT_REGISTER,	/* it is in a register, in milliseconds: can be shortened */
	ARCH_WAIT_MEMORY,	/* it is in memory or in a socket: out of reach */
};
#define ARCH_WAIT_ARG 3		/* which argument, where it is in a register */
enum arch_wait arch_wait_kind(const struct arch_state *s, int64_t *ret_ms);
void arch_set_wait_ms(struct arch_state *s, int64_t ms);

/*
 * Does this wait, once stopped, go on under the number of restart_syscall? arch_avoid_restart:
 * keeps one that is stopped from that; true if it was such a one. It begins anew under its own
 * number, with its full timeout; on aarch64 it returns EINTR, for at its svc the kernel insists.
 */
bool arch_restarts_elsewhere(long nr, const uint64_t args[6]);
bool arch_avoid_restart(struct arch_state *s);

/* Do registers leave out what arch_learn wants to know? */
extern const bool arch_needs_telling;
/*
 * Completes registers of a thread stopped on its way to user mode by what /proc said before.
 * repaired: its call had returned EINTR, and arch_repair_eintr has made it begin anew.
 */
void arch_learn(struct arch_state *s, const struct status_syscall *before, bool repaired);

/*
 * Is arch_repair_eintr blind to handlers? Then the call would begin anew behind one that runs
 * first, instead of returning EINTR: not to be done, and to be undone, where one is due.
 */
extern const bool arch_repairs_blindly;
void arch_unrepair(struct arch_state *s);

/* Must the thread come back to this state by way of a system call? */
bool arch_must_reenter(const struct arch_state *s);
/* Registers for a system call that is the frame's sigreturn, to be skipped as the others are. */
void arch_prepare_reentry(const struct arch_state *saved, struct arch_state *to, uint64_t sp,
			  uint64_t restore_rt);
/* At its exit: makes it that of the call in *saved. 0 or errno. */
int arch_reenter(pid_t tid, const struct arch_state *saved);

/* Does the CPU keep return addresses where nobody can forge one? (x86: preflight knows.) */
bool arch_guards_returns(pid_t tid);

#endif
