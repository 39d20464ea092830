#include "config.h"

#include "target/python.h"

#include <stdlib.h>

#include "target/check.h"
#include "target/clib.h"
#include "target/image.h"
#include "target/legacy.h"
#include "target/lock.h"
#include "target/signals.h"
#include "target/threads.h"
#include "target/version.h"
#include "util/clock.h"
#include "util/mem.h"

#define LOW_END (1ull << 32)		/* of addresses that pass for reference counts */
#define FIRST_SYMBOL   "PyGILState_Ensure"	/* what makes an object worth a look */
#define CANDIDATES_MAX 16			/* of such objects in one process */
#define FIND_MOST_NS   (3 * CLOCK_NS_PER_S)	/* of CPU; a real one takes milliseconds */

struct symbol_row {
	const char *name;
	size_t at;
	bool needed;
};

static const struct symbol_row symbol_rows[] = {
#define X(field, symbol, needed) {symbol, offsetof(struct python_symbols, field), needed},
	PYTHON_SYMBOLS(X)
#undef X
};

/*
 * A non-PIE program linked against libpython may own a copy of a variable (a copy relocation);
 * then the library uses that copy too, so the program is asked first for data.
 */
static uint64_t resolve(const struct image *image, const struct image *exe, const char *name)
{
	struct elf_symbol own, copy;

	if (!elf_symbol(&image->elf, name, &own))
		return 0;
	if (own.object && exe && exe != image && elf_symbol(&exe->elf, name, &copy) && copy.object)
		return copy.addr;
	return own.addr;
}

static enum lt_errc find_symbols(struct python *py, const struct image *image,
				 const struct image *exe, struct lt_err *err)
{
	/* a program that is a whole Python itself shares nothing with a second one */
	if (exe && elf_address(&exe->elf, FIRST_SYMBOL))
		exe = NULL;
	for (size_t i = 0; i < COUNT_OF(symbol_rows); i++) {
		const struct symbol_row *row = &symbol_rows[i];
		uint64_t *field = (uint64_t *)((char *)&py->sym + row->at);

		*field = resolve(image, exe, row->name);
		if (!*field && row->needed)
			return lt_err_set(err, LT_E_NOT_PYTHON, 0, "it has no %s", row->name);
	}
	return LT_OK;
}

/* Exported by Py_DEBUG builds alone: 2.7-3.11 the first, 3.12+ the second, some both. */
static enum python_build find_build(const struct image *image)
{
	static const char *const names[] = {"_Py_RefTotal", "_Py_INCREF_IncRefTotal"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (elf_address(&image->elf, names[i]))
			return PYTHON_DEBUG;
	return PYTHON_RELEASE;
}

/*
 * The collector keeps a pointer to its youngest generation, so the place of the lists need not be
 * believed: Debian's 3.13.18 has them 4 bytes before where 3.13.0 has them (the array is aligned
 * to 4 there). 2.7 and 3.6 export the pointer itself.
 */
static enum lt_errc find_generations(const struct python *py, uint64_t base, uint64_t *ret,
				     struct lt_err *err)
{
	const struct layout *l = py->layout;
	uint64_t at, low = base + (uint64_t)l->gc_state, high = base + (uint64_t)l->gc_permanent;

	if (l->gc_generations != LAYOUT_NONE && l->gc_generation0 == LAYOUT_NONE) {
		*ret = base + (uint64_t)l->gc_generations;
		return LT_OK;
	}
	at = l->gc_generations == LAYOUT_NONE ? py->sym.generation0 :
	     base + (uint64_t)l->gc_generation0;
	if (!at || !remote_u64(&py->remote, at, ret) || !*ret)
		return lt_err_set(err, LT_E_LAYOUT, 0, "generation0 is not set");
	if (l->gc_generations != LAYOUT_NONE &&
	    (*ret <= low || *ret + 3 * (uint64_t)l->gc_generation_size > high))
		return lt_err_set(err, LT_E_LAYOUT, 0, "generation0 points out of the gc's state");
	return LT_OK;
}

static enum lt_errc find_lists(struct python *py, struct lt_err *err)
{
	const struct layout *l = py->layout;
	uint64_t base = l->gc_in_runtime ? py->sym.runtime : py->interp, first;
	enum lt_errc rc = find_generations(py, base, &first, err);
	int32_t size = l->gc_generation_size;

	if (rc != LT_OK)
		return rc;
	if (l->gc_generation_older && !check_ring(py, first + (uint64_t)size) &&
	    check_ring(py, first + (uint64_t)l->gc_generation_older))
		size = l->gc_generation_older;
	for (int i = 0; i < 3; i++)
		py->heads[i] = first + (uint64_t)(i * size);
	if (l->gc_state != LAYOUT_NONE) {
		py->gc = base + (uint64_t)l->gc_state;
		py->heads[3] = base + (uint64_t)l->gc_permanent;
	}
	return LT_OK;
}

/* What is left once the version is known; only a ready interpreter can be checked. */
static enum lt_errc find_rest(struct python *py, struct lt_err *err)
{
	enum lt_errc rc;

