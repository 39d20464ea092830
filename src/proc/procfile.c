#include "config.h"
#include "proc/procfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/io.h"
#include "util/num.h"

enum lt_errc procfile_error(int sys_errno, pid_t pid, const char *name, struct lt_err *err)
{
	switch (sys_errno) {
	case ENOENT:	/* the directory went, or hidepid=2 hides it */
	case ESRCH:	/* the file was open when the process ended */
		return lt_err_set(err, LT_E_GONE, 0, "PID %d", pid);
	case EACCES:
	case EPERM:
		return lt_err_set(err, LT_E_PERM, sys_errno, "reading /proc/%d/%s", pid, name);
	default:
		return lt_err_set(err, LT_E_SYS, sys_errno, "reading /proc/%d/%s", pid, name);
	}
}

enum lt_errc procfile_read(pid_t pid, pid_t tid, const char *name, size_t max, struct buf *b,
			   struct lt_err *err)
{
	int sys_errno = io_read_proc(pid, tid, name, max, b);

	return sys_errno ? procfile_error(sys_errno, pid, name, err) : LT_OK;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool procfile_next(const char *text, size_t n, size_t *at, struct procfile_line *ret)
{
	const char *start, *end, *colon;

	if (*at >= n)
		return false;
	start = text + *at;
	end = memchr(start, '\n', n - *at);
	if (!end)
		end = text + n;
	*at = (size_t)(end - text) + 1;
	colon = memchr(start, ':', (size_t)(end - start));
	ret->key = start;
	ret->key_len = colon ? (size_t)(colon - start) : 0;
	ret->value = colon ? colon + 1 : start;
	while (ret->value < end && blank(*ret->value))
		ret->value++;
	while (end > ret->value && blank(end[-1]))
		end--;
	ret->value_len = (size_t)(end - ret->value);
	return true;
}

bool procfile_key_is(const struct procfile_line *line, const char *key)
{
	return strlen(key) == line->key_len && memcmp(line->key, key, line->key_len) == 0;
}

int64_t procfile_scale(uint64_t count, uint64_t unit_size)
{
	int64_t v;

	return __builtin_mul_overflow(count, unit_size, &v) ? LT_UNKNOWN : v;
}

int64_t procfile_ticks_ns(uint64_t ticks)
{
	long hz = sysconf(_SC_CLK_TCK);

	return hz > 0 ? procfile_scale(ticks, CLOCK_NS_PER_S / (uint64_t)hz) : LT_UNKNOWN;
}
