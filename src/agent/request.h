/* What leaktop asks of the helper, what that takes, and what it answers. */
#ifndef LT_AGENT_REQUEST_H
#define LT_AGENT_REQUEST_H

#include <stdint.h>

enum agent_op {			/* a request */
	AGENT_OP_BEGIN,		/* count from the beginning, as far as the budget goes */
	AGENT_OP_STEP,		/* go on with that */
	AGENT_OP_UNLINK,	/* take the bookmarks out of the lists */
	AGENT_OP_COLLECT,	/* gc.collect(): only by a note, never on a borrowed thread */
	AGENT_OP_LEAVE,		/* with request 0: a note that is read takes the pages out */
};

enum agent_status {		/* the answer to it */
	AGENT_NONE,
	AGENT_OK,
	AGENT_MORE,		/* the budget is spent, bookmarks lie in the lists: STEP goes on */
	AGENT_NO_THREAD_STATE,	/* the main thread has never run Python */
	AGENT_COLLECTING,	/* a collection is under way: lists are incomplete */
	AGENT_POST_REFUSED,	/* the queue of pending calls is full */
	AGENT_LOOP,		/* a list did not end within max_objects: not counted */
	AGENT_SEVERAL,		/* several interpreters: whose GIL would it be? */
	AGENT_LOCKED,		/* the lock of pending calls was taken just now */
	AGENT_CANNOT,		/* asked to visit without a function for it */
	AGENT_BROKEN,		/* a list is not linked as it should be, or leads to no memory */
	AGENT_RESTLESS,		/* the lists were rebuilt again and again while they were walked */
	AGENT_HELD,		/* the program holds a bookmark, or one cannot be taken out */
	AGENT_OUTSIDE,		/* an address is in no range: STEP goes on, with new ones */
	AGENT_OTHER_STATE,	/* the thread has the GIL under a second thread state of its own */
	AGENT_LATE,		/* read after until_ticks, or by a child of the process: not done */
};

struct agent_order {		/* what leaktop asks for, written at once */
	uint64_t max_objects;		/* more than this are taken for a loop */
	uint64_t slice_ticks, slice_objects;	/* a slice ends after either; 0: no limit */
	uint64_t until_ticks;		/* COLLECT: not begun any more after that */
	uint32_t op;			/* enum agent_op */
	uint32_t request;		/* a number not used before; 0 cancels */
};

/*
 * How a note takes leaktop's pages out behind itself: munmap at a `syscall; ret` of the C library,
 * then, whatever it said, "no exception" to the interpreter. entry_ARCH.S relies on the order.
 */
struct agent_exit {
	uint64_t syscall_ret, zero_ret;	/* addresses; 0: no way out */
	uint64_t nr, at, size;
};

/* Functions of the target that COLLECT needs, and the int that says whether the collector is on. */
struct agent_collect {
	uint64_t fn_collect, fn_fetch, fn_restore;
	/* where fn_collect does nothing while it is off (3.7+): sys.modules["gc"].collect() */
	uint64_t enabled;
	uint64_t fn_modules, fn_item, fn_call, fn_size, fn_decref;
};

#endif
