/*
 * Is this a moment at which the main thread may be borrowed? Asked twice: from /proc before any
 * stop (most bad moments are seen there, for free), and again of the stopped thread. When in
 * doubt the answer is no: there is no way to abort a call that has begun (injection.md 4.2).
 */
#ifndef LT_INJECT_SAFEPOINT_H
#define LT_INJECT_SAFEPOINT_H

#include "inject/gadget.h"
#include "inject/tracee.h"
#include "proc/maps.h"
#include "proc/status.h"
#include "target/python.h"

enum safepoint {
	SAFEPOINT_NO,
	SAFEPOINT_BLOCKED,	/* in a system call that restarts: the helper may run right here */
	SAFEPOINT_RUNNING,	/* in code that holds no lock of ours: a pending call may be left */
};

enum safepoint_use {
	SAFEPOINT_FUNCTIONS,	/* functions of the interpreter will be called */
	SAFEPOINT_NOTE,		/* the same, and a pending call left also where it is blocked */
	SAFEPOINT_SYSCALLS,	/* nothing but system calls: whatever locks it holds or waits for */
};

/*
 * Free stack below the stopped thread that a call needs: the frame, the helper, taking the GIL; for
 * a system call the frame alone (2.7 KB with AVX-512; where it is larger, call_begin says no).
 */
#define SAFEPOINT_STACK (32u << 10)
#define SAFEPOINT_STACK_SYSCALLS (4u << 10)

/* From /proc alone; *why (static text) when the answer is no. */
enum safepoint safepoint_guess(const struct python *py, const struct status_syscall *now,
			       const struct maps *maps, const char **why);
/* The same for system calls alone. */
enum safepoint safepoint_guess_syscalls(const struct status_syscall *now, const struct maps *maps,
					const char **why);

/* The stopped thread; s are its registers. */
enum safepoint safepoint_judge(const struct python *py, enum safepoint_use use,
			       const struct gadgets *gadgets, const struct maps *maps,
			       const struct tracee *t, const struct arch_state *s,
			       const char **why);

#endif
