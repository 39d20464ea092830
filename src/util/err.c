#include "config.h"
#include "util/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct lt_err_info infos[LT_E_COUNT] = {
	[LT_OK] = {"OK", "ok", "no error", "", 0},
#define X(name, exit, code, cause, remedy) [LT_E_##name] = {#name, code, cause, remedy, exit},
	LT_ERRORS(X)
#undef X
};

enum lt_errc lt_err_set(struct lt_err *err, enum lt_errc code, int sys_errno, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->sys_errno = sys_errno;
	va_start(ap, fmt);
	vsnprintf(err->detail, sizeof(err->detail), fmt, ap);
	va_end(ap);
	return code;
}

const struct lt_err_info *lt_err_info(enum lt_errc code)
{
	if ((unsigned)code >= LT_E_COUNT)
		code = LT_E_SYS;
	return &infos[code];
}

bool lt_err_goes_on(enum lt_errc code)
{
	return code != LT_OK && lt_err_info(code)->exit_status == 0;
}

char *lt_err_text(const struct lt_err *err, char *buf, size_t size)
{
	const char *cause = lt_err_info(err->code)->cause;
	const char *sep = err->detail[0] ? ": " : "";

	if (err->sys_errno)
		snprintf(buf, size, "%s%s%s (%s)", cause, sep, err->detail,
			 strerror(err->sys_errno));
	else
		snprintf(buf, size, "%s%s%s", cause, sep, err->detail);
	return buf;
}
