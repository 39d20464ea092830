/* The C library of the target: where its text is and which objects are no place to interrupt. */
#ifndef LT_TARGET_CLIB_H
#define LT_TARGET_CLIB_H

#include "target/image.h"
#include "target/python.h"

/* Fills errno_location, text[] and nogo[] of *py; what is not found stays 0. */
void clib_find(const struct images *images, const struct maps *maps, struct python *py);

/* *ret as messages want it: the span of the object and its cleaned path. */
void clib_object(const struct image *image, struct python_object *ret);

#endif
