/* The self-checks of a layout: what it says is compared with what the running interpreter shows. */
#ifndef LT_TARGET_CHECK_H
#define LT_TARGET_CHECK_H

#include "target/python.h"

/*
 * Needs everything but the C library's part of *py, of an interpreter that is ready. LT_E_LAYOUT
 * with a detail that names the check that failed.
 */
enum lt_errc check_layout(const struct python *py, struct lt_err *err);

/* Is there the head of a gc list? The target may be changing it just now: ask more than once. */
bool check_ring(const struct python *py, uint64_t head);

/* Has every object two links before its count, as in a Py_TRACE_REFS build? Needs sym only. */
bool check_traced(const struct python *py);

#endif
