/*
 * A workload of tests/harm/workloads.py under one Python, compared with itself: once in peace, once
 * with leaktop about. What it says on stdout and stderr, its exit status, and what it owns must not
 * tell which was which. The workload itself compares what only it can see (its state()).
 */
#ifndef LT_TESTS_HARM_CELL_H
#define LT_TESTS_HARM_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "harm.h"
#include "proc/status.h"
#include "tests/live/belongings.h"
#include "tests/live/pythons.h"
#include "util/buf.h"

struct cell {
	const struct python_exe *python;
	const char *kind;
	const char *suffix;	/* of the interpreter: the d of a debug build; NULL */
	const char *flags[5];	/* for the interpreter, NULL terminated */
	const char *env;	/* "NAME=VALUE" or NULL */
	bool still;		/* nothing in it moves: what it owns is compared byte by byte */
	bool mortal;		/* leaktop will be killed */
	bool elusive;		/* a count may not come through in time */
	bool more_code;		/* executable memory may appear: a JIT makes it, or ours stays
				   because no harmless moment came */
};

struct cell_run {		/* zeroed: none */
	const struct cell *cell;
	struct harm_program program;
	int in;				/* its stdin: the end of it ends the run */
	char dir[300];			/* its working directory, empty */
	bool skipped;
	struct status before;
	struct belongings belongings;	/* where still */
	size_t code_pages;		/* executable memory without a file, at first */
};

struct cell_end {		/* what is compared */
	struct buf out, err;		/* owned */
	int status;			/* of waitpid() */
};

/* Starts it and waits until it is at work. false: it is not, or skipped, and said why. */
bool cell_begin(struct cell_run *r, const struct cell *cell);
/* Is it as it was when it began, neither stopped nor traced? Waits for that; prints what is not. */
bool cell_unharmed(struct cell_run *r);
/* Ends it. */
void cell_end(struct cell_run *r, struct cell_end *ret);
void cell_end_free(struct cell_end *e);
bool cell_equal(const struct cell *cell, const struct cell_end *alone, const struct cell_end *seen);

/* Executable pages without a file now: leaktops that were killed leave one each. */
size_t cell_code_pages(pid_t pid);

/*
 * The whole of it: a run in peace, a run with watch(run, arg) called in its midst, the comparison.
 */
enum cell_proof { CELL_HARMED, CELL_FINE, CELL_SKIPPED };
enum cell_proof cell_prove(const struct cell *cell, bool (*watch)(struct cell_run *r, void *arg),
			   void *arg);

/* Prints a comment about a cell: its name, text, a newline. */
void cell_print(const struct cell *c, const char *text);

/* leaktop of it: how many samples, how many of them counted, what it says is left at the end. */
struct cell_watch {
	int samples, counted;
	int answered;			/* counted, or the helper came to say why it could not: a
					   program that freezes its objects without a pause turns
					   the lists around faster than they are walked */
	bool maps_left;			/* the next leaktop takes them back */
	bool more_left;			/* in a still one: threads, files */
};
bool cell_leaktop(struct cell_run *r, int samples, struct cell_watch *ret);
/*
 * One leaktop after the other, until the helper has answered; or until no mapping of theirs is
 * there any more, which may be so after the `last` one: harmless moments may be rare, and those in
 * which both it and leaktop have a CPU.
 */
bool cell_countable(struct cell_run *r);
bool cell_clearable(struct cell_run *r, const struct cell_watch *last);

/*
 * The Pythons to be tested, roots included: those that LT_PYTHON names, else all. At most `max`;
 * how many.
 */
size_t cell_pythons(const struct python_exe *ret[], size_t max);
/* One of each kind of interpreter, as harm_next_python() chooses. */
size_t cell_chosen_pythons(const struct python_exe *ret[], size_t max);

#endif
