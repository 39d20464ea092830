/* Blocking system calls, one by one: what a victim does and how it is brought to an end. */
#ifndef LT_TESTS_HARM_CALLS_H
#define LT_TESTS_HARM_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CALLS_TIMEOUT_MS 250

struct scene {			/* shared by the victim and the test */
	int near, far;		/* descriptors: the victim blocks on near, the test acts on far */
	int epoll;
	int id;			/* of a semaphore set or a message queue */
	uint32_t futex;
	pid_t victim;

	uint32_t begun, done, handled;
	int64_t begin_ns, end_ns;
	long ret;
	int error;		/* errno, where ret is -1 */
};

/* What a timeout does after a stop; calls without one are EXACT, but for poll. */
enum calls_timeout {
	EXACT,		/* goes on */
	BLOCK,		/* goes on through restart_syscall; EINTR if leaktop dies during a call */
	AGAIN,		/* begins again: the stop made it EINTR, which was repaired */
};

struct call_case {
	const char *name;
	void (*prepare)(struct scene *s);	/* in the test, before the victim exists */
	long (*call)(struct scene *s);		/* in the victim */
	void (*release)(struct scene *s);	/* in the test; NULL: it ends by its timeout */
	enum calls_timeout timeout;
};

extern const struct call_case calls[];
extern const size_t calls_n;

void calls_clean(struct scene *s);	/* closes and removes what prepare made */

#endif
