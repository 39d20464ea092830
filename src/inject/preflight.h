/*
 * What can refuse, asked of /proc before the first ptrace call (I7). Nothing here stops, signals or
 * writes to the target.
 */
#ifndef LT_INJECT_PREFLIGHT_H
#define LT_INJECT_PREFLIGHT_H

#include <sys/types.h>

#include "util/err.h"

/*
 * May the process be looked into at all? LT_E_GONE, _ZOMBIE, _KTHREAD, _PERM_UID, _PERM_DUMPABLE,
 * _PERM_YAMA, _PERM.
 */
enum lt_errc preflight_read(pid_t pid, struct lt_err *err);

/*
 * May its main thread be borrowed now? Also LT_E_TRACED, _STOPPED, _SECCOMP, _SHSTK: reasons that
 * still leave everything that --readonly shows.
 */
enum lt_errc preflight_inject(pid_t pid, struct lt_err *err);

#endif
