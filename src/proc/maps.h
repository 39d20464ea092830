/*
 * /proc/PID/maps, parsed and sorted by address as the kernel gives it; of a mapping that changed
 * while the file was read, the part that was not listed before. Paths are what the reader
 * sees and may belong to another mount namespace: never open them (injection.md 3.6).
 */
#ifndef LT_PROC_MAPS_H
#define LT_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

struct map {
	uint64_t start, end;		/* [start, end) */
	uint64_t offset, inode;
	uint32_t dev;			/* major << 20 | minor */
	bool read, write, exec, shared;
	bool deleted;			/* the path ended in " (deleted)"; cut off from it */
	/* "" for anonymous; "[stack]", "[heap]", "[vdso]" as they are; \040-style escapes decoded.
	 * Raw bytes, owned by struct maps. */
	const char *path;
};

struct maps {				/* zero it to begin */
	struct map *list;		/* owned */
	size_t n;
	char *text;			/* owned, what the paths point into */
};

/* 60,000 lines are about 5 MB; more than this is refused, LT_E_BAD_DATA. */
#define MAPS_MAX_BYTES (64u << 20)

enum lt_errc maps_read(pid_t pid, struct maps *ret, struct lt_err *err);
/* text[0..n) as read from the file; *ret is independent of it. */
enum lt_errc maps_parse(const char *text, size_t n, struct maps *ret, struct lt_err *err);
void maps_done(struct maps *m);

/* The map that contains addr, or NULL. */
const struct map *maps_find(const struct maps *m, uint64_t addr);

#endif
