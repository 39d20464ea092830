#include "config.h"
#include "proc/figures.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proc/cgroup.h"
#include "proc/figures_ops.h"
#include "proc/pidstat.h"
#include "util/mem.h"

/*
 * libproc2 4.0.6 leaves one file open at every read: its procps_pids_select opens /proc/PID and
 * never closes it. A healthy library may keep one or two files for itself (/proc/uptime), never
 * more. What the reads left behind is counted, so any release with such a fault is noticed.
 */
#define LEAKED_FDS_MAX 3

struct figures {
	pid_t pid;
	uint64_t start_ticks;
	const struct figures_ops *ops;	/* who answers now */
	void *state;			/* owned; of ops */
	int leaked_fds;
};

static enum lt_errc gone(const struct figures *f, const char *why, struct lt_err *err)
{
	return lt_err_set(err, LT_E_GONE, 0, "PID %d %s", f->pid, why);
}

static void use(struct figures *f, const struct figures_ops *ops, void *state)
{
	if (f->ops)
		f->ops->free(f->state);
	f->ops = ops;
	f->state = state;
}

/* The source that needs no handle and cannot fail to start. */
static void use_files(struct figures *f)
{
	use(f, &figures_files, NULL);
}

/* Of leaktop itself; -1 where they cannot be counted. */
static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* One read by a library, watched for files it leaves open. */
static enum lt_errc read_watched(struct figures *f, struct figures_reading *ret, struct lt_err *err)
{
	int before = count_fds();
	enum lt_errc rc = f->ops->read(f->state, f->pid, ret, err);
	int after = count_fds();

	if (before >= 0 && after > before)
		f->leaked_fds += after - before;
	if (f->leaked_fds >= LEAKED_FDS_MAX)
		use_files(f);	/* what was read is still right */
	return rc;
}

static bool plausible(const struct figures *f, const struct figures_reading *r)
{
	return r->quick.rss_bytes > 0 && r->quick.vsz_bytes > 0 &&
	       r->start_ticks == f->start_ticks;
}

/*
 * A library that fails, or knows no memory of a process that has some, is asked no more. The
 * files have the last word: a kernel thread really has no RSS, an ended process is really gone.
 */
static enum lt_errc read_checked(struct figures *f, struct figures_reading *ret, struct lt_err *err)
{
	enum lt_errc rc;

	if (f->ops != &figures_files && read_watched(f, ret, NULL) == LT_OK && plausible(f, ret))
		return LT_OK;
	rc = figures_files.read(NULL, f->pid, ret, err);
	if (f->ops != &figures_files && rc == LT_OK && plausible(f, ret))
		use_files(f);
	return rc;
}

enum lt_errc figures_new_with(pid_t pid, const struct figures_ops *ops, struct figures **ret,
			      struct lt_err *err)
{
	struct pidstat st;
	void *state = NULL;
	enum lt_errc rc = pidstat_read(pid, &st, err);

	if (rc != LT_OK)
		return rc;
	if (pidstat_ended(st.state))
		return lt_err_set(err, LT_E_GONE, 0, "PID %d has ended", pid);
	*ret = MEM_NEW(struct figures);
	(*ret)->pid = pid;
	(*ret)->start_ticks = st.start_ticks;
	if (ops->new(&state, NULL) == LT_OK)
		use(*ret, ops, state);
	else
		use_files(*ret);
	return LT_OK;
}

enum lt_errc figures_new(pid_t pid, struct figures **ret, struct lt_err *err)
{
	return figures_new_with(pid, &figures_library, ret, err);
}

void figures_free(struct figures *f)
{
	if (!f)
		return;
	f->ops->free(f->state);
	free(f);
}

/* A PID is given anew once its process was reaped; the start time tells the two apart. */
static enum lt_errc check_same(const struct figures *f, char state, uint64_t start_ticks,
			       struct lt_err *err)
{
	if (pidstat_ended(state))
		return gone(f, "has ended", err);
	if (start_ticks != f->start_ticks)
		return gone(f, "now belongs to another process", err);
	return LT_OK;
}

static enum lt_errc check_alive(const struct figures *f, struct lt_err *err)
{
	struct pidstat st;
	enum lt_errc rc = pidstat_read(f->pid, &st, err);

	return rc == LT_OK ? check_same(f, st.state, st.start_ticks, err) : rc;
}

enum lt_errc figures_read(struct figures *f, struct figures_quick *ret, struct lt_err *err)
{
	struct figures_reading r;
	enum lt_errc rc = read_checked(f, &r, err);

	if (rc == LT_OK)
		rc = check_same(f, r.quick.state, r.start_ticks, err);
	if (rc == LT_OK)
		*ret = r.quick;
	return rc;
}

enum lt_errc figures_read_slow(struct figures *f, struct figures_slow *ret, struct lt_err *err)
{
	enum lt_errc rc = check_alive(f, err);

	return rc == LT_OK ? figures_slow_read("", f->pid, ret, err) : rc;
}

enum lt_errc figures_read_fixed(struct figures *f, struct figures_fixed *ret, struct lt_err *err)
{
	enum lt_errc rc = check_alive(f, err);

	return rc == LT_OK ? figures_fixed_read(f->pid, ret, err) : rc;
}

const char *figures_source(const struct figures *f)
{
	return f->ops->name;
}

int64_t figures_memory_limit(pid_t pid)
{
	return cgroup_memory_limit("", pid);
}
