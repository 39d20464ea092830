/* What one object keeps alive, read from outside and cut down to the lines of a screen. */
#ifndef LT_SESSION_KEEPS_H
#define LT_SESSION_KEEPS_H

#include <stdint.h>

#include "holders/inside.h"
#include "model/holding.h"
#include "target/python.h"

/* The object of that type at the address; ret->address is 0 where it is no more, or is 0 itself. */
void keeps_read(const struct python *py, uint64_t object, const char *type,
		struct holding_inside *ret);
/* The heaviest parts, as many as there are lines, in the order of in; those shared come last. */
void keeps_choose(const struct inside *in, struct holding_inside *ret);

#endif
