#include "config.h"
#include "ui/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/buf.h"

#define PATIENCE_MS 10			/* for a terminal that reads at all ... */
#define PIECES 16			/* ... and how often */

static struct {
	int terminal;			/* borrowed */
	FILE *stream;			/* owned; ncurses writes to its fd, not through it */
	int memory;			/* owned; -1: none, frames go straight out */
	int line;			/* the terminal once more, as open_line says */
	struct buf rest;		/* what the line has not taken, from `out` on */
	size_t out;
} frame = {-1, NULL, -1, -1, {NULL, 0, 0}, 0};

/*
 * O_NONBLOCK belongs to the open file, which is the shell's too: so the terminal is opened once
 * more. Where that is not permitted (after su) writes may block, as everybody's do.
 */
static int open_line(int fd)
{
	char path[40];
	int line;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	line = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return line < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : line;
}

FILE *frame_open(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	frame.terminal = fd;
	frame.stream = own < 0 ? NULL : fdopen(own, "w");
	if (!frame.stream && own >= 0)
		close(own);
	frame.line = frame.stream ? open_line(fd) : -1;
	if (frame.line >= 0)
		frame.memory = memfd_create("leaktop-frame", MFD_CLOEXEC);
	return frame.stream;
}

void frame_close(void)
{
	if (frame.stream)
		fclose(frame.stream);
	if (frame.memory >= 0)
		close(frame.memory);
	if (frame.line >= 0)
		close(frame.line);
	buf_done(&frame.rest);
	frame.stream = NULL;
	frame.memory = frame.line = -1;
	frame.out = 0;
}

static void write_rest(void)
{
	while (frame.out < frame.rest.len) {
		ssize_t n = write(frame.line, frame.rest.data + frame.out,
				  frame.rest.len - frame.out);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)		/* the terminal is gone, as the loop will learn */
			break;
		frame.out += (size_t)n;
	}
	buf_clear(&frame.rest);
	frame.out = 0;
}

/* A sound line takes a frame in pieces, each as soon as the one before has been read. */
void frame_put(const void *bytes, size_t n)
{
	struct pollfd line = {.fd = frame.line, .events = POLLOUT};

	buf_put(&frame.rest, bytes, n);
	write_rest();
	for (int i = 0; i < PIECES && frame.rest.len; i++) {
		if (poll(&line, 1, PATIENCE_MS) != 1 || line.revents != POLLOUT)
			break;
		write_rest();
	}
}

bool frame_flush(void)
{
	struct pollfd line = {.fd = frame.line, .events = POLLOUT};

	write_rest();
	return frame.rest.len == 0 && poll(&line, 1, 0) == 1 && (line.revents & POLLOUT);
}

void frame_begin(void)
{
	if (frame.memory < 0)
		return;
	(void)lseek(frame.memory, 0, SEEK_SET);
	(void)dup3(frame.memory, fileno(frame.stream), O_CLOEXEC);
}

/* The two descriptors share their offset, so it says how much ncurses has written. */
void frame_end(void)
{
	off_t size;
	void *bytes;

	if (frame.memory < 0)
		return;
	(void)dup3(frame.terminal, fileno(frame.stream), O_CLOEXEC);
	size = lseek(frame.memory, 0, SEEK_CUR);
	if (size <= 0)
		return;
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, frame.memory, 0);
	if (bytes == MAP_FAILED)
		return;
	frame_put(bytes, (size_t)size);
	munmap(bytes, (size_t)size);
}
