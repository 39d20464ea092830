/*
 * Searches for holders, between the samples: the model says what to search, the session searches in
 * slices, the model gets what was found. The loop calls this; it keeps no state of its own.
 */
#ifndef LT_CLI_SEARCHING_H
#define LT_CLI_SEARCHING_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"
#include "session/session.h"

/* When searching_advance is to be called; INT64_MAX: not before the next sample. */
int64_t searching_due_ns(struct session *s);
/* Goes on with a search. true: it ended, there is something new to draw. */
bool searching_advance(struct session *s, struct model *m);
/* After a sample: reads the containers that were found, and begins a search where one is due. */
void searching_sample(struct session *s, struct model *m, int64_t mono_ns);
/* The user asks for a type, or wants it no more. */
void searching_ask(struct session *s, struct model *m, const char *type);
void searching_stop(struct session *s, struct model *m);
/* Before the last verdict: a few seconds per type, until stop says so. */
void searching_last(struct session *s, struct model *m, bool (*stop)(void *arg), void *arg);

#endif
