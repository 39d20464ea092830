#include "config.h"
#include "proc/figures_ops.h"

#include <unistd.h>

#include <proc/readproc.h>

#include "proc/procfile.h"
#include "util/mem.h"

/*
 * libprocps 3.3.17, as in Debian 11; units from its readproc.h and from readproc.c where the two
 * differ. The state is one proc_t, zeroed at first: readproc fills it again and again and frees
 * what it hung there (supgid, from status) the time before.
 *
 *   resident, size  pages, from statm
 *   vm_swap         KiB, VmSwap of status
 *   nlwp            num_threads, from stat (20), then Threads of status
 *   utime, stime    clock ticks, stat (14) and (15)
 *   start_time      clock ticks since boot, stat (22); readproc.h calls them seconds
 *   state           a letter, stat (3)
 */
#define WANTED (PROC_FILLSTAT | PROC_FILLSTATUS | PROC_FILLMEM)

static enum lt_errc libprocps_new(void **ret, struct lt_err *err)
{
	*ret = MEM_NEW(proc_t);
	return LT_OK;
}

static void libprocps_free(void *state)
{
	freeproc(state);	/* what hangs there, and the proc_t itself with free() */
}

/*
 * openproc with PROC_PID opens nothing and only remembers the list, which must end in a 0 and
 * outlive the read. get_proc_stats would be shorter, but the library does not export it.
 */
static enum lt_errc libprocps_read(void *state, pid_t pid, struct figures_reading *ret,
				   struct lt_err *err)
{
	pid_t list[] = {pid, 0};
	PROCTAB *table = openproc(WANTED | PROC_PID, list);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const proc_t *p;

	if (!table)
		return lt_err_set(err, LT_E_SYS, 0, "openproc of PID %d", pid);
	p = readproc(table, state);
	closeproc(table);
	if (!p)
		return lt_err_set(err, LT_E_GONE, 0, "PID %d", pid);
	ret->quick.rss_bytes = procfile_scale((uint64_t)p->resident, page);
	ret->quick.vsz_bytes = procfile_scale((uint64_t)p->size, page);
	ret->quick.swap_bytes = procfile_scale(p->vm_swap, 1024);
	ret->quick.threads = p->nlwp;
	ret->quick.cpu_ns = procfile_ticks_ns(p->utime + p->stime);
	ret->quick.state = p->state;
	ret->start_ticks = p->start_time;
	return LT_OK;
}

const struct figures_ops figures_library = {
	.name = "libprocps", .new = libprocps_new, .free = libprocps_free, .read = libprocps_read,
};