	if (!python_ready(py))
		return lt_err_set(err, LT_E_UNREADY, 0, "CPython %s", py->version);
	rc = find_lists(py, err);
	if (rc == LT_OK)
		rc = check_layout(py, err);
	if (rc == LT_OK && py->layout->lock != LAYOUT_LOCK_TRY && !lock_find(py, &py->lock))
		rc = lt_err_set(err, LT_E_LAYOUT, 0, "the lock of pending calls was not found");
	if (rc == LT_OK && !threads_find(py, &py->current))
		rc = lt_err_set(err, LT_E_LAYOUT, 0, "who has the GIL is noted in a strange place");
	/* it may have begun to end meanwhile: then it is that, and no strange layout */
	if (rc != LT_OK && !python_ready(py))
		rc = lt_err_set(err, LT_E_UNREADY, 0, "CPython %s", py->version);
	return rc;
}

static enum lt_errc try_image(const struct remote *remote, const struct image *image,
			      const struct images *images, struct python *ret, struct lt_err *err)
{
	struct python py = {.remote = *remote};
	enum lt_errc rc = find_symbols(&py, image, images->exe, err);

	if (rc != LT_OK)
		return rc;
	clib_object(image, &py.where);
	if (images->exe && images->exe->elf.start < LOW_END)
		py.low = images->exe->elf.start;
	py.build = find_build(image);
	rc = version_find(&py, image, err);
	if (rc == LT_OK)
		rc = find_rest(&py, err);
	if (rc == LT_OK)
		py.signals = signals_find(&py, image);
	/* there nothing is where the layouts have it, so it may have failed in many ways */
	if (rc != LT_OK && rc != LT_E_FREE_THREADED && check_traced(&py))
		rc = lt_err_set(err, LT_E_LAYOUT, 0,
				"objects have a longer header (a Py_TRACE_REFS build)");
	if (rc == LT_OK)
		*ret = py;
	return rc;
}

/* No object is a CPython: what is it instead? */
static enum lt_errc name_other(const struct images *images, struct lt_err *err)
{
	static const char *const pypy[] = {"pypy_main_startup", "pypy_execute_source",
					   "PyPyGILState_Ensure"};

	for (size_t i = 0; i < images->n; i++)
		for (size_t k = 0; k < COUNT_OF(pypy); k++)
			if (elf_address(&images->list[i].elf, pypy[k]))
				return lt_err_set(err, LT_E_PYPY, 0, "it has %s", pypy[k]);
	if (images->bits32)
		return lt_err_set(err, LT_E_BITS32, 0, "its program is ELF class 32");
	if (images->exe && (!images->exe->elf.dynamic || !images->exe->elf.has_interp) &&
	    !images->loader)
		return lt_err_set(err, LT_E_STATIC, 0, "its program asks for no loader");
	return lt_err_set(err, LT_E_NOT_PYTHON, 0, "nothing in it exports " FIRST_SYMBOL);
}

/* Of two reasons to refuse, the one about an interpreter that is alive says more. */
static int weight(enum lt_errc code)
{
	return code == LT_E_NOT_PYTHON ? 0 : code == LT_E_UNREADY ? 1 : 2;
}

static enum lt_errc try_images(const struct remote *remote, const struct images *images,
			       struct python *ret, struct lt_err *err)
{
	struct lt_err best = {0};
	int tried = 0;

	for (size_t i = 0; i < images->n && tried < CANDIDATES_MAX; i++) {
		struct lt_err e = {0};

		if (!elf_address(&images->list[i].elf, FIRST_SYMBOL))
			continue;
		tried++;
		if (try_image(remote, &images->list[i], images, ret, &e) == LT_OK)
			return LT_OK;
		if (best.code == LT_OK || weight(e.code) > weight(best.code))
			best = e;
	}
	if (best.code == LT_OK)
		return name_other(images, err);
	if (err)
		*err = best;
	return best.code;
}

/* What was found, or why nothing was: the process has ended, or took too long to look at. */
static enum lt_errc conclude(const struct remote *remote, uint64_t anywhere, enum lt_errc rc,
			     struct python *ret, struct lt_err *err)
{
	const struct remote patient = {.pid = remote->pid};
	struct lt_err gone;

