/*
 * A stopped thread waits for whoever has stopped it, so nobody does that who gets the CPU later
 * than the process itself would: beside programs that compute, one stop by a leaktop at nice 19
 * took 0.4 s. leaktop may be as nice as its user wants; the borrower, for its moments, is not.
 */
#ifndef LT_INJECT_PRIORITY_H
#define LT_INJECT_PRIORITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/err.h"

/*
 * Does this process have the priority of pid's main thread, or may it take it? Else LT_E_NICE.
 * LT_E_CPU_LIMIT: a limit that is not pid's, too, may take its CPU away in the midst of a stop.
 */
enum lt_errc priority_ask(pid_t pid, struct lt_err *err);

/* Takes it for the calling process, for good. false: it was not allowed to. */
bool priority_take(pid_t pid);

#endif
