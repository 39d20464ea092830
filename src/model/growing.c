#include "config.h"
#include "model/growing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/holding_text.h"

#define EACH_MOST 8		/* objects that an item has */
#define STEP_AGREES 0.15	/* of the rate: the two are of different spans of time */

const struct growing_container *growing_with(const struct growing *g, double per_second)
{
	const struct growing_container *found = NULL;
	double least = EACH_MOST + 1;

	for (size_t i = 0; g && i < g->n; i++) {
		double each = g->list[i].length_rate > 0 ? per_second / g->list[i].length_rate : 0;
		double whole = round(each);

		if (whole < 1 || whole >= least || !(fabs(each - whole) <= STEP_AGREES * whole))
			continue;
		least = whole;
		found = &g->list[i];
	}
	return found;
}

/* In the words of a path's container. */
char *growing_container(const struct growing_container *c, char *buf, size_t size)
{
	struct holding_path p = {.length = c->length, .length_rate = c->length_rate};

	memcpy(p.container, c->type, sizeof(p.container));
	return holding_text_container(&p, buf, size);
}

char *growing_text(const struct growing_container *c, bool values, char *buf, size_t size)
{
	char what[HOLDING_NAME + 64];

	snprintf(buf, size, "%s  %s", values ? c->shown : c->path,
		 growing_container(c, what, sizeof(what)));
	return buf;
}
