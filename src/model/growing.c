#include "config.h"
#include "model/growing.h"

#include <stdio.h>
#include <string.h>

#include "model/holding_text.h"

/* In the words of a path's container. */
char *growing_text(const struct growing_container *c, bool values, char *buf, size_t size)
{
	struct holding_path p = {.length = c->length, .length_rate = c->length_rate};
	char what[HOLDING_NAME + 64];

	memcpy(p.container, c->type, sizeof(p.container));
	snprintf(buf, size, "%s  %s", values ? c->shown : c->path,
		 holding_text_container(&p, what, sizeof(what)));
	return buf;
}
