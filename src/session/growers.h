/*
 * Which containers grow, and what leads to them: passes over the heap now and then, and after
 * one that found some a search for their paths. In slices; reads only.
 */
#ifndef LT_SESSION_GROWERS_H
#define LT_SESSION_GROWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/growing.h"
#include "target/python.h"

struct growers;

struct growers *growers_new(const struct python *py);	/* py is borrowed */
void growers_free(struct growers *g);

/* Is the next pass due? */
bool growers_due(const struct growers *g, int64_t now_ns);
/* false: it cannot be begun. */
bool growers_begin(struct growers *g, int64_t now_ns);
/* true: it has ended, and growers_found() is new. */
bool growers_step(struct growers *g, int64_t budget_ns);
void growers_abandon(struct growers *g);
const struct growing *growers_found(const struct growers *g);

#endif
