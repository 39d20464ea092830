#include "config.h"
#include "output/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clean.h"
#include "util/mem.h"

static enum lt_errc failed(const struct outfile *f, int sys_errno, const char *what,
			   struct lt_err *err)
{
	char path[100];

	clean_text(path, sizeof(path), f->path, strlen(f->path));
	return lt_err_set(err, LT_E_OUTPUT, sys_errno, "%s%s", path, what);
}

/* ".NAME.XXXXXX" beside it: hidden, and without the ending that a collector of files looks for. */
static char *temp_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct buf b = {0};
	char *temp;

	buf_put(&b, path, (size_t)(name - path));
	buf_printf(&b, ".%s.XXXXXX", name);
	temp = mem_strdup(buf_text(&b));
	buf_done(&b);
	return temp;
}

/* As if it were made by open(2), or like the one that it replaces. */
static mode_t mode_like(const struct stat *old)
{
	mode_t mask = umask(0);

	umask(mask);
	return old ? old->st_mode & 0777 : 0666 & ~mask;
}

enum lt_errc outfile_begin(struct outfile *f, const char *path, struct lt_err *err)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	int fd;

	*f = (struct outfile){.path = path};
	if (there && !S_ISREG(st.st_mode))
		return failed(f, 0, " is no regular file", err);
	if (!there && errno != ENOENT)
		return failed(f, errno, "", err);
	f->temp = temp_name(path);
	fd = mkostemp(f->temp, O_CLOEXEC);
	if (fd < 0) {
		int why = errno;

		free(f->temp);
		f->temp = NULL;
		return failed(f, why, "", err);
	}
	(void)fchmod(fd, mode_like(there ? &st : NULL));
	f->out = fdopen(fd, "w");
	if (f->out)
		return LT_OK;
	close(fd);
	outfile_drop(f);
	return failed(f, ENOMEM, "", err);
}

enum lt_errc outfile_commit(struct outfile *f, bool durable, struct lt_err *err)
{
	int why = 0;

	if (!f->temp)
		return LT_OK;
	if (ferror(f->out))
		why = EIO;
	else if (fflush(f->out) != 0 || (durable && fsync(fileno(f->out)) < 0))
		why = errno;
	if (fclose(f->out) != 0 && why == 0)
		why = errno;
	f->out = NULL;
	if (why == 0 && rename(f->temp, f->path) < 0)
		why = errno;
	if (why) {
		outfile_drop(f);
		return failed(f, why, "", err);
	}
	free(f->temp);
	f->temp = NULL;
	return LT_OK;
}

void outfile_drop(struct outfile *f)
{
	if (f->out)
		fclose(f->out);
	if (f->temp)
		(void)unlink(f->temp);
	free(f->temp);
	f->out = NULL;
	f->temp = NULL;
}
