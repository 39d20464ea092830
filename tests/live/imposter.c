/*
 * A program that exports what a CPython exports and lies about the rest, for the refusals of
 * python_find: imposter free-threaded|future|prerelease|unready|traced|garbage. Says "up".
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default"), used))

#define TYPE(name)		\
	extern char name[1024];	\
	EXPORT char name[1024]

#define FUNCTION(name)		\
	extern void name(void);	\
	EXPORT void name(void)	\
	{			\
	}

FUNCTION(PyGILState_Ensure)
FUNCTION(PyGILState_Release)
FUNCTION(PyGILState_GetThisThreadState)
FUNCTION(Py_AddPendingCall)
FUNCTION(PyInterpreterState_Head)
TYPE(PyType_Type);
TYPE(PyList_Type);
TYPE(PyTuple_Type);
TYPE(PyDict_Type);
TYPE(PySet_Type);
TYPE(PyFrozenSet_Type);
TYPE(PyByteArray_Type);
TYPE(PyUnicode_Type);
TYPE(PyLong_Type);
extern char _PyRuntime[65536];
EXPORT char _PyRuntime[65536];
extern uint64_t Py_Version;
EXPORT uint64_t Py_Version;

static void put(char *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void lie(const char *what)
{
	if (strcmp(what, "free-threaded") == 0) {
		Py_Version = 0x030d00f0;
		memcpy(_PyRuntime, "xdebugpy", 8);
		put(_PyRuntime + 8, Py_Version);
		put(_PyRuntime + 16, 1);
	} else if (strcmp(what, "future") == 0) {
		Py_Version = 0x032000f0;
	} else if (strcmp(what, "prerelease") == 0) {
		Py_Version = 0x030f00a3;
	} else if (strcmp(what, "unready") == 0) {
		Py_Version = 0x030b07f0;
	} else if (strcmp(what, "traced") == 0) {
		Py_Version = 0x030b07f0;
		put(PyType_Type + 0x18, (uint64_t)(uintptr_t)PyType_Type);
	} else if (strcmp(what, "garbage") == 0) {	/* every pointer leads into itself */
		Py_Version = 0x030b07f0;
		for (size_t i = 0; i + 8 <= sizeof(_PyRuntime); i += 8)
			put(_PyRuntime + i, (uint64_t)(uintptr_t)_PyRuntime);
		put(_PyRuntime + 0x10, 1);		/* initialized, */
		put(_PyRuntime + 0x18, 0);		/* not finalizing */
	}
}

int main(int argc, char **argv)
{
	lie(argc > 1 ? argv[1] : "");
	if (write(1, "up\n", 3) != 3)
		return 1;
	for (;;)
		pause();
}
