#include "config.h"
#include "proc/pidstat.h"

#include <string.h>

#include "proc/procfile.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/num.h"

#define FIRST_NUMBER 4		/* ppid; the comm (2) and the state (3) are no numbers */
#define LAST_NUMBER 22		/* starttime: nothing behind it is needed */

bool pidstat_ended(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

/* " -1" or " 42" at *p; negative fields (tpgid, nice) are skipped and read as 0. */
static bool scan_field(const char **p, const char *end, uint64_t *ret)
{
	bool minus;

	if (*p == end || **p != ' ')
		return false;
	++*p;
	minus = *p < end && **p == '-';
	*p += minus;
	if (!num_scan(p, end, 10, ret))
		return false;
	if (minus)
		*ret = 0;
	return true;
}

/*
 * "4242 (a) R (b) S 4241 4242 4241 34816 4242 4194304 ...\n". The comm is the target's own choice
 * and may hold spaces and parentheses, so it ends at the last ')' - nothing behind it has one.
 */
enum lt_errc pidstat_parse(const char *text, size_t n, struct pidstat *ret, struct lt_err *err)
{
	const char *end = text + n;
	const char *open = n ? memchr(text, '(', n) : NULL;
	const char *close = n ? memrchr(text, ')', n) : NULL;
	uint64_t field[LAST_NUMBER + 1];
	const char *p;

	if (!open || !close || close < open || end - close < 4 || close[1] != ' ')
		return lt_err_set(err, LT_E_BAD_DATA, 0, "/proc/PID/stat has no (comm) and state");
	p = close + 3;
	for (int i = FIRST_NUMBER; i <= LAST_NUMBER; i++)
		if (!scan_field(&p, end, &field[i]))
			return lt_err_set(err, LT_E_BAD_DATA, 0, "/proc/PID/stat, field %d", i);
	clean_text(ret->comm, sizeof(ret->comm), open + 1, (size_t)(close - open - 1));
	ret->state = close[2];
	ret->user_ticks = field[14];
	ret->system_ticks = field[15];
	ret->threads = field[20];
	ret->start_ticks = field[22];
	return LT_OK;
}

enum lt_errc pidstat_read(pid_t pid, struct pidstat *ret, struct lt_err *err)
{
	struct buf b = {0};
	enum lt_errc rc = procfile_read(pid, 0, "stat", PROCFILE_SMALL_MAX, &b, err);

	if (rc == LT_OK)
		rc = pidstat_parse(buf_text(&b), b.len, ret, err);
	buf_done(&b);
	return rc;
}

int64_t pidstat_age_ns(const struct pidstat *st)
{
	return clock_boot_ns() - procfile_ticks_ns(st->start_ticks);
}
