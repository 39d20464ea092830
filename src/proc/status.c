#include "config.h"
#include "proc/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/cgroup.h"
#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "util/clean.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

/* What status_parse has seen; a text without NEEDED is no status file, or was cut off. */
enum {
	SEEN_STATE = 1, SEEN_TGID = 2, SEEN_UID = 4, SEEN_VMSIZE = 8, SEEN_KTHREAD = 16,
	NEEDED = SEEN_STATE | SEEN_TGID | SEEN_UID,
};

enum kind { TEXT, LETTER, INT, INT_LAST, INT4, MASK, SHSTK, FLAG, PRESENT };

/* "SigBlk:\t0000000000000000": key, where its value goes, and in what form. */
static const struct row {
	const char *key;
	size_t offset;
	enum kind kind;
	unsigned seen;
} rows[] = {
	{"Name", offsetof(struct status, comm), TEXT, 0},
	{"State", offsetof(struct status, state), LETTER, SEEN_STATE},
	{"Tgid", offsetof(struct status, tgid), INT, SEEN_TGID},
	{"Pid", offsetof(struct status, ns_pid), INT, 0},	/* before Linux 4.1: no NSpid */
	{"PPid", offsetof(struct status, ppid), INT, 0},
	{"TracerPid", offsetof(struct status, tracer), INT, 0},
	{"Uid", offsetof(struct status, uid), INT4, SEEN_UID},
	{"Gid", offsetof(struct status, gid), INT4, 0},
	{"NSpid", offsetof(struct status, ns_pid), INT_LAST, 0},
	/* a newer line; seen in Linux 6.18 */
	{"Kthread", offsetof(struct status, kernel_thread), FLAG, SEEN_KTHREAD},
	{"VmSize", 0, PRESENT, SEEN_VMSIZE},
	{"Threads", offsetof(struct status, threads), INT, 0},
	{"SigPnd", offsetof(struct status, sig_pending), MASK, 0},
	{"ShdPnd", offsetof(struct status, sig_shared_pending), MASK, 0},
	{"SigBlk", offsetof(struct status, sig_blocked), MASK, 0},
	{"SigIgn", offsetof(struct status, sig_ignored), MASK, 0},
	{"SigCgt", offsetof(struct status, sig_caught), MASK, 0},
	{"CapEff", offsetof(struct status, cap_effective), MASK, 0},
	{"Seccomp", offsetof(struct status, seccomp), INT, 0},
	{"Seccomp_filters", offsetof(struct status, filters), INT, 0},
	{"x86_Thread_features", offsetof(struct status, shadow_stack), SHSTK, 0},
};

/* Every int of struct status is filled through int32_t, the ids through uint32_t. */
_Static_assert(sizeof(pid_t) == 4 && sizeof(uid_t) == 4 && sizeof(gid_t) == 4 && sizeof(int) == 4,
	       "ids are 32 bits wide");

static void skip_blanks(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		++*p;
}

/* "17" with up to max numbers; how many were there. */
static size_t scan_numbers(const char *p, const char *end, uint32_t *ret, size_t max)
{
	uint64_t v;
	size_t n = 0;

	while (n < max && num_scan(&p, end, 10, &v) && v <= UINT32_MAX) {
		ret[n++] = (uint32_t)v;
		skip_blanks(&p, end);
	}
	return n;
}

/* "4242\t17\t1": one number per PID namespace, the innermost last. */
static bool scan_last(const char *p, const char *end, uint32_t *ret)
{
	bool any = false;

	while (scan_numbers(p, end, ret, 1)) {
		any = true;
		while (p < end && *p != ' ' && *p != '\t')
			p++;
		skip_blanks(&p, end);
	}
	return any;
}

/* "shstk wrss" has shstk; Linux 6.6 and later, x86 only. */
static bool has_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	for (; p < end; p++) {
		const char *start = p;

		while (p < end && *p != ' ' && *p != '\t')
			p++;
		if ((size_t)(p - start) == n && memcmp(start, word, n) == 0)
			return true;
	}
	return false;
}

