/* The interpreter of 2.7 and 3.6, whose interp_head is a static that no symbol names. */
#ifndef LT_TARGET_LEGACY_H
#define LT_TARGET_LEGACY_H

#include "target/image.h"
#include "target/python.h"

/*
 * Looks in the object's writable segments for the pointer: a word is it when what it points to
 * has a modules dict, a sys dict and a thread whose interpreter is it again. `row` says where.
 * false where none is found (not initialized, finalized, or another version).
 */
bool legacy_interpreter(const struct python *py, const struct image *image,
			const struct layout *row, uint64_t *ret);

/* Has the interpreter its modules and a thread, and is it not being finalized (3.6)? */
bool legacy_ready(const struct python *py);

#endif
