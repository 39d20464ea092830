#include "config.h"
#include "session/reading.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PIECE (64u << 10)

/* A regular file always polls readable, so only a pipe, a socket or a terminal can wait. */
static enum reading_step read_more(struct reading *r, struct lt_err *err)
{
	struct pollfd in = {.fd = r->fd, .events = POLLIN};
	char piece[PIECE];
	ssize_t n;

	if (poll(&in, 1, 0) == 0)
		return READING_WAIT;
	n = read(r->fd, piece, sizeof(piece));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return READING_WAIT;
	if (n < 0) {
		lt_err_set(err, LT_E_SYS, errno, "reading the recording");
		return READING_FAILED;
	}
	r->eof = n == 0;
	buf_put(&r->buf, piece, (size_t)n);
	return READING_LINE;
}

/* What was read already makes room, once it is more than what is left. */
static void make_room(struct reading *r)
{
	size_t left = r->buf.len - r->at;

	if (r->at == 0 || left > r->at)
		return;
	memmove(r->buf.data, r->buf.data + r->at, left);
	r->buf.len = left;
	r->at = 0;
}

static enum reading_step give(struct reading *r, size_t n, size_t step, const char **ret,
			      size_t *ret_n)
{
	*ret = r->buf.data + r->at;
	*ret_n = n;
	r->at += step;
	r->seen = 0;
	r->line++;
	return READING_LINE;
}

enum reading_step reading_next(struct reading *r, const char **ret, size_t *ret_n,
			       struct lt_err *err)
{
	for (;;) {
		size_t left = r->buf.len - r->at;
		const char *from = left ? r->buf.data + r->at : NULL;
		const char *end = NULL;
		enum reading_step step;

		if (left > r->seen)
			end = memchr(from + r->seen, '\n', left - r->seen);
		if (end)
			return give(r, (size_t)(end - from), (size_t)(end - from) + 1, ret, ret_n);
		r->seen = left;
		if (left > READING_LINE_MAX) {
			r->line++;
			lt_err_set(err, LT_E_DAMAGED, 0, "it is longer than %u MiB",
				   READING_LINE_MAX >> 20);
			return READING_FAILED;
		}
		r->cut = r->eof && left > 0;
		if (r->cut)
			return give(r, left, left, ret, ret_n);
		if (r->eof)
			return READING_END;
		make_room(r);
		if ((step = read_more(r, err)) != READING_LINE)
			return step;
	}
}

void reading_done(struct reading *r)
{
	if (r->fd >= 0)
		close(r->fd);
	buf_done(&r->buf);
	r->fd = -1;
}
