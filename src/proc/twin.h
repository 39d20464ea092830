/*
 * The successor of a process that has ended: another one of the same user that runs the same
 * program with the same arguments, as a service manager starts it again.
 */
#ifndef LT_PROC_TWIN_H
#define LT_PROC_TWIN_H

#include <sys/types.h>

struct twin;

/* What tells the process, while it lives. NULL where that cannot be read, or it has no command
 * line. Caller frees with twin_free. */
struct twin *twin_new(pid_t pid);
void twin_free(struct twin *t);

/* The youngest such process, 0 where there is none. Reads a file or two of each process. */
pid_t twin_find(const struct twin *t);

#endif
