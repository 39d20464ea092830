/* A program that exports what libpypy exports. Says "up". */
#include "config.h"

#include <unistd.h>

extern int pypy_main_startup(int argc, char **argv);

__attribute__((visibility("default"), used)) int pypy_main_startup(int argc, char **argv)
{
	return argc;
}

int main(void)
{
	if (write(1, "up\n", 3) != 3)
		return 1;
	for (;;)
		pause();
}
