#include "config.h"
#include "util/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*exhausted_hook)(void);

void mem_on_exhausted(void (*hook)(void))
{
	exhausted_hook = hook;
}

static void *checked(void *p)
{
	static const char text[] = "leaktop: out of memory\n"
				   "leaktop: free some memory, or watch with --top and -b\n";

	if (p)
		return p;
	if (exhausted_hook)
		exhausted_hook();
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

void *mem_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *mem_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;

	return memset(checked(whole < size ? NULL : aligned_alloc(page, whole ? whole : page)), 0,
		      whole);
}

void *mem_array(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *mem_resize(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return checked(NULL);
	return checked(realloc(p, n && size ? n * size : 1));
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

void *mem_dup(const void *p, size_t size)
{
	return memcpy(mem_alloc(size), p, size);
}
