/*
 * Where things are inside a CPython, one row per version: data, not code. Offsets in bytes, from
 * the start of the struct named in the field; LAYOUT_NONE where that version has no such field.
 * This file and layout*.c are the only places that compare Python version numbers.
 */
#ifndef LT_TARGET_LAYOUT_H
#define LT_TARGET_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/layout_kinds.h"

#define LAYOUT_NONE (-1)

struct layout {
	uint32_t version_lo, version_hi;	/* PY_VERSION_HEX range [lo, hi] */
	const char *name;			/* "3.14.0-3.14.4" */
	enum layout_walk walk;
	enum layout_evidence evidence;
	enum layout_offsets offsets;

	/* from &_PyRuntime (3.7+) */
	int32_t rt_initialized;		/* int, 1 when ready */
	int32_t rt_finalizing;		/* pointer, NULL unless ending */
	int32_t rt_interp_head, rt_interp_main;	/* PyInterpreterState * */
	int32_t rt_main_thread;		/* unsigned long, the pthread_self() of pending calls */
	int32_t rt_current;		/* 3.7 to 3.11: the PyThreadState that holds the GIL; */
	int32_t rt_auto;		/* and the interpreter of PyGILState_Ensure, near it */

	/* from the PyInterpreterState */
	int32_t in_next;
	int32_t in_sysdict;		/* PyObject *sysdict or sys's dict */
	int32_t in_modules;		/* PyObject *modules (sys.modules), where it has one */
	int32_t in_threads;		/* tstate list head */
	int32_t ts_interp;		/* from a PyThreadState: its interpreter */
	int32_t ts_thread_id;		/* to 3.11: the pthread_self() it was made on */
	int32_t ts_status;		/* 3.13+: bits that say what it is used for */

	/* struct _gc_runtime_state: 3.7, 3.8 from &_PyRuntime; 3.9+ from the interpreter */
	bool gc_in_runtime;
	int32_t gc_state;		/* the struct itself */
	int32_t gc_enabled;		/* int; 2.7 and 3.6 keep these in statics of gcmodule.c */
	int32_t gc_generations;		/* three struct gc_generation */
	int32_t gc_generation0;		/* pointer to the first of them, which outranks the above */
	int32_t gc_permanent;		/* the frozen generation */
	int32_t gc_stats;		/* three of {collections, collected, uncollectable} */
	bool gc_stats_ring;		/* 3.15: gc_stats is a pointer to ring buffers */
	int32_t gc_collecting;		/* int */
	int32_t gc_garbage;		/* PyObject *garbage (a list) */
	int32_t gc_heap_size;		/* 3.14+: Py_ssize_t live objects */

	/* the gc's own structs */
	int32_t gc_head_size;		/* sizeof PyGC_Head */
	int64_t gc_refs;		/* its third word, to 3.7, in an object that is tracked */
	int32_t gc_generation_size;	/* stride of generations[] */
	int32_t gc_generation_older;	/* another one that older patches have, 0: none */
	int32_t gc_threshold, gc_count;	/* ints, from a generation's start */
	bool eintr_raises;		/* before PEP 475 (3.5): EINTR becomes an exception */
	bool note_hinders;		/* to 3.8: while a pending call waits for the main thread,
					 * the others look for it after each instruction */
	/* the lock of Py_AddPendingCall; from &_PyRuntime or the interpreter */
	enum layout_lock lock;
	bool lock_in_runtime;
	int32_t lock_at;
	bool lock_finishing;		/* 3.8: an int in front of it says: no calls any more */
	enum layout_signals signals;
	int32_t signals_at;

	/* objects */
	int32_t ob_type, ob_size;
	int32_t tp_name, tp_basicsize, tp_itemsize, tp_flags, tp_dict, tp_mro, tp_subclasses;
	uint32_t managed_flags;		/* tp_flags of types with words for dict and weakrefs */
	uint32_t managed_size;		/* bytes of them, in front of the gc head (3.11+) */
	bool frame_unsized;		/* 3.11+: a frame has items but no ob_size */
	int32_t ht_name, ht_qualname;	/* in a heap type */
	int32_t list_item, list_allocated, tuple_item;
	int32_t dict_keys, dict_values;	/* 2.7: dict_keys is ma_table */
	int32_t dict_mask;		/* 2.7: ma_mask */
	int32_t dict_first_value;	/* from *ma_values to the values of a split table */
	enum layout_dict dict;
	enum layout_int integer;
	int32_t int_digits;		/* first 30-bit digit; tag is at ob_size's place */
	int32_t unicode_length, unicode_state, unicode_ascii_data, unicode_compact_data;
	int32_t unicode_kind_shift, unicode_compact_shift, unicode_ascii_shift;
	int32_t set_mask, set_table, set_smalltable;
	int32_t md_state, md_def;	/* of a module, pointers: what its C code keeps; */
	int32_t md_size;		/* and where the bytes of that are told: in *md_def,
					 * in the module where it has none */
	int32_t bytearray_alloc;	/* the pointer to its buffer is behind it; */
	bool bytearray_shares;		/* 3.15: which is within a bytes object */
	int32_t values_at;		/* 3.11, 3.12: from an object, pointer to its values; */
	bool values_tagged;		/* 3.12: as address - 1, without bit 0 it is a dict */
	uint32_t pool_size;		/* of pymalloc */
};

/* The row for PY_VERSION_HEX, NULL where none. Rows are sorted and do not overlap (a test). */
const struct layout *layout_for(uint32_t version_hex);

/* The rows in order, NULL past the last: to try each where the version is not known yet. */
const struct layout *layout_at(size_t index);

#endif
