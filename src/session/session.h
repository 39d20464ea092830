/*
 * A source of samples: live, or later a recording. Never blocks: it is asked for a sample and
 * offers a descriptor to poll until the sample is there, so the screen stays alive while a busy
 * target keeps leaktop waiting.
 */
#ifndef LT_SESSION_SESSION_H
#define LT_SESSION_SESSION_H

#include <stdbool.h>

#include "census/census.h"
#include "model/sample.h"
#include "util/err.h"

struct search;
struct session;

struct session_options {
	bool readonly;			/* never stop or write into the target */
	enum census_mode census;
	int64_t max_pause_ns;		/* no slice of a walk longer than that; 0: in one */
	double max_cpu;			/* of a core, for counting: 0.02 = 2 %; 0: no limit */
	int64_t call_deadline_ns;	/* how long one sample may wait for the target */
};

enum session_step {
	SESSION_WAIT,			/* poll session_fd() and call session_advance again */
	SESSION_SAMPLE,			/* *ret is it, borrowed until the next session_ call */
	SESSION_ENDED,			/* the target has ended: no more samples */
};

/*
 * Everything that can refuse is checked here, before the target is touched (I7). What refuses to
 * be read, or is no Python that can be watched, fails; a refusal to be borrowed does not:
 * samples have no types then, until it is over.
 */
enum lt_errc session_open_live(pid_t pid, const struct session_options *options,
			       struct session **ret, struct lt_err *err);
const struct sample_target *session_target(const struct session *s);

/* Why the main thread is not borrowed at present; code LT_OK: it may be, or --readonly. */
const struct lt_err *session_refusal(const struct session *s);

/* Begins the next sample; does nothing while one is under way. */
void session_request(struct session *s);
bool session_busy(const struct session *s);
/* Poll it for reading whenever session_busy(); it may change with every sample. -1: nothing. */
int session_fd(const struct session *s);
/* Polls readable when the target ends, at any time. -1 where the kernel has no pidfd. */
int session_end_fd(const struct session *s);
enum session_step session_advance(struct session *s, const struct sample **ret);

/*
 * Who holds the objects of a type: a search beside the samples, in slices, that touches nothing.
 * One at a time; another one takes its place. NULL: there is nothing to search in.
 */
struct search *session_search(struct session *s);

/*
 * gc.collect() in the target, because the user asked: takes seconds, or as long as the main thread
 * does not come back to Python code; called off after half a minute of that. LT_OK: call
 * session_collected() now and then. Anything else: it may not be done here, and why.
 */
enum lt_errc session_collect(struct session *s, struct lt_err *err);
/* true, once: it is over, one way or the other; before and after are the caller's to add. */
bool session_collected(struct session *s, struct sample_collect *ret);

/* Removes everything from the target (waits for a call still under way, bounded), compares. */
void session_detach(struct session *s, struct sample_left *ret);
void session_free(struct session *s);

#endif
