/*
 * --output FILE: what is written grows in a file beside it and takes its name when it is whole, so
 * that a reader sees the old contents or the new ones, and a full disk or a refusal leaves the old.
 * Embedded: zero it to begin, outfile_drop() to end. Owns its stream; borrows the path.
 */
#ifndef LT_OUTPUT_OUTFILE_H
#define LT_OUTPUT_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "util/err.h"

struct outfile {
	const char *path;
	char *temp;		/* owned; NULL: none is begun */
	FILE *out;		/* to write to */
};

/*
 * Begins a new one. LT_E_OUTPUT where the file could not be replaced: its folder is not there or
 * not writable, or it is no regular file (a device, a folder), which a rename would destroy.
 */
enum lt_errc outfile_begin(struct outfile *f, const char *path, struct lt_err *err);

/*
 * Puts it in its place, and with `durable` on the disk first, so that not even a power cut leaves
 * half of it. On LT_E_OUTPUT what was begun is gone.
 */
enum lt_errc outfile_commit(struct outfile *f, bool durable, struct lt_err *err);

/* Removes what was begun; fine where nothing was. */
void outfile_drop(struct outfile *f);

#endif
