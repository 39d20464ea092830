/*
 * Which Python runs in a process: found in its memory alone, never through a path. The whole of
 * it is read without stopping anything, so it also serves --readonly and --preflight.
 */
#ifndef LT_TARGET_PYTHON_H
#define LT_TARGET_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/maps.h"
#include "target/layout.h"
#include "target/remote.h"
#include "target/symbols.h"
#include "util/err.h"

struct python_range {
	uint64_t start, end;		/* [start, end) */
};

struct python_signals {
	uint64_t addr;
	uint32_t mask;
};

/* An address range of one loaded ELF object. */
struct python_object {
	uint64_t start, end;		/* first to last byte of its mappings */
	char path[256];			/* cleaned, for messages only */
};

enum python_build { PYTHON_RELEASE, PYTHON_DEBUG };

struct python {
	struct remote remote;
	uint32_t version_hex;		/* PY_VERSION_HEX */
	char version[24];		/* "3.12.1", "3.15.0a2" */
	enum python_build build;
	const struct layout *layout;
	struct python_symbols sym;
	uint64_t interp;		/* main PyInterpreterState */
	uint64_t gc;			/* struct _gc_runtime_state, 0 in 2.7 and 3.6 */
	uint64_t heads[4];		/* PyGC_Heads of generations 0-2 and permanent (0: none);
					   aligned to 4 only in some 3.13 */
	uint64_t lock;			/* of Py_AddPendingCall, or the pointer to it; 0: none */
	uint64_t current;		/* where the thread state is noted that has the GIL (or, in
					   2.7 and 3.6, would have it); 0: nowhere (3.12+) */
	struct python_signals signals;	/* signals.h */
	struct python_object where;	/* the object that holds the interpreter */
	uint64_t low;			/* 0, or from here on program and heap (brk) lie below
					   4 GiB: not position independent, as Debian's is */

	/* of the C library */
	uint64_t errno_location;	/* __errno_location; 0 where not found */
	struct python_range text[3];	/* executable bytes of libc, the loader, the vdso, where
					   inject/ looks for instructions; start 0: not found */
	struct python_object nogo[16];	/* libc, loader, libpthread, libdl, vdso, what answers for
					   malloc: no pending call while pc is in one */
	size_t n_nogo;
};

/*
 * Fills *ret (no ownership to free). LT_E_NOT_PYTHON, _PYPY, _FREE_THREADED, _STATIC, _BITS32,
 * _VERSION, _LAYOUT (a self-check failed; the detail says which), _UNREADY, _GONE, _PERM*.
 */
enum lt_errc python_find(pid_t pid, struct python *ret, struct lt_err *err);

/* Is the interpreter initialized and not finalizing, now? */
bool python_ready(const struct python *py);
/* Is a collection under way, now? (unknown: false) */
bool python_collecting(const struct python *py);
/* Is this still the Python that was found? (no after an exec) */
bool python_same(const struct python *py);
/* Is the main interpreter the only one, now? (2.7, 3.6: unknown from outside, true) */
bool python_alone(const struct python *py);
/* The lock that Py_AddPendingCall takes: free when (word & mask) == free; addr 0: never blocks. */
struct python_lock { uint64_t addr; uint32_t mask, free; };
bool python_pending_lock(const struct python *py, struct python_lock *ret);
bool python_pending_lock_free(const struct python *py);
/* Does it take pending calls, now? Not 3.8 when it is about to shut down: it would complain. */
bool python_pending_open(const struct python *py);

/* gc facts, read without a stop. LT_UNKNOWN for what this version does not tell. */
struct python_gc {
	int64_t enabled;		/* 0, 1 */
	int64_t garbage;		/* len(gc.garbage) */
	struct {
		int64_t threshold, count, collections, collected, uncollectable;
	} gen[3];
};
void python_gc_read(const struct python *py, struct python_gc *ret);

/*
 * The full name of a type as product.md wants it: "__main__.Connection", "collections.deque",
 * builtins bare. Read as data: __module__ in tp_dict and ht_qualname; static types: tp_name.
 * Cleaned. false where the memory is no type any more (it died): nothing written.
 */
#define PYTHON_NAME_MAX 256
bool python_type_name(const struct python *py, uint64_t type, char *dst, size_t size);

#endif
