/*
 * Python objects of any version: the first byte chooses the layout, the second what is read, the
 * rest is memory. The types of the interpreter are addresses outside of it, which a pointer in
 * an input can name.
 */
#include "config.h"
#include "fuzz.h"

#include <string.h>

#include "memory.h"
#include "target/pyobj.h"
#include "target/python.h"
#include "util/clean.h"
#include "util/mem.h"

#define TYPES 0x20000000ull	/* type_type, unicode_type, ... 0x1000 apart */
#define READS_MOST 200000u	/* a dict of 65,536 entries, each with a key and its type */

static struct python python_of(unsigned row)
{
	struct python py = {.remote = {.pid = 1}};
	size_t n = 0;

	while (layout_at(n))
		n++;
	py.layout = layout_at(row % n);
	py.sym.type_type = TYPES;
	py.sym.unicode_type = TYPES + 0x1000;
	py.sym.dict_type = TYPES + 0x2000;
	py.sym.long_type = TYPES + 0x3000;
	py.sym.list_type = TYPES + 0x4000;
	if (py.layout->unicode_state == LAYOUT_NONE) {
		py.sym.string_type = py.sym.unicode_type;
		py.sym.int_type = TYPES + 0x5000;
	}
	py.sym.runtime = py.interp = MEMORY_BASE;
	for (size_t i = 0; i < COUNT_OF(py.heads); i++)
		py.heads[i] = MEMORY_BASE + 64 * i;
	return py;
}

static void promise_clean(const char *text, size_t room)
{
	size_t n = strnlen(text, room);

	PROMISE(n < room);
	for (size_t at = 0; at < n;) {
		unsigned code;
		size_t len = clean_decode(text + at, n - at, &code);

		PROMISE(len > 0 && code >= 0x20 && (code < 0x7f || code >= 0xa0));
		at += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct python py;
	struct python_gc gc;
	char text[PYTHON_NAME_MAX];
	uint64_t found;
	int64_t v;

	if (size < 2)
		return 0;
	py = python_of(data[0]);
	memory_set(data + 2, size - 2, size - 2);
	switch (data[1] % 5) {
	case 0:
		if (python_type_name(&py, MEMORY_BASE, text, sizeof(text)))
			promise_clean(text, sizeof(text));
		break;
	case 1:
		if (pyobj_text(&py, MEMORY_BASE, text, sizeof(text)))
			promise_clean(text, sizeof(text));
		break;
	case 2:
		(void)pyobj_int(&py, MEMORY_BASE, &v);
		break;
	case 3:
		if (pyobj_dict_get(&py, MEMORY_BASE, "key", &found))
			PROMISE(found != 0);
		break;
	default:
		memory_set(data + 2, size - 2, 0x4000);
		python_gc_read(&py, &gc);
		break;
	}
	PROMISE(memory_reads() < READS_MOST);
	return 0;
}
