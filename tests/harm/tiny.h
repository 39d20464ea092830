/* The smallest programs that can be: one ELF header, one segment, a call that waits for ever. */
#ifndef LT_TESTS_HARM_TINY_H
#define LT_TESTS_HARM_TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A 64-bit (wide) or 32-bit static program that dies with the test; -1: it cannot be run here. */
pid_t tiny_start(bool wide);

/* What this CPU runs, in tiny_CPU.c: 64-bit code, and that of its predecessor. */
#define TINY_CODE_MOST 32
struct tiny_code {
	uint16_t machine;		/* EM_* */
	uint32_t flags;			/* e_flags */
	uint8_t code[TINY_CODE_MOST];
};
extern const struct tiny_code tiny_wide, tiny_narrow;

#endif
