#include "config.h"

#include "target/lock.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

/*
 * The neighbours of the lock in struct _pending_calls, by their distance from it:
 *
 *   3.8-3.12  lock*  calls_to_do +8  async_exc +12  calls[32] of 16 bytes +16  first, last +528
 *             (Include/internal/pycore_ceval_state.h in 3.12, before: pycore_interp.h)
 *   3.13+     mutex  npending +4  max +8  maxloop +12  calls[300] of 24 bytes  first, next +7216
 *             (pycore_ceval_state.h, from 3.14 pycore_interp_structs.h); of the main thread's
 *             queue max is 32 and maxloop 0 (pycore_runtime_init.h)
 *
 * 3.13.0 has it at 0xa58, Debian's 3.13.18 at 0xa70, with the same table of debug offsets; its
 * 3.14.10 at 0xb28 and, built with Py_DEBUG, at 0x49a0.
 */
#define QUEUE_LENGTH  32
#define SEM_FIRST     528
#define MUTEX_FIRST   7216
#define NEAR	      0x100		/* how far from the row's place it may be */
#define FAR	      0x8000		/* behind it in a debug build */

static uint32_t u32_at(const unsigned char *p, size_t at)
{
	uint32_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

/* A glibc or musl sem_t used as a lock: it counts 1 (free) or 0; in the high half, waiters. */
static bool is_semaphore(const struct python *py, uint64_t addr)
{
	uint32_t count;

	return addr && addr % 8 == 0 && remote_u32(&py->remote, addr, &count) && count <= 1;
}

static bool fits_sem(const struct python *py, const unsigned char *lock)
{
	uint64_t pointer;

	memcpy(&pointer, lock, sizeof(pointer));
	return u32_at(lock, 8) <= 1 && u32_at(lock, 12) <= 1 &&
	       u32_at(lock, SEM_FIRST) < QUEUE_LENGTH &&
	       u32_at(lock, SEM_FIRST + 4) < QUEUE_LENGTH && is_semaphore(py, pointer);
}

/*
 * PyMutex: bit 0 locked, bit 1 somebody waits; the three bytes behind it are padding, 0 like all of
 * a static struct. (A wide string of 32 characters in front of the queue looked like one without.)
 */
static bool fits_mutex(const unsigned char *lock)
{
	return u32_at(lock, 0) <= 3 && u32_at(lock, 4) <= QUEUE_LENGTH &&
	       u32_at(lock, 8) == QUEUE_LENGTH && u32_at(lock, 12) == 0 &&
	       u32_at(lock, MUTEX_FIRST) <= 300 &&
	       u32_at(lock, MUTEX_FIRST + 4) <= 300;
}

static bool fits(const struct python *py, const unsigned char *lock)
{
	return py->layout->lock == LAYOUT_LOCK_SEM ? fits_sem(py, lock) : fits_mutex(lock);
}

/* The place in window[0..n) of the only lock that begins in [0, last], or false. */
static bool search(const struct python *py, const unsigned char *window, size_t n, size_t last,
		   size_t *ret)
{
	size_t need = py->layout->lock == LAYOUT_LOCK_SEM ? SEM_FIRST + 8 : MUTEX_FIRST + 8;
	int found = 0;

	for (size_t at = 0; at + need <= n && at <= last; at += 8) {
		if (!fits(py, window + at))
			continue;
		*ret = at;
		found++;
	}
	return found == 1;
}

bool lock_find(const struct python *py, uint64_t *ret)
{
	const struct layout *l = py->layout;
	uint64_t base = l->lock_in_runtime ? py->sym.runtime : py->interp;
	uint64_t hint = base + (uint64_t)l->lock_at;
	size_t before = l->lock_at < NEAR ? (size_t)l->lock_at : NEAR;
	size_t behind = py->build == PYTHON_DEBUG ? FAR : NEAR, at = 0;
	size_t size = before + behind + MUTEX_FIRST + 16, got;
	unsigned char *window = mem_alloc(size);
	bool found;

	got = remote_read_some(&py->remote, hint - before, window, size);
	/* the row's own place needs no search, and no being the only one */
	found = got > before && search(py, window + before, got - before, 0, &at);
	if (found)
		at += before;
	else
		found = search(py, window, got, before + behind, &at);
	if (found)
		*ret = hint - before + at;
	free(window);
	return found;
}
