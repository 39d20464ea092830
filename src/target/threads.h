/*
 * Which thread of a process is the interpreter's main one, and which of its states holds the GIL.
 * A thread is named as the C library does it, by pthread_self(); self is a range that has that
 * value of the one thread and of no other.
 */
#ifndef LT_TARGET_THREADS_H
#define LT_TARGET_THREADS_H

#include "target/python.h"

/* Is that thread the one on which Python's signal handlers run? Unknown (2.7, 3.6): true. */
bool threads_is_main(const struct python *py, struct python_range self);

/*
 * Does that thread, which must be stopped, run pending calls when it runs Python code? Not where
 * another thread has initialized Python; from 3.13 on, not while it works under another state
 * than its first. Unknown (2.7, 3.6): true.
 */
bool threads_runs_pending(const struct python *py, struct python_range self);

/*
 * Where it is noted which state has the GIL; *ret is 0 where nobody needs to know (3.12+). false:
 * it was not found.
 */
bool threads_find(const struct python *py, uint64_t *ret);

/*
 * The PyThreadState under which that thread, which must be stopped, has the GIL: one that was made
 * on it. 0: it does not. From 3.12 on always 0: PyGILState_Ensure cannot mistake it there.
 */
uint64_t threads_gil_state(const struct python *py, struct python_range self);

#endif
