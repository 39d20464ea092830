#include "config.h"
#include "cell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/maps.h"
#include "tests/unit/test.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define SCRIPT_MOST (100u << 10)
#define ARGS_MOST 12
#define TRIES_LEAST 100		/* and TRIES_LONG: of a busy allocator one in nine is counted */
#define TRIES_LONG 5		/* patience_ns() */

/* ---- a run ------------------------------------------------------------------------------ */

/* As an argument: a chroot has no file of ours. */
static const char *script(void)
{
	static struct buf text;
	const char *dir = getenv("LT_SRCDIR");
	char path[512];

	if (text.len)
		return text.data;
	snprintf(path, sizeof(path), "%s/tests/harm/workloads.py", dir ? dir : ".");
	assert_int_equal(io_read_file(path, SCRIPT_MOST, &text), 0);
	return text.data;
}

static void start(struct cell_run *r)
{
	const struct cell *c = r->cell;
	const char *argv[ARGS_MOST] = {NULL}, *env[6], *root = c->python->root;
	struct harm_how how = {.root = root, .dir = r->dir + strlen(root), .env = env};
	char exe[300], tmp[320];
	int in[2];
	size_t n = 1;

	snprintf(exe, sizeof(exe), "%s%s", c->python->path, c->suffix ? c->suffix : "");
	argv[0] = exe;
	for (size_t i = 0; i < COUNT_OF(c->flags) && c->flags[i]; i++)
		argv[n++] = c->flags[i];
	argv[n++] = "-c";
	argv[n++] = script();
	argv[n++] = c->kind;
	snprintf(tmp, sizeof(tmp), "TMPDIR=%s", how.dir);
	env[0] = tmp;
	env[1] = "PYTHONPATH=";
	env[2] = c->env ? c->env : c->mortal ? "HARM_MORTAL=1" : NULL;
	env[3] = c->env && c->mortal ? "HARM_MORTAL=1" : NULL;
	env[4] = NULL;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	how.in = in[0];
	r->program = harm_start_as(argv, &how);
	close(in[0]);
	r->in = in[1];
}

static void name_dir(struct cell_run *r)
{
	snprintf(r->dir, sizeof(r->dir), "%s/tmp/leaktop-harm-XXXXXX", r->cell->python->root);
	assert_non_null(mkdtemp(r->dir));
	assert_int_equal(chmod(r->dir, 0777), 0);
}

static void remove_dir(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

size_t cell_code_pages(pid_t pid)
{
	struct maps maps = {0};
	size_t n = 0;

	if (maps_read(pid, &maps, NULL) != LT_OK)
		return 0;
	for (size_t i = 0; i < maps.n; i++)
		if (maps.list[i].exec && maps.list[i].path[0] == '\0')
			n += (maps.list[i].end - maps.list[i].start) / 4096;
	maps_done(&maps);
	return n;
}

void cell_print(const struct cell *c, const char *text)
{
	printf("# %s%s %s%s%s%s%s: ", c->python->name, c->suffix ? c->suffix : "", c->kind,
	       c->flags[0] ? " " : "", c->flags[0] ? c->flags[0] : "", c->env ? " " : "",
	       c->env ? c->env : "");
	puts(text);
}

bool cell_begin(struct cell_run *r, const struct cell *cell)
{
	struct cell_end end;
	const char *line;

	*r = (struct cell_run){.cell = cell};
	name_dir(r);
	start(r);
	line = harm_line(&r->program);
	if (line && !strcmp(line, "ready")) {
		r->before = harm_status(r->program.pid);
		/* not what it is just now: fork() and subprocess block all for a moment */
		r->before.sig_blocked = harm_status(getpid()).sig_blocked;
		r->code_pages = cell_code_pages(r->program.pid);
		if (cell->still)
			assert_true(harm_wait_blocked(r->program.pid) >= 0);
		if (cell->still)
			belongings_take(r->program.pid, &r->belongings);
		return true;
	}
	r->skipped = line && !strncmp(line, "skip ", 5);
	if (r->skipped)
		cell_print(cell, line);
	cell_end(r, &end);
	if (!r->skipped)
		printf("# %s %s never began: %.300s\n", cell->python->name, cell->kind,
		       buf_text(&end.err));
	cell_end_free(&end);
	return false;
}

/* ---- what it owns ----------------------------------------------------------------------- */

/* No thread of it is stopped or traced. */
static bool is_running(pid_t pid)
{
	char path[64];
	struct dirent *e;
	bool running = true;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		struct status st;
		pid_t tid = atoi(e->d_name);

		if (tid > 0 && status_read(pid, tid, &st, NULL) == LT_OK &&
		    (st.tracer || st.state == 't' || st.state == 'T'))
			running = false;
	}
	if (d)
		closedir(d);
	return running;
}

