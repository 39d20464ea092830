/*
 * Checked memory: these never return NULL. Out of memory ends the viewer after the hook set with
 * mem_on_exhausted (the one that restores the terminal) has run. Memory is freed with free().
 */
#ifndef LT_UTIL_MEM_H
#define LT_UTIL_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);				/* zeroed */
/*
 * The same, from the start of a page on: where memory of a process is copied to. The kernel copies
 * page by page, and does so a tenth faster where both pages begin alike.
 */
void *mem_pages(size_t size);
void *mem_array(size_t n, size_t size);			/* zeroed, multiplication checked */
void *mem_resize(void *p, size_t n, size_t size);	/* an array; new part not zeroed */
char *mem_strdup(const char *s);
void *mem_dup(const void *p, size_t size);
void mem_on_exhausted(void (*hook)(void));

/* `struct x *p = MEM_NEW(struct x);` */
#define MEM_NEW(type) ((type *)mem_alloc(sizeof(type)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
