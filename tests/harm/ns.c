#include "config.h"
#include "ns.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"
#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"

#define TRIES 20		/* samples in which the main thread may be at a bad moment */

bool ns_has(const char *tool)
{
	char dirs[4096], *dir, *save = NULL, path[4352];
	const char *all = getenv("PATH");

	snprintf(dirs, sizeof(dirs), "%s:/usr/sbin:/sbin", all ? all : "/usr/bin:/bin");
	for (dir = strtok_r(dirs, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		snprintf(path, sizeof(path), "%s/%s", dir, tool);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* ---- starting --------------------------------------------------------------------------- */

/* The whole program, to be passed as an argument. */
static const char *target_text(void)
{
	static struct buf text;
	const char *dir = getenv("LT_SRCDIR");
	char path[4200];

	if (text.len)
		return text.data;
	snprintf(path, sizeof(path), "%s/tests/harm/ns_target.py", dir ? dir : ".");
	assert_int_equal(io_read_file(path, 1 << 16, &text), 0);
	return text.data;
}

/* A name that no other process has in its arguments. */
static const char *new_name(void)
{
	static char name[64];
	static unsigned number;

	snprintf(name, sizeof(name), "leaktop-ns-%d-%u", getpid(), ++number);
	return name;
}

/* "%:O" with the root put in. Owned by the caller. */
static char *with_root(const char *arg, const char *root)
{
	const char *mark = strchr(arg, '%');
	struct buf b = {0};

	if (!mark)
		return mem_strdup(arg);
	buf_printf(&b, "%.*s%s%s", (int)(mark - arg), arg, root, mark + 1);
	return b.data;
}

static void launch(struct ns_run *run, const struct ns_way *way, const struct python_exe *exe,
		   const char *name)
{
	const char *tail[] = {exe->path, "-u", "-c", target_text(), name, NULL};
	const char *argv[NS_ARGS_MAX + COUNT_OF(tail)];
	char *owned[NS_ARGS_MAX];
	size_t n = 0, n_owned;
	int in[2];

	for (; n < NS_ARGS_MAX && way->argv[n]; n++)
		argv[n] = owned[n] = with_root(way->argv[n], exe->root);
	n_owned = n;
	memcpy(argv + n, tail, sizeof(tail));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	run->program = harm_start_on(argv, NULL, way->uid, in[0]);
	run->in = in[1];
	run->up = true;
	close(in[0]);
	for (size_t i = 0; i < n_owned; i++)
		free(owned[i]);
}

/* Not its keepers: they have the name among their arguments, too. */
static bool is_target(pid_t pid, const char *python, const char *name)
{
	struct buf text = {0};
	bool is = false;

	if (io_read_proc(pid, 0, "cmdline", 1 << 16, &text) == 0 && text.len > strlen(name))
		is = !strcmp(text.data, python) &&
		     !strcmp(text.data + text.len - 1 - strlen(name), name);
	buf_done(&text);
	return is;
}

static pid_t find_target(const char *python, const char *name)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	while (d && !found && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    is_target(atoi(e->d_name), python, name))
			found = atoi(e->d_name);
	if (d)
		closedir(d);
	return found;
}

bool ns_start(struct ns_run *run, const struct ns_way *way, const struct python_exe *exe)
{
	const char *name = new_name();

	*run = (struct ns_run){0};
	launch(run, way, exe, name);
	if (!strcmp(ns_ask(run, NULL), "ready"))
		run->pid = find_target(exe->path, name);
	if (!run->pid)
		ns_end(run);
	return run->pid > 0;
}

/* ---- talking ---------------------------------------------------------------------------- */

const char *ns_ask(struct ns_run *run, const char *command)
{
	size_t at = strlen(run->out);
	const char *line;

	if (command && write(run->in, command, strlen(command)) != (ssize_t)strlen(command))
		return "";
	line = harm_line(&run->program);
	if (!line)
		return "";
	snprintf(run->out + at, sizeof(run->out) - at, "%s\n", line);
	return line;
}

static void read_all(int fd, char *text, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd in = {.fd = fd, .events = POLLIN};
		char byte;

		if (poll(&in, 1, HARM_DEADLINE_S * 1000) <= 0 || read(fd, &byte, 1) != 1)
			break;
		if (n < size - 1)
			text[n++] = byte;
	}
	text[n] = '\0';
}

void ns_end(struct ns_run *run)
{
	if (!run->up)
		return;
	(void)ns_ask(run, "end\n");
	close(run->in);
	read_all(run->program.err, run->err, sizeof(run->err));
	run->status = harm_reap(run->program.pid);
	close(run->program.out);
	close(run->program.err);
	run->up = false;
}

void ns_kill(struct ns_run *run)
{
	if (!run->up)
		return;
	if (run->pid)
		kill(run->pid, SIGKILL);	/* its keeper then ends by itself, and cleans up */
	close(run->in);
	run->status = harm_reap(run->program.pid);
	close(run->program.out);
	close(run->program.err);
	run->up = false;
}

void ns_comment(const char *what, const char *text)
{
	while (*text) {
		int n = (int)strcspn(text, "\n");

		printf("# %s: %.*s\n", what, n, text);
		text += n + (text[n] == '\n');
	}
}

static bool same(const char *what, const char *unwatched, const char *watched)
{
	if (!strcmp(unwatched, watched))
		return true;
	printf("# %s of an unwatched run and of a watched one:\n", what);
	ns_comment("unwatched", unwatched);
	ns_comment("watched", watched);
	return false;
}

bool ns_equal(const struct ns_run *unwatched, const struct ns_run *watched)
{
	bool equal = same("stdout", unwatched->out, watched->out);

	equal = same("stderr", unwatched->err, watched->err) && equal;
	if (unwatched->status == watched->status)
		return equal;
	printf("# it ended with %x unwatched, with %x watched\n", (unsigned)unwatched->status,
	       (unsigned)watched->status);
	return false;
}

/* ---- leaktop looks ---------------------------------------------------------------------- */

/* The count of a type in the last sample of the JSON; -1 where that has none. */
static long count_in(const char *json, const char *type)
{
	char key[80];
	const char *at = NULL, *next = json;

	snprintf(key, sizeof(key), "\"type\":\"%s\",\"count\":", type);
	while ((next = strstr(next, key)) != NULL)
		at = next += strlen(key);
	return at ? strtol(at, NULL, 10) : -1;
}

/* truth: "Kept 1000 Part 2000", as the target says it. */
static bool is_true(const char *json, const char *truth)
{
	long kept = -1, part = -1;

	if (sscanf(truth, "Kept %ld Part %ld", &kept, &part) != 2) {
		printf("# the target said: %s\n", truth);
		return false;
	}
	if (count_in(json, "__main__.Kept") == kept && count_in(json, "__main__.Kept.Part") == part)
		return true;
	printf("# counted Kept %ld Part %ld, in truth %s\n", count_in(json, "__main__.Kept"),
	       count_in(json, "__main__.Kept.Part"), truth);
	return false;
}

bool ns_counts(pid_t pid, uid_t uid, const char *truth)
{
	char number[16];
	const char *args[] = {"-b", "-f", "jsonl", "-n", "1", "-p", number, NULL};
	struct harm_result r = {0};

	snprintf(number, sizeof(number), "%d", pid);
	for (int i = 0; i < TRIES; i++) {
		harm_leaktop(args, NULL, uid, &r);
		if (r.exit_status != 0)
			break;
		if (count_in(r.out, "__main__.Kept") >= 0)
			return is_true(r.out, truth);
	}
	printf("# leaktop ended with %d\n", r.exit_status);
	ns_comment("leaktop", r.err);
	return false;
}
