#include "config.h"
#include "ui/frame.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/io.h"

static struct {
	int terminal;			/* borrowed */
	FILE *stream;			/* owned; ncurses writes to its fd, not through it */
	int memory;			/* owned; -1: none, frames go straight out */
} frame = {-1, NULL, -1};

FILE *frame_open(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	frame.terminal = fd;
	frame.stream = own < 0 ? NULL : fdopen(own, "w");
	if (!frame.stream && own >= 0)
		close(own);
	if (frame.stream)
		frame.memory = memfd_create("leaktop-frame", MFD_CLOEXEC);
	return frame.stream;
}

void frame_close(void)
{
	if (frame.stream)
		fclose(frame.stream);
	if (frame.memory >= 0)
		close(frame.memory);
	frame.stream = NULL;
	frame.memory = -1;
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
	(void)io_write_all(frame.terminal, bytes, (size_t)size);
	munmap(bytes, (size_t)size);
}
