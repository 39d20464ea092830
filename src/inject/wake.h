/*
 * Signals that come during a stop. The kernel gives a signal for the process to its main thread,
 * but while that is stopped to any other (kernel/signal.c, complete_signal). There Python's handler
 * in C notes it for the main thread, which nobody wakes: if it waits for good it never learns of
 * it, and a server does not end at its SIGTERM. So leaktop looks afterwards, and ends the wait as
 * the signal would have.
 */
#ifndef LT_INJECT_WAKE_H
#define LT_INJECT_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "inject/gadget.h"
#include "inject/tracee.h"
#include "proc/maps.h"
#include "target/python.h"

/*
 * A program may well wait with a signal noted that its main thread has taken itself: after a
 * handler with SA_RESTART, or in a C function that waits again. Its wait must not end. So it is
 * counted how often the thread went to sleep: once for the stop and once to wait again, unless it
 * woke between.
 */
struct wake {
	const struct python *py;
	const struct gadgets *gadgets;
	bool watches;		/* it may be that another thread takes a signal */
	int64_t switches;	/* status_switches() of the main thread when it was looked at */
};

/* Before the main thread is stopped. */
struct wake wake_begin(const struct python *py, const struct gadgets *gadgets);
/* As soon as it stands still. */
void wake_stopped(struct wake *w);
/* Right before it is let go. */
void wake_leaves(struct wake *w, const struct tracee *t);

/*
 * When it was let go, from a system call: looks until it waits again, which is most often at once,
 * or runs, and so looks itself. A thread that the kernel has given a signal notes it when it gets a
 * CPU: those that wait for one are waited for. With a signal noted, a short stop makes the main
 * thread's system call return EINTR; the time that took in ns, else 0. `filters`: so many of its
 * seccomp filters were read and let waits go on.
 */
int64_t wake_end(struct wake *w, const struct maps *maps, int filters);

#endif
