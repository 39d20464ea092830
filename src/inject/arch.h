/*
 * The CPU seam: registers, the signal frame and system calls of one architecture. Nothing outside
 * arch_*.c names a register. Facts: kernel arch/x86/kernel/signal.c, signal_64.c, and
 * arch/arm64/kernel/signal.c, ptrace.c. What a stop does to system calls: arch_stop.h.
 */
#ifndef LT_INJECT_ARCH_H
#define LT_INJECT_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/python.h"

#define ARCH_REGS_MAX 512	/* bytes of the general registers */
#define ARCH_FP_MAX 16384	/* bytes of the extended state: AVX-512 2.7 KB, SVE 9, AMX 11 */
#define ARCH_FRAME_MAX (ARCH_FP_MAX + 2048)

/* Everything a thread needs to go on as if nothing had happened. */
struct arch_state {
	uint8_t regs[ARCH_REGS_MAX] __attribute__((aligned(16)));
	uint8_t fp[ARCH_FP_MAX] __attribute__((aligned(64)));
	size_t fp_size;
	uint64_t sigmask;
};

/* Each: 0, or errno of the ptrace call that failed; EBUSY: in a mode that no function expects. */
int arch_regs_get(pid_t tid, struct arch_state *s);
int arch_regs_set(pid_t tid, const struct arch_state *s);
int arch_fp_get(pid_t tid, struct arch_state *s);
int arch_fp_set(pid_t tid, const struct arch_state *s);

/* A counter of the CPU at an even pace, in all processes the same: agent/arch.h. */
uint64_t arch_ticks(void);

uint64_t arch_pc(const struct arch_state *s);
uint64_t arch_sp(const struct arch_state *s);
/* Where what pthread_self() says in it lies, and what that says in no other thread. */
struct python_range arch_thread_self(const struct arch_state *s);

/* The number of the system call the thread was stopped in, -1: in none. */
long arch_syscall_nr(const struct arch_state *s);
uint64_t arch_syscall_arg(const struct arch_state *s, int i);

/*
 * Builds a signal frame for a call on this thread, below its red zone. If leaktop dies during the
 * call, the called function returns into restore_rt, the kernel's own way out of a signal handler
 * takes the frame, and the thread goes on with the state in *s, its system call restarted. One
 * that continues through restart_syscall cannot be, and returns EINTR; where the program would make
 * an exception of that (`eintr_raises`) it begins anew instead, timeout and all.
 * *ret_sp: where the frame must be written; also the stack pointer of the call. Returns its size.
 */
size_t arch_frame_build(const struct arch_state *s, uint64_t restore_rt, bool eintr_raises,
			uint8_t *frame, size_t max, uint64_t *ret_sp);

/* Registers for calling fn(arg) on that frame, so that it returns to restore_rt. */
void arch_prepare_call(const struct arch_state *from, struct arch_state *to, uint64_t sp,
		       uint64_t restore_rt, uint64_t fn, uint64_t arg);
/* Registers for a raw system call at a `syscall; ret` gadget. */
void arch_prepare_syscall(const struct arch_state *from, struct arch_state *to, uint64_t sp,
			  uint64_t restore_rt, uint64_t gadget, long nr,
			  const uint64_t args[6]);

/* Is the thread at the entry of the sigreturn system call that ends the call at sp? */
bool arch_at_sigreturn(const struct arch_state *s, uint64_t sp);
/* Makes a thread at that place skip the system call and, should leaktop die, do it again. */
void arch_skip_sigreturn(struct arch_state *s, uint64_t restore_rt, uint64_t sp);
/* At the exit of system call nr at the gadget: its result. */
bool arch_syscall_result(const struct arch_state *s, uint64_t gadget, long nr, int64_t *ret);

/* Byte patterns to look for in the text of the C library or the loader. */
struct arch_pattern {
	const uint8_t *bytes;
	size_t n;
};
extern const struct arch_pattern arch_restore_rt, arch_syscall_ret;
/* The end of a function that returns 0 (agent/entry_CPU.S): one of these; the last has no bytes. */
extern const struct arch_pattern arch_zero_ret[];

/*
 * Signal frames on a stack: a word that each of them has arch_frame_mark_at bytes from its start,
 * and whether such a one at sp looks real. arch_frame_spoil: what to write where, so that one that
 * is over no longer does; it could still be returned through.
 */
#define ARCH_HANDLER_FRAME 1184
uint64_t arch_frame_mark(uint64_t restore_rt);
extern const size_t arch_frame_mark_at;
bool arch_is_handler_frame(const uint8_t *frame, size_t n, uint64_t sp);
uint64_t arch_frame_spoil(uint64_t sp, uint64_t *ret_word);

/* System calls of this CPU in which a blocked main thread may be borrowed. */
enum arch_block {
	ARCH_BLOCK_NO,
	ARCH_BLOCK_YES,
	ARCH_BLOCK_FUTEX,	/* look at the operation and at the address */
	ARCH_BLOCK_RESTART,	/* a call with a timeout that was interrupted before: the kernel
				   goes on with it under another number, its arguments in place */
};
enum arch_block arch_block_kind(long nr);

bool arch_is_fork(long nr);	/* fork, vfork, clone, clone3 */

extern const long arch_nr_mmap, arch_nr_munmap, arch_nr_futex, arch_nr_clock_gettime,
	arch_nr_sigreturn, arch_nr_restart, arch_nr_getpid;
extern const uint32_t arch_audit;	/* AUDIT_ARCH_* */

#endif
