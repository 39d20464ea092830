#include "config.h"
#include "session/keeps.h"

#include <string.h>

#include "util/clean.h"

static void take_text(char *to, size_t size, const char *from)
{
	clean_text(to, size, from, strlen(from));
}

/* The heaviest part that has no line yet, but whose parent has; in->n: none. */
static size_t next_of(const struct inside *in, const bool *chosen)
{
	size_t best = in->n;

	for (size_t i = 1; i < in->n; i++) {
		if (chosen[i] || in->parts[i].parent >= i || !chosen[in->parts[i].parent])
			continue;
		if (best == in->n || in->parts[i].retained > in->parts[best].retained)
			best = i;
	}
	return best;
}

static void take_part(const struct inside *in, size_t i, const bool *chosen,
		      struct holding_part *to)
{
	const struct inside_part *from = &in->parts[i];

	*to = (struct holding_part){
		.depth = from->depth,
		.bytes = from->retained,
		.length = from->length,
		.shared = from->shared,
	};
	take_text(to->name, sizeof(to->name), from->name);
	take_text(to->shown, sizeof(to->shown), from->shown);
	take_text(to->type, sizeof(to->type), from->type);
	for (size_t k = i + 1; k < in->n; k++)
		if (chosen[k] && in->parts[k].parent == i)
			to->bytes -= in->parts[k].retained;
}

void keeps_choose(const struct inside *in, struct holding_inside *ret)
{
	bool chosen[INSIDE_PARTS] = {true};
	size_t n = 1, next;

	*ret = (struct holding_inside){0};
	if (in->n == 0)
		return;
	for (; n < HOLDING_PARTS && (next = next_of(in, chosen)) < in->n; n++)
		chosen[next] = true;
	for (size_t i = 0; i < in->n; i++)
		if (chosen[i])
			take_part(in, i, chosen, &ret->parts[ret->n++]);
	ret->address = in->parts[0].address;
	ret->bytes = in->parts[0].retained;
	ret->incomplete = in->incomplete;
	ret->untold = in->untold + in->n - ret->n;
}

void keeps_read(const struct python *py, uint64_t object, const char *type,
		struct holding_inside *ret)
{
	struct inside in;

	*ret = (struct holding_inside){0};
	if (object && inside_read(py, object, type, &in, NULL) == LT_OK)
		keeps_choose(&in, ret);
}
