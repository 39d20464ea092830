/*
 * Which Pythons run here, and what would refuse them: candidates by their names, then what
 * preflight and their memory tell, none of which stops or writes to a process (I7). In steps of
 * bounded time, as candidates are.
 */
#ifndef LT_SESSION_ROSTER_H
#define LT_SESSION_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/processes.h"

struct roster;

struct roster *roster_new(void);
void roster_free(struct roster *r);

/* Goes on; true: everything is up to date, and the next step looks at all processes anew. Stops
 * soon after budget_ns, but for a process that takes long to look into (3 s at most). */
bool roster_step(struct roster *r, int64_t budget_ns);

/* Only processes whose user, command, version or place match (pattern.h; a leading '!': do not);
 * "" all. false and the reason in msg: as it was. */
bool roster_filter(struct roster *r, const char *text, char *msg, size_t size);

/* What is known now; borrowed until the next call of this. */
const struct processes *roster_list(struct roster *r);

#endif