/* false where the value does not have the form of its row: the line is then as if absent. */
static bool store(const struct row *row, const struct procfile_line *line, struct status *st)
{
	void *to = (char *)st + row->offset;
	const char *p = line->value, *end = line->value + line->value_len;
	uint32_t ids[4] = {0};
	uint64_t mask;

	switch (row->kind) {
	case TEXT:
		clean_text(to, sizeof(st->comm), p, line->value_len);
		return true;
	case LETTER:
		if (p < end)
			*(char *)to = *p;
		return p < end;
	case INT_LAST:
	case INT:
		if (!(row->kind == INT ? scan_numbers(p, end, ids, 1) : scan_last(p, end, ids)) ||
		    ids[0] > INT32_MAX)
			return false;
		memcpy(to, ids, sizeof(ids[0]));
		return true;
	case INT4:
		if (scan_numbers(p, end, ids, 4) != 4)
			return false;
		memcpy(to, ids, sizeof(ids));
		return true;
	case MASK:
		if (!num_scan(&p, end, 16, &mask))
			return false;
		memcpy(to, &mask, sizeof(mask));
		return true;
	case SHSTK:
		*(bool *)to = has_word(p, end, "shstk");
		return true;
	case FLAG:
		*(bool *)to = p < end && *p == '1';
		return true;
	case PRESENT:
		return true;
	}
	return false;
}

enum lt_errc status_parse(const char *text, size_t n, struct status *ret, struct lt_err *err)
{
	struct status st = {.seccomp = -1, .filters = -1};
	struct procfile_line line;
	unsigned seen = 0;
	size_t at = 0;

	while (procfile_next(text, n, &at, &line))
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			if (procfile_key_is(&line, rows[i].key) && store(&rows[i], &line, &st))
				seen |= rows[i].seen;
	if ((seen & NEEDED) != NEEDED)
		return lt_err_set(err, LT_E_BAD_DATA, 0, "/proc/PID/status is not complete");
	/* Without that line: a zombie has no memory left either, but was no kernel thread. */
	if (!(seen & SEEN_KTHREAD))
		st.kernel_thread = !(seen & SEEN_VMSIZE) && !pidstat_ended(st.state);
	*ret = st;
	return LT_OK;
}

/* A process between the end of its memory and its end has no VmSize, but still had a program. */
static bool has_exe(pid_t pid)
{
	char path[64], target[8];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, target, sizeof(target)) > 0;
}

enum lt_errc status_read(pid_t pid, pid_t tid, struct status *ret, struct lt_err *err)
{
	struct buf b = {0};
	enum lt_errc rc = procfile_read(pid, tid, "status", PROCFILE_SMALL_MAX, &b, err);

	if (rc == LT_OK)
		rc = status_parse(buf_text(&b), b.len, ret, err);
	if (rc == LT_OK && ret->kernel_thread)
		ret->kernel_thread = !has_exe(pid);
	buf_done(&b);
	return rc;
}

int status_yama_scope(void)
{
	struct buf b = {0};
	const char *p;
	uint64_t v;
	int scope = -1;

	if (io_read_file("/proc/sys/kernel/yama/ptrace_scope", 64, &b) == 0) {
		p = buf_text(&b);
		if (num_scan(&p, p + b.len, 10, &v) && v <= 3)
			scope = (int)v;
	}
	buf_done(&b);
	return scope;
}

bool status_frozen(pid_t pid)
{
	return cgroup_frozen("", pid);
}

struct status_cpu status_cpu_limit(pid_t pid, pid_t other)
{
	return cgroup_cpu_limit("", pid, other);
}

int64_t status_memory_left(pid_t pid, pid_t with)
{
	return cgroup_memory_left("", pid, with);
}

int status_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}
