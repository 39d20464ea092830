#include "config.h"

#include "target/python.h"

#include <string.h>

#include "target/pyobj.h"
#include "util/num.h"

#define MODULE_DICT 0x10	/* PyModuleObject.md_dict, the same in 2.7 and every 3.x */

/* {collections, collected, uncollectable}, Py_ssize_t each: struct gc_generation_stats to 3.14 */
#define STATS_WORDS 3

/*
 * 3.15, Include/internal/pycore_interp_structs.h: struct gc_stats is a ring of 11 items for
 * generation 0, two of 3 for the others, each followed by an int8_t with the newest index. An
 * item is two times, then the three words above (running totals), then three more words.
 */
#define RING_ITEM  64
#define RING_FIRST 16			/* collections in an item */
#define RING_YOUNG 11
#define RING_OLD   3
#define RING_YOUNG_BYTES (RING_YOUNG * RING_ITEM + 8)
#define RING_OLD_BYTES	 (RING_OLD * RING_ITEM + 8)
#define RING_BYTES	 (RING_YOUNG_BYTES + 2 * RING_OLD_BYTES)

static void read_generations(const struct python *py, struct python_gc *ret)
{
	const struct layout *l = py->layout;
	int32_t v;

	for (int i = 0; i < 3; i++) {
		if (remote_i32(&py->remote, py->heads[i] + (uint64_t)l->gc_threshold, &v))
			ret->gen[i].threshold = v;
		if (remote_i32(&py->remote, py->heads[i] + (uint64_t)l->gc_count, &v))
			ret->gen[i].count = v;
	}
}

static void take_stats(const unsigned char *from, struct python_gc *ret, int gen)
{
	int64_t v[STATS_WORDS];

	memcpy(v, from, sizeof(v));
	if (v[0] < 0 || v[1] < 0 || v[2] < 0)
		return;
	ret->gen[gen].collections = v[0];
	ret->gen[gen].collected = v[1];
	ret->gen[gen].uncollectable = v[2];
}

static void read_ring(const struct python *py, uint64_t at, struct python_gc *ret)
{
	unsigned char ring[RING_BYTES];
	uint64_t where;
	const unsigned char *p = ring;

	if (!remote_u64(&py->remote, at, &where) ||
	    !remote_read(&py->remote, where, ring, sizeof(ring)))
		return;
	for (int gen = 0; gen < 3; gen++) {
		int items = gen == 0 ? RING_YOUNG : RING_OLD;
		int newest = (int8_t)p[items * RING_ITEM];

		if (newest >= 0 && newest < items)
			take_stats(p + newest * RING_ITEM + RING_FIRST, ret, gen);
		p += items * RING_ITEM + 8;
	}
}

static void read_stats(const struct python *py, uint64_t at, struct python_gc *ret)
{
	unsigned char stats[3 * STATS_WORDS * 8];

	if (py->layout->gc_stats_ring) {
		read_ring(py, at, ret);
		return;
	}
	if (!remote_read(&py->remote, at, stats, sizeof(stats)))
		return;
	for (int gen = 0; gen < 3; gen++)
		take_stats(stats + gen * STATS_WORDS * 8, ret, gen);
}

static void read_garbage(const struct python *py, uint64_t list, struct python_gc *ret)
{
	uint64_t type, size;

	if (list && pyobj_type(py, list, &type) && type == py->sym.list_type &&
	    remote_u64(&py->remote, list + (uint64_t)py->layout->ob_size, &size) &&
	    size <= INT64_MAX)
		ret->garbage = (int64_t)size;
}

/* 2.7 and 3.6 keep it in a static; the gc module has it too, once somebody has imported gc. */
static void read_garbage_of_module(const struct python *py, struct python_gc *ret)
{
	uint64_t modules, module, dict, list;

	if (remote_u64(&py->remote, py->interp + (uint64_t)py->layout->in_modules, &modules) &&
	    pyobj_dict_get(py, modules, "gc", &module) &&
	    remote_u64(&py->remote, module + MODULE_DICT, &dict) &&
	    pyobj_dict_get(py, dict, "garbage", &list))
		read_garbage(py, list, ret);
}

void python_gc_read(const struct python *py, struct python_gc *ret)
{
	const struct layout *l = py->layout;
	uint64_t base = l->gc_in_runtime ? py->sym.runtime : py->interp, list;
	int32_t enabled;

	*ret = (struct python_gc){.enabled = LT_UNKNOWN, .garbage = LT_UNKNOWN};
	for (int i = 0; i < 3; i++) {
		ret->gen[i].threshold = ret->gen[i].count = LT_UNKNOWN;
		ret->gen[i].collections = ret->gen[i].collected = LT_UNKNOWN;
		ret->gen[i].uncollectable = LT_UNKNOWN;
	}
	read_generations(py, ret);
	if (l->gc_enabled == LAYOUT_NONE) {
		if (py->interp)
			read_garbage_of_module(py, ret);
		return;
	}
	if (remote_i32(&py->remote, base + (uint64_t)l->gc_enabled, &enabled))
		ret->enabled = enabled != 0;
	if (remote_u64(&py->remote, base + (uint64_t)l->gc_garbage, &list))
		read_garbage(py, list, ret);
	read_stats(py, base + (uint64_t)l->gc_stats, ret);
}
