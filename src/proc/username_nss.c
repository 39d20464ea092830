#include "config.h"
#include "proc/username.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clean.h"
#include "util/mem.h"

bool username_find(uid_t uid, char *dst, size_t size)
{
	long hint = sysconf(_SC_GETPW_R_SIZE_MAX);
	size_t len = hint > 0 ? (size_t)hint : 1024;
	struct passwd pw, *found = NULL;
	char *text = mem_alloc(len);

	if (getpwuid_r(uid, &pw, text, len, &found) == 0 && found)
		clean_text(dst, size, pw.pw_name, strlen(pw.pw_name));
	else
		found = NULL;
	free(text);
	return found != NULL;
}
