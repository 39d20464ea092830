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

/* "NAME", or "NAME:3" for the third time that this process comes there; behind it more. */
static bool is_meant(const char *wanted, enum fault_point point)
{
	static int times[FAULT_COUNT];
	const char *name = fault_name(point);
	size_t n = strlen(name);

	if (strncmp(wanted, name, n) != 0 || (wanted[n] != '\0' && !strchr(":!>,", wanted[n])))
		return false;
	return ++times[point] == (wanted[n] == ':' ? atoi(wanted + n + 1) : 1);
}

static void happen(const char *wanted, size_t n)
{
	const char *victim = memchr(wanted, '>', n);

	if (victim) {
		kill(atoi(victim + 1), SIGUSR1);
		return;
	}
	if (memchr(wanted, '!', n))
		kill(getppid(), SIGKILL);
	raise(SIGKILL);
}

void fault_at(enum fault_point point)
{
	const char *wanted = getenv("LEAKTOP_FAULT");

	while (wanted) {
		size_t n = strcspn(wanted, ",");

		if (is_meant(wanted, point))
			happen(wanted, n);
		wanted = wanted[n] ? wanted + n + 1 : NULL;
	}
}
