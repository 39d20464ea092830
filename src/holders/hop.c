#include "config.h"

#include "holders/hop.h"

#include "target/pyobj.h"

bool hop_is_same(const struct hop *a, const struct hop *b)
{
	bool same = a->type == b->type && a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->words[i].at == b->words[i].at &&
		       a->words[i].before == b->words[i].before;
	return same;
}

bool hop_next(const struct remote *r, const struct hop *h, uint64_t object, uint64_t *ret)
{
	uint64_t at = object;

	for (size_t i = 0; i < h->n; i++) {
		if (!remote_u64(r, at + (uint64_t)h->words[i].at, &at) || !at)
			return false;
		at -= (uint64_t)h->words[i].before;
	}
	at &= ~PYOBJ_TAGS;
	if (!pyobj_refs(r, at, h->type->type))
		return false;
	*ret = at;
	return true;
}

bool hop_leads(const struct remote *r, const struct hop *h, uint64_t from, uint64_t to,
	       unsigned most)
{
	uint64_t at = from;

	if (!pyobj_refs(r, from, h->type->type))
		return false;
	while (at != to)
		if (!most-- || !hop_next(r, h, at, &at))
			return false;
	return true;
}
