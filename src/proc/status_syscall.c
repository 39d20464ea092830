#include "config.h"
#include "proc/status.h"

#include <string.h>

#include "proc/procfile.h"
#include "util/buf.h"
#include "util/io.h"
#include "util/num.h"

/* " 0x7ffd..." at *p */
static bool scan_hex(const char **p, const char *end, uint64_t *ret)
{
	if (end - *p < 4 || memcmp(*p, " 0x", 3) != 0)
		return false;
	*p += 3;
	return num_scan(p, end, 16, ret);
}

/*
 * fs/proc/base.c, proc_pid_syscall, prints one of
 *   running                             it is on a CPU or about to be: nothing is known
 *   -1 0x7ffd1000 0x7f3c2000            blocked, not in a system call (a page fault): sp pc
 *   232 0x3 0x7f.. 0x40 0xffffffff 0x0 0x8 0x7ffd.. 0x7f..    number, six arguments, sp pc
 */
bool status_syscall_parse(const char *text, struct status_syscall *ret)
{
	const char *p = text, *end = text + strlen(text);
	struct status_syscall s = {.nr = -1};
	uint64_t nr;

	if (end > p && end[-1] == '\n')
		end--;
	if (end - p == 7 && memcmp(p, "running", 7) == 0) {
		*ret = s;
		return true;
	}
	if (end - p > 2 && memcmp(p, "-1", 2) == 0) {
		p += 2;
	} else {
		if (!num_scan(&p, end, 10, &nr) || nr > INT32_MAX)
			return false;
		s.nr = (long)nr;
		for (int i = 0; i < 6; i++)
			if (!scan_hex(&p, end, &s.args[i]))
				return false;
	}
	if (!scan_hex(&p, end, &s.sp) || !scan_hex(&p, end, &s.pc) || p != end)
		return false;
	*ret = s;
	return true;
}

bool status_syscall_read(pid_t pid, pid_t tid, struct status_syscall *ret)
{
	struct buf b = {0};
	bool ok = procfile_read(pid, tid, "syscall", PROCFILE_SMALL_MAX, &b, NULL) == LT_OK &&
		  status_syscall_parse(buf_text(&b), ret);

	buf_done(&b);
	return ok;
}

int64_t status_switches(pid_t pid, pid_t tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:\t";
	struct buf text = {0};
	int64_t switches = LT_UNKNOWN;
	const char *at;
	uint64_t n;

	if (io_read_proc(pid, tid, "status", 1 << 16, &text) == 0 &&
	    (at = strstr(buf_text(&text), key)) != NULL) {
		at += sizeof(key) - 1;
		if (num_scan(&at, text.data + text.len, 10, &n) && n <= INT64_MAX)
			switches = (int64_t)n;
	}
	buf_done(&text);
	return switches;
}
