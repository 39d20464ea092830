/*
 * The processes of this machine that look like Python, by the name of their program or by what they
 * have mapped; a list for people to choose from, not a proof. In steps of bounded time, for there
 * may be thousands of processes and some have maps of megabytes. What a process was found to be is
 * remembered: the next round reads one small file of each.
 */
#ifndef LT_PROC_CANDIDATES_H
#define LT_PROC_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct candidate {
	pid_t pid;
	uint64_t start_ticks;		/* with the PID it names the process for good */
	int64_t rss_bytes;
	double start_wall_s;
	char user[40];
	char python[16];		/* what a file's name tells: "3.11", "" unknown */
	char where[48];			/* container_name() */
	char command[256];		/* cleaned */
};

struct candidates;

struct candidates *candidates_new(void);
void candidates_free(struct candidates *c);

/* Goes on with the round, or begins one; true: it is complete. Stops within a few milliseconds
 * after budget_ns. */
bool candidates_step(struct candidates *c, int64_t budget_ns);

/* Of the last complete round, by PID; borrowed until the next step. */
const struct candidate *candidates_list(const struct candidates *c, size_t *ret_n);
/* Processes seen in that round, kernel threads included. */
size_t candidates_seen(const struct candidates *c);

/* "python3.11", "libpython3.11.so.1.0", "_json.cpython-311-x86_64-linux-gnu.so": is it Python's,
 * and of which version ("" where the name has none)? */
bool candidates_name(const char *name, size_t n, char *version, size_t size);

#endif
