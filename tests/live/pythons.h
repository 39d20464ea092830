/*
 * The Pythons of this machine, for live tests: pyenv's versions, the system's python3, and those
 * in the chroots below ${LEAKTOP_ROOTS:-/var/tmp/leaktop-roots} (as root only). A Python that was
 * started dies with the test that started it.
 */
#ifndef LT_TESTS_LIVE_PYTHONS_H
#define LT_TESTS_LIVE_PYTHONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct python_exe {
	char name[64];			/* "pyenv 3.8.18", "/usr/bin/python3", "sid python3.14" */
	char path[256];			/* as seen inside root */
	char root[256];			/* chroot directory, "" for none */
};

/* Every Python found, in a fixed order; borrowed, the same array in every call. */
size_t pythons_list(const struct python_exe **ret);

/* One of them, where one is enough: the system's, else the last found; NULL where there is none. */
const struct python_exe *pythons_usual(void);

/*
 * Its shared library and what PYTHONHOME must be for that; false where it has none, or in a root.
 * size is that of both.
 */
bool pythons_library(const struct python_exe *exe, char *home, char *library, size_t size);

/* Does LT_PYTHON, part of a name, leave this one? Without it every Python is wanted. */
bool python_wanted(const struct python_exe *exe);

/* The same; but without it only one whose name has one of `parts`, which end with NULL. */
bool python_chosen(const struct python_exe *exe, const char *const *parts);

struct python_run {			/* zero it to begin */
	pid_t pid;			/* of the Python itself; 0: not running */
	int in, out;			/* pipes to its stdin and from its stdout */
	char *text;			/* owned: what came and was not a whole line yet */
	size_t n, taken;
};

/* Runs `exe -u -c script args...` (args may be NULL, else NULL terminated). */
bool python_start(struct python_run *run, const struct python_exe *exe, const char *script,
		  const char *const *args);

/* Any other program in the same way; argv[0] is its path. */
bool python_start_program(struct python_run *run, const char *root, const char *const *argv);

/*
 * The next line of its stdout without the newline, borrowed until the next call; NULL when it
 * ended, closed stdout or said nothing for minutes.
 */
const char *python_line(struct python_run *run);

/* Writes to its stdin. */
bool python_say(struct python_run *run, const char *text);

/* SIGKILL by PID, wait, free. Returns the wait status; fine on one that is not running. */
int python_stop(struct python_run *run);

/* For a test that fails: what has become of it, in words; borrowed until the next call. */
const char *python_fate(const struct python_run *run);

/* Waits for it to end by itself (after python_say or a signal) and frees. */
int python_wait(struct python_run *run);

#endif
