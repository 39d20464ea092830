#include "config.h"

#include "target/layout.h"

#include "util/mem.h"

/*
 * Every number below was computed with offsetof() against the headers of that version (2.7.18,
 * 3.6.15, 3.7.16, 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0, 3.14.10, 3.15.2; LP64 release
 * builds), except where a comment says otherwise. The statics of 2.7's and 3.6's gcmodule.c are in
 * no header: LAYOUT_NONE. Rows begin at the final release of a minor version: alphas and betas
 * move fields about (3.13's and 3.15's had the incremental collector), so they are refused.
 * check.c tests a row against the running interpreter before anything relies on it.
 *
 * They hold on x86-64 and on aarch64, but for what lies behind the GIL in _PyRuntime: threads.c.
 *
 * The lock of Py_AddPendingCall, which posts to the main thread:
 *   2.7, 3.6  Python/ceval.c: a static lock, PyThread_acquire_lock(NOWAIT_LOCK) up to 100 times,
 *             then -1. Never blocks.
 *   3.7       the same loop on _PyRuntime.ceval.pending.lock.
 *   3.8       _PyRuntime.ceval.pending.lock with WAIT_LOCK: blocks. When pending.finishing is set,
 *             which is in front of it, it prints a SystemError instead; Py_FinalizeEx sets that
 *             before the functions of atexit run, which is long before it is finalizing.
 *   3.9-3.11  interp->ceval.pending.lock with WAIT_LOCK, of the interpreter whose thread state the
 *             calling thread has (Python/ceval.c, Python/ceval_gil.c in 3.11).
 *   3.12      ceval_gil.c passes mainthreadonly: _PyRuntime.ceval.pending_mainthread.lock with
 *             WAIT_LOCK.
 *   3.13+     the same queue, its PyMutex.
 * While such a call waits, other threads pay: a loop of one ran at 0.28 of its speed in 2.7 (the
 * GIL is given up after each instruction), at 0.51 in 3.6 and 0.48 in 3.8 (eval_breaker stays set),
 * and as fast as ever in 3.9 and later, where it is for the thread that can handle the call.
 * None of them takes the GIL's mutex or HEAD_LOCK: signalling is a store (to 3.12:
 * COMPUTE_EVAL_BREAKER) or an atomic or into main_tstate->eval_breaker (3.13+).
 * A PyThread_type_lock is a pointer to a malloc'ed sem_t on Linux (Python/thread_pthread.h,
 * USE_SEMAPHORES); its first 32 bits count. lock.c proves the place before it is used.
 */

#define OBJECTS \
	.ob_type = 0x8, .ob_size = 0x10, \
	.tp_name = 0x18, .tp_basicsize = 0x20, .tp_itemsize = 0x28, .tp_flags = 0xa8, \
	.tp_dict = 0x108, .tp_mro = 0x158, .tp_subclasses = 0x168, \
	.list_item = 0x18, .list_allocated = 0x20, \
	.set_mask = 0x20, .set_table = 0x28, .int_digits = 0x18

#define OBJECTS_3 OBJECTS, \
	.set_smalltable = 0x40, .bytearray_alloc = 0x18, \
	.dict_keys = 0x20, .dict_values = 0x28, .dict_mask = LAYOUT_NONE, \
	.unicode_length = 0x10, .unicode_state = 0x20, \
	.unicode_kind_shift = 2, .unicode_compact_shift = 5, .unicode_ascii_shift = 6

/*
 * Read in running interpreters: to 3.9 PyModuleObject is in no header. 3.15 has what is told of the
 * state in the module.
 */
#define MODULE_27  .md_state = LAYOUT_NONE, .md_def = LAYOUT_NONE, .md_size = LAYOUT_NONE
#define OBJECTS_36 OBJECTS_3, .md_state = 0x20, .md_def = 0x18, .md_size = 0x38
#define MODULE_315 .md_state = 0x18, .md_def = LAYOUT_NONE, .md_size = 0x38

