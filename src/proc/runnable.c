#include "config.h"
#include "proc/runnable.h"

#include <dirent.h>
#include <stdio.h>

#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/num.h"

#define LOOKED_MOST 1024u	/* threads of a process */
#define A_WHILE_NS (CLOCK_NS_PER_MS / 10)

int64_t runnable_cpu_ns(pid_t pid, pid_t tid)
{
	struct buf b = {0};
	int64_t ns = LT_UNKNOWN;
	uint64_t v;

	if (io_read_proc(pid, tid, "schedstat", PROCFILE_SMALL_MAX, &b) == 0) {
		const char *p = buf_text(&b);

		if (num_scan(&p, p + b.len, 10, &v) && v > 0 && v <= INT64_MAX)
			ns = (int64_t)v;
	}
	buf_done(&b);
	return ns;
}

static bool is_runnable(pid_t pid, pid_t tid)
{
	struct pidstat st;
	struct buf b = {0};
	bool is = io_read_proc(pid, tid, "stat", PROCFILE_SMALL_MAX, &b) == 0 &&
		  pidstat_parse(buf_text(&b), b.len, &st, NULL) == LT_OK && st.state == 'R';

	buf_done(&b);
	return is;
}

void runnable_take(struct runnable *r, pid_t pid, pid_t but)
{
	struct dirent *e;
	char path[64];
	DIR *d;

	r->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (!d)
		return;
	for (unsigned i = 0; i < LOOKED_MOST && r->n < RUNNABLE_MOST && (e = readdir(d)); i++) {
		int64_t tid, cpu_ns;

		if (!num_parse(e->d_name, 1, INT32_MAX, &tid) || tid == but ||
		    !is_runnable(pid, (pid_t)tid))
			continue;
		cpu_ns = runnable_cpu_ns(pid, (pid_t)tid);
		if (num_known(cpu_ns))
			r->list[r->n++] = (struct runnable_thread){(pid_t)tid, cpu_ns};
	}
	closedir(d);
}

static bool has_run(pid_t pid, const struct runnable_thread *t)
{
	int64_t now = runnable_cpu_ns(pid, t->tid);

	return !num_known(now) || now >= t->cpu_ns + A_WHILE_NS || !is_runnable(pid, t->tid);
}

bool runnable_have_run(struct runnable *r, pid_t pid)
{
	size_t left = 0;

	for (size_t i = 0; i < r->n; i++)
		if (!has_run(pid, &r->list[i]))
			r->list[left++] = r->list[i];
	r->n = left;
	return left == 0;
}
