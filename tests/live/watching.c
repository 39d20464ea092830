#include "config.h"
#include "watching.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define ARGS_MOST 24
#define SCRIPT_MOST (1u << 20)

static char copies[8][300];	/* directories made in roots, to be removed */
static size_t n_copies;

static const char *const scripts[] = {"truth.py", "workload.py", "verdicts.py",
				      "tcp_server.py", "tcp_client.py"};

static const char *source_dir(void)
{
	const char *dir = getenv("LT_SRCDIR");

	return dir ? dir : ".";
}

static bool copy_file(const char *from, const char *to)
{
	struct buf text = {0};
	FILE *out;
	bool ok;

	if (io_read_file(from, SCRIPT_MOST, &text) != 0)
		return false;
	out = fopen(to, "w");
	ok = out && fwrite(text.data, 1, text.len, out) == text.len;
	if (out)
		ok = fclose(out) == 0 && ok;
	buf_done(&text);
	return ok;
}

/* The scripts inside a root, as the Python there sees them; made once per root. */
static const char *scripts_in_root(const char *root)
{
	size_t rootlen = strlen(root);
	char *dir;

	for (size_t i = 0; i < n_copies; i++)
		if (!strncmp(copies[i], root, rootlen) && copies[i][rootlen] == '/')
			return copies[i] + rootlen;
	if (n_copies == COUNT_OF(copies))
		return NULL;
	dir = copies[n_copies];
	snprintf(dir, sizeof(copies[0]), "%s/tmp/leaktop-XXXXXX", root);
	if (!mkdtemp(dir) || chmod(dir, 0755) != 0)
		return NULL;
	n_copies++;
	for (size_t i = 0; i < COUNT_OF(scripts); i++) {
		char from[4400], to[4400];

		snprintf(from, sizeof(from), "%s/tests/targets/%s", source_dir(), scripts[i]);
		snprintf(to, sizeof(to), "%s/%s", dir, scripts[i]);
		if (!copy_file(from, to))
			return NULL;
	}
	return dir + rootlen;
}

void watching_clean(void)
{
	for (size_t i = 0; i < n_copies; i++) {
		DIR *d = opendir(copies[i]);
		struct dirent *e;

		while (d && (e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				(void)unlinkat(dirfd(d), e->d_name, 0);
		if (d)
			closedir(d);
		rmdir(copies[i]);
	}
	n_copies = 0;
}

bool watching_permitted(void)
{
	struct buf scope = {0};
	bool free_for_all;

	(void)io_read_file("/proc/sys/kernel/yama/ptrace_scope", 16, &scope);
	free_for_all = scope.len == 0 || scope.data[0] == '0';
	buf_done(&scope);
	return free_for_all || geteuid() == 0;
}

static json_t *parsed_line(struct python_run *run)
{
	const char *line = python_line(run);

	return line ? json_loads(line, 0, NULL) : NULL;
}

json_t *watching_start(struct python_run *run, const struct python_exe *exe, const char *script,
		       const char *const *args)
{
	const char *argv[ARGS_MOST] = {exe->path, "-u", "-B"};
	char path[700];
	const char *dir = NULL;
	size_t n = 3;

	if (exe->root[0] && !(dir = scripts_in_root(exe->root)))
		return NULL;
	if (dir)
		snprintf(path, sizeof(path), "%s/%s", dir, script);
	else
		snprintf(path, sizeof(path), "%s/tests/targets/%s", source_dir(), script);
	argv[n++] = path;
	for (; args && *args && n < ARGS_MOST - 1; args++)
		argv[n++] = *args;
	if (!python_start_program(run, exe->root, argv))
		return NULL;
	return parsed_line(run);
}

json_t *watching_ask(struct python_run *run, const char *line)
{
	return python_say(run, line) ? parsed_line(run) : NULL;
}

bool watching_stopped_well(struct python_run *run)
{
	json_t *end = watching_ask(run, "stop\n");
	char *text = end ? json_dumps(end, 0) : NULL;
	bool well = json_is_true(json_object_get(end, "ok"));

	if (!well)
		printf("# its own check failed: %s\n", text ? text : "no report");
	free(text);
	json_decref(end);
	return well;
}

const struct sample *watching_one(struct session *s)
{
	const struct sample *sample = NULL;

	session_request(s);
	for (;;) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};

		if (fd.fd >= 0)
			(void)poll(&fd, 1, -1);
		switch (session_advance(s, &sample)) {
		case SESSION_SAMPLE:
			return sample;
		case SESSION_ENDED:
			return NULL;
		case SESSION_WAIT:
			break;
		}
	}
}

const struct sample *watching_sample(struct session *s, int tries)
{
	char text[400];

	for (int i = 0; i < tries; i++) {
		const struct sample *sample = watching_one(s);

		if (!sample)
			break;
		if (sample->census)
			return sample;
		if (i == tries - 1)
			printf("# no census: %s\n", lt_err_text(&sample->why, text, sizeof(text)));
	}
	return NULL;
}

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
