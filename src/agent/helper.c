/*
 * The helper: runs inside the target, on its main thread, for a moment. Freestanding: no libc, no
 * data, no relocation; every address comes in the block. It allocates nothing, creates no object
 * (its bookmarks, in leaktop's own block, are none of the interpreter's making), takes no
 * reference, runs no Python code and never sleeps, apart from waiting for the GIL (I4) - but for
 * gc.collect(), which the user has to ask for (collect.h).
 */
#include "agent/abi.h"
#include "agent/arch.h"
#include "agent/collect.h"
#include "agent/count.h"
#include "agent/guard.h"
#include "agent/ring.h"

static int visit(void *obj, void *arg)
{
	struct agent_block *b = arg;
	uint64_t at = (uint64_t)(uintptr_t)obj;

	return guard_has(b, at, b->ob_type + 8u) &&
	       count_object(b, at);	/* 1: go on */
}

/*
 * The head of the chain is the newest interpreter (pystate.c): with more than the main one, the
 * thread state of this thread may be another's. Ensure would then take another GIL (3.12+), or wait
 * for the one that this very thread holds under its other name (before).
 */
static int is_alone(const struct agent_block *b)
{
	return ((uint64_t (*)(void))(uintptr_t)b->fn_interp_head)() == b->interp;
}

static uint32_t work(struct agent_block *b)
{
	if (!is_alone(b))
		return AGENT_SEVERAL;
	if (b->collecting && READ(int32_t, b->collecting))
		return AGENT_COLLECTING;
	if (b->order.op == AGENT_OP_COLLECT)
		return collect_run(b);
	if (!b->walk && !b->fn_visit)
		return AGENT_CANNOT;
	if (b->order.op == AGENT_OP_UNLINK)
		return ring_unlink(b);
	guard_begin(b);
	if (b->walk)
		return ring_slice(b);
	b->approximate = 0;
	count_reset(b);
	((void (*)(int (*)(void *, void *), void *))(uintptr_t)b->fn_visit)(visit, b);
	return b->missed ? guard_status(b) : AGENT_OK;
}

static void answer(struct agent_block *b, uint32_t request, uint32_t status)
{
	b->status = status;
	__atomic_store_n(&b->answer, request, __ATOMIC_RELEASE);
}

static uint32_t request_of(const struct agent_block *b)
{
	return __atomic_load_n(&b->order.request, __ATOMIC_SEQ_CST);
}

/*
 * It says what it works at and looks again: leaktop, who calls off a request and looks then, sees
 * one of the two.
 */
static void work_if_asked(struct agent_block *b)
{
	uint32_t request = request_of(b);
	uint64_t begin;
	uint32_t status;

	if (request == 0 || request == b->answer)	/* cancelled, or answered by a call */
		return;
	__atomic_store_n(&b->working, request, __ATOMIC_SEQ_CST);
	if (request_of(b) != request) {
		__atomic_store_n(&b->working, 0, __ATOMIC_SEQ_CST);
		return;
	}
	begin = agent_arch_ticks();
	b->until_ticks = b->order.slice_ticks ? begin + b->order.slice_ticks : UINT64_MAX;
	status = work(b);
	b->hold_ticks = agent_arch_ticks() - begin;
	answer(b, request, status);
	__atomic_store_n(&b->working, 0, __ATOMIC_RELEASE);
}

/* entry_ARCH.S: agent_do, and the way out. Hidden, or its address would come from a GOT. */
int agent_note(void *arg) __attribute__((visibility("hidden")));
const struct agent_exit *agent_do(struct agent_block *b);
void agent_call(struct agent_block *b);
void agent_post(struct agent_block *b);

/* leaktop has gone, or is about to, and waits for nothing: is there anything that would miss us? */
static int may_go(struct agent_block *b)
{
	return b->order.op == AGENT_OP_LEAVE && request_of(b) == 0 && b->exit.size &&
	       b->exit.syscall_ret && b->exit.zero_ret && is_alone(b) &&
	       !(b->collecting && READ(int32_t, b->collecting)) && ring_unlink(b) == AGENT_OK;
}

/*
 * Run by the interpreter on its main thread, holding the GIL. Where the pages are to go `posted`
 * stays: nobody else touches them until the kernel has taken them.
 */
const struct agent_exit *agent_do(struct agent_block *b)
{
	work_if_asked(b);
	if (may_go(b))
		return &b->exit;
	__atomic_store_n(&b->posted, 0, __ATOMIC_RELEASE);
	return 0;
}

/*
 * Why nothing may be done here; 0: it may be. What runs the program's own code never may. To 3.11
 * Ensure asks for the first thread state that this thread ever had. If the thread holds the GIL
 * under a second one, Ensure waits for itself; in 2.7 and 3.6, which have no GIL before there are
 * threads, the second one is lost.
 */
static uint32_t find_obstacle(const struct agent_block *b)
{
	void *mine;

	if (!is_alone(b))
		return AGENT_SEVERAL;
	if (b->order.op == AGENT_OP_COLLECT)
		return AGENT_CANNOT;
	mine = ((void *(*)(void))(uintptr_t)b->fn_this_thread)();
	if (!mine)
		return AGENT_NO_THREAD_STATE;
	return b->gil_state && b->gil_state != (uint64_t)(uintptr_t)mine ? AGENT_OTHER_STATE : 0;
}

/* Run in place of a blocked system call of the main thread. */
void agent_call(struct agent_block *b)
{
	int *errno_at = ((int *(*)(void))(uintptr_t)b->fn_errno)();
	int saved = *errno_at;
	uint32_t obstacle = find_obstacle(b);

	if (obstacle) {
		answer(b, b->order.request, obstacle);
	} else {
		int state = ((int (*)(void))(uintptr_t)b->fn_ensure)();

		work_if_asked(b);
		((void (*)(int))(uintptr_t)b->fn_release)(state);
	}
	*errno_at = saved;
}

/* A look at the last moment: waiting for it here could give up a GIL that is held (3.13+). */
static int is_locked(const struct agent_block *b)
{
	return b->lock && (READ(uint32_t, b->lock) & b->lock_mask) != b->lock_free;
}

static void post(struct agent_block *b)
{
	if (!is_alone(b)) {
		answer(b, b->order.request, AGENT_SEVERAL);
		return;
	}
	if (is_locked(b)) {
		answer(b, b->order.request, AGENT_LOCKED);
		return;
	}
	if (b->order.op == AGENT_OP_COLLECT)
		collect_post(b);
	__atomic_store_n(&b->posted, 1, __ATOMIC_RELEASE);
	if (((int (*)(int (*)(void *), void *))(uintptr_t)b->fn_add_pending)(agent_note, b) != 0) {
		__atomic_store_n(&b->posted, 0, __ATOMIC_RELEASE);
		answer(b, b->order.request, AGENT_POST_REFUSED);
	}
}

/* Run on the main thread while it is busy: leave a note for the interpreter. */
void agent_post(struct agent_block *b)
{
	int *errno_at = ((int *(*)(void))(uintptr_t)b->fn_errno)();
	int saved = *errno_at;

	post(b);
	*errno_at = saved;
}
