/* Reading machine code of the target: one code_CPU.c each, chosen by the makefile. */
#ifndef LT_TARGET_CODE_H
#define LT_TARGET_CODE_H

#include <stddef.h>
#include <stdint.h>

/* The variable that n bytes of code, which lie at `at`, load first by its address; 0: none. */
uint64_t code_first_load(const unsigned char *code, size_t n, uint64_t at);

#endif
