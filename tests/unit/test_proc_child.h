/*
 * A child process for the tests of proc/ to look at. It does what it is told and answers when it
 * is done, so a test waits for a state and never for a time. It dies with its parent.
 */
#ifndef LT_TESTS_PROC_CHILD_H
#define LT_TESTS_PROC_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_MAPPED_BYTES (64 << 20)

struct child {
	pid_t pid;
	int order_fd, answer_fd;
	int blocked_fd;			/* the child's number of the pipe that it waits on */
};

enum child_order {
	CHILD_MAP = 'm',		/* maps and touches CHILD_MAPPED_BYTES */
	CHILD_SIGNALS = 's',		/* blocks USR1, ignores USR2, catches HUP */
	CHILD_TRACED = 't',		/* lets its parent trace it, then stops itself: no answer */
	CHILD_SECCOMP = 'c',		/* strict seccomp; the answer is 0 where that failed */
};

/* comm may be NULL. */
struct child child_begin(const char *comm);
/* Kills and reaps it. Once reaped a second call does nothing. */
void child_end(struct child *c);

void child_tell(struct child *c, enum child_order order);
/* The child's own resident size in bytes after what it was last told, from its statm. */
int64_t child_answer(struct child *c);

void child_stop(struct child *c);	/* returns when it is stopped */
void child_make_zombie(struct child *c);	/* returns when it has ended, not reaped */

/* Ends it and begins an idle process with the same PID; false where that is not permitted. */
bool child_rebirth(struct child *c);

/* Runs check(arg) in a process that is another user; its result, or -1 where that went wrong. */
int child_as_nobody(int (*check)(void *arg), void *arg);

#endif