/* A handler that runs just now blocks its signal for a moment, as does a fork. */
static bool is_as_before(void *arg)
{
	const struct cell_run *r = arg;
	struct status now;

	return status_read(r->program.pid, 0, &now, NULL) == LT_OK &&
	       now.sig_blocked == r->before.sig_blocked &&
	       now.sig_ignored == r->before.sig_ignored &&
	       now.sig_caught == r->before.sig_caught && is_running(r->program.pid);
}

static bool is_dead(const struct cell_run *r)
{
	struct status now;

	return status_read(r->program.pid, 0, &now, NULL) != LT_OK || now.state == 'Z';
}

static bool is_as_before_or_dead(void *arg)
{
	return is_as_before(arg) || is_dead(arg);
}

static bool owns_the_same(const struct cell_run *r)
{
	struct belongings now;
	bool same;

	if (!r->cell->still || r->cell->mortal)
		return true;
	assert_true(harm_wait_blocked(r->program.pid) >= 0);
	belongings_take(r->program.pid, &now);
	same = belongings_equal(&r->belongings, &now);
	belongings_free(&now);
	return same;
}

bool cell_unharmed(struct cell_run *r)
{
	struct status now = {0};
	size_t pages = cell_code_pages(r->program.pid);

	if (!harm_wait(is_as_before_or_dead, r) || is_dead(r)) {
		(void)status_read(r->program.pid, 0, &now, NULL);
		printf("# state %c, traced by %d, blocked %llx, ignored %llx, caught %llx\n",
		       now.state, now.tracer, (unsigned long long)now.sig_blocked,
		       (unsigned long long)now.sig_ignored, (unsigned long long)now.sig_caught);
		return false;
	}
	if (pages > r->code_pages && !r->cell->mortal && !r->cell->more_code) {
		printf("# %zu pages of code are left\n", pages - r->code_pages);
		return false;
	}
	return owns_the_same(r);
}

/* ---- its end ---------------------------------------------------------------------------- */

/* false at the end of the file. */
static bool take(int fd, struct buf *to)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_put(to, bytes, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

void cell_end(struct cell_run *r, struct cell_end *ret)
{
	struct pollfd fds[2] = {{.fd = r->program.out, .events = POLLIN},
				{.fd = r->program.err, .events = POLLIN}};

	*ret = (struct cell_end){0};
	close(r->in);
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, patience_ms()) <= 0) {
			buf_puts(&ret->err, "(it never ended)");
			kill(r->program.pid, SIGKILL);
			break;
		}
		if (fds[0].revents && !take(r->program.out, &ret->out))
			fds[0].fd = -1;
		if (fds[1].revents && !take(r->program.err, &ret->err))
			fds[1].fd = -1;
	}
	ret->status = harm_reap(r->program.pid);
	close(r->program.out);
	close(r->program.err);
	remove_dir(r->dir);
	if (r->cell->still)
		belongings_free(&r->belongings);
	r->program.pid = 0;
}

void cell_end_free(struct cell_end *e)
{
	buf_done(&e->out);
	buf_done(&e->err);
}

static void print_lines(const char *before, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("#   %s", before);
		fwrite(text, 1, n, stdout);
		putchar('\n');
		text += n + (text[n] != '\0');
	}
}

static void print_end(const char *which, const struct cell_end *e)
{
	printf("# %s: status %x\n", which, (unsigned)e->status);
	print_lines("", buf_text(&e->out));
	print_lines("(stderr) ", buf_text(&e->err));
}

bool cell_equal(const struct cell *cell, const struct cell_end *alone, const struct cell_end *seen)
{
	bool equal = alone->status == seen->status &&
		     !strcmp(buf_text(&alone->out), buf_text(&seen->out)) &&
		     !strcmp(buf_text(&alone->err), buf_text(&seen->err));

	if (equal && alone->status == 0)
		return true;
	cell_print(cell, equal ? "fails by itself" : "is not what it was");
	print_end("in peace", alone);
	print_end("watched", seen);
	return false;
}

