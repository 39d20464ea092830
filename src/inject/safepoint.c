#include "config.h"
#include "inject/safepoint.h"

#include <string.h>

#include "target/elf.h"
#include "target/threads.h"
#include "util/mem.h"

#define FUTEX_CMD 0x7f		/* without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME */
#define FUTEX_WAIT 0
#define FUTEX_WAIT_BITSET 9
#define FUTEX_PRIVATE 128
#define HANDLER_SCAN (16u << 10)

static enum safepoint no(const char **why, const char *text)
{
	*why = text;
	return SAFEPOINT_NO;
}

#define RUNTIME_MOST (1u << 20)	/* sizeof(_PyRuntime) is 400 KB in 3.15 */

/*
 * A .bss is an anonymous mapping right behind the object's own writable one. But the kernel puts
 * arenas there too, and merges them with it: it is .bss as far as the object's segments say.
 */
static bool in_bss(const struct python *py, const struct maps *maps, const struct map *m,
		   uint64_t addr)
{
	const struct map *first = m - 1;
	struct elf elf;

	if (first->end != m->start || first->path[0] != '/' || !first->write)
		return false;
	while (first > maps->list && first->offset && !strcmp(first[-1].path, first->path))
		first--;
	return elf_open(&py->remote, first->start, &elf) != ELF_64 || addr < elf.end;
}

/*
 * Does addr lie in the data of a loaded object? The GIL's condition variables do (injection.md 0,
 * row 7: a nested drop_gil would wait for the very thread that is stopped here).
 */
static bool in_object_data(const struct python *py, const struct maps *maps, uint64_t addr)
{
	const struct map *m = maps_find(maps, addr);

	if ((addr >= py->where.start && addr < py->where.end) ||
	    (py->sym.runtime && addr - py->sym.runtime < RUNTIME_MOST))
		return true;		/* however the kernel may call that mapping */
	if (!m || m->path[0] == '/')
		return true;		/* unknown: as bad */
	if (m->path[0] == '[' || m == maps->list)
		return false;		/* [heap], [stack] */
	return in_bss(py, maps, m, addr);
}

/*
 * Only waits with a bitset are waits for semaphores and condition variables; a plain FUTEX_WAIT is
 * a lock inside glibc (malloc, the loader) or anything in musl.
 */
static enum safepoint judge_futex(const struct python *py, uint64_t addr, uint64_t op,
				  const struct maps *maps, const char **why)
{
	if ((op & FUTEX_CMD) != FUTEX_WAIT_BITSET)
		return no(why, "waiting for a lock inside the C library");
	if (in_object_data(py, maps, addr))
		return no(why, "waiting for the GIL or another lock of the interpreter");
	return SAFEPOINT_BLOCKED;
}

/*
 * A call with a timeout, begun again by the kernel, has lost its number but not its arguments. The
 * second is the operation of a futex, the number of descriptors of a poll, a pointer of a sleep.
 */
static bool may_be_futex(uint64_t arg1)
{
	uint64_t cmd = arg1 & FUTEX_CMD;

	return arg1 < 0x200 && (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET);
}

static enum safepoint judge_syscall(const struct python *py, enum safepoint_use use, long nr,
				    uint64_t arg0, uint64_t arg1, const struct maps *maps,
				    const char **why)
{
	enum arch_block kind = arch_block_kind(nr);

	if (use == SAFEPOINT_SYSCALLS && kind != ARCH_BLOCK_NO)
		return SAFEPOINT_BLOCKED;	/* it goes on waiting, for whatever it is */
	switch (kind) {
	case ARCH_BLOCK_YES:
		return SAFEPOINT_BLOCKED;
	case ARCH_BLOCK_FUTEX:
		return judge_futex(py, arg0, arg1, maps, why);
	case ARCH_BLOCK_RESTART:
		if (arg1 == (FUTEX_WAIT | FUTEX_PRIVATE))
			return no(why, "waiting for a lock inside the C library");
		if (may_be_futex(arg1) && arg0 > 4096 && in_object_data(py, maps, arg0))
			return no(why, "waiting for the GIL or another lock of the interpreter");
		return SAFEPOINT_BLOCKED;
	default:
		return no(why, "in a system call that must not be interrupted");
	}
}

/* The stack that sp is on, if it is main's own and has room; else NULL. */
static const struct map *stack_of(enum safepoint_use use, const struct maps *maps, uint64_t sp,
				  const char **why)
{
	const struct map *stack = maps_find(maps, sp);
	uint64_t room = use == SAFEPOINT_SYSCALLS ? SAFEPOINT_STACK_SYSCALLS : SAFEPOINT_STACK;

	/* a fiber's or a coroutine's has neighbours */
	if (!stack || strcmp(stack->path, "[stack]") != 0) {
		*why = "on a stack that is not the main thread's own";
		return NULL;
	}
	if (sp - stack->start < room) {
		*why = "too little stack left";
		return NULL;
	}
	return stack;
}

