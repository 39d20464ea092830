/*
 * gc.collect() in the target: asked for by the user, begun when no count is in the way, over when
 * the target has answered or did not come by in time. Embedded in a session; zeroed: none.
 */
#ifndef LT_SESSION_COLLECT_H
#define LT_SESSION_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "census/census.h"
#include "model/sample.h"

struct collect {
	bool wanted;			/* asked for */
	bool begun;			/* and left to the census */
	int64_t give_up_ns;		/* when it is no longer tried to begin */
};

/* Does nothing where one is under way. */
void collect_ask(struct collect *c);
/* true: it is over; *ret without before and after. Call it until then, now and then. */
bool collect_advance(struct collect *c, struct census *census, struct sample_collect *ret);

#endif
