/* Error messages of the command line: one line of cause, one of remedy, on stderr. */
#ifndef LT_CLI_COMPLAIN_H
#define LT_CLI_COMPLAIN_H

#include "util/err.h"

/* Prints and returns the exit status that belongs to the error. */
int complain(const struct lt_err *err);

/* The same of a refusal that does not end leaktop (lt_err_goes_on). */
void complain_readonly(const struct lt_err *err);

#endif
