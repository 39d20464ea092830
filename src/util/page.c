#include "config.h"
#include "util/page.h"

#include <unistd.h>

uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t page_up(uint64_t n)
{
	uint64_t page = page_bytes();

	return (n + page - 1) / page * page;
}
