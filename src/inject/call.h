/*
 * Calls on a stopped thread that heal themselves: a real signal frame lies under the red zone, the
 * called code returns into the kernel's sigreturn, and if leaktop dies at any instruction the
 * thread goes on by itself with the state it had. If leaktop lives, it steps in at the entry of
 * sigreturn and writes the original registers back, so that not even a timeout is restarted.
 *
 *   call_begin  -> call_syscall | call_function, any number -> call_end
 *
 * Order matters: the frame first, then registers, then the signal mask; on the way back the mask,
 * then registers. In any other order a kill in between would leave signals blocked.
 */
#ifndef LT_INJECT_CALL_H
#define LT_INJECT_CALL_H

#include "inject/gadget.h"
#include "inject/tracee.h"

struct call {
	struct tracee *tracee;
	const struct gadgets *gadgets;
	struct arch_state saved;	/* what the thread gets back */
	uint64_t sp;			/* of the frame */
	bool eintr_raises;		/* the program makes an exception of EINTR: see arch.h */
	bool entered;			/* the thread has left its own state */
};

/*
 * The tracee is parked; its EINTR must have been repaired. Nothing is changed on failure. Set
 * eintr_raises before; the rest is filled in.
 */
enum lt_errc call_begin(struct call *c, struct tracee *t, const struct gadgets *gadgets,
			struct lt_err *err);
/* *ret: the kernel's result, -errno on failure. */
enum lt_errc call_syscall(struct call *c, long nr, const uint64_t args[6], int64_t *ret,
			  struct lt_err *err);
enum lt_errc call_function(struct call *c, uint64_t fn, uint64_t arg, struct lt_err *err);
/* Gives the thread its own state back; it stays parked for tracee_detach. */
enum lt_errc call_end(struct call *c, struct lt_err *err);

#endif
