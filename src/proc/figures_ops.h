/*
 * Where the cheap figures come from: one struct of operations, three sources. The build chooses
 * the library (libproc2 or libprocps); the files of /proc are always there to stand in for it.
 * Private to proc/ and its tests.
 */
#ifndef LT_PROC_FIGURES_OPS_H
#define LT_PROC_FIGURES_OPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/figures.h"

struct figures_reading {
	struct figures_quick quick;
	uint64_t start_ticks;		/* stat (22): tells a reused PID from the process we knew */
};

struct figures_ops {
	const char *name;		/* what figures_source() answers */

	/* *ret: the source's own handles, NULL if it needs none; free() releases them. */
	enum lt_errc (*new)(void **ret, struct lt_err *err);
	void (*free)(void *state);

	/* LT_E_GONE where the PID does not exist; a zombie is read like any other process. */
	enum lt_errc (*read)(void *state, pid_t pid, struct figures_reading *ret,
			     struct lt_err *err);
};

extern const struct figures_ops figures_library;	/* figures_libproc2.c or _libprocps.c */
extern const struct figures_ops figures_files;

/* figures_new with a source of the caller's choice: how a test brings one that misbehaves. */
enum lt_errc figures_new_with(pid_t pid, const struct figures_ops *ops, struct figures **ret,
			      struct lt_err *err);

/* The parsers of figures_files.c and figures_slow.c, for their tests. */
enum lt_errc figures_parse_statm(const char *text, size_t n, struct figures_quick *ret,
				 struct lt_err *err);
int64_t figures_parse_swap(const char *text, size_t n);	/* status: VmSwap, LT_UNKNOWN if none */

/* Where PSS and USS are read; "" is the real root, a test has a tree of its own. */
enum lt_errc figures_slow_read(const char *root, pid_t pid, struct figures_slow *ret,
			       struct lt_err *err);

/* Everything in struct figures_fixed. */
enum lt_errc figures_fixed_read(pid_t pid, struct figures_fixed *ret, struct lt_err *err);

/* cmdline's NULs to blanks, "[comm]" where it is empty; dst is cleaned. */
void figures_command(char *dst, size_t size, const char *cmdline, size_t n, const char *comm);

#endif
