#include "config.h"

#include "target/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "target/legacy.h"
#include "target/pyobj.h"
#include "util/mem.h"

/*
 * struct _Py_DebugOffsets, the first bytes of _PyRuntime from 3.13.0 on (Include/internal/
 * pycore_runtime.h, from 3.14 pycore_debug_offsets.h). 3.12 has none, whatever PEP 768 says.
 */
#define OFFSETS_COOKIE	      "xdebugpy"
#define OFFSETS_VERSION	      8
#define OFFSETS_FREE_THREADED 16
#define OFFSETS_SIZE	      0x400	/* more than any version's table */

/* X(name, field of struct layout, place of it in the table of 3.13, 3.14, 3.15) */
#define OFFSETS(X) \
	X("runtime.finalizing", rt_finalizing, 0x20, 0x20, 0x20) \
	X("runtime.interpreters_head", rt_interp_head, 0x28, 0x28, 0x28) \
	X("interpreter_state.next", in_next, 0x40, 0x40, 0x40) \
	X("interpreter_state.threads_head", in_threads, 0x48, 0x48, 0x48) \
	X("interpreter_state.gc", gc_state, 0x50, 0x58, 0x58) \
	X("interpreter_state.imports_modules", in_modules, 0x58, 0x60, 0x60) \
	X("interpreter_state.sysdict", in_sysdict, 0x60, 0x68, 0x68) \
	X("thread_state.status", ts_status, 0xd8, 0xf0, 0x108) \
	X("pyobject.ob_type", ob_type, 0x168, 0x198, 0x1d8) \
	X("type_object.tp_name", tp_name, 0x178, 0x1a8, 0x1e8)

struct offset_row {
	const char *name;
	size_t field;
	uint16_t at[3];
};

static const struct offset_row offset_rows[] = {
#define X(name, field, at13, at14, at15) {name, offsetof(struct layout, field), {at13, at14, at15}},
	OFFSETS(X)
#undef X
};

static bool offsets_read(const struct python *py, unsigned char *table)
{
	return py->sym.runtime &&
	       remote_read(&py->remote, py->sym.runtime, table, OFFSETS_SIZE) &&
	       memcmp(table, OFFSETS_COOKIE, strlen(OFFSETS_COOKIE)) == 0;
}

static uint64_t offsets_u64(const unsigned char *table, size_t at)
{
	uint64_t v;

	memcpy(&v, table + at, sizeof(v));
	return v;
}

/* What the interpreter says of itself outranks our table: where they differ, ours is wrong. */
static enum lt_errc offsets_check(const struct layout *row, const unsigned char *table,
				  struct lt_err *err)
{
	if (row->offsets == LAYOUT_OFFSETS_NONE)
		return LT_OK;
	for (size_t i = 0; i < COUNT_OF(offset_rows); i++) {
		const struct offset_row *o = &offset_rows[i];
		uint64_t theirs = offsets_u64(table, o->at[row->offsets - LAYOUT_OFFSETS_313]);
		int32_t ours;

		memcpy(&ours, (const char *)row + o->field, sizeof(ours));
		if (theirs != (uint64_t)ours)
			return lt_err_set(err, LT_E_LAYOUT, 0,
					  "%s is at %#" PRIx64 " here, not at %#x as in %s",
					  o->name, theirs, (unsigned)ours, row->name);
	}
	return LT_OK;
}

/* "3.12.1", "3.15.0a2", "3.14.5rc1" from PY_VERSION_HEX: major minor micro level serial */
static void version_text(struct python *py)
{
	static const struct { unsigned level; const char *text; } levels[] = {
		{0xa, "a"}, {0xb, "b"}, {0xc, "rc"},
	};
	uint32_t h = py->version_hex;
	int n = snprintf(py->version, sizeof(py->version), "%u.%u.%u", h >> 24, h >> 16 & 0xff,
			 h >> 8 & 0xff);

	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if ((h >> 4 & 0xf) == levels[i].level)
			snprintf(py->version + n, sizeof(py->version) - (size_t)n, "%s%u",
				 levels[i].text, h & 0xf);
}

bool version_sys_hex(const struct python *py, uint64_t interp, const struct layout *row,
		     uint32_t *ret)
{
	struct python with = *py;
	uint64_t sysdict, value;
	int64_t hex;

	with.layout = row;
	if (!remote_u64(&py->remote, interp + (uint64_t)row->in_sysdict, &sysdict) ||
	    !pyobj_dict_get(&with, sysdict, "hexversion", &value) ||
	    !pyobj_int(&with, value, &hex) || hex <= 0 || hex > UINT32_MAX)
		return false;
	*ret = (uint32_t)hex;
	return true;
}

static enum lt_errc settle(struct python *py, uint32_t hex, struct lt_err *err)
{
	py->version_hex = hex;
	version_text(py);
	py->layout = layout_for(hex);
	if (!py->layout)
		return lt_err_set(err, LT_E_VERSION, 0, "CPython %s", py->version);
	return LT_OK;
}

