#include "config.h"
#include "proc/figures_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "proc/status.h"
#include "proc/username.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define CMDLINE_MAX 4096	/* bytes; more could not be shown */

/*
 * "python3\0api.py\0--port\08080\0". A process that wrote its own title (setproctitle) may have
 * left many NULs behind it.
 */
void figures_command(char *dst, size_t size, const char *cmdline, size_t n, const char *comm)
{
	char text[CMDLINE_MAX + 1];

	n = n < CMDLINE_MAX ? n : CMDLINE_MAX;
	while (n && (cmdline[n - 1] == '\0' || cmdline[n - 1] == ' '))
		n--;
	if (n == 0) {
		n = (size_t)snprintf(text, sizeof(text), "[%s]", comm);
	} else {
		memcpy(text, cmdline, n);
		for (size_t i = 0; i < n; i++)
			if (text[i] == '\0')
				text[i] = ' ';
	}
	clean_text(dst, size, text, n);
}

static void read_command(pid_t pid, const char *comm, struct figures_fixed *ret)
{
	struct buf b = {0};

	(void)procfile_read(pid, 0, "cmdline", CMDLINE_MAX, &b, NULL);	/* then [comm] */
	figures_command(ret->command, sizeof(ret->command), buf_text(&b), b.len, comm);
	buf_done(&b);
}

/* Needs the right to trace the process; without it the name stays empty. */
static void read_exe(pid_t pid, struct figures_fixed *ret)
{
	char path[64], target[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, target, sizeof(target));
	clean_text(ret->exe, sizeof(ret->exe), target, n > 0 ? (size_t)n : 0);
}

/* The name of uid, or its number: a container's users are often unknown outside of it. */
static void name_user(uid_t uid, char *dst, size_t size)
{
	if (!username_find(uid, dst, size))
		snprintf(dst, size, "%u", uid);
}

/*
 * The start counts in the clock of CLOCK_BOOTTIME, which goes on while the machine is suspended;
 * a step of the wall clock since then moves start_wall_s with it.
 */
enum lt_errc figures_fixed_read(pid_t pid, struct figures_fixed *ret, struct lt_err *err)
{
	struct pidstat st;
	struct status who;
	enum lt_errc rc = pidstat_read(pid, &st, err);

	if (rc == LT_OK)
		rc = status_read(pid, 0, &who, err);
	if (rc != LT_OK)
		return rc;
	ret->start_boot_ns = procfile_ticks_ns(st.start_ticks);
	ret->start_wall_s = clock_wall_s() -
			    (double)(clock_boot_ns() - ret->start_boot_ns) / (double)CLOCK_NS_PER_S;
	read_command(pid, st.comm, ret);
	read_exe(pid, ret);
	name_user(who.uid[0], ret->user, sizeof(ret->user));
	return LT_OK;
}
