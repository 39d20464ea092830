/*
 * The threads of a Python and the frames they execute, read as data: which function, where its
 * local variables are and what they are called. Facts: struct _ts, PyFrameObject (to 3.10) and
 * _PyInterpreterFrame (3.11+); the table of offsets is in layout_frames.c.
 */
#ifndef LT_TARGET_FRAMES_H
#define LT_TARGET_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"

enum frames_chain {
	FRAMES_OBJECTS,		/* to 3.10: the thread points to a PyFrameObject */
	FRAMES_CFRAME,		/* 3.11, 3.12: through a _PyCFrame on the C stack */
	FRAMES_CURRENT,		/* 3.13+ */
};

struct frames_layout {
	uint32_t version_lo, version_hi;	/* PY_VERSION_HEX, rows sorted */
	enum frames_chain chain;
	int32_t ts_next, ts_thread_id, ts_dict, ts_frame;
	int32_t cframe_current;
	int32_t code, previous, owner, locals;	/* of the frame; owner: a byte, 3.11+ */
	int32_t frame_own;	/* 3.11+: from a frame object to the pointer to its frame */
	int32_t gen_frame;	/* in a generator: the pointer, from 3.11 the frame itself */
	int32_t gen_state;	/* 3.11+: a byte, FRAME_CLEARED and more when it has ended */
	int32_t co_name;
	int32_t co_names[3];	/* tuples of the names of locals, one behind the other */
};

/* The row of this Python, NULL where none. */
const struct frames_layout *frames_layout(const struct python *py);

#define FRAMES_BY_THREAD    0	/* values of `owner` */
#define FRAMES_BY_GENERATOR 1

struct frame {
	uint64_t addr;
	uint64_t code;
	uint64_t locals, n_locals;	/* an array of references, cells and free variables too */
	uint64_t thread;		/* PyThreadState */
	uint64_t thread_id;		/* threading.get_ident() of it */
};

/* The frame at addr, of which code and locals are filled in. */
bool frames_open(const struct python *py, uint64_t addr, struct frame *ret);
/* Frames of all threads of the main interpreter, at most `most`; caller frees with free(). */
struct frame *frames_read(const struct python *py, size_t most, size_t *ret_n);
/* The thread states themselves. Caller frees with free(). */
uint64_t *frames_threads(const struct python *py, size_t *ret_n);

bool frames_code_name(const struct python *py, uint64_t code, char *dst, size_t size);
bool frames_local_name(const struct python *py, uint64_t code, uint64_t index, char *dst,
		       size_t size);

#endif
