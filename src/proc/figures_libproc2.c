#include "config.h"
#include "proc/figures_ops.h"

#include <errno.h>
#include <stdbool.h>

#include <libproc2/pids.h>

#include "proc/procfile.h"

/*
 * What is asked of libproc2 (4.0.2 and later; types, units and sources as its pids.h and
 * procps_pids(3) have them).
 */
enum { RES, VIRT, SWAP, THREADS, CPU, START, STATE, ITEMS };

static const enum pids_item wanted[ITEMS] = {
	[RES] = PIDS_MEM_RES,		/* ul_int: KiB, from the pages of statm */
	[VIRT] = PIDS_MEM_VIRT,		/* ul_int: KiB, from the pages of statm */
	[SWAP] = PIDS_VM_SWAP,		/* ul_int: KiB, VmSwap of status */
	[THREADS] = PIDS_NLWP,		/* s_int: num_threads, stat (20) */
	[CPU] = PIDS_TICS_ALL,		/* ull_int: clock ticks, stat (14) + (15) */
	[START] = PIDS_TICS_BEGAN,	/* ull_int: clock ticks since boot, stat (22) */
	[STATE] = PIDS_STATE,		/* s_ch: a letter, stat (3) */
};

static enum lt_errc libproc2_new(void **ret, struct lt_err *err)
{
	struct pids_info *info = NULL;
	enum pids_item items[ITEMS];
	int rc;

	for (int i = 0; i < ITEMS; i++)
		items[i] = wanted[i];	/* the library takes them without const */
	rc = procps_pids_new(&info, items, ITEMS);
	if (rc < 0)
		return lt_err_set(err, LT_E_SYS, -rc, "procps_pids_new");
	*ret = info;
	return LT_OK;
}

static void libproc2_free(void *state)
{
	struct pids_info *info = state;

	procps_pids_unref(&info);
}

/* The results stand in the order of the request: the library's own item numbers must say so. */
static bool in_order(const struct pids_result *head)
{
	for (int i = 0; i < ITEMS; i++)
		if (head[i].item != wanted[i])
			return false;
	return true;
}

/*
 * head[i].result.<member> is read as it lies in the struct: the macro PIDS_VAL took a fourth
 * argument up to 4.0.4 and takes three since 4.0.5.
 */
static enum lt_errc libproc2_read(void *state, pid_t pid, struct figures_reading *ret,
				  struct lt_err *err)
{
	unsigned id = (unsigned)pid;
	const struct pids_fetch *fetch = procps_pids_select(state, &id, 1, PIDS_SELECT_PID);
	const struct pids_result *head;

	if (!fetch)
		return lt_err_set(err, LT_E_SYS, errno, "procps_pids_select of PID %d", pid);
	if (fetch->counts->total < 1)
		return lt_err_set(err, LT_E_GONE, 0, "PID %d", pid);
	head = fetch->stacks[0]->head;
	if (!in_order(head))
		return lt_err_set(err, LT_E_BAD_DATA, 0, "libproc2 answers in another order");
	ret->quick.rss_bytes = procfile_scale(head[RES].result.ul_int, 1024);
	ret->quick.vsz_bytes = procfile_scale(head[VIRT].result.ul_int, 1024);
	ret->quick.swap_bytes = procfile_scale(head[SWAP].result.ul_int, 1024);
	ret->quick.threads = head[THREADS].result.s_int;
	ret->quick.cpu_ns = procfile_ticks_ns(head[CPU].result.ull_int);
	ret->quick.state = (char)head[STATE].result.s_ch;
	ret->start_ticks = head[START].result.ull_int;
	return LT_OK;
}

const struct figures_ops figures_library = {
	.name = "libproc2", .new = libproc2_new, .free = libproc2_free, .read = libproc2_read,
};
