#include "config.h"
#include "inject/fault.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[FAULT_COUNT] = {
#define X(name) #name,
	FAULT_POINTS(X)
#undef X
};

const char *fault_name(enum fault_point point)
{
	return (unsigned)point < FAULT_COUNT ? names[point] : NULL;
}

/* "NAME", or "NAME:3" for the third time that this process comes there; a '!' behind it. */
static bool is_meant(const char *wanted, enum fault_point point)
{
	static int times[FAULT_COUNT];
	const char *name = fault_name(point);
	size_t n = strlen(name);

	if (strncmp(wanted, name, n) != 0 || (wanted[n] != '\0' && !strchr(":!", wanted[n])))
		return false;
	return ++times[point] >= (wanted[n] == ':' ? atoi(wanted + n + 1) : 1);
}

void fault_at(enum fault_point point)
{
	const char *wanted = getenv("LEAKTOP_FAULT");

	if (!wanted || !is_meant(wanted, point))
		return;
	if (strchr(wanted, '!'))
		kill(getppid(), SIGKILL);
	raise(SIGKILL);
}
