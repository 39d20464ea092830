/*
 * What the harm tests share: processes that die with the test, waiting for a state, and leaktop
 * run as a user runs it.
 */
#ifndef LT_TESTS_HARM_H
#define LT_TESTS_HARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject/gadget.h"
#include "inject/tracee.h"
#include "proc/status.h"
#include "tests/live/patience.h"
#include "tests/live/pythons.h"

#define HARM_NOBODY 65534

/* Calls is(arg) again and again until it is true; false after patience_s(). */
bool harm_wait(bool (*is)(void *arg), void *arg);

/* Zeroed memory that this process shares with the children it forks from now on. */
void *harm_shared(size_t size);
void harm_unshare(void *p, size_t size);

/* A child that runs fn(arg) and exits 0; anybody may trace it, and it dies with the test. */
pid_t harm_fork(void (*fn)(void *arg), void *arg);
void harm_end(pid_t pid);		/* SIGKILL and reap */
int harm_reap(pid_t pid);		/* waits for its end; the wait status */

/* A program with its stdout and stderr on a pipe each. */
struct harm_program {
	pid_t pid;
	int out, err;
	char line[4096];		/* of a sample with its first types */
};
/* env: "NAME=VALUE" put into its environment, or NULL. uid != 0: as that user and group. */
struct harm_program harm_start(const char *const argv[], const char *env, uid_t uid);
/* The same with a stdin of its own; otherwise that is /dev/null. */
struct harm_program harm_start_on(const char *const argv[], const char *env, uid_t uid, int in);
struct harm_how {
	const char *const *env;		/* "NAME=VALUE"s, NULL terminated; or NULL */
	uid_t uid;			/* != 0: as that user and group */
	int in;				/* its stdin */
	const char *root, *dir;		/* chroot and working directory; NULL: as the test's */
};
struct harm_program harm_start_as(const char *const argv[], const struct harm_how *how);
/* The next line of stdout without its newline; NULL at the end or after the deadline. */
const char *harm_line(struct harm_program *p);
void harm_kill(struct harm_program *p);		/* SIGKILL, reap, close */

/*
 * Is this one to be tested? One of each kind of interpreter in the CI size, all with
 * LT_HARM_PYTHONS=all; of those that LT_PYTHON names, if it is set.
 */
bool harm_chooses(const struct python_exe *exe);
/* The chosen ones outside of roots, by number; NULL behind the last. Borrowed for ever. */
const char *harm_next_python(size_t number);
/* tests/harm/target.py KIND run by it. */
struct harm_program harm_python(const char *python, const char *kind);

/* leaktop run to its end. */
struct harm_result {
	int exit_status;		/* 128 + N: killed by signal N */
	char out[1 << 18], err[2048];	/* cut where longer; terminated */
	size_t err_lines;
};
/* args: what follows "leaktop"; NULL terminated, at most 12. */
void harm_leaktop(const char *const args[], const char *env, uid_t uid, struct harm_result *ret);
/* Any other program run to its end; argv[0] is looked for in PATH. */
void harm_run(const char *const argv[], struct harm_result *ret);
/* leaktop without waiting for its end. */
struct harm_program harm_leaktop_start(const char *const args[], const char *env, uid_t uid);
/* One clean sample with types in it? Prints what went wrong as a comment. */
bool harm_sample(pid_t pid);

/* Fails the test where there is no such process. */
struct status harm_status(pid_t pid);
/* A child that pid's main thread has started, 0: none. *ret_n, if wanted: how many, at most 2. */
pid_t harm_child(pid_t pid, int *ret_n);
/* Waits until nobody traces pid and it is not stopped; false if that does not come. */
bool harm_wait_free(pid_t pid);
/* Waits until pid is asleep inside a system call; its number, or -1. */
long harm_wait_blocked(pid_t pid);

/* The two runs of instructions that a call needs, from any text that is mapped in pid. */
struct gadgets harm_gadgets(pid_t pid);
enum lt_errc harm_seize(struct tracee *t, pid_t pid, struct lt_err *err);
/* SEIZE, INTERRUPT, repair: as inject/borrow.c does. repair false: leaves EINTR as it is. */
enum lt_errc harm_stop(struct tracee *t, pid_t pid, bool repair, struct lt_err *err);
/*
 * The same, and mmap and munmap of a page called on the thread; then it is let go. sig, if not 0,
 * is sent to it while it is stopped.
 */
enum lt_errc harm_call(pid_t pid, const struct gadgets *gadgets, int sig, struct lt_err *err);

/* The same numbers in every run. */
uint64_t harm_random(uint64_t *seed);
int harm_setting(const char *name, int value);	/* a positive number from the environment */

#endif
