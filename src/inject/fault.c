#include "config.h"
#include "inject/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FAULT_COUNT] = {
#define X(name) #name,
	FAULT_POINTS(X)
#undef X
};

const char *fault_name(enum fault_point point)
{
	return (unsigned)point < FAULT_COUNT ? names[point] : NULL;
}

void fault_at(enum fault_point point)
{
	const char *wanted = getenv("LEAKTOP_FAULT");

	if (wanted && !strcmp(wanted, fault_name(point)))
		raise(SIGKILL);
}
