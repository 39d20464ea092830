#include "config.h"
#include "ui/tags.h"

#include <string.h>

#include "util/num.h"

static size_t place_of(const struct tags *t, uint32_t id)
{
	size_t i = 0;

	while (i < t->n && t->id[i] != id)
		i++;
	return i;
}

bool tags_has(const struct tags *t, uint32_t id)
{
	return place_of(t, id) < t->n;
}

bool tags_toggle(struct tags *t, uint32_t id)
{
	size_t at = place_of(t, id);

	if (at < t->n)
		t->id[at] = t->id[--t->n];
	else if (t->n < TAGS_MAX)
		t->id[t->n++] = id;
	else
		return false;
	return true;
}

void tags_gather(const struct tags *t, struct snapshot_row *rows, size_t n)
{
	size_t top = 0;

	for (size_t i = 0; i < n && top < t->n; i++) {
		struct snapshot_row row = rows[i];

		if (!tags_has(t, row.id))
			continue;
		memmove(&rows[top + 1], &rows[top], (i - top) * sizeof(*rows));
		rows[top++] = row;
	}
}

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;

	if (!num_known(a) || !num_known(b) || __builtin_add_overflow(a, b, &sum))
		return LT_UNKNOWN;
	return sum;
}

void tags_sum(const struct tags *t, const struct snapshot *snap, struct tags_sum *ret)
{
	*ret = (struct tags_sum){0};
	for (size_t i = 0; i < snap->n_rows && ret->n < t->n; i++) {
		if (!tags_has(t, snap->rows[i].id))
			continue;
		ret->n++;
		ret->count_delta = add(ret->count_delta, snap->rows[i].count_delta);
		ret->bytes_delta = add(ret->bytes_delta, snap->rows[i].bytes_delta);
	}
}
