#include "config.h"
#include "output/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/sink.h"
#include "util/clean.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

/* What every line of ours begins with, of whatever version. */
#define FIRST_BYTES "{\"v\":"
#define TAIL_PIECE 4096

struct record {
	int fd;
	char *name;			/* owned: for messages, cleaned */
	bool regular;			/* a line cut off can be taken out again */
	off_t size;			/* up to the end of the last whole line */
	struct sink sink;
	char *line;			/* owned: of the memory stream that the sink writes into */
	size_t line_len;
	struct sample_target target;	/* of the last attach line */
	bool attached;
	int64_t found_ns;		/* the end of the last search that is in the file */
	int why;			/* errno of the last attempt; 0: it was written */
	int64_t lost, lost_since;	/* samples: in all; since the last one that was written */
};

static enum lt_errc refuse(const struct record *r, struct lt_err *err, const char *what)
{
	return lt_err_set(err, LT_E_RECORD_FILE, 0, "%s %s", r->name, what);
}

/* The end of the last whole line: a leaktop that was killed leaves half a line at most. */
static int find_end(const struct record *r, off_t size, off_t *ret)
{
	char piece[TAIL_PIECE];

	while (size > 0) {
		off_t from = size > TAIL_PIECE ? size - TAIL_PIECE : 0;
		ssize_t n = pread(r->fd, piece, (size_t)(size - from), from);
		const char *end;

		if (n != size - from)
			return n < 0 ? errno : EIO;
		end = memrchr(piece, '\n', (size_t)n);
		if (end) {
			*ret = from + (end - piece) + 1;
			return 0;
		}
		size = from;
	}
	*ret = 0;
	return 0;
}

static enum lt_errc take_over(struct record *r, off_t size, struct lt_err *err)
{
	char begin[sizeof(FIRST_BYTES) - 1];
	ssize_t n = pread(r->fd, begin, sizeof(begin), 0);
	int rc;

	if (n < 0)
		return lt_err_set(err, LT_E_OUTPUT, errno, "reading %s", r->name);
	if ((size_t)n < sizeof(begin) || memcmp(begin, FIRST_BYTES, sizeof(begin)) != 0)
		return refuse(r, err, "is something else");
	rc = find_end(r, size, &r->size);
	if (rc == 0 && r->size < size && ftruncate(r->fd, r->size) != 0)
		rc = errno;
	return rc ? lt_err_set(err, LT_E_OUTPUT, rc, "continuing %s", r->name) : LT_OK;
}

static enum lt_errc look_at(struct record *r, struct lt_err *err)
{
	struct stat st;

