/*
 * Waits with a timeout that begin anew after a stop: epoll_wait, a socket with SO_RCVTIMEO and
 * others that arch_repair_eintr has to mend. A server that waits 3 s for an event and is visited
 * every 2 s would never see its timeout, so the wait that was visited last is remembered: where the
 * timeout is in a register the next visit puts in what is left of it, elsewhere there is no second
 * visit.
 */
#ifndef LT_INJECT_TIMED_H
#define LT_INJECT_TIMED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject/arch_stop.h"
#include "proc/status.h"
#include "target/python.h"

struct timed_wait {			/* zeroed: none */
	struct status_syscall call;	/* as it looked when the thread was asleep in it again */
	int64_t switches;		/* tells this sleep from the next one in the same place */
	int64_t since_ns;		/* when it was first seen; 0: no such wait */
	int64_t timeout_ms;		/* as the program asked; 0: out of reach */
	int64_t set_ms;			/* what the last visit left in the register */
};

/* Is the thread, blocked in *now, still in the very wait that was visited before? */
bool timed_still(struct timed_wait *wait, pid_t pid, const struct status_syscall *now);

/* A call that was repaired in *now will begin anew: with the time that is left of it. */
void timed_renew(struct timed_wait *wait, const struct python *py, struct arch_state *now);

/* After the visit: what the wait looks like from outside once the thread sleeps in it again. */
void timed_remember(struct timed_wait *wait, pid_t pid, const struct status_syscall *visited);

#endif
