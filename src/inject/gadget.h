/*
 * Short runs of instructions that the target already has: the way out of a signal handler, a raw
 * system call and the end of a function that returns 0. Looked for in the text of its C library
 * and its loader, in memory.
 */
#ifndef LT_INJECT_GADGET_H
#define LT_INJECT_GADGET_H

#include <stdint.h>

#include "target/python.h"
#include "util/err.h"

struct gadgets {
	uint64_t restore_rt;	/* __restore_rt: rt_sigreturn with the frame on the stack */
	uint64_t syscall_ret;	/* syscall; ret */
	uint64_t zero_ret;	/* 0: there is none, and notes do not take pages out */
};

/* LT_E_CLIB where one is missing. */
enum lt_errc gadgets_find(const struct python *py, struct gadgets *ret, struct lt_err *err);

#endif