	if (fstat(r->fd, &st) != 0)
		return lt_err_set(err, LT_E_OUTPUT, errno, "opening %s", r->name);
	r->regular = S_ISREG(st.st_mode);
	if (!r->regular)
		return S_ISCHR(st.st_mode) ? LT_OK : refuse(r, err, "is no regular file");
	if (flock(r->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return refuse(r, err, "is being written by another leaktop");
	return st.st_size ? take_over(r, st.st_size, err) : LT_OK;
}

/*
 * The command line in it may tell secrets: nobody else may read a new one. O_NONBLOCK, for a pipe
 * without a reader is refused, not waited for.
 */
enum lt_errc record_open(const char *path, struct record **ret, struct lt_err *err)
{
	struct record *r = MEM_NEW(struct record);
	char name[80];
	enum lt_errc rc;

	clean_text(name, sizeof(name), path, strlen(path));
	r->name = mem_strdup(name);
	r->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (r->fd < 0)
		rc = lt_err_set(err, LT_E_OUTPUT, errno, "opening %s", r->name);
	else
		rc = look_at(r, err);
	if (rc != LT_OK) {
		record_close(r);
		return rc;
	}
	signal(SIGXFSZ, SIG_IGN);	/* past the limit of a file's size, write() says so */
	r->sink = (struct sink){.ops = &sink_jsonl, .options = {.whole = true}};
	*ret = r;
	return LT_OK;
}

void record_close(struct record *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->name);
	free(r);
}

/* All of it or nothing. */
static int write_whole(struct record *r, const char *text, size_t n)
{
	int rc = io_write_all(r->fd, text, n);

	if (rc == 0)
		r->size += (off_t)n;
	else if (r->regular && ftruncate(r->fd, r->size) != 0)
		rc = errno;
	return rc;
}

static void put_lost(struct record *r)
{
	struct lt_err lost;

	lt_err_set(&lost, LT_E_OUTPUT, r->why, "%lld samples are missing here",
		   (long long)r->lost_since);
	(void)r->sink.ops->error(&r->sink, &lost, NULL);
}

/* Lines go into memory first, so that they reach the file in one write. */
static bool lines_begin(struct record *r)
{
	r->line = NULL;
	r->sink.options.out = open_memstream(&r->line, &r->line_len);
	if (!r->sink.options.out)
		r->why = errno;
	return r->sink.options.out != NULL;
}

static bool lines_end(struct record *r)
{
	if (fclose(r->sink.options.out) != 0)
		r->why = ENOMEM;
	else
		r->why = write_whole(r, r->line, r->line_len);
	r->sink.options.out = NULL;
	free(r->line);
	r->line = NULL;
	return r->why == 0;
}

static bool is_same(const struct sample_target *a, const struct sample_target *b)
{
	return a->pid == b->pid && a->start_wall_s == b->start_wall_s &&
	       a->attach_us == b->attach_us && !strcmp(a->exe, b->exe) &&
	       !strcmp(a->command, b->command) && !strcmp(a->method, b->method);
}

static int64_t last_found(const struct snapshot *snap)
{
	int64_t last = 0;

	for (size_t i = 0; i < snap->n_holdings; i++)
		if (snap->holdings[i]->mono_ns > last)
			last = snap->holdings[i]->mono_ns;
	return last;
}

void record_sample(struct record *r, const struct snapshot *snap)
{
	bool attach = !r->attached || !is_same(&r->target, snap->target);
	int64_t found_ns = last_found(snap);

	if (!lines_begin(r))
		goto lost;
	if (r->lost_since)
		put_lost(r);
	if (attach)
		(void)r->sink.ops->attach(&r->sink, snap, NULL);
	if (r->attached && found_ns > r->found_ns)	/* known since the sample before */
		(void)r->sink.ops->verdict(&r->sink, snap, NULL);
	(void)r->sink.ops->sample(&r->sink, snap, NULL);
	if (!lines_end(r))
		goto lost;
	r->found_ns = r->attached ? found_ns : 0;
	r->attached = true;
	r->target = *snap->target;
	r->lost_since = 0;
	return;
lost:
	r->lost++;
	r->lost_since++;
}

void record_collect(struct record *r, const struct sample_target *target,
		    const struct sample_collect *what)
{
	if (!r->attached || !lines_begin(r))
		return;
	(void)sink_jsonl_collect(&r->sink, target, what, NULL);
	(void)lines_end(r);
}

void record_end(struct record *r, const struct snapshot *snap, const struct sample_left *left,
		double now)
{
	if (!r->attached || !lines_begin(r))
		return;
	(void)r->sink.ops->verdict(&r->sink, snap, NULL);
	(void)r->sink.ops->detach(&r->sink, snap, left, now, NULL);
	(void)lines_end(r);
	r->sink.pause_total_us = 0;	/* another process may follow */
}

enum lt_errc record_state(const struct record *r)
{
	return r->why ? LT_E_OUTPUT : LT_OK;
}

int64_t record_lost(const struct record *r)
{
	return r->lost;
}

char *record_text(const struct record *r, char *buf, size_t size)
{
	const char *s = r->lost == 1 ? "" : "s";
	char room[32];

	if (r->why)
		snprintf(buf, size, "NOT RECORDING to %s: %s, %lld sample%s lost", r->name,
			 strerror(r->why), (long long)r->lost, s);
	else if (r->lost)
		snprintf(buf, size, "recording to %s again, %lld sample%s lost", r->name,
			 (long long)r->lost, s);
	else
		snprintf(buf, size, "recording to %s, %s", r->name,
			 num_size((int64_t)r->size, room, sizeof(room)));
	return buf;
}