/* ---- all of it -------------------------------------------------------------------------- */

enum cell_proof cell_prove(const struct cell *cell, bool (*watch)(struct cell_run *r, void *arg),
			   void *arg)
{
	struct cell peaceful = *cell;
	struct cell_run r;
	struct cell_end alone, seen;
	bool fine;

	peaceful.still = false;
	if (!cell_begin(&r, &peaceful))
		return r.skipped ? CELL_SKIPPED : CELL_HARMED;
	cell_end(&r, &alone);
	if (!cell_begin(&r, cell)) {
		cell_end_free(&alone);
		return CELL_HARMED;
	}
	fine = watch(&r, arg);
	fine = cell_unharmed(&r) && fine;
	if (!fine)
		cell_print(cell, "is harmed, or could not be watched");
	cell_end(&r, &seen);
	fine = cell_equal(cell, &alone, &seen) && fine;
	cell_end_free(&alone);
	cell_end_free(&seen);
	return fine ? CELL_FINE : CELL_HARMED;
}

static int count(const char *text, const char *word)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		n++;
	return n;
}

bool cell_leaktop(struct cell_run *r, int samples, struct cell_watch *ret)
{
	char pid[16], n[16];
	const char *args[] = {"--census=walk", "--max-cpu=100", "-f", "jsonl", "-d", "0.1", "-T",
			      "1", "-n", n, pid, NULL};
	struct harm_result result;

	snprintf(pid, sizeof(pid), "%d", r->program.pid);
	snprintf(n, sizeof(n), "%d", samples);
	harm_leaktop(args, NULL, 0, &result);
	ret->samples = count(result.out, "\"kind\":\"sample\"");
	ret->counted = count(result.out, "\"types\":[{");
	ret->answered = ret->counted +
			count(result.out, "again and again, while it was counted");
	ret->maps_left = !strstr(result.out, "\"maps\":0}");
	ret->more_left = r->cell->still &&
			 !strstr(result.out, "\"left\":{\"threads\":0,\"fds\":0,");
	if (result.exit_status == 0)
		return true;
	cell_print(r->cell, "leaktop failed");
	printf("# status %d: %.300s\n", result.exit_status, result.err);
	return false;
}

static bool has_answered(const struct cell_run *r, const struct cell_watch *w)
{
	return w->answered > 0;
}

/* One that found no moment to come in has left nothing itself, and taken nothing back. */
static bool has_cleared(const struct cell_run *r, const struct cell_watch *w)
{
	return !w->maps_left &&
	       (r->cell->more_code || cell_code_pages(r->program.pid) <= r->code_pages);
}

static bool comes_to(struct cell_run *r,
		     bool (*what)(const struct cell_run *r, const struct cell_watch *w))
{
	int64_t end = clock_mono_ns() + TRIES_LONG * patience_ns();

	for (int i = 0; i < TRIES_LEAST || clock_mono_ns() < end; i++) {
		struct cell_watch later;

		if (!cell_leaktop(r, 1, &later))
			return false;
		if (what(r, &later))
			return true;
	}
	return false;
}

bool cell_countable(struct cell_run *r)
{
	if (comes_to(r, has_answered))
		return true;
	cell_print(r->cell, "cannot be counted any more");
	return r->cell->elusive;
}

bool cell_clearable(struct cell_run *r, const struct cell_watch *last)
{
	if (has_cleared(r, last) || comes_to(r, has_cleared))
		return true;
	cell_print(r->cell, "keeps leaktop's mappings");
	return false;
}

size_t cell_pythons(const struct python_exe *ret[], size_t max)
{
	const struct python_exe *list;
	size_t all = pythons_list(&list), n = 0;

	for (size_t i = 0; i < all && n < max; i++)
		if (python_wanted(&list[i]))
			ret[n++] = &list[i];
	return n;
}

size_t cell_chosen_pythons(const struct python_exe *ret[], size_t max)
{
	const struct python_exe *list;
	size_t all = pythons_list(&list), n = 0;

	for (size_t i = 0; i < all && n < max; i++)
		if (harm_chooses(&list[i]))
			ret[n++] = &list[i];
	return n;
}
