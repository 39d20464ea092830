#include "config.h"
#include "output/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "util/clean.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

#define LOOK_UP_MS 100	/* how long a blocked write may miss a signal */

static const struct sink_ops *const sinks[] = {
	&sink_table, &sink_jsonl, &sink_csv, &sink_openmetrics,
};

const struct sink_ops *sink_by_index(size_t i)
{
	return i < COUNT_OF(sinks) ? sinks[i] : NULL;
}

const struct sink_ops *sink_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(sinks); i++)
		if (strcmp(sinks[i]->name, name) == 0)
			return sinks[i];
	return NULL;
}

/* The loop keeps these blocked and reads them from a descriptor; here they would go unseen. */
static bool told_to_end(void)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(ending); i++)
		if (sigismember(&pending, ending[i]))
			return true;
	return false;
}

/*
 * A reader that takes its time (a pager) must not keep leaktop from being ended: poll() says that
 * a pipe has room for PIPE_BUF bytes, so a piece of that size does not block. 0 or an errno value,
 * EINTR when a signal waits that ends leaktop.
 */
static int write_patiently(int fd, const char *text, size_t n)
{
	while (n) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		size_t piece = n < PIPE_BUF ? n : PIPE_BUF;
		int rc = poll(&room, 1, LOOK_UP_MS);

		if (rc <= 0 && told_to_end())
			return EINTR;
		if (rc < 0 && errno != EINTR)
			return errno;
		if (rc <= 0)
			continue;
		if ((rc = io_write_all(fd, text, piece)) != 0)
			return rc;
		text += piece;
		n -= piece;
	}
	return 0;
}

/*
 * A line goes to the descriptor itself where there is one: when a signal interrupts a flush,
 * glibc's stdio drops what it had not written yet, and half a line is no JSON.
 */
enum lt_errc sink_write(struct sink *s, struct buf *b, struct lt_err *err)
{
	const char *to = s->options.path;
	FILE *out = s->options.out;
	char path[100];
	int fd = fileno(out);
	int rc = 0;

	errno = 0;	/* fileno() of a memory stream sets it */
	if (fd < 0 && fwrite(buf_text(b), 1, b->len, out) != b->len)
		rc = errno ? errno : EIO;
	if (rc == 0 && fflush(out) != 0)
		rc = errno ? errno : EIO;
	if (rc == 0 && fd >= 0)
		rc = write_patiently(fd, buf_text(b), b->len);
	buf_done(b);
	if (rc == 0)
		return LT_OK;
	clean_text(path, sizeof(path), to ? to : "", to ? strlen(to) : 0);
	return lt_err_set(err, LT_E_OUTPUT, rc, "writing %s%s%s", s->ops->name, to ? " to " : "",
			  path);
}

size_t sink_rows(const struct sink *s, const struct snapshot *snap)
{
	size_t top = (size_t)s->options.top;

	if (!snap->census)
		return 0;
	return s->options.top > 0 && top < snap->n_rows ? top : snap->n_rows;
}

bool sink_grown(const struct snapshot *snap)
{
	return snap->samples - snap->gaps > 1;
}

void sink_account(struct sink *s, const struct snapshot *snap)
{
	if (num_known(snap->cost.pause_us))
		s->pause_total_us += snap->cost.pause_us;
}

const char *sink_gap_code(const struct snapshot *snap)
{
	return snap->why.code == LT_OK ? "not-asked" : lt_err_info(snap->why.code)->code;
}

char *sink_gap_text(const struct snapshot *snap, char *buf, size_t size)
{
	if (snap->why.code != LT_OK)
		return lt_err_text(&snap->why, buf, size);
	snprintf(buf, size, "--readonly counts nothing");
	return buf;
}

enum lt_errc sink_no_snapshot(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	return LT_OK;
}

enum lt_errc sink_no_detach(struct sink *s, const struct snapshot *snap,
			    const struct sample_left *left, double now, struct lt_err *err)
{
	return LT_OK;
}

enum lt_errc sink_no_error(struct sink *s, const struct lt_err *what, struct lt_err *err)
{
	return LT_OK;
}

const struct sink_ops sink_nothing = {
	.name = "nothing", .attach = sink_no_snapshot, .sample = sink_no_snapshot,
	.verdict = sink_no_snapshot, .detach = sink_no_detach, .error = sink_no_error,
};
