/*
 * What leaktop and the helper inside the target agree on: one page-aligned block in the target,
 * written by leaktop before a call (process_vm_writev), by the helper during it, and read back by
 * leaktop afterwards (process_vm_readv). Both sides are built from this file; every field has a
 * fixed width and the same place on either side.
 *
 * leaktop does not trust what it reads back (I8): the target could have written it.
 */
#ifndef LT_AGENT_ABI_H
#define LT_AGENT_ABI_H

#include <stdint.h>

#include "agent/marks.h"
#include "agent/request.h"

/* Entry points: byte offsets into the helper's code, one jump each (entry_ARCH.S). */
#define AGENT_ENTRY_CALL 0	/* void (struct agent_block *): take the GIL, count, give it back */
#define AGENT_ENTRY_POST 16	/* void (struct agent_block *): leave a note for the interpreter */
#define AGENT_ENTRY_NOTE 32	/* int (void *block): what POST leaves; called with the GIL held */

#define AGENT_UNSIZED 8		/* types whose ob_size is none */
#define AGENT_NAME 64
#define AGENT_MAGIC 0x34656d6f68746c00ul	/* of a block; another number for another layout */

enum agent_dict {		/* how a dict's table is laid out: as enum layout_dict */
	AGENT_DICT_27,
	AGENT_DICT_36,
	AGENT_DICT_311,
};

struct agent_range { uint64_t at, size; };	/* whole pages that can be read */

#define AGENT_RECENT 256		/* ranges that matched last, by address: a power of two */

struct agent_type {
	uint64_t type;		/* address of the PyTypeObject, the key */
	uint64_t count;
	uint64_t bytes;		/* by arithmetic: gc head, basicsize, items, list and dict tables */
	uint64_t tp_name;	/* the pointer, to notice a type that died and was replaced */
	uint32_t base;		/* bytes of every instance */
	uint32_t item;		/* bytes per |ob_size|, 0 if it has none */
	uint16_t payload, field;	/* enum agent_payload; where the word is that says more */
	uint32_t shift;		/* of the size word */
	struct { uint64_t count, bytes; } saved[2];	/* before generation 0, 1 */
	char name[AGENT_NAME];	/* copy of *tp_name while the type was alive, cut, terminated */
};

struct agent_block {
	uint64_t magic, self;		/* AGENT_MAGIC, the block's own address */

	/* written once by leaktop: addresses of functions in the target, 0 where it has none */
	uint64_t fn_errno, fn_this_thread, fn_ensure, fn_release, fn_add_pending, fn_visit;
	uint64_t fn_interp_head;
	uint64_t interp;		/* the main interpreter: the only one, or nothing is done */
	uint64_t lock;			/* of fn_add_pending: an address, 0: it never blocks */
	uint32_t lock_mask, lock_free;	/* free when (uint32 there & mask) == free */

	/* where things are; offsets in bytes */
	uint64_t head[AGENT_LISTS];	/* PyGC_Head of each list, 0: none */
	uint64_t collecting;		/* address of the int, 0: unknown */
	uint64_t unsized[AGENT_UNSIZED];
	uint64_t set_type, frozenset_type, list_type, tuple_type;
	uint64_t mark_refs;		/* third word of the gc head of a tracked object, to 3.7 */
	uint32_t walk;			/* 1: lists; 0: through fn_visit */
	uint32_t gc_head_size;
	uint32_t ob_type, ob_size, tp_name, tp_basicsize, tp_itemsize, tp_flags;
	uint32_t managed_flags, managed_size;	/* bytes in front of instances of such types */
	uint32_t list_allocated;
	uint32_t long_shift;		/* 3.12+: an int's size word is count << 3 | sign */
	uint32_t dict, dict_keys;	/* 2.7: dict_keys is ma_mask */
	uint32_t set_mask;
	uint32_t slots;			/* of the index, a power of two */
	uint32_t max_types;		/* of the table, < slots */
	uint32_t index_at, table_at;	/* byte offsets from the block's start */
	uint32_t ranges_at, max_ranges;	/* likewise; struct agent_range, room for so many */
	uint32_t ranges;		/* sorted, no two touch; written in the stop (guard.h) */
	uint64_t gil_state;		/* the thread state under which this thread has the GIL;
					   0: it has not, or none but its own can be meant.
					   Written in the stop */

	struct agent_exit exit;
	struct agent_collect collect;
	struct agent_order order;

	/* the answer */
	uint32_t answer;		/* = order.request, written last (release) */
	uint32_t status;		/* enum agent_status */
	uint32_t posted;		/* a note is queued in the interpreter, or running */
	uint32_t types;			/* entries of the table in use */
	uint32_t approximate;		/* objects that changed lists may be counted twice */
	uint64_t list_objects[AGENT_LISTS];
	uint64_t objects;
	uint64_t left_out;		/* objects of types that found no room in the table */
	uint64_t hold_ticks;		/* how long it held the GIL; COLLECT: how long it took */
	uint32_t working;		/* the request that is being done, 0: none */
	uint32_t posted_pid;		/* of the process in which COLLECT was posted */
	int64_t unreachable;		/* what COLLECT found */

	/* the helper's own, between slices */
	uint64_t missed;		/* the address that was in no range, 0: none */
	uint64_t outside;		/* that of the slice before */
	uint32_t outside_again, excused;
	uint32_t node_size;		/* of a gc head and the object behind it, up to its type */
	struct agent_range recent[AGENT_RECENT];
	uint64_t until_ticks, until_objects;	/* where this slice ends */
	uint32_t open[AGENT_LISTS];	/* bookmarks lie in it */
	uint32_t restarts, rollbacks;
	uint32_t stuck;			/* slices in a row that ended where memory is new */
	uint32_t unused;
	struct { uint64_t objects, left_out, list_objects[AGENT_LISTS]; } saved[2];
	struct agent_mark marks[AGENT_MARKS];
};

#define AGENT_ALIGN 64
/* The index, the table and the ranges follow the block in the same mapping. */

#endif
