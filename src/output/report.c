#include "config.h"
#include "output/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output/sink.h"
#include "util/mem.h"

#define SAME_SECOND_MOST 9		/* reports of one process in one second */
#define STEM_MAX 64

struct report {
	char dir[PATH_MAX];		/* absolute */
	char stem[STEM_MAX];		/* of both names */
	FILE *text, *json;		/* owned */
};

static FILE *create(const struct report *r, const char *suffix)
{
	char path[PATH_MAX + STEM_MAX + 8];
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/%s%s", r->dir, r->stem, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return NULL;
	f = fdopen(fd, "w");
	if (!f)
		close(fd);
	return f;
}

static void discard(const struct report *r, const char *suffix)
{
	char path[PATH_MAX + STEM_MAX + 8];

	snprintf(path, sizeof(path), "%s/%s%s", r->dir, r->stem, suffix);
	(void)unlink(path);
}

/* Both files or none; 0 or an errno value, EEXIST where one of the names is taken. */
static int create_both(struct report *r)
{
	int e;

	r->text = create(r, ".txt");
	if (!r->text)
		return errno;
	r->json = create(r, ".jsonl");
	if (r->json)
		return 0;
	e = errno;
	fclose(r->text);
	discard(r, ".txt");
	return e;
}

/* "leaktop-4242-20261122-141452", and -2 to -9 behind it for more of the same second. */
static void name(struct report *r, pid_t pid, double now, int again)
{
	time_t seconds = (time_t)now;
	char date[32] = "", more[8] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
	if (again > 1)
		snprintf(more, sizeof(more), "-%d", again);
	snprintf(r->stem, sizeof(r->stem), "leaktop-%d-%s%s", (int)pid, date, more);
}

static int open_in(struct report *r, const char *dir, pid_t pid, double now)
{
	int e = EEXIST;

	if (!dir || !realpath(dir, r->dir))
		return ENOENT;
	for (int again = 1; e == EEXIST && again <= SAME_SECOND_MOST; again++) {
		name(r, pid, now, again);
		e = create_both(r);
	}
	return e;
}

static int open_somewhere(struct report *r, pid_t pid, double now)
{
	const char *dirs[] = {".", getenv("TMPDIR"), "/tmp"};
	int e = ENOENT;

	for (size_t i = 0; i < COUNT_OF(dirs) && e != 0; i++)
		e = open_in(r, dirs[i], pid, now);
	return e;
}

/* Attach, sample and verdict: what a recording of this one moment would have. */
static enum lt_errc put_lines(const struct sink_ops *ops, FILE *out, const struct snapshot *snap,
			      struct lt_err *err)
{
	struct sink sink = {.ops = ops, .options = {.out = out}};
	enum lt_errc rc = ops->attach(&sink, snap, err);

	if (rc == LT_OK)
		rc = ops->sample(&sink, snap, err);
	return rc == LT_OK ? ops->verdict(&sink, snap, err) : rc;
}

static enum lt_errc put_text(FILE *out, const struct snapshot *snap, const char *screen,
			     struct lt_err *err)
{
	fprintf(out, "%s\nEvery type in the order of the screen:\n\n", screen);
	return put_lines(&sink_table, out, snap, err);
}

/* Closing is where a full disk may first be told. */
static enum lt_errc finish(FILE *f, enum lt_errc rc, struct lt_err *err)
{
	bool bad = ferror(f) != 0;

	errno = 0;
	bad |= fclose(f) != 0;
	if (rc == LT_OK && bad)
		rc = lt_err_set(err, LT_E_OUTPUT, errno, "the report");
	return rc;
}

enum lt_errc report_write(const struct snapshot *snap, const char *screen, double now,
			  char ret[PATH_MAX], struct lt_err *err)
{
	struct report r = {0};
	enum lt_errc rc;
	int e = open_somewhere(&r, snap->target->pid, now);

	if (e)
		return lt_err_set(err, LT_E_OUTPUT, e, "no file for the report");
	rc = finish(r.text, put_text(r.text, snap, screen, err), err);
	if (rc == LT_OK)
		rc = put_lines(&sink_jsonl, r.json, snap, err);
	rc = finish(r.json, rc, err);
	if (rc == LT_OK && snprintf(ret, PATH_MAX, "%s/%s.txt", r.dir, r.stem) >= PATH_MAX)
		rc = lt_err_set(err, LT_E_OUTPUT, ENAMETOOLONG, "the report");
	if (rc != LT_OK) {
		discard(&r, ".txt");
		discard(&r, ".jsonl");
	}
	return rc;
}
