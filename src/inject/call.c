#include "config.h"
#include "inject/call.h"

#include <errno.h>
#include <signal.h>
#include <sys/uio.h>

#include "inject/arch_stop.h"
#include "inject/fault.h"
#include "util/clock.h"
#include "util/mem.h"

#define CALL_GRACE_NS (60 * CLOCK_NS_PER_S)

/*
 * Signals held back during a call: all but those that report an error of the code that runs, those
 * nobody can hold back, and 32-34, with which the C library runs setuid() and friends on every
 * thread and waits for each.
 */
static uint64_t call_mask(void)
{
	static const int open[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGKILL, SIGSTOP, 32, 33, 34,
	};
	uint64_t mask = ~0UL;

	for (size_t i = 0; i < COUNT_OF(open); i++)
		mask &= ~(1UL << (open[i] - 1));
	return mask;
}

static enum lt_errc write_frame(struct call *c, struct lt_err *err)
{
	uint8_t frame[ARCH_FRAME_MAX];
	size_t n = arch_frame_build(&c->saved, c->gadgets->restore_rt, c->eintr_raises, frame,
				    sizeof(frame), &c->sp);
	struct iovec here = {frame, n}, there = {(void *)(uintptr_t)c->sp, n};
	ssize_t done;

	if (n == 0)
		return lt_err_set(err, LT_E_LAYOUT, 0, "the CPU state is too large for a frame");
	done = process_vm_writev(c->tracee->tid, &here, 1, &there, 1, 0);
	if (done == (ssize_t)n)
		return LT_OK;
	/* What came to lie there, below the red zone, is nobody's. */
	if (done >= 0 || errno == EFAULT)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "too little stack left");
	return lt_err_set(err, LT_E_REMOTE, errno, "writing the signal frame");
}

enum lt_errc call_begin(struct call *c, struct tracee *t, const struct gadgets *gadgets,
			struct lt_err *err)
{
	enum lt_errc rc;

	c->tracee = t;
	c->gadgets = gadgets;
	c->entered = false;
	if ((rc = tracee_save(t, &c->saved, err)) != LT_OK)
		return rc;
	fault_at(FAULT_SAVED);
	rc = write_frame(c, err);
	fault_at(FAULT_FRAMED);
	return rc;
}

/*
 * From the entry of a sigreturn that must not happen yet to its end, so that registers written then
 * stay. A seccomp filter is asked after the tracer (kernel/entry/common.c, syscall_trace_enter) and
 * may answer the call that is skipped with an errno, in the very register that holds the number of
 * the next one. If leaktop dies meanwhile, the thread comes to its sigreturn once more.
 */
static enum lt_errc leave_sigreturn(struct call *c, struct lt_err *err)
{
	struct arch_state now;
	enum lt_errc rc = tracee_get(c->tracee, &now, err);

	if (rc != LT_OK)
		return rc;
	arch_skip_sigreturn(&now, c->gadgets->restore_rt, c->sp);
	if ((rc = tracee_set(c->tracee, &now, err)) != LT_OK)
		return rc;
	rc = tracee_next_syscall(c->tracee, err);
	fault_at(FAULT_CHAINED);
	return rc;
}

/* Sends the thread to the prepared registers and masks signals the first time. */
static enum lt_errc enter(struct call *c, const struct arch_state *to, struct lt_err *err)
{
	enum lt_errc rc;

	if (c->entered && (rc = leave_sigreturn(c, err)) != LT_OK)
		return rc;
	if ((rc = tracee_set(c->tracee, to, err)) != LT_OK || c->entered)
		return rc;
	c->entered = true;
	c->tracee->repaired = false;	/* what it returns to is the frame's, or ours, to say */
	/* A call that waits for the GIL waits as long as the thread itself would have to: giving it
	 * up half-way is what costs the target an EINTR. */
	c->tracee->deadline_ns = clock_mono_ns() + CALL_GRACE_NS;
	fault_at(FAULT_ENTERED);
	rc = tracee_mask(c->tracee, call_mask(), err);
	fault_at(FAULT_MASKED);
	return rc;
}

/*
 * Follows the thread to the entry of its sigreturn. `nr` >= 0: also notes the result of that
 * system call at the gadget on the way.
 */
static enum lt_errc follow(struct call *c, long nr, int64_t *ret, struct lt_err *err)
{
	struct arch_state now;
	enum lt_errc rc;

