/*
 * What a word of an object means to whoever asks who holds something: a reference, a borrowed
 * pointer, or the remains of what was in the block before.
 */
#ifndef LT_HOLDERS_REFS_H
#define LT_HOLDERS_REFS_H

#include <stdbool.h>
#include <stdint.h>

#include "holders/roots.h"
#include "holders/typebook.h"
#include "target/frames.h"

#define REFS_MODULE_DICT 0x10	/* PyModuleObject.md_dict, the same in 2.7 and every 3.x */
#define REFS_DICT_BEFORE -24	/* managed dict, 3.11+: MANAGED_DICT_OFFSET */

/* Words are told by `at`, their place from the object's address; it may be negative. */

/*
 * May this word of the owner hold that target? What is known not to be a reference is left out:
 * weak ones, links of lists, the type. target NULL: a block that is no object.
 */
bool refs_holds(const struct roots *r, const struct typed *owner, uint64_t object, int64_t at,
		const struct typed *target);
/*
 * The object refers by its word at `at` to the block that has the address `word` in it. Is this
 * one that it uses, or is it beyond its length, where remains are?
 */
bool refs_uses(const struct roots *r, const struct typed *t, uint64_t object, int64_t at,
	       uint64_t word);
/* The same of a word in the table of a dict: behind its entries are remains. */
bool refs_in_dict(const struct roots *r, uint64_t dict, uint64_t word);
/* Has an object of this type a name of its own, that is held by this word? */
bool refs_is_root(const struct roots *r, const struct typed *owner, uint64_t object, int64_t at,
		  const struct typed *target);

/* Generator, coroutine or asynchronous generator; t may be NULL. */
bool refs_is_generator(const struct typed *t);
/* Which place of a generator's or frame object's own frame it is; LAYOUT_NONE: none. */
int64_t refs_frame_slot(const struct frames_layout *f, const struct typed *t, int64_t at);
/* Where the frame of a frame object or generator begins. */
uint64_t refs_frame(const struct frames_layout *f, const struct typed *t, uint64_t object);
/* 3.11, 3.12: an instance's values are a block of their own. 0: it has none. */
uint64_t refs_values(const struct roots *r, const struct typed *t, uint64_t object);
/* The same for any instance: from the object on; LAYOUT_NONE: it has none. */
int64_t refs_length_in(const struct python *py, const struct typed *t);
/* Where the length of a container is read; 0: it has none. */
uint64_t refs_length_at(const struct roots *r, uint64_t object, const struct typed *t);
/* len() of a container; LT_UNKNOWN where it has none. */
int64_t refs_length(const struct roots *r, uint64_t object, const struct typed *t);

#endif
