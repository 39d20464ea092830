/*
 * What a process has, before and after: its threads and its open files by number. leaktop makes
 * neither; this is how it checks.
 */
#ifndef LT_SESSION_RESIDUE_H
#define LT_SESSION_RESIDUE_H

#include <sys/types.h>

#include "model/sample.h"

struct residue;

struct residue *residue_take(pid_t pid);	/* NULL where /proc cannot be read */
void residue_free(struct residue *r);

/*
 * threads and fds: 0 when nothing is there now that was not there before. Where something is, the
 * target may well have made it itself: LT_UNKNOWN. All 0 when the process is gone. maps: untouched.
 */
void residue_compare(const struct residue *before, struct sample_left *ret);

#endif
