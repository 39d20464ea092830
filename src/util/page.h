/* The size of a page, which the kernel chooses: 4 KiB on x86-64; 4, 16 or 64 on aarch64. */
#ifndef LT_UTIL_PAGE_H
#define LT_UTIL_PAGE_H

#include <stdint.h>

uint64_t page_bytes(void);
/* n in whole pages, in bytes. */
uint64_t page_up(uint64_t n);

#endif
