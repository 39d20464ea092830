#include "config.h"
#include "proc/twin.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "proc/status.h"
#include "util/mem.h"
#include "util/num.h"

#define DELETED " (deleted)"	/* behind the path of a program that was replaced by an update */

struct twin {
	pid_t pid;
	uint64_t start_ticks;
	uid_t uid;
	char exe[PATH_MAX];		/* "" where it may not be read */
	struct buf command;		/* with its NULs */
};

static void read_exe(pid_t pid, char dst[PATH_MAX])
{
	size_t tail = sizeof(DELETED) - 1;
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, dst, PATH_MAX - 1);
	dst[n > 0 ? n : 0] = '\0';
	if (n > (ssize_t)tail && strcmp(dst + n - tail, DELETED) == 0)
		dst[(size_t)n - tail] = '\0';
}

struct twin *twin_new(pid_t pid)
{
	struct twin *t = MEM_NEW(struct twin);
	struct pidstat stat;
	struct status status;

	t->pid = pid;
	if (procfile_read(pid, 0, "cmdline", PROCFILE_SMALL_MAX, &t->command, NULL) == LT_OK &&
	    t->command.len > 0 && pidstat_read(pid, &stat, NULL) == LT_OK &&
	    status_read(pid, 0, &status, NULL) == LT_OK) {
		t->start_ticks = stat.start_ticks;
		t->uid = status.uid[0];
		read_exe(pid, t->exe);
		return t;
	}
	twin_free(t);
	return NULL;
}

void twin_free(struct twin *t)
{
	if (!t)
		return;
	buf_done(&t->command);
	free(t);
}

/* Cheapest first: nearly every process differs in its command line. */
static bool is_twin(const struct twin *t, pid_t pid, struct buf *command, uint64_t *ret_start)
{
	struct pidstat stat;
	struct status status;
	char exe[PATH_MAX];

	buf_clear(command);
	if (procfile_read(pid, 0, "cmdline", PROCFILE_SMALL_MAX, command, NULL) != LT_OK ||
	    command->len != t->command.len ||
	    memcmp(command->data, t->command.data, command->len) != 0)
		return false;
	if (pidstat_read(pid, &stat, NULL) != LT_OK || pidstat_ended(stat.state) ||
	    (pid == t->pid && stat.start_ticks == t->start_ticks) ||
	    status_read(pid, 0, &status, NULL) != LT_OK || status.uid[0] != t->uid)
		return false;
	read_exe(pid, exe);
	*ret_start = stat.start_ticks;
	return !t->exe[0] || !exe[0] || strcmp(t->exe, exe) == 0;
}

pid_t twin_find(const struct twin *t)
{
	DIR *proc = opendir("/proc");
	struct buf command = {0};
	uint64_t start, youngest = 0;
	struct dirent *e;
	pid_t found = 0;
	int64_t pid;

	while (proc && (e = readdir(proc)) != NULL) {
		if (!num_parse(e->d_name, 1, INT32_MAX, &pid) ||
		    !is_twin(t, (pid_t)pid, &command, &start) || (found && start < youngest))
			continue;
		youngest = start;
		found = (pid_t)pid;
	}
	if (proc)
		closedir(proc);
	buf_done(&command);
	return found;
}
