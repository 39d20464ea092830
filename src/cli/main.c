#include "config.h"

#include <stdio.h>

int main(void)
{
	puts("leaktop " PACKAGE_VERSION_TEXT);
	return 0;
}
