/*
 * Threads that want a CPU. What one of them was about to do is done when it has had one since, or
 * sleeps.
 */
#ifndef LT_PROC_RUNNABLE_H
#define LT_PROC_RUNNABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RUNNABLE_MOST 64	/* of a process; no more are looked at */

struct runnable {
	struct runnable_thread {
		pid_t tid;
		int64_t cpu_ns;		/* that it has had so far */
	} list[RUNNABLE_MOST];
	size_t n;
};

/*
 * The threads of pid but one that run or wait for a CPU, where the kernel counts what they get. Not
 * those that wait for a disk: that may take any time.
 */
void runnable_take(struct runnable *r, pid_t pid, pid_t but);

/* Forgets those that have run since, or sleep, or are gone. true: none is left. */
bool runnable_have_run(struct runnable *r, pid_t pid);

/*
 * CPU time of a thread in ns, /proc/PID/task/TID/schedstat; the kernel adds to it at a tick and
 * when the thread gives up its CPU. LT_UNKNOWN where the kernel does not count it.
 */
int64_t runnable_cpu_ns(pid_t pid, pid_t tid);

#endif
