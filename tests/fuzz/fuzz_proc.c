/*
 * The other files of /proc that are read: the first byte says which. Names in them are the
 * target's choice: comm in status and stat, paths of cgroups.
 */
#include "config.h"
#include "fuzz.h"

#include <string.h>

#include "proc/candidates.h"
#include "proc/cgroup.h"
#include "proc/container.h"
#include "proc/figures_ops.h"
#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "proc/status.h"
#include "util/mem.h"

/* No such directory: limits are looked for below it. */
#define NOWHERE "/proc/self/fdinfo/none"

static void run_lines(const char *text, size_t n)
{
	struct procfile_line line;
	size_t at = 0, before = 0;

	while (procfile_next(text, n, &at, &line)) {
		PROMISE(at > before && line.key_len <= n && line.value_len <= n);
		PROMISE(line.value >= text && line.value + line.value_len <= text + n);
		before = at;
	}
}

/* cgroup and mountinfo are behind each other in the input, with a NUL between. */
static void run_cgroup(const char *text, size_t n)
{
	const char *second = memchr(text, '\0', n);
	char name[48], version[16] = "";

	(void)container_name(text, 2, 1, name, sizeof(name));
	for (const char *c = name; *c; c++)
		PROMISE((unsigned char)*c >= ' ' && *c != 0x7f);
	if (candidates_name(text, n, version, sizeof(version)))
		PROMISE(strspn(version, "0123456789.") == strlen(version));
	(void)cgroup_parse_limit(text, n);
	(void)cgroup_limit(NOWHERE, text, second ? second + 1 : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status_syscall blocked;
	struct figures_quick quick;
	struct pidstat stat;
	struct status status;
	struct lt_err err = {0};
	char command[64], *text;
	size_t n;

	if (size < 1)
		return 0;
	n = size - 1;
	text = mem_alloc(n + 1);		/* as a struct buf: a NUL behind it */
	memcpy(text, data + 1, n);
	switch (data[0] % 7) {
	case 0:
		PROMISE(status_parse(text, n, &status, &err) == err.code);
		break;
	case 1:
		PROMISE(pidstat_parse(text, n, &stat, &err) == err.code);
		break;
	case 2:
		(void)status_syscall_parse(text, &blocked);
		break;
	case 3:
		(void)figures_parse_swap(text, n);
		PROMISE(figures_parse_statm(text, n, &quick, &err) == err.code);
		break;
	case 4:
		run_cgroup(text, n);
		break;
	case 5:
		figures_command(command, sizeof(command), text, n, "comm");
		PROMISE(strlen(command) < sizeof(command));
		break;
	default:
		run_lines(text, n);
		break;
	}
	free(text);
	return 0;
}
