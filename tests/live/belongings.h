/* What a process has, as text: for a comparison of before and after. */
#ifndef LT_TESTS_LIVE_BELONGINGS_H
#define LT_TESTS_LIVE_BELONGINGS_H

#include <stdbool.h>
#include <sys/types.h>

/* Everything a process has that must not change: its maps, threads, files, signal masks. */
struct belongings {
	char *maps, *threads, *fds, *signals;	/* owned text */
};
void belongings_take(pid_t pid, struct belongings *ret);
void belongings_free(struct belongings *b);
/* Prints what differs as TAP comments. true: nothing. */
bool belongings_equal(const struct belongings *before, const struct belongings *after);

#endif
