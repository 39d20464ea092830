/*
 * What forbids to borrow a thread and can only be asked of one that is stopped: seccomp filters,
 * and system calls that the program catches itself. Asked in every stop before anything else.
 */
#ifndef LT_INJECT_POLICY_H
#define LT_INJECT_POLICY_H

#include "inject/tracee.h"

/*
 * LT_OK, LT_E_SECCOMP, LT_E_DISPATCH, LT_E_SHSTK. *now: the registers of the stopped thread; where
 * a filter might not let its wait go on under another number it does not (arch_stop.h), also on
 * failure. collects: the helper will ask for its PID, too.
 * *ret_filters: how many filters were read and let waits go on; 0 if there are none, or not.
 */
enum lt_errc policy_ask(struct tracee *t, struct arch_state *now, bool collects, int *ret_filters,
			struct lt_err *err);

/*
 * A filter need not know restart_syscall, and may kill for it. In the stop leaktop keeps such a
 * wait from that; if leaktop died before, nobody would. So the first stop, in which the filter is
 * read, is not made there: in *now, with `filters` of them read so far.
 */
bool policy_stop_may_kill(pid_t pid, const struct status_syscall *now, int filters);

#endif
