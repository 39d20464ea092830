/*
 * Full names of types by address. A type may die and another take its place: an entry is only
 * believed while the name that the helper copied under the GIL is the same.
 */
#ifndef LT_CENSUS_NAMES_H
#define LT_CENSUS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/abi.h"
#include "target/python.h"

struct names;

struct names *names_new(void);
void names_free(struct names *n);
void names_clear(struct names *n);

/*
 * A small number that stands for the full name; equal names have equal numbers. Valid until
 * names_trim. Reads the target only for types not seen before.
 */
size_t names_of(struct names *n, const struct python *py, const struct agent_type *type);
const char *names_text(const struct names *n, size_t number);
size_t names_count(const struct names *n);	/* numbers are 0 .. count-1 */
/*
 * At the beginning of a sample. Forgets all once there are very many (a program that makes types
 * without end). Names that take too long to find now, in a target that is made so, come later.
 */
void names_trim(struct names *n);
/* The same for those who keep the numbers: nothing is forgotten. */
void names_begin(struct names *n);
/* Has the full name of the type at this address been found? */
bool names_known(const struct names *n, uint64_t type);

#endif
