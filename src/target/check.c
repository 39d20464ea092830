#include "config.h"

#include "target/check.h"

#include <string.h>

#include "target/version.h"
#include "util/clock.h"
#include "util/mem.h"

#define POINTER_MASK (~3ull)	/* _gc_next and _gc_prev keep two flags from 3.8 on (pycore_gc.h) */
#define RING_TRIES   100	/* the target goes on running while its rings are looked at */
#define CHAIN_MAX    4096
#define TRACED_TYPE  0x18	/* ob_type behind two links and the count (object.h, to 3.12) */

static enum lt_errc fails(struct lt_err *err, const char *what)
{
	return lt_err_set(err, LT_E_LAYOUT, 0, "%s", what);
}

bool check_traced(const struct python *py)
{
	uint64_t type = py->sym.type_type, v;

	return remote_u64(&py->remote, type + TRACED_TYPE, &v) && v == type;
}

static enum lt_errc check_header(const struct python *py, struct lt_err *err)
{
	uint64_t type = py->sym.type_type, v;

	if (!remote_u64(&py->remote, type + (uint64_t)py->layout->ob_type, &v))
		return lt_err_set(err, LT_E_REMOTE, 0, "reading PyType_Type");
	return v == type ? LT_OK : fails(err, "the type of PyType_Type is not itself");
}

static enum lt_errc check_type(const struct python *py, uint64_t type, const char *name,
			       struct lt_err *err)
{
	const struct layout *l = py->layout;
	uint64_t at, size;
	char text[16];

	if (!remote_u64(&py->remote, type + (uint64_t)l->tp_name, &at) ||
	    !remote_string(&py->remote, at, text, sizeof(text)) || strcmp(text, name) != 0)
		return lt_err_set(err, LT_E_LAYOUT, 0, "tp_name of %s", name);
	if (!remote_u64(&py->remote, type + (uint64_t)l->tp_basicsize, &size) || size < 24 ||
	    size > 4096)
		return lt_err_set(err, LT_E_LAYOUT, 0, "tp_basicsize of %s", name);
	return LT_OK;
}

/* interpreters.main is what the chain from interpreters.head ends with (pystate.c). */
static enum lt_errc check_interpreters(const struct python *py, struct lt_err *err)
{
	const struct layout *l = py->layout;
	uint64_t at, next;

	if (l->rt_interp_head == LAYOUT_NONE)
		return LT_OK;
	if (!remote_u64(&py->remote, py->sym.runtime + (uint64_t)l->rt_interp_head, &at))
		return lt_err_set(err, LT_E_REMOTE, 0, "reading _PyRuntime");
	for (int i = 0; i < CHAIN_MAX && at; i++) {
		if (!remote_u64(&py->remote, at + (uint64_t)l->in_next, &next))
			break;
		if (next == 0)
			return at == py->interp ? LT_OK :
			       fails(err, "the chain of interpreters does not end with main");
		at = next;
	}
	return fails(err, "the chain of interpreters has no end");
}

static enum lt_errc check_version(const struct python *py, struct lt_err *err)
{
	uint32_t hex;

	if (!version_sys_hex(py, py->interp, py->layout, &hex))
		return fails(err, "sys.hexversion was not found");
	if (hex != py->version_hex)
		return lt_err_set(err, LT_E_LAYOUT, 0, "sys.hexversion is %#x, not %#x", hex,
				  py->version_hex);
	return LT_OK;
}

static enum lt_errc check_thresholds(const struct python *py, struct lt_err *err)
{
	int32_t v;

	for (int i = 0; i < 3; i++)
		if (!remote_i32(&py->remote, py->heads[i] + (uint64_t)py->layout->gc_threshold,
				&v) || v < 0)
			return lt_err_set(err, LT_E_LAYOUT, 0, "gc threshold of generation %d", i);
	return LT_OK;
}

/*
 * head.next.prev is head, or head.prev.next is. One of them is enough: during a collection the
 * _gc_prev of the objects holds reference counts (gcmodule.c update_refs, 3.8+).
 */
static bool ring_closed(const struct python *py, uint64_t head)
{
	uint64_t link[2], back;		/* next, prev: the first two words of every PyGC_Head */

	if (!remote_read(&py->remote, head, link, sizeof(link)))
		return false;
	link[0] &= POINTER_MASK;
	link[1] &= POINTER_MASK;
	if (!link[0] || !link[1])
		return false;
	if (remote_u64(&py->remote, link[0] + 8, &back) && (back & POINTER_MASK) == head)
		return true;
	return remote_u64(&py->remote, link[1], &back) && (back & POINTER_MASK) == head;
}

bool check_ring(const struct python *py, uint64_t head)
{
	for (int try = 0; try < RING_TRIES; try++) {
		if (ring_closed(py, head))
			return true;
		clock_sleep_ns(CLOCK_NS_PER_MS);
	}
	return false;
}

static enum lt_errc check_rings(const struct python *py, struct lt_err *err)
{
	for (size_t i = 0; i < COUNT_OF(py->heads); i++)
		if (py->heads[i] && !check_ring(py, py->heads[i]))
			return lt_err_set(err, LT_E_LAYOUT, 0,
					  "the gc list of generation %zu is not a ring", i);
	return LT_OK;
}

static enum lt_errc check_walk(const struct python *py, struct lt_err *err)
{
	if (py->layout->walk == LAYOUT_WALK_LISTS)
		return check_rings(py, err);
	if (!py->sym.visit_objects)
		return fails(err, "PyUnstable_GC_VisitObjects is not exported");
	return LT_OK;
}

enum lt_errc check_layout(const struct python *py, struct lt_err *err)
{
	static enum lt_errc (*const checks[])(const struct python *, struct lt_err *) = {
		check_interpreters, check_version, check_thresholds,
		check_walk,
	};
	enum lt_errc rc = check_header(py, err);

	if (rc == LT_OK)
		rc = check_type(py, py->sym.type_type, "type", err);
	if (rc == LT_OK)
		rc = check_type(py, py->sym.dict_type, "dict", err);
	for (size_t i = 0; i < COUNT_OF(checks) && rc == LT_OK; i++)
		rc = checks[i](py, err);
	return rc;
}
