/*
 * Memory of the target, read with process_vm_readv: no stop, no signal, faults are errors. Every
 * byte that comes back is untrusted (I8).
 */
#ifndef LT_TARGET_REMOTE_H
#define LT_TARGET_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "util/err.h"

struct remote {
	pid_t pid;
	int64_t cpu_end_ns;	/* clock_cpu_ns() after which every read fails; 0: none */
};

/* Is it over? Then what was not found need not be missing. */
bool remote_late(const struct remote *r);

/* All n bytes or false; dst is untouched beyond what was read. */
bool remote_read(const struct remote *r, uint64_t addr, void *dst, size_t n);
/* As many of n as are readable from addr on; 0 if none. */
size_t remote_read_some(const struct remote *r, uint64_t addr, void *dst, size_t n);
/* n pieces, one behind the other in dst; one that cannot be read whole becomes zeros. */
void remote_read_pieces(const struct remote *r, const struct iovec *from, size_t n, void *dst);
bool remote_u64(const struct remote *r, uint64_t addr, uint64_t *ret);
bool remote_u32(const struct remote *r, uint64_t addr, uint32_t *ret);
bool remote_i32(const struct remote *r, uint64_t addr, int32_t *ret);
/* A NUL terminated string of at most size-1 bytes (cut if longer, raw bytes). */
bool remote_string(const struct remote *r, uint64_t addr, char *dst, size_t size);

/* Writes with process_vm_writev: only ever to leaktop's own page in the target. */
bool remote_write(const struct remote *r, uint64_t addr, const void *src, size_t n);

/* Tries to read one byte: LT_OK, LT_E_GONE, or LT_E_PERM with errno. */
enum lt_errc remote_probe(const struct remote *r, uint64_t addr, struct lt_err *err);

#endif
