/*
 * Errors. A function that can fail for more than one reason returns enum lt_errc and takes
 * struct lt_err * last. The error lives in the caller's frame and owns nothing; it is written
 * only on failure. Only cli/ and ui/ show messages.
 */
#ifndef LT_UTIL_ERR_H
#define LT_UTIL_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "util/err_codes.h"

enum lt_errc {
	LT_OK,
#define X(name, exit, code, cause, remedy) LT_E_##name,
	LT_ERRORS(X)
#undef X
	LT_E_COUNT
};

struct lt_err {
	enum lt_errc code;
	int sys_errno;		/* 0 where no system call failed */
	char detail[160];	/* what was tried, already cleaned for a terminal; may be empty */
};

/* One row of LT_ERRORS; `code` is the word in JSON. */
struct lt_err_info {
	const char *name, *code, *cause, *remedy;
	int exit_status;
};

/* Sets *err (where not NULL) and returns code, so that `return lt_err_set(...)` reads well. */
enum lt_errc lt_err_set(struct lt_err *err, enum lt_errc code, int sys_errno, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Never NULL: an unknown code gets the row of LT_E_SYS. */
const struct lt_err_info *lt_err_info(enum lt_errc code);

/*
 * A refusal to borrow the main thread: leaktop goes on, read-only, and tries again. Not so with
 * the refusals to be read and the errors, which end it, nor with what hinders a single count.
 */
bool lt_err_goes_on(enum lt_errc code);

/* "cause: detail (strerror)" in one line without a newline. Returns buf. */
char *lt_err_text(const struct lt_err *err, char *buf, size_t size);

#endif
