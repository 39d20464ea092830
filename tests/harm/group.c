#include "config.h"
#include "group.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[256];

bool group_put(const char *file, const char *text)
{
	char path[300];
	bool done;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "we");
	if (!f)
		return false;
	done = fputs(text, f) >= 0;
	return fclose(f) == 0 && done;
}

const char *group_make(const struct group_kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		snprintf(dir, sizeof(dir), "%s/leaktop-test-%d", kinds[i].parent, getpid());
		if (mkdir(dir, 0755) == 0 && group_put(kinds[i].file, kinds[i].text))
			return dir;
		group_remove();
	}
	return NULL;
}

void group_remove(void)
{
	if (dir[0])
		rmdir(dir);
	dir[0] = '\0';
}
