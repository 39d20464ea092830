#include "config.h"

#include "target/python.h"

#include <stdio.h>
#include <string.h>

#include "target/pyobj.h"
#include "util/clean.h"
#include "util/mem.h"

#define FLAG_HEAPTYPE	   (1ul << 9)	/* Include/object.h, all versions */
#define FLAG_TYPE_SUBCLASS (1ul << 31)

#define TYPE_READ 0x380			/* a PyHeapTypeObject up to ht_qualname */
#define PART_MAX  1024

/* Modules whose names people do not write. */
static const char *const bare[] = {"builtins", "__builtin__", "exceptions"};

static uint64_t word(const unsigned char *type, int32_t at)
{
	uint64_t v;

	memcpy(&v, type + at, sizeof(v));
	return v;
}

/* Is the object that says it is a type one still: is its own type a metatype? */
static bool is_type(const struct python *py, uint64_t metatype)
{
	uint64_t flags;

	if (metatype == py->sym.type_type)
		return true;
	return metatype && metatype % 8 == 0 &&
	       remote_u64(&py->remote, metatype + (uint64_t)py->layout->tp_flags, &flags) &&
	       (flags & FLAG_TYPE_SUBCLASS);
}

static bool is_bare(const char *module, size_t n)
{
	for (size_t i = 0; i < COUNT_OF(bare); i++)
		if (strlen(bare[i]) == n && memcmp(bare[i], module, n) == 0)
			return true;
	return false;
}

/*
 * typeobject.c type_module and type_qualname: of a heap type __module__ is in tp_dict and the
 * qualified name in ht_qualname (2.7: ht_name).
 */
static bool heap_name(const struct python *py, const unsigned char *type, char *dst, size_t size)
{
	const struct layout *l = py->layout;
	int32_t at = l->ht_qualname != LAYOUT_NONE ? l->ht_qualname : l->ht_name;
	char module[PART_MAX], name[PART_MAX], full[2 * PART_MAX + 2];
	uint64_t value;

	if (!pyobj_text(py, word(type, at), name, sizeof(name)) || !name[0] ||
	    !pyobj_dict_ends(py, word(type, l->tp_dict), "__module__", &value) ||
	    !pyobj_text(py, value, module, sizeof(module)))
		return false;
	if (is_bare(module, strlen(module)))
		clean_text(dst, size, name, strlen(name));
	else
		clean_text(dst, size, full, (size_t)snprintf(full, sizeof(full), "%s.%s", module,
							     name));
	return true;
}

/* Of a static type, tp_name is "module.name", or "name" of a builtin. */
static bool static_name(const struct python *py, const unsigned char *type, char *dst,
			size_t size)
{
	char name[PART_MAX];
	const char *text = name, *dot;

	if (!remote_string(&py->remote, word(type, py->layout->tp_name), name, sizeof(name)) ||
	    !name[0])
		return false;
	dot = strrchr(name, '.');
	if (dot && dot[1] && is_bare(name, (size_t)(dot - name)))
		text = dot + 1;
	clean_text(dst, size, text, strlen(text));
	return true;
}

bool python_type_name(const struct python *py, uint64_t type, char *dst, size_t size)
{
	const struct layout *l = py->layout;
	unsigned char t[TYPE_READ];
	size_t got;

	if (!type || type % 8 || size == 0)
		return false;
	got = remote_read_some(&py->remote, type, t, sizeof(t));
	if (got < (size_t)l->tp_subclasses || !is_type(py, word(t, l->ob_type)) ||
	    (int64_t)word(t, l->tp_basicsize) < 0)
		return false;
	if ((word(t, l->tp_flags) & FLAG_HEAPTYPE) && got == sizeof(t) &&
	    heap_name(py, t, dst, size))
		return true;
	return static_name(py, t, dst, size);
}
