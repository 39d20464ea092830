/*
 * A crowd: roots of one kind, of which each holds few of the objects - a task for each request, a
 * class or a module for each plugin, a context for each call. That one of them holds one object is
 * true and tells nothing: the answer is who holds the tasks. So they are roots no more, and the
 * search goes on above them; where nothing is found there, that there are many is what is told.
 */
#ifndef LT_HOLDERS_CROWD_H
#define LT_HOLDERS_CROWD_H

#include <stdbool.h>

#include "holders/graph.h"
#include "holders/roots.h"

/*
 * Looks at the nearest root of each sample, of which graph_measure() knows the distance. true:
 * there was a crowd, and distances are to be measured again.
 */
bool crowd_find(struct graph *g, const struct roots *r);
/* Is it a call under way that most of the samples are nearest to? */
bool crowd_in_calls(const struct graph *g);
/* What is above them was looked for: those without a holder become roots again. true: some did. */
bool crowd_restore(struct graph *g);

#endif
