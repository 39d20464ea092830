/*
 * Names by number, each kept once: the types of a recording. Bounded: the first LEXICON_MAX get a
 * number each, all later ones share that of LEXICON_OTHER. Private to session/. Zero it to begin,
 * lexicon_done() to end; owns the names.
 */
#ifndef LT_SESSION_LEXICON_H
#define LT_SESSION_LEXICON_H

#include <stddef.h>
#include <stdint.h>

#define LEXICON_MAX 20000			/* what the model keeps, see model/types.h */
#define LEXICON_OTHER "(other types)"

struct lexicon {
	char **v;			/* owned */
	size_t n, cap;
	uint32_t *slots;		/* owned: a hash table, number + 1; 0 free */
	size_t n_slots;			/* a power of two */
};

void lexicon_done(struct lexicon *t);
uint32_t lexicon_id(struct lexicon *t, const char *name);
size_t lexicon_count(const struct lexicon *t);
/* Valid until lexicon_done(). */
const char *lexicon_of(const struct lexicon *t, uint32_t id);

#endif
