/*
 * Pythons in namespaces, containers and foreign roots: ways to start tests/harm/ns_target.py
 * there, to find it from outside and to talk to it.
 */
#ifndef LT_TESTS_HARM_NS_H
#define LT_TESTS_HARM_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "harm.h"
#include "tests/live/pythons.h"

#define NS_ARGS_MAX 40

/* podman takes limits from its caller that it may not have itself */
#define NS_PODMAN "podman", "run", "-i", "--rm", "--runtime", "runc", "--network", "none", \
		  "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"

struct ns_way {
	const char *test;		/* the name of its test */
	const char *tool;		/* a program that it needs beside argv[0]; or NULL */
	uid_t uid;			/* who starts it and leaktop; 0: root */
	const char *argv[NS_ARGS_MAX];	/* in front of the Python; % stands for its root, @ for a
					   name that no other run has */
	const char *meanwhile;		/* done to it as root by a shell, $0 its PID; or NULL */
};

struct ns_run {				/* zero it to begin */
	struct harm_program program;	/* what argv[0] became: the target itself, or its keeper */
	pid_t pid;			/* of the target, as this process sees it; 0: not found */
	int in;				/* its stdin */
	bool up;			/* there is something to end */
	char name[64];
	char out[1024], err[2048];	/* all that it said so far */
	int status;			/* as waitpid() gives it, once it has ended */
};

/* Skips the test unless this is root, there are such Pythons, and the way has its tools. */
size_t ns_need(const struct ns_way *way, const struct python_exe **ret);

/* The Pythons in other roots (LT_PYTHON chooses); borrowed, the same in every call. */
size_t ns_foreign(const struct python_exe **ret);

/*
 * Starts the target and waits for its "ready". false: it did not come up; run->err has its reason.
 * Fails the test where not even a process can be made.
 */
bool ns_start(struct ns_run *run, const struct ns_way *way, const struct python_exe *exe);

/* Sends one command, or none (NULL). The answer, which is in run->out as well; "" for no answer. */
const char *ns_ask(struct ns_run *run, const char *command);

/*
 * Leads it through a life of some commands, to its end. watch: leaktop, run by way->uid, looks
 * while it stands still, again after `meanwhile`, and while it computes; what it counts must be
 * true, and a target that stands still must have afterwards what it had. false, and said why: it
 * was not so.
 */
bool ns_lead(struct ns_run *run, const struct ns_way *way, bool watch);

/* Sends "end" and waits for the end: out, err and status are whole then. */
void ns_end(struct ns_run *run);

/* Ends what is left of it; fine on a run that has ended or never began. */
void ns_kill(struct ns_run *run);

/* Is this what an unwatched run said, wrote to stderr and ended with? Prints what differs. */
bool ns_equal(const struct ns_run *unwatched, const struct ns_run *watched);

/* Does leaktop's JSON count what the target says of itself ("Kept 1000 Part 2000")? */
bool ns_is_true(const char *json, const char *truth);

/* The same of a leaktop run by uid. A sample at a bad moment is followed by another one. */
bool ns_counts(pid_t pid, uid_t uid, const char *truth);

/*
 * The lines of /proc/PID/status with state, tracer, signals, and how often it was scheduled: a
 * thread that was stopped has run since. The caller frees it.
 */
char *ns_status(pid_t pid);

/* Text of several lines as comments for TAP. */
void ns_comment(const char *what, const char *text);

#endif
