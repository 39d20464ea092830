#include "config.h"
#include "watching.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/test.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define ARGS_MOST 24
#define SCRIPT_MOST (1u << 20)

static char copies[8][300];	/* directories made in roots, to be removed */
static size_t n_copies;

static const char *const scripts[] = {
	"arrays.py", "truth.py", "workload.py", "tcp_server.py", "tcp_client.py", "hostile.py",
	"mix.py", "collecting.py", "verdicts.py", "held.py", "rings.py", "growing.py", "keeps.py",
	"newest.py",
	"zoo.py",
};

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

void watching_need_permission(void)
{
	if (!watching_permitted())
		SKIP("Yama forbids it: kernel.yama.ptrace_scope");
}

json_t *watching_start_usual(struct python_run *run, const char *script, const char *const *args)
{
	const struct python_exe *exe = pythons_usual();
	json_t *ready;

	if (!exe)
		SKIP("no Python was found");
	watching_need_permission();
	ready = watching_start(run, exe, script, args);
	assert_non_null(ready);
	return ready;
}

void watching_on_every_python(int (*differs)(const struct python_exe *exe, const void *arg),
			      const void *arg)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);
	int failures = 0;

	if (n == 0)
		SKIP("no Python was found");
	watching_need_permission();
	for (size_t i = 0; i < n; i++) {
		int wrong = python_wanted(&exes[i]) ? differs(&exes[i], arg) : 0;

		if (wrong)
			printf("# %s: %d differences\n", exes[i].name, wrong);
		failures += wrong != 0;
	}
	assert_int_equal(failures, 0);
}

const char *watching_leaktop(void)
{
	static char path[4096];
	const char *dir = getenv("LT_BUILDDIR");

	snprintf(path, sizeof(path), "%s/leaktop", dir ? dir : ".");
	return path;
}

char *watching_text(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = mem_alloc((size_t)n + 1);

	assert_int_equal(pread(fd, text, (size_t)n, 0), n);
	return text;
}

char *watching_take_text(int fd)
{
	char *text = watching_text(fd);

	close(fd);
	return text;
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
		printf("# its own check failed: %s (%s)\n", text ? text : "no report",
		       python_fate(run));
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
			printf("# the session has ended\n");
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

int64_t watching_count(const struct sample *s, const char *type)
{
	for (size_t i = 0; i < s->n_types; i++)
		if (!strcmp(s->types[i].name, type))
			return s->types[i].count;
	return 0;
}

int watching_lines(const char *path)
{
	struct buf b = {0};
	int n = 0;

	(void)io_read_file(path, 1 << 28, &b);
	for (size_t i = 0; i < b.len; i++)
		n += b.data[i] == '\n';
	buf_done(&b);
	return n;
}
