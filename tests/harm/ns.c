#include "config.h"
#include "ns.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/belongings.h"
#include "tests/unit/test.h"
#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"

#define TRIES 20		/* samples in which the main thread may be at a bad moment */

/* chroot and some others are where a PATH of root's need not lead. */
static void reach_sbin(void)
{
	static bool done;
	const char *path = getenv("PATH");
	struct buf b = {0};

	if (done)
		return;
	buf_printf(&b, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	setenv("PATH", b.data, 1);
	buf_done(&b);
	done = true;
}

static bool has(const char *tool)
{
	char *dirs = mem_strdup(getenv("PATH")), *dir, *save = NULL;
	bool found = false;

	dir = strtok_r(dirs, ":", &save);
	for (; dir && !found; dir = strtok_r(NULL, ":", &save)) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, tool);
		found = access(path, X_OK) == 0;
	}
	free(dirs);
	return found;
}

/* Else says so, as the reason of a skip. */
static bool has_tools(const struct ns_way *way)
{
	const char *missing = NULL;

	reach_sbin();
	if (!has(way->argv[0]))
		missing = way->argv[0];
	else if (way->tool && !has(way->tool))
		missing = way->tool;
	if (missing)
		printf("# skipped: %s is not installed\n", missing);
	return !missing;
}

size_t ns_foreign(const struct python_exe **ret)
{
	static struct python_exe foreign[32];
	const struct python_exe *all;
	size_t n = 0, n_all = pythons_list(&all);

	for (size_t i = 0; i < n_all && n < COUNT_OF(foreign); i++)
		if (all[i].root[0] && python_wanted(&all[i]))
			foreign[n++] = all[i];
	*ret = foreign;
	return n;
}

size_t ns_need(const struct ns_way *way, const struct python_exe **ret)
{
	size_t n = ns_foreign(ret);

	if (geteuid() != 0)
		SKIP("only root can enter another root");
	if (n == 0)
		SKIP("there is no other root with a Python in it (tools/root makes one)");
	if (!has_tools(way))
		skip();
	return n;
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

/* "%:O" or "@" with the root or the name put in. Owned by the caller. */
static char *filled(const char *arg, const char *root, const char *name)
{
	size_t before = strcspn(arg, "%@");
	struct buf b = {0};

	if (!arg[before] || strchr(arg, ' '))	/* a script has signs of its own */
		return mem_strdup(arg);
	buf_printf(&b, "%.*s%s%s", (int)before, arg, arg[before] == '%' ? root : name,
		   arg + before + 1);
	return b.data;
}

static void launch(struct ns_run *run, const struct ns_way *way, const struct python_exe *exe)
{
	const char *tail[] = {exe->path, "-u", "-c", target_text(), run->name, NULL};
	const char *argv[NS_ARGS_MAX + COUNT_OF(tail)];
	char *owned[NS_ARGS_MAX];
	size_t n = 0, n_owned;
	int in[2];

	for (; n < NS_ARGS_MAX && way->argv[n]; n++)
		argv[n] = owned[n] = filled(way->argv[n], exe->root, run->name);
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
	static unsigned number;

	*run = (struct ns_run){0};
	snprintf(run->name, sizeof(run->name), "leaktop-ns-%d-%u", getpid(), ++number);
	launch(run, way, exe);
	if (!strcmp(ns_ask(run, NULL), "ready"))
		run->pid = find_target(exe->path, run->name);
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

		if (poll(&in, 1, patience_ms()) <= 0 || read(fd, &byte, 1) != 1)
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

char *ns_status(pid_t pid)
{
	/* not memory: pages of files become resident when they are read from outside */
	static const char *const keys[] = {
		"State:", "TracerPid:", "Threads:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:",
		"SigCgt:", "voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:",
	};
	struct buf all = {0}, some = {0};
	char *line, *save = NULL;
	size_t found = 0;

	assert_int_equal(io_read_proc(pid, 0, "status", 1 << 16, &all), 0);
	line = strtok_r(all.data, "\n", &save);
	for (; line; line = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			if (!strncmp(line, keys[i], strlen(keys[i]))) {
				buf_printf(&some, "%s\n", line);
				found++;
			}
	buf_done(&all);
	assert_int_equal(found, COUNT_OF(keys));
	return some.data;
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

bool ns_is_true(const char *json, const char *truth)
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
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", "-p", number, NULL};
	struct harm_result r = {0};

	snprintf(number, sizeof(number), "%d", pid);
	for (int i = 0; i < TRIES; i++) {
		harm_leaktop(args, NULL, uid, &r);
		if (r.exit_status != 0)
			break;
		if (count_in(r.out, "__main__.Kept") >= 0)
			return ns_is_true(r.out, truth);
	}
	printf("# leaktop ended with %d\n", r.exit_status);
	ns_comment("leaktop", r.err);
	return false;
}

/* ---- a whole life ----------------------------------------------------------------------- */

/* Attach, count, detach while it stands still: nothing of it may be another afterwards. */
static bool is_left_alone(const struct ns_run *run, uid_t uid, const char *truth)
{
	struct belongings before, after;
	bool well;

	assert_true(harm_wait_blocked(run->pid) >= 0);
	belongings_take(run->pid, &before);
	assert_true(before.maps[0] && before.fds[0]);
	well = ns_counts(run->pid, uid, truth);
	assert_true(harm_wait_blocked(run->pid) >= 0);
	belongings_take(run->pid, &after);
	well = belongings_equal(&before, &after) && well;
	belongings_free(&before);
	belongings_free(&after);
	return well;
}

static void do_meanwhile(const struct ns_run *run, const struct ns_way *way)
{
	char number[16];
	const char *argv[] = {"sh", "-c", way->meanwhile, number, NULL};
	struct harm_program shell;

	snprintf(number, sizeof(number), "%d", run->pid);
	shell = harm_start(argv, NULL, 0);
	assert_int_equal(harm_reap(shell.pid), 0);
	close(shell.out);
	close(shell.err);
}

bool ns_lead(struct ns_run *run, const struct ns_way *way, bool watch)
{
	char truth[256];
	bool well = true;

	snprintf(truth, sizeof(truth), "%s", ns_ask(run, "grow 1000\n"));
	if (watch)
		well = is_left_alone(run, way->uid, truth);
	if (way->meanwhile)
		do_meanwhile(run, way);
	snprintf(truth, sizeof(truth), "%s", ns_ask(run, "grow 500\n"));
	if (watch && way->meanwhile)
		well = is_left_alone(run, way->uid, truth) && well;
	(void)ns_ask(run, "busy\n");
	if (watch)
		well = ns_counts(run->pid, way->uid, truth) && well;
	if (strcmp(ns_ask(run, "rest\n"), "rested") != 0)
		well = false;
	ns_end(run);
	return well && WIFEXITED(run->status) && WEXITSTATUS(run->status) == 7;
}