#define DICT_36  .dict = LAYOUT_DICT_36, .dict_first_value = 0, .values_at = LAYOUT_NONE
#define DICT_311 .dict = LAYOUT_DICT_311, .dict_first_value = 0
#define DICT_313 .dict = LAYOUT_DICT_311, .dict_first_value = 8, .values_at = LAYOUT_NONE

/* pymalloc's pools grew with the radix tree of arenas (3.10, bpo-37448) */
#define POOLS_4K  .pool_size = 4096
#define POOLS_16K .pool_size = 16384

/* to 3.11 a str has a wstr; it went in 3.12 (PEP 623), and int got its tag */
#define VALUES_36  .tuple_item = 0x18, .unicode_ascii_data = 0x30, .unicode_compact_data = 0x48, \
	.integer = LAYOUT_INT_OBSIZE
#define VALUES_311 VALUES_36, .values_at = -0x20, POOLS_16K, \
	.managed_flags = 1 << 4, .managed_size = 16, .frame_unsized = true
#define VALUES_312 POOLS_16K, .unicode_ascii_data = 0x28, .unicode_compact_data = 0x38, \
	.managed_flags = 1 << 4 | 1 << 3, .managed_size = 16, .frame_unsized = true, \
	.integer = LAYOUT_INT_LVTAG

/* gc_refs of what is not being collected; 3.6 and 3.7 keep a flag below it (objimpl.h) */
#define GC_REACHABLE (-3)

/* the collector's structs: 3 words and long double alignment to 3.7, 2 words from 3.8 */
#define GC_36 POOLS_4K, .gc_head_size = 32, .gc_refs = 2 * GC_REACHABLE, \
	.gc_generation_size = 48, .gc_threshold = 32, .gc_count = 36
#define GC_38 .gc_head_size = 16, .gc_generation_size = 24, .gc_threshold = 16, .gc_count = 20

#define GC_STATICS \
	.gc_in_runtime = false, .gc_state = LAYOUT_NONE, .gc_enabled = LAYOUT_NONE, \
	.gc_generations = LAYOUT_NONE, .gc_generation0 = LAYOUT_NONE, \
	.gc_permanent = LAYOUT_NONE, .gc_stats = LAYOUT_NONE, \
	.gc_collecting = LAYOUT_NONE, .gc_garbage = LAYOUT_NONE

#define RUNTIME_NONE \
	.rt_initialized = LAYOUT_NONE, .rt_finalizing = LAYOUT_NONE, \
	.rt_interp_head = LAYOUT_NONE, .rt_interp_main = LAYOUT_NONE, \
	.rt_main_thread = LAYOUT_NONE, .rt_current = LAYOUT_NONE, .rt_auto = LAYOUT_NONE, \
	.ts_status = LAYOUT_NONE

/*
 * What tells of a thread state that is current: 3.12 keeps it in a variable of each thread, and
 * PyGILState_Ensure asks for the one that this thread was last active under (pystate.c).
 */
#define CURRENT_312 .rt_current = LAYOUT_NONE, .rt_auto = LAYOUT_NONE, .ts_thread_id = LAYOUT_NONE

#define INTERP_314 \
	.evidence = LAYOUT_FROM_SYMBOL, .offsets = LAYOUT_OFFSETS_314, .ts_interp = 0x10, \
	.rt_initialized = 0x308, .rt_finalizing = 0x310, \
	.rt_interp_head = 0x328, .rt_interp_main = 0x330, \
	.rt_main_thread = 0x340, CURRENT_312, .ts_status = 0x20, \
	.in_next = 0x1c68, .in_threads = 0x1cb0, \
	.gc_state = 0x1cf0, .gc_enabled = 0x1cfc, .gc_generations = 0x1d08, \
	.gc_permanent = 0x1d50, .gc_stats = 0x1d68, .gc_collecting = 0x1db0, \
	.gc_garbage = 0x1db8, .gc_heap_size = 0x1dc8, GC_38, \
	.signals = LAYOUT_SIGNALS_STATE, .signals_at = 0x18, \
	.lock = LAYOUT_LOCK_BYTE, .lock_in_runtime = true, .lock_at = 0xb28, \
	OBJECTS_36, DICT_313, VALUES_312, .tuple_item = 0x20, .ht_name = 0x358, .ht_qualname = 0x368

