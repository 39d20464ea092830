/* For live tests: programs of tests/targets under any Python, and samples of them. */
#ifndef LT_TESTS_LIVE_WATCHING_H
#define LT_TESTS_LIVE_WATCHING_H

#include <jansson.h>

#include "belongings.h"
#include "model/sample.h"
#include "pythons.h"
#include "session/session.h"

/*
 * Starts tests/targets/SCRIPT and waits for its first line, which it returns parsed (the caller
 * frees it with json_decref), or NULL. Scripts are copied into a root that has one, where they
 * are removed by watching_clean().
 */
json_t *watching_start(struct python_run *run, const struct python_exe *exe, const char *script,
		       const char *const *args);
void watching_clean(void);

/*
 * The same on the Python that is the usual one; skips the test where there is none or it may not
 * be watched, fails it where the script does not come up. Never NULL.
 */
json_t *watching_start_usual(struct python_run *run, const char *script, const char *const *args);

/*
 * A test on every Python that LT_PYTHON leaves: fails where `differs`, which says how much is
 * wrong, says anything but 0 of one of them. Skips the test as watching_start_usual() does.
 */
void watching_on_every_python(int (*differs)(const struct python_exe *exe, const void *arg),
			      const void *arg);

/* The leaktop under test; borrowed for ever. */
const char *watching_leaktop(void);

/* All that was written to a file in memory so far; the caller frees it. The second closes it. */
char *watching_text(int fd);
char *watching_take_text(int fd);

/* May a leaktop that is not our child look into a Python that we start? Not under Yama. */
bool watching_permitted(void);
/* Skips the test where it may not. */
void watching_need_permission(void);

/* Asks with a line on stdin and returns the answer parsed. */
json_t *watching_ask(struct python_run *run, const char *line);

/* Ends a workload and prints its report if its own checks of results and times failed. */
bool watching_stopped_well(struct python_run *run);

/* The next sample, with or without a census; NULL when the target has ended. */
const struct sample *watching_one(struct session *s);

/*
 * The next sample that has a census; tries again until one has, NULL after `tries` without.
 * Borrowed until the next call for the session. The reason of the last refusal goes to stdout.
 */
const struct sample *watching_sample(struct session *s, int tries);

/* How many objects of this type a sample has; 0 where it has no row. */
int64_t watching_count(const struct sample *s, const char *type);

/* How many whole lines a file has, 0 where there is none: a recording is awaited by that. */
int watching_lines(const char *path);

#endif