enum safepoint safepoint_guess(const struct python *py, const struct status_syscall *now,
			       const struct maps *maps, const char **why)
{
	if (now->nr < 0)
		return SAFEPOINT_RUNNING;
	if (!stack_of(SAFEPOINT_FUNCTIONS, maps, now->sp, why))
		return SAFEPOINT_NO;
	return judge_syscall(py, SAFEPOINT_FUNCTIONS, now->nr, now->args[0], now->args[1], maps,
			     why);
}

enum safepoint safepoint_guess_syscalls(const struct status_syscall *now, const struct maps *maps,
					const char **why)
{
	if (now->nr < 0)
		return SAFEPOINT_RUNNING;
	if (!stack_of(SAFEPOINT_SYSCALLS, maps, now->sp, why))
		return SAFEPOINT_NO;
	return judge_syscall(NULL, SAFEPOINT_SYSCALLS, now->nr, 0, 0, NULL, why);
}

/*
 * A signal handler may have interrupted anything, malloc or take_gil included. Its frame lies on
 * the stack above the handler's own: look for the word that marks one.
 */
static bool in_signal_handler(const struct python *py, const struct gadgets *gadgets, uint64_t sp,
			      uint64_t stack_end)
{
	uint64_t words[HANDLER_SCAN / sizeof(uint64_t)];
	uint64_t from = sp & ~7UL;
	size_t want = stack_end - from < sizeof(words) ? (size_t)(stack_end - from) : sizeof(words);
	size_t n = remote_read_some(&py->remote, from, words, want) / sizeof(words[0]);
	uint64_t mark = arch_frame_mark(gadgets->restore_rt);

	for (size_t i = 0; i < n; i++) {
		uint8_t frame[ARCH_HANDLER_FRAME];
		uint64_t at = from + i * sizeof(words[0]) - arch_frame_mark_at;

		if (words[i] != mark)
			continue;
		if (arch_is_handler_frame(frame, remote_read_some(&py->remote, at, frame,
								  sizeof(frame)), at))
			return true;
	}
	return false;
}

static enum safepoint judge_running(const struct python *py, enum safepoint_use use,
				    const struct maps *maps, const struct tracee *t,
				    const struct arch_state *s, const char **why)
{
	uint64_t pc = arch_pc(s);
	const struct map *m = maps_find(maps, pc);

	if (!m || !m->exec || m->path[0] != '/')
		return no(why, "in code that belongs to no file");
	if (tracee_in_rseq(t))
		return no(why, "in a restartable sequence");
	if (use == SAFEPOINT_SYSCALLS)
		return SAFEPOINT_RUNNING;
	for (size_t i = 0; i < py->n_nogo; i++)
		if (pc >= py->nogo[i].start && pc < py->nogo[i].end)
			return no(why, "inside the C library, the loader or the allocator");
	return SAFEPOINT_RUNNING;
}

static bool takes_notes(const struct python *py, const struct arch_state *s, const char **why)
{
	if (!threads_runs_pending(py, arch_thread_self(s)))
		*why = "Python reads its notes on another thread or thread state";
	else if (!python_pending_open(py))
		*why = "the interpreter is about to shut down";
	else if (!python_pending_lock_free(py))
		*why = "the lock of pending calls is taken";
	else
		return true;
	return false;
}

enum safepoint safepoint_judge(const struct python *py, enum safepoint_use use,
			       const struct gadgets *gadgets, const struct maps *maps,
			       const struct tracee *t, const struct arch_state *s,
			       const char **why)
{
	uint64_t sp = arch_sp(s);
	const struct map *stack = stack_of(use, maps, sp, why);
	long nr = arch_syscall_nr(s);
	enum safepoint verdict;

	if (!stack)
		return SAFEPOINT_NO;
	if (nr < 0)
		verdict = judge_running(py, use, maps, t, s, why);
	else
		verdict = judge_syscall(py, use, nr, arch_syscall_arg(s, 0), arch_syscall_arg(s, 1),
					maps, why);
	if (verdict == SAFEPOINT_NO)
		return verdict;
	/* also the frame of a call whose leaktop was killed: it will return into our page */
	if (in_signal_handler(py, gadgets, sp, stack->end))
		return no(why, "inside a signal handler");
	if (use == SAFEPOINT_SYSCALLS)
		return verdict;
	if ((verdict == SAFEPOINT_RUNNING || use == SAFEPOINT_NOTE) && !takes_notes(py, s, why))
		return SAFEPOINT_NO;
	if (!python_ready(py))
		return no(why, "the interpreter is starting up or shutting down");
	if (!python_alone(py))
		return no(why, "several interpreters");
	return verdict;
}
