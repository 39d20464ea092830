/*
 * Borrowing the main thread for one job: map leaktop's two pages if they are not there yet, run
 * the helper, or take the pages away. The work is done in a child process, so that leaktop's screen
 * never waits for ptrace and the child can be killed at any time without harm to the target.
 */
#ifndef LT_INJECT_BORROW_H
#define LT_INJECT_BORROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject/gadget.h"
#include "inject/timed.h"
#include "target/python.h"
#include "util/err.h"

/* leaktop's two mappings in the target; all 0 when there are none. Sizes are whole pages. */
struct lodging {
	uint64_t code, block;		/* addresses: R-X, RW- */
	uint64_t code_size, block_size;
	int filters;			/* so many seccomp filters were read and let waits go on */
};

struct borrow_job {
	const struct python *py;
	const struct gadgets *gadgets;
	struct lodging lodging;		/* as it is now */
	uint64_t block_size;		/* wanted; another size than the present: mapped anew */
	bool leave;			/* unmap the pages; otherwise run the helper */
	const void *block;		/* first bytes of a new block: a struct agent_block */
	size_t block_n;
	uint32_t request;		/* the request to wait for */
	struct timed_wait wait;	/* of the last job's result */
	int64_t deadline_ns;		/* clock_mono_ns(): no stop begins, no wait goes on */
};

struct borrow_result {
	struct lt_err err;		/* code LT_OK: the request is answered or the pages gone */
	struct lodging lodging;		/* as it is afterwards, also on failure */
	struct timed_wait wait;	/* for the next job */
	bool pending;			/* it went through a pending call */
	int64_t stops, stopped_ns, longest_stop_ns;
	int64_t cpu_ns;			/* of the child */
};

struct borrower {			/* a job under way; zeroed: none */
	pid_t child;
	int fd;				/* polls readable when the result is there */
	struct lodging lodging;
	struct timed_wait wait;
};

/* LT_E_SYS if no process or pipe can be had. */
enum lt_errc borrow_begin(struct borrower *b, const struct borrow_job *job, struct lt_err *err);
/*
 * The result, once fd polls readable (blocks until then). A child that died without one gives
 * LT_E_TIMEOUT and the lodging of before: what it may have mapped meanwhile is lost, harmless.
 */
void borrow_end(struct borrower *b, struct borrow_result *ret);
/* Kills the child of a job that is under way. */
void borrow_abandon(struct borrower *b);

#endif
