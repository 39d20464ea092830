/* Which Python an ELF object is, by data alone: the row of its layout and its main interpreter. */
#ifndef LT_TARGET_VERSION_H
#define LT_TARGET_VERSION_H

#include "target/image.h"
#include "target/python.h"

/*
 * Fills version_hex, version, layout, interp of *py; needs remote and sym. LT_E_VERSION where no
 * known version fits, LT_E_UNREADY where there is no interpreter yet, LT_E_FREE_THREADED,
 * LT_E_LAYOUT where 3.13+'s own table of offsets contradicts ours.
 */
enum lt_errc version_find(struct python *py, const struct image *image, struct lt_err *err);

/* sys.hexversion, read from the interpreter's sysdict with the row given. */
bool version_sys_hex(const struct python *py, uint64_t interp, const struct layout *row,
		     uint32_t *ret);

#endif
