/* The smallest programs that can be: one ELF header, one segment, pause() for ever. x86 only. */
#ifndef LT_TESTS_HARM_TINY_H
#define LT_TESTS_HARM_TINY_H

#include <stdbool.h>
#include <sys/types.h>

/* A 64-bit (wide) or 32-bit static program that dies with the test; -1: it cannot be run here. */
pid_t tiny_start(bool wide);

#endif
