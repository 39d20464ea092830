/*
 * Which pages of a process are resident: /proc/PID/pagemap, 8 bytes a page. The kernel gives the
 * flags to whoever may read the process's memory (it only hides frame numbers, Linux 4.2), and it
 * lets go of the target's memory map after each 2 MiB (fs/proc/task_mmu.c, pagemap_read), where
 * smaps keeps it for a whole mapping.
 *
 * A page that is not resident must not be read either: that would swap it in, or make page tables.
 */
#ifndef LT_PROC_PAGEMAP_H
#define LT_PROC_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGEMAP_WINDOW 4096u	/* pages looked up at once: 16 MiB, 32 KiB of answer */

struct pagemap {		/* pagemap_open to begin, pagemap_close to end */
	int fd;			/* -1: not readable, all pages count as resident */
	uint64_t page_bytes;
	uint64_t first, n;	/* page numbers that are known: [first, first + n) */
	uint64_t *entries;	/* owned */
};

void pagemap_open(pid_t pid, struct pagemap *ret);
void pagemap_close(struct pagemap *p);
/* Is there one to ask? */
bool pagemap_known(const struct pagemap *p);
/* What was looked up is old: ask again. */
void pagemap_forget(struct pagemap *p);

bool pagemap_present(struct pagemap *p, uint64_t addr);
/* The end of the run of pages, from the one of addr on, that are all present or all absent; it is
 * cut at limit. */
uint64_t pagemap_run(struct pagemap *p, uint64_t addr, uint64_t limit);
/* Bytes of [start, end) that are in resident pages. */
uint64_t pagemap_resident(struct pagemap *p, uint64_t start, uint64_t end);

#endif
