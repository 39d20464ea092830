/*
 * Borrowing the main thread for one job: map leaktop's pages if they are not there yet and run the
 * helper, slice after slice with pauses between them; or leave a note that has the interpreter run
 * gc.collect(); or take the pages away. The work is done in a
 * child process, so that leaktop's screen never waits for ptrace and the child can be killed at any
 * time without harm to the target.
 */
#ifndef LT_INJECT_BORROW_H
#define LT_INJECT_BORROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject/gadget.h"
#include "inject/lodging.h"
#include "inject/pace.h"
#include "inject/timed.h"
#include "target/python.h"
#include "util/err.h"

#define BORROW_COLLECT_NS (120ll * 1000000000)	/* then leaktop goes on without its answer */

struct borrow_job {
	const struct python *py;
	const struct gadgets *gadgets;
	struct lodging lodging;		/* as it is now */
	uint64_t block_size;		/* wanted; another size than the present: mapped anew */
	bool leave;			/* unmap the pages; otherwise run the helper */
	bool collect;			/* the order is AGENT_OP_COLLECT */
	const struct agent_block *block;	/* a new block begins so */
	struct agent_order order;	/* the first */
	uint32_t object_least;		/* bytes: how many objects memory that grows can hold */
	struct pace pace;
	int64_t max_pause_ns;		/* of one slice, the stop included; 0: no slices */
	struct timed_wait wait;	/* of the last job's result */
	int filters;			/* so many seccomp filters were read and let waits go on */
	int64_t wait_ns;		/* for a safe moment and an answer, in each slice;
					 * a collection that has begun has BORROW_COLLECT_NS */
};

struct borrow_result {
	struct lt_err err;		/* code LT_OK: the request is answered or the pages gone */
	struct lodging lodging;		/* as it is afterwards, also on failure */
	struct timed_wait wait;	/* for the next job */
	int filters;
	bool lost;			/* the child died: there may be more than *lodging says */
	bool pending;			/* it went through a pending call */
	uint32_t request;		/* the last one: that of the last slice */
	int64_t slices, hold_ns, longest_hold_ns;	/* the GIL; answered slices only */
	int64_t stops, stopped_ns, longest_stop_ns;
	int64_t cpu_ns;			/* of the child */
};

struct borrower {			/* a job under way; zeroed: none */
	pid_t child;
	int fd;				/* polls readable when the result is there */
	struct lodging lodging;
	struct timed_wait wait;
	int filters;
	uint32_t request;
	volatile int *hurry;		/* shared with the child */
};

/* LT_E_SYS if no process or pipe can be had. */
enum lt_errc borrow_begin(struct borrower *b, const struct borrow_job *job, struct lt_err *err);
/*
 * No further slice: the job ends with LT_E_TIMEOUT unless this was the last. A collection that has
 * not begun is called off; one that has is no longer waited for.
 */
void borrow_hurry(struct borrower *b);
/*
 * The result, once fd polls readable (blocks until then). A child that died without one gives
 * LT_E_TIMEOUT and the lodging of before: a later job finds what it may have mapped meanwhile.
 */
void borrow_end(struct borrower *b, struct borrow_result *ret);
/* Kills the child of a job that is under way. */
void borrow_abandon(struct borrower *b);

#endif
