#include "config.h"
#include "proc/figures_ops.h"

#include <unistd.h>

#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "util/num.h"

/*
 * "39210 2913 1561 745 0 3502 0\n": size and resident, in pages. stat has an rss too, but the
 * libraries take theirs from here, so nothing jumps when leaktop changes from one to the other.
 */
enum lt_errc figures_parse_statm(const char *text, size_t n, struct figures_quick *ret,
				 struct lt_err *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const char *p = text, *end = text + n;
	uint64_t size, resident;

	if (!num_scan(&p, end, 10, &size) || p == end || *p++ != ' ' ||
	    !num_scan(&p, end, 10, &resident))
		return lt_err_set(err, LT_E_BAD_DATA, 0, "/proc/PID/statm");
	ret->vsz_bytes = procfile_scale(size, page);
	ret->rss_bytes = procfile_scale(resident, page);
	return LT_OK;
}

/* "VmSwap:\t       0 kB"; a kernel thread has no such line. */
int64_t figures_parse_swap(const char *text, size_t n)
{
	struct procfile_line line;
	size_t at = 0;

	while (procfile_next(text, n, &at, &line)) {
		const char *p = line.value;
		uint64_t kib;

		if (procfile_key_is(&line, "VmSwap") &&
		    num_scan(&p, line.value + line.value_len, 10, &kib))
			return procfile_scale(kib, 1024);
	}
	return LT_UNKNOWN;
}

static enum lt_errc read_statm(pid_t pid, struct figures_quick *ret, struct lt_err *err)
{
	struct buf b = {0};
	enum lt_errc rc = procfile_read(pid, 0, "statm", PROCFILE_SMALL_MAX, &b, err);

	if (rc == LT_OK)
		rc = figures_parse_statm(buf_text(&b), b.len, ret, err);
	buf_done(&b);
	return rc;
}

int64_t figures_rss(pid_t pid)
{
	struct figures_quick now;

	return read_statm(pid, &now, NULL) == LT_OK ? now.rss_bytes : LT_UNKNOWN;
}

static enum lt_errc read_swap(pid_t pid, struct figures_quick *ret, struct lt_err *err)
{
	struct buf b = {0};
	enum lt_errc rc = procfile_read(pid, 0, "status", PROCFILE_SMALL_MAX, &b, err);

	if (rc == LT_OK)
		ret->swap_bytes = figures_parse_swap(buf_text(&b), b.len);
	buf_done(&b);
	return rc;
}

static enum lt_errc files_read(void *state, pid_t pid, struct figures_reading *ret,
			       struct lt_err *err)
{
	struct figures_reading r = {0};
	struct pidstat st;
	enum lt_errc rc = pidstat_read(pid, &st, err);

	if (rc == LT_OK)
		rc = read_statm(pid, &r.quick, err);
	if (rc == LT_OK)
		rc = read_swap(pid, &r.quick, err);
	if (rc != LT_OK)
		return rc;
	r.quick.threads = procfile_scale(st.threads, 1);
	r.quick.cpu_ns = procfile_ticks_ns(st.user_ticks + st.system_ticks);
	r.quick.state = st.state;
	r.start_ticks = st.start_ticks;
	*ret = r;
	return LT_OK;
}

static enum lt_errc files_new(void **ret, struct lt_err *err)
{
	*ret = NULL;
	return LT_OK;
}

static void files_free(void *state)
{
}

const struct figures_ops figures_files = {
	.name = "/proc", .new = files_new, .free = files_free, .read = files_read,
};