	for (;;) {
		if ((rc = tracee_next_syscall(c->tracee, err)) != LT_OK ||
		    (rc = tracee_get(c->tracee, &now, err)) != LT_OK)
			return rc;
		if (nr >= 0)
			(void)arch_syscall_result(&now, c->gadgets->syscall_ret, nr, ret);
		if (arch_at_sigreturn(&now, c->sp))
			break;
	}
	fault_at(FAULT_RETURNED);
	return LT_OK;
}

enum lt_errc call_syscall(struct call *c, long nr, const uint64_t args[6], int64_t *ret,
			  struct lt_err *err)
{
	struct arch_state to;
	int64_t result = -ENOSYS;
	enum lt_errc rc;

	arch_prepare_syscall(&c->saved, &to, c->sp, c->gadgets->restore_rt,
			     c->gadgets->syscall_ret, nr, args);
	if ((rc = enter(c, &to, err)) != LT_OK || (rc = follow(c, nr, &result, err)) != LT_OK)
		return rc;
	*ret = result;
	return LT_OK;
}

enum lt_errc call_function(struct call *c, uint64_t fn, uint64_t arg, struct lt_err *err)
{
	struct arch_state to;
	enum lt_errc rc;

	arch_prepare_call(&c->saved, &to, c->sp, c->gadgets->restore_rt, fn, arg);
	if ((rc = enter(c, &to, err)) != LT_OK)
		return rc;
	return follow(c, -1, NULL, err);
}

/*
 * Makes the frame unrecognisable, or a later look at the stack could take what is left of it for a
 * signal handler that is running. It could still be returned through.
 */
static void spoil_frame(const struct call *c)
{
	uint64_t word, at = arch_frame_spoil(c->sp, &word);
	struct iovec here = {&word, sizeof(word)}, there = {(void *)(uintptr_t)at, sizeof(word)};

	(void)!process_vm_writev(c->tracee->tid, &here, 1, &there, 1, 0);
}

/* From the entry of the sigreturn, which does not happen. Should leaktop die, it happens again. */
static enum lt_errc skip_sigreturn(const struct call *c, struct lt_err *err)
{
	struct arch_state now;
	enum lt_errc rc = tracee_get(c->tracee, &now, err);

	if (rc != LT_OK)
		return rc;
	arch_skip_sigreturn(&now, c->gadgets->restore_rt, c->sp);
	rc = tracee_set(c->tracee, &now, err);
	fault_at(FAULT_SKIPPED);
	return rc;
}

/*
 * By way of one more sigreturn that is skipped: at its exit it is made that of the system call the
 * thread was in, and the kernel goes on from there as if it had only now been interrupted
 * (arch_stop.h). Up to that moment the frame heals; from it on the kernel does, since a thread
 * that is let go by a tracer looks for signals before it runs.
 */
static enum lt_errc reenter(struct call *c, struct lt_err *err)
{
	struct arch_state to;
	enum lt_errc rc;
	int e;

	arch_prepare_reentry(&c->saved, &to, c->sp, c->gadgets->restore_rt);
	if ((rc = tracee_set(c->tracee, &to, err)) != LT_OK ||
	    (rc = follow(c, -1, NULL, err)) != LT_OK ||
	    (rc = skip_sigreturn(c, err)) != LT_OK ||
	    (rc = tracee_next_syscall(c->tracee, err)) != LT_OK ||
	    (rc = tracee_mask(c->tracee, c->saved.sigmask, err)) != LT_OK)
		return rc;
	fault_at(FAULT_UNMASKED);
	if ((e = arch_reenter(c->tracee->tid, &c->saved)) != 0)
		return lt_err_set(err, LT_E_SYS, e, "returning to the system call");
	fault_at(FAULT_RESTORED);
	return tracee_park(c->tracee, err);
}

/* The thread is parked before its sigreturn. */
static enum lt_errc restore(struct call *c, struct lt_err *err)
{
	enum lt_errc rc = tracee_mask(c->tracee, c->saved.sigmask, err);

	if (rc != LT_OK)
		return rc;
	fault_at(FAULT_UNMASKED);
	rc = tracee_set(c->tracee, &c->saved, err);
	fault_at(FAULT_RESTORED);
	return rc;
}

enum lt_errc call_end(struct call *c, struct lt_err *err)
{
	enum lt_errc rc;
	int e;

	if (!c->entered)
		return LT_OK;
	if ((rc = skip_sigreturn(c, err)) != LT_OK || (rc = tracee_park(c->tracee, err)) != LT_OK)
		return rc;
	if ((e = arch_fp_set(c->tracee->tid, &c->saved)) != 0)
		return lt_err_set(err, LT_E_SYS, e, "restoring the CPU state");
	spoil_frame(c);
	return arch_must_reenter(&c->saved) ? reenter(c, err) : restore(c, err);
}