	ret->remote = patient;
	if (rc != LT_OK && remote_probe(&patient, anywhere, &gone) == LT_E_GONE)
		return lt_err_set(err, LT_E_GONE, 0, "PID %d", (int)patient.pid);
	if (remote_late(remote))
		return lt_err_set(err, LT_E_TIMEOUT, 0, "%lld s of CPU were not enough to look "
				  "through its memory", FIND_MOST_NS / CLOCK_NS_PER_S);
	return rc;
}

enum lt_errc python_find(pid_t pid, struct python *ret, struct lt_err *err)
{
	struct remote remote = {.pid = pid, .cpu_end_ns = clock_cpu_ns() + FIND_MOST_NS};
	struct maps maps = {0};
	struct images images = {0};
	struct python py = {0};
	enum lt_errc rc = maps_read(pid, &maps, err);

	if (rc != LT_OK)
		return rc;
	if (maps.n == 0) {			/* a kernel thread, a zombie, or it is ending */
		maps_done(&maps);
		return lt_err_set(err, LT_E_NOT_PYTHON, 0, "PID %d has no memory", (int)pid);
	}
	rc = remote_probe(&remote, maps.list[0].start, err);
	if (rc == LT_OK || rc == LT_E_REMOTE) {	/* REMOTE: the first map may be unreadable */
		images_read(&remote, &maps, &images);
		rc = try_images(&remote, &images, &py, err);
		if (rc == LT_OK)
			clib_find(&images, &maps, &py);
		rc = conclude(&remote, maps.list[0].start, rc, &py, err);
	}
	if (rc == LT_OK)
		*ret = py;
	images_done(&images);
	maps_done(&maps);
	return rc;
}

bool python_ready(const struct python *py)
{
	const struct layout *l = py->layout;
	int32_t initialized;
	uint64_t finalizing;

	if (l->rt_initialized == LAYOUT_NONE)
		return legacy_ready(py);
	return remote_i32(&py->remote, py->sym.runtime + (uint64_t)l->rt_initialized,
			  &initialized) && initialized == 1 &&
	       remote_u64(&py->remote, py->sym.runtime + (uint64_t)l->rt_finalizing,
			  &finalizing) && finalizing == 0;
}

bool python_collecting(const struct python *py)
{
	const struct layout *l = py->layout;
	uint64_t base = l->gc_in_runtime ? py->sym.runtime : py->interp;
	int32_t collecting;

	return l->gc_collecting != LAYOUT_NONE &&
	       remote_i32(&py->remote, base + (uint64_t)l->gc_collecting, &collecting) &&
	       collecting != 0;
}

/* 3.7 to 3.15 keep the chain in _PyRuntime and put new interpreters in front (pystate.c). */
bool python_alone(const struct python *py)
{
	const struct layout *l = py->layout;
	uint64_t head = 0, next = 1;

	if (!py->sym.runtime || l->rt_interp_head == LAYOUT_NONE)
		return true;
	return remote_u64(&py->remote, py->sym.runtime + (uint64_t)l->rt_interp_head, &head) &&
	       head == py->interp &&
	       remote_u64(&py->remote, py->interp + (uint64_t)l->in_next, &next) && next == 0;
}

/*
 * What is run must be what was found: the interpreter and PyType_Type, which is its own type, still
 * lie where they did. Not so after an exec, or in another process that got the PID.
 */
bool python_same(const struct python *py)
{
	const struct layout *l = py->layout;
	uint64_t type = 0, interp = py->interp;

	if (py->sym.runtime && l->rt_interp_main != LAYOUT_NONE &&
	    !remote_u64(&py->remote, py->sym.runtime + (uint64_t)l->rt_interp_main, &interp))
		return false;
	return interp == py->interp &&
	       remote_u64(&py->remote, py->sym.type_type + (uint64_t)l->ob_type, &type) &&
	       type == py->sym.type_type;
}

bool python_pending_lock(const struct python *py, struct python_lock *ret)
{
	switch (py->layout->lock) {
	case LAYOUT_LOCK_TRY:
		*ret = (struct python_lock){0};
		return true;
	case LAYOUT_LOCK_SEM:		/* a glibc or musl sem_t counts 1 when it is free */
		*ret = (struct python_lock){.mask = UINT32_MAX, .free = 1};
		return remote_u64(&py->remote, py->lock, &ret->addr) && ret->addr;
	case LAYOUT_LOCK_BYTE:
		*ret = (struct python_lock){.addr = py->lock, .mask = 0xff, .free = 0};
		return true;
	}
	return false;
}

bool python_pending_lock_free(const struct python *py)
{
	struct python_lock lock;
	uint32_t now;

	if (!python_pending_lock(py, &lock))
		return false;
	return !lock.addr ||
	       (remote_u32(&py->remote, lock.addr, &now) && (now & lock.mask) == lock.free);
}

bool python_pending_open(const struct python *py)
{
	int32_t finishing;	/* struct _pending_calls { int finishing; the lock; ... */

	return !py->layout->lock_finishing ||
	       (remote_i32(&py->remote, py->lock - 8, &finishing) && finishing == 0);
}
