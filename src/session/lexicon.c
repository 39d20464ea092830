#include "config.h"
#include "session/lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

void lexicon_done(struct lexicon *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	free(t->v);
	free(t->slots);
	*t = (struct lexicon){0};
}

/* FNV-1a from a start that differs per run: who makes a recording does not choose what collides. */
static uint64_t hash_of(const struct lexicon *t, const char *name)
{
	uint64_t h = 0xcbf29ce484222325u ^ ((uint64_t)(uintptr_t)t >> 4);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return h ^ h >> 32;
}

static size_t slot_of(const struct lexicon *t, const char *name)
{
	size_t at = hash_of(t, name) & (t->n_slots - 1);

	while (t->slots[at] && strcmp(t->v[t->slots[at] - 1], name) != 0)
		at = (at + 1) & (t->n_slots - 1);
	return at;
}

static void grow_slots(struct lexicon *t)
{
	free(t->slots);
	t->n_slots = t->n_slots ? t->n_slots * 2 : 1024;
	t->slots = mem_array(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++)
		t->slots[slot_of(t, t->v[i])] = (uint32_t)i + 1;
}

uint32_t lexicon_id(struct lexicon *t, const char *name)
{
	size_t at;

	if ((t->n + 1) * 2 > t->n_slots)
		grow_slots(t);
	at = slot_of(t, name);
	if (t->slots[at])
		return t->slots[at] - 1;
	if (t->n >= LEXICON_MAX && strcmp(name, LEXICON_OTHER) != 0)
		return lexicon_id(t, LEXICON_OTHER);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 512;
		t->v = mem_resize(t->v, t->cap, sizeof(*t->v));
	}
	t->v[t->n] = mem_strdup(name);
	t->slots[at] = (uint32_t)++t->n;
	return (uint32_t)t->n - 1;
}

size_t lexicon_count(const struct lexicon *t)
{
	return t->n;
}

const char *lexicon_of(const struct lexicon *t, uint32_t id)
{
	return t->v[id];
}
