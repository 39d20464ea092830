#include "config.h"
#include "proc/figures_ops.h"

/*
 * For the viewer in one file: libproc2 opens libnuma with dlopen(), which a static program must not
 * do on a machine with another libc. So it never starts, and the files of /proc stand in for it.
 */
static enum lt_errc nolibrary_new(void **ret, struct lt_err *err)
{
	return lt_err_set(err, LT_E_SYS, 0, "built without a procps library");
}

const struct figures_ops figures_library = {.name = "no library", .new = nolibrary_new};
