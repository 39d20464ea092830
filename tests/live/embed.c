/*
 * embed LIBRARY HOME: a program that is no Python and loads one as a plugin, as uwsgi and gdb do.
 * Says "up" when it is initialized.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void (*initialize)(int);
	void *library;

	if (argc != 3 || setenv("PYTHONHOME", argv[2], 1) != 0)
		return 2;
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&initialize = dlsym(library, "Py_InitializeEx");
	if (!initialize)
		return 1;
	initialize(0);
	if (write(1, "up\n", 3) != 3)
		return 1;
	for (;;)
		pause();
}