static enum lt_errc main_interpreter(struct python *py, struct lt_err *err)
{
	uint64_t at = py->sym.runtime + (uint64_t)py->layout->rt_interp_main;

	if (!py->sym.runtime)
		return lt_err_set(err, LT_E_LAYOUT, 0, "_PyRuntime is not exported");
	if (!remote_u64(&py->remote, at, &py->interp))
		return lt_err_set(err, LT_E_REMOTE, 0, "reading _PyRuntime");
	if (!py->interp)
		return lt_err_set(err, LT_E_UNREADY, 0, "no interpreter yet");
	return LT_OK;
}

/* 3.11+ exports its number; 3.13+ has it in the debug offsets too. */
static enum lt_errc find_exported(struct python *py, uint32_t hex, struct lt_err *err)
{
	unsigned char table[OFFSETS_SIZE];
	bool have = offsets_read(py, table);
	enum lt_errc rc;

	if (have && (uint32_t)offsets_u64(table, OFFSETS_VERSION) != hex)
		return lt_err_set(err, LT_E_LAYOUT, 0,
				  "Py_Version is %#x, the debug offsets say %#x", hex,
				  (uint32_t)offsets_u64(table, OFFSETS_VERSION));
	if (have && offsets_u64(table, OFFSETS_FREE_THREADED) != 0) {
		(void)settle(py, hex, NULL);
		return lt_err_set(err, LT_E_FREE_THREADED, 0, "CPython %st", py->version);
	}
	rc = settle(py, hex, err);
	if (rc == LT_OK && have)
		rc = offsets_check(py->layout, table, err);
	return rc == LT_OK ? main_interpreter(py, err) : rc;
}

/*
 * 3.7-3.10 export no number. Each candidate's layout is tried: the right one finds sys.hexversion
 * of its own minor version where it looks for it. NULL: none does; *ret_ready tells whether there
 * is an interpreter at all.
 */
static const struct layout *try_rows(struct python *py, uint32_t *ret_hex, bool *ret_ready)
{
	const struct layout *row;

	*ret_ready = false;
	for (size_t i = 0; (row = layout_at(i)); i++) {
		uint64_t interp;
		int32_t flag;

		if (row->evidence != LAYOUT_FROM_RUNTIME ||
		    !remote_u64(&py->remote, py->sym.runtime + (uint64_t)row->rt_interp_main,
				&interp) || !interp)
			continue;
		if (remote_i32(&py->remote, py->sym.runtime + (uint64_t)row->rt_initialized, &flag))
			*ret_ready |= flag == 1;
		if (!version_sys_hex(py, interp, row, ret_hex) || layout_for(*ret_hex) != row)
			continue;
		py->interp = interp;
		return row;
	}
	return NULL;
}

static enum lt_errc find_by_trying(struct python *py, struct lt_err *err)
{
	uint32_t hex;
	bool ready;
	const struct layout *row = try_rows(py, &hex, &ready);

	if (!row && ready)	/* it may have become so between one row and the next: once more */
		row = try_rows(py, &hex, &ready);
	if (row)
		return settle(py, hex, err);
	if (!ready)
		return lt_err_set(err, LT_E_UNREADY, 0, "no interpreter yet");
	return lt_err_set(err, LT_E_VERSION, 0, "sys.hexversion is in none of the known places");
}

/* 2.7 and 3.6 have no _PyRuntime: legacy.c finds the interpreter, its sys tells the rest. */
static enum lt_errc find_legacy(struct python *py, const struct image *image, struct lt_err *err)
{
	const struct layout *row;
	uint32_t hex;

	for (size_t i = 0; (row = layout_at(i)); i++) {
		bool bytes = row->unicode_state == LAYOUT_NONE;		/* its str is PyString */

		if (row->evidence == LAYOUT_FROM_STATICS && bytes == (py->sym.string_type != 0) &&
		    legacy_interpreter(py, image, row, &py->interp) &&
		    version_sys_hex(py, py->interp, row, &hex))
			return settle(py, hex, err);
	}
	py->interp = 0;
	if (!py->sym.string_type && !py->sym.async_gen_type)
		return lt_err_set(err, LT_E_VERSION, 0, "CPython 3 before 3.6");
	return lt_err_set(err, LT_E_UNREADY, 0, "no interpreter of CPython 2.7 or 3.6 found");
}

enum lt_errc version_find(struct python *py, const struct image *image, struct lt_err *err)
{
	uint32_t hex;

	if (py->sym.py_version && remote_u32(&py->remote, py->sym.py_version, &hex))
		return find_exported(py, hex, err);
	if (py->sym.runtime)
		return find_by_trying(py, err);
	if (py->sym.generation0)
		return find_legacy(py, image, err);
	return lt_err_set(err, LT_E_VERSION, 0, "it has no _PyRuntime and no _PyGC_generation0");
}
