/*
 * Finding the interpreter: version, main interpreter, self-checks of the layout, the lock of
 * pending calls. The first byte says which symbols there are; the rest is repeated memory, so
 * that a short input is also a large _PyRuntime.
 */
#include "config.h"
#include "fuzz.h"

#include "memory.h"
#include "target/check.h"
#include "target/layout.h"
#include "target/legacy.h"
#include "target/lock.h"
#include "target/python.h"
#include "target/version.h"
#include "util/mem.h"

#define SPAN 0x10000u
#define READS_MOST 2000000u

enum { HAS_VERSION = 1, HAS_RUNTIME = 2, HAS_STATICS = 4, IS_OLD = 8, IS_DEBUG = 16 };

static struct python python_of(unsigned flags)
{
	struct python py = {.remote = {.pid = 1}, .interp = MEMORY_BASE};

	py.build = flags & IS_DEBUG ? PYTHON_DEBUG : PYTHON_RELEASE;
	py.sym.type_type = MEMORY_BASE + 0x8000;
	py.sym.dict_type = MEMORY_BASE + 0x9000;
	py.sym.unicode_type = MEMORY_BASE + 0xa000;
	py.sym.long_type = MEMORY_BASE + 0xb000;
	py.sym.py_version = flags & HAS_VERSION ? MEMORY_BASE + 0xc000 : 0;
	py.sym.runtime = flags & HAS_RUNTIME ? MEMORY_BASE : 0;
	py.sym.generation0 = flags & HAS_STATICS ? MEMORY_BASE + 0xd000 : 0;
	py.sym.string_type = flags & IS_OLD ? MEMORY_BASE + 0xa000 : 0;
	py.sym.async_gen_type = MEMORY_BASE + 0xe000;
	return py;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image = {.elf = {.remote = {.pid = 1}, .n_loads = 1}};
	struct lt_err err = {0};
	struct python py;
	uint64_t lock;

	if (size < 2)
		return 0;
	memory_set(data + 1, size - 1, SPAN);
	image.elf.loads[0] = (struct elf_load){
		.start = MEMORY_BASE, .end = MEMORY_BASE + SPAN, .write = true,
	};
	py = python_of(data[0]);
	PROMISE(version_find(&py, &image, &err) == err.code);
	(void)check_traced(&py);
	if (!py.layout)			/* checked all the same */
		py.layout = layout_at(data[0] >> 4);
	if (py.layout && py.sym.runtime) {
		for (size_t i = 0; i < COUNT_OF(py.heads); i++)
			py.heads[i] = MEMORY_BASE + 0x100 * i;
		(void)python_ready(&py);
		(void)python_alone(&py);
		(void)python_same(&py);
		(void)check_layout(&py, &err);
		if (py.layout->lock != LAYOUT_LOCK_TRY && lock_find(&py, &lock))
			PROMISE(lock >= MEMORY_BASE && lock < MEMORY_BASE + SPAN);
	}
	PROMISE(memory_reads() < READS_MOST);
	return 0;
}
