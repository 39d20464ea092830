#include "config.h"
#include "belongings.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name target" of every entry, sorted: file descriptors with what they are. */
static char *list_dir(pid_t pid, const char *name, bool links)
{
	char path[64], *entries[4096];
	struct buf all = {0};
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL && n < COUNT_OF(entries)) {
		char target[256] = "";
		struct buf line = {0};

		if (e->d_name[0] == '.')
			continue;
		if (links && readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1) < 0)
			continue;
		buf_printf(&line, "%s %s", e->d_name, target);
		entries[n++] = line.data;
	}
	if (d)
		closedir(d);
	if (n)
		qsort(entries, n, sizeof(entries[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&all, "%s\n", entries[i]);
		free(entries[i]);
	}
	return all.data ? all.data : mem_strdup("");
}

/* The lines of /proc/PID/status that a guest could have changed. */
static char *signal_lines(pid_t pid)
{
	static const char *const keys[] = {
		"SigBlk:", "SigIgn:", "SigCgt:", "TracerPid:", "Threads:",
	};
	struct buf text = {0}, some = {0};
	char *line, *save = NULL;

	(void)io_read_proc(pid, 0, "status", 1 << 16, &text);
	line = strtok_r(text.data, "\n", &save);
	for (; line; line = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			if (!strncmp(line, keys[i], strlen(keys[i])))
				buf_printf(&some, "%s\n", line);
	buf_done(&text);
	return some.data ? some.data : mem_strdup("");
}

void belongings_take(pid_t pid, struct belongings *ret)
{
	struct buf maps = {0};

	(void)io_read_proc(pid, 0, "maps", 64 << 20, &maps);
	ret->maps = maps.data ? maps.data : mem_strdup("");
	ret->threads = list_dir(pid, "task", false);
	ret->fds = list_dir(pid, "fd", true);
	ret->signals = signal_lines(pid);
}

void belongings_free(struct belongings *b)
{
	free(b->maps);
	free(b->threads);
	free(b->fds);
	free(b->signals);
	*b = (struct belongings){0};
}

static bool same(const char *what, const char *before, const char *after)
{
	const char *a = before, *b = after;

	if (!strcmp(before, after))
		return true;
	for (; *a && *a == *b; a++, b++)
		;
	while (a > before && a[-1] != '\n')
		a--, b--;
	printf("# %s was: %.*s\n# %s is: %.*s\n", what, (int)strcspn(a, "\n"), a, what,
	       (int)strcspn(b, "\n"), b);
	return false;
}

bool belongings_equal(const struct belongings *before, const struct belongings *after)
{
	bool equal = same("maps", before->maps, after->maps);

	equal = same("threads", before->threads, after->threads) && equal;
	equal = same("fds", before->fds, after->fds) && equal;
	return same("status", before->signals, after->signals) && equal;
}