static const struct layout rows[] = {
	{
		.version_lo = 0x020700f0, .version_hi = 0x0207ffff, .name = "2.7", RUNTIME_NONE,
		.eintr_raises = true, .note_hinders = true,
		.evidence = LAYOUT_FROM_STATICS, .ts_interp = 0x8, .ts_thread_id = 0x90,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x18, .in_modules = 0x10,
		GC_STATICS, .gc_heap_size = LAYOUT_NONE,
		/* PyGC_Head is 32 bytes, aligned to 8 in 2.7.18; older ones have a long double in
		 * the union: aligned to 16, so that a generation has padding (bpo-27987) */
		.gc_head_size = 32, .gc_refs = GC_REACHABLE,
		.gc_generation_size = 40, .gc_generation_older = 48,
		.gc_threshold = 32, .gc_count = 36,
		.signals = LAYOUT_SIGNALS_CODE, .signals_at = LAYOUT_NONE,
		.lock = LAYOUT_LOCK_TRY, .lock_at = LAYOUT_NONE,
		OBJECTS, MODULE_27, .ht_name = 0x358, .ht_qualname = LAYOUT_NONE,
		.dict = LAYOUT_DICT_27, .dict_keys = 0x28, .dict_mask = 0x20,
		.dict_values = LAYOUT_NONE, .dict_first_value = LAYOUT_NONE,
		.integer = LAYOUT_INT_OBSIZE,	/* of a long; an int has its value at ob_size */
		/* of a str: its bytes */
		.unicode_length = 0x10, .unicode_state = LAYOUT_NONE,
		.unicode_ascii_data = 0x24, .unicode_compact_data = LAYOUT_NONE,
		.set_smalltable = 0x38, .bytearray_alloc = 0x20, .values_at = LAYOUT_NONE,
		.tuple_item = 0x18,
		POOLS_4K,
	}, {
		.version_lo = 0x030600f0, .version_hi = 0x0306ffff, .name = "3.6", RUNTIME_NONE,
		.note_hinders = true,
		.evidence = LAYOUT_FROM_STATICS, .ts_interp = 0x10, .ts_thread_id = 0x98,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x20, .in_modules = 0x10,
		GC_STATICS, .gc_heap_size = LAYOUT_NONE, GC_36,
		.signals = LAYOUT_SIGNALS_CODE, .signals_at = LAYOUT_NONE,
		.lock = LAYOUT_LOCK_TRY, .lock_at = LAYOUT_NONE,
		OBJECTS_36, DICT_36, VALUES_36, .ht_name = 0x340, .ht_qualname = 0x350,
	}, {
		/* before bpo-27987 gave PyGC_Head its long double in 3.7.4: computed from 3.7.16's
		 * headers with that change (PR 13581) undone */
		.version_lo = 0x030700f0, .version_hi = 0x030703ff, .name = "3.7.0-3.7.3",
		.note_hinders = true,
		.evidence = LAYOUT_FROM_RUNTIME, .ts_interp = 0x10, .ts_thread_id = 0xb0,
		.rt_initialized = 0x0, .rt_finalizing = 0x8,
		.rt_interp_head = 0x18, .rt_interp_main = 0x20,
		.rt_main_thread = 0x278, .rt_current = 0x570, .rt_auto = 0x580,
		.ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x38, .in_modules = 0x28,
		.gc_in_runtime = true, .gc_state = 0x138, .gc_enabled = 0x144,
		.gc_generations = 0x150, .gc_generation0 = 0x1b0,
		.gc_permanent = 0x1b8, .gc_stats = 0x1d8,
		.gc_collecting = 0x220, .gc_garbage = 0x228, .gc_heap_size = LAYOUT_NONE,
		.gc_head_size = 24, .gc_refs = 2 * GC_REACHABLE, .gc_generation_size = 32,
		.gc_threshold = 24, .gc_count = 28,
		.signals = LAYOUT_SIGNALS_CODE, .signals_at = LAYOUT_NONE,
		.lock = LAYOUT_LOCK_TRY, .lock_in_runtime = true, .lock_at = 0x280,
		OBJECTS_36, DICT_36, VALUES_36, POOLS_4K, .ht_name = 0x340, .ht_qualname = 0x350,
	}, {
		.version_lo = 0x03070400, .version_hi = 0x0307ffff, .name = "3.7",
		.note_hinders = true,
		.evidence = LAYOUT_FROM_RUNTIME, .ts_interp = 0x10, .ts_thread_id = 0xb0,
		.rt_initialized = 0x0, .rt_finalizing = 0x8,
		.rt_interp_head = 0x18, .rt_interp_main = 0x20,
		.rt_main_thread = 0x2d0, .rt_current = 0x5c8, .rt_auto = 0x5d8,
		.ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x38, .in_modules = 0x28,
		.gc_in_runtime = true, .gc_state = 0x140, .gc_enabled = 0x14c,
		.gc_generations = 0x160, .gc_generation0 = 0x1f0,
		.gc_permanent = 0x200, .gc_stats = 0x230,
		.gc_collecting = 0x278, .gc_garbage = 0x280, .gc_heap_size = LAYOUT_NONE, GC_36,
		.signals = LAYOUT_SIGNALS_CODE, .signals_at = LAYOUT_NONE,
		.lock = LAYOUT_LOCK_TRY, .lock_in_runtime = true, .lock_at = 0x2d8,
		OBJECTS_36, DICT_36, VALUES_36, .ht_name = 0x340, .ht_qualname = 0x350,
	}, {
		.version_lo = 0x030800f0, .version_hi = 0x0308ffff, .name = "3.8",
		.note_hinders = true,
		.evidence = LAYOUT_FROM_RUNTIME, .ts_interp = 0x10, .ts_thread_id = 0xb0,
		.rt_initialized = 0xc, .rt_finalizing = 0x10,
		.rt_interp_head = 0x20, .rt_interp_main = 0x28,
		.rt_main_thread = 0x48, .rt_current = 0x558, .rt_auto = 0x568,
		.ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x48, .in_modules = 0x38,
		.gc_in_runtime = true, .gc_state = 0x158, .gc_enabled = 0x164,
		.gc_generations = 0x170, .gc_generation0 = 0x1b8,
		.gc_permanent = 0x1c0, .gc_stats = 0x1d8,
		.gc_collecting = 0x220, .gc_garbage = 0x228, .gc_heap_size = LAYOUT_NONE, GC_38,
		.signals = LAYOUT_SIGNALS_LOCK, .signals_at = 0x218,
		.lock = LAYOUT_LOCK_SEM, .lock_in_runtime = true, .lock_at = 0x260,
		.lock_finishing = true,
		OBJECTS_36, DICT_36, VALUES_36, POOLS_4K, .ht_name = 0x350, .ht_qualname = 0x360,
	}, {
		.version_lo = 0x030900f0, .version_hi = 0x0309ffff, .name = "3.9",
		.evidence = LAYOUT_FROM_RUNTIME, .ts_interp = 0x10, .ts_thread_id = 0xb0,
		.rt_initialized = 0xc, .rt_finalizing = 0x10,
		.rt_interp_head = 0x20, .rt_interp_main = 0x28,
		.rt_main_thread = 0x48, .rt_current = 0x238, .rt_auto = 0x240,
		.ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x368, .in_modules = 0x358,
		.gc_state = 0x268, .gc_enabled = 0x274,
		.gc_generations = 0x280, .gc_generation0 = 0x2c8,
		.gc_permanent = 0x2d0, .gc_stats = 0x2e8,
		.gc_collecting = 0x330, .gc_garbage = 0x338, .gc_heap_size = LAYOUT_NONE, GC_38,
		.signals = LAYOUT_SIGNALS_RUNTIME, .signals_at = 0x158,
		.lock = LAYOUT_LOCK_SEM, .lock_at = 0x50,
		OBJECTS_36, DICT_36, VALUES_36, POOLS_4K, .ht_name = 0x348, .ht_qualname = 0x358,
	}, {
		.version_lo = 0x030a00f0, .version_hi = 0x030affff, .name = "3.10",
		.evidence = LAYOUT_FROM_RUNTIME, .ts_interp = 0x10, .ts_thread_id = 0xb0,
		.rt_initialized = 0xc, .rt_finalizing = 0x10,
		.rt_interp_head = 0x20, .rt_interp_main = 0x28,
		.rt_main_thread = 0x48, .rt_current = 0x238, .rt_auto = 0x240,
		.ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x8, .in_sysdict = 0x368, .in_modules = 0x358,
		.gc_state = 0x268, .gc_enabled = 0x274,
		.gc_generations = 0x280, .gc_generation0 = 0x2c8,
		.gc_permanent = 0x2d0, .gc_stats = 0x2e8,
		.gc_collecting = 0x330, .gc_garbage = 0x338, .gc_heap_size = LAYOUT_NONE, GC_38,
		.signals = LAYOUT_SIGNALS_RUNTIME, .signals_at = 0x158,
		.lock = LAYOUT_LOCK_SEM, .lock_at = 0x50,
		OBJECTS_36, DICT_36, VALUES_36, POOLS_16K, .ht_name = 0x350, .ht_qualname = 0x360,
	}, {
		.version_lo = 0x030b00f0, .version_hi = 0x030bffff, .name = "3.11",
		.evidence = LAYOUT_FROM_SYMBOL, .ts_interp = 0x10, .ts_thread_id = 0x98,
		.rt_initialized = 0x10, .rt_finalizing = 0x18,
		.rt_interp_head = 0x28, .rt_interp_main = 0x30,
		.rt_main_thread = 0x50, .rt_current = 0x240, .rt_auto = 0x248,
		.ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x10, .in_sysdict = 0x388, .in_modules = 0x378,
		.gc_state = 0x288, .gc_enabled = 0x294,
		.gc_generations = 0x2a0, .gc_generation0 = 0x2e8,
		.gc_permanent = 0x2f0, .gc_stats = 0x308,
		.gc_collecting = 0x350, .gc_garbage = 0x358, .gc_heap_size = LAYOUT_NONE, GC_38,
		.signals = LAYOUT_SIGNALS_RUNTIME, .signals_at = 0x160,
		.lock = LAYOUT_LOCK_SEM, .lock_at = 0x70,
		OBJECTS_36, DICT_311, VALUES_311, .ht_name = 0x350, .ht_qualname = 0x360,
	}, {
		.version_lo = 0x030c00f0, .version_hi = 0x030cffff, .name = "3.12",
		.evidence = LAYOUT_FROM_SYMBOL, .ts_interp = 0x10,
		.rt_initialized = 0x10, .rt_finalizing = 0x18,
		.rt_interp_head = 0x28, .rt_interp_main = 0x30,
		.rt_main_thread = 0x40, CURRENT_312, .ts_status = LAYOUT_NONE,
		.in_next = 0x0, .in_threads = 0x48, .in_sysdict = 0x160, .in_modules = 0x3b0,
		.gc_state = 0x70, .gc_enabled = 0x7c,
		.gc_generations = 0x88, .gc_generation0 = 0xd0,
		.gc_permanent = 0xd8, .gc_stats = 0xf0,
		.gc_collecting = 0x138, .gc_garbage = 0x140, .gc_heap_size = LAYOUT_NONE, GC_38,
		.signals = LAYOUT_SIGNALS_LOCK, .signals_at = -0x10,
		.lock = LAYOUT_LOCK_SEM, .lock_in_runtime = true, .lock_at = 0x7e8,
		OBJECTS_36, DICT_311, VALUES_312, .values_at = -0x18, .values_tagged = true,
		.tuple_item = 0x18,
		.ht_name = 0x358, .ht_qualname = 0x368,
	}, {
		.version_lo = 0x030d00f0, .version_hi = 0x030dffff, .name = "3.13",
		.evidence = LAYOUT_FROM_SYMBOL, .offsets = LAYOUT_OFFSETS_313, .ts_interp = 0x10,
		.rt_initialized = 0x258, .rt_finalizing = 0x260,
		.rt_interp_head = 0x278, .rt_interp_main = 0x280,
		.rt_main_thread = 0x290, CURRENT_312, .ts_status = 0x20,
		.in_next = 0x1c60, .in_threads = 0x1cb0,
		.in_sysdict = 0x1dd8, .in_modules = 0x1de8,
		.gc_state = 0x1ce8, .gc_enabled = 0x1cf4,
		.gc_generations = 0x1d00, .gc_generation0 = 0x1d48,
		.gc_permanent = 0x1d50, .gc_stats = 0x1d68,
		.gc_collecting = 0x1db0, .gc_garbage = 0x1db8, .gc_heap_size = LAYOUT_NONE, GC_38,
		.signals = LAYOUT_SIGNALS_STATE, .signals_at = 0x18,
		.lock = LAYOUT_LOCK_BYTE, .lock_in_runtime = true, .lock_at = 0xa58,
		.tuple_item = 0x18,
		OBJECTS_36, DICT_313, VALUES_312, .ht_name = 0x358, .ht_qualname = 0x368,
	}, {
		/* The incremental collector: young and old[2] lie where generations[3] does, but an
		 * object's list changes with every increment and bit 0 of _gc_next is a flag.
		 * Computed from 3.14.10's headers without what 3.14.5 added at the end of
		 * _gc_runtime_state (gh-148726): what is behind that moved by 24 bytes. */
		.version_lo = 0x030e00f0, .version_hi = 0x030e04ff, .name = "3.14.0-3.14.4",
		.walk = LAYOUT_WALK_VISIT, .gc_generation0 = LAYOUT_NONE,
		.in_sysdict = 0x1de0, .in_modules = 0x1df0, INTERP_314,
	}, {
		.version_lo = 0x030e0500, .version_hi = 0x030effff, .name = "3.14",
		.gc_generation0 = 0x1df0, .in_sysdict = 0x1df8, .in_modules = 0x1e08, INTERP_314,
	}, {
		.version_lo = 0x030f00f0, .version_hi = 0x030fffff, .name = "3.15",
		.evidence = LAYOUT_FROM_SYMBOL, .offsets = LAYOUT_OFFSETS_315, .ts_interp = 0x10,
		.rt_initialized = 0x388, .rt_finalizing = 0x390,
		.rt_interp_head = 0x3a8, .rt_interp_main = 0x3b0,
		.rt_main_thread = 0x3c0, CURRENT_312, .ts_status = 0x20,
		.in_next = 0x1c60, .in_threads = 0x1ca8,
		.in_sysdict = 0x1d98, .in_modules = 0x1da8,
		.gc_state = 0x1ce8, .gc_enabled = 0x1ce8,
		.gc_generations = 0x1cf0, .gc_generation0 = 0x1d90,
		.gc_permanent = 0x1d38,
		.gc_stats = 0x1d50, .gc_stats_ring = true,
		.gc_collecting = 0x1d58, .gc_garbage = 0x1d68, .gc_heap_size = 0x1d78, GC_38,
		.signals = LAYOUT_SIGNALS_STATE, .signals_at = 0x18,
		.lock = LAYOUT_LOCK_BYTE, .lock_in_runtime = true, .lock_at = 0xba8,
		OBJECTS_3, MODULE_315, DICT_313, VALUES_312, .ht_name = 0x360, .ht_qualname = 0x370,
		.bytearray_shares = true, .tuple_item = 0x20,	/* 3.14+: behind a hash */
	},
};

const struct layout *layout_for(uint32_t version_hex)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (version_hex >= rows[i].version_lo && version_hex <= rows[i].version_hi)
			return &rows[i];
	return NULL;
}

const struct layout *layout_at(size_t index)
{
	return index < COUNT_OF(rows) ? &rows[index] : NULL;
}
