#include "config.h"
#include "proc/username.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "util/clean.h"

bool username_find(uid_t uid, char *dst, size_t size)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *pw = NULL;

	if (!file)
		return false;
	while ((pw = fgetpwent(file)) && pw->pw_uid != uid)
		;
	if (pw)
		clean_text(dst, size, pw->pw_name, strlen(pw->pw_name));
	fclose(file);
	return pw != NULL;
}
