/*
 * Parts of a test in processes of their own, several at a time: most of them wait. A failed
 * assertion in one ends it and counts; what it printed stands.
 */
#ifndef LT_TESTS_HARM_POOL_H
#define LT_TESTS_HARM_POOL_H

#include <stdbool.h>
#include <stddef.h>

/* Runs work(arg, i) for each i below n. How many were false or died. */
size_t pool_run(size_t n, size_t at_once, bool (*work)(void *arg, size_t i), void *arg);
/* The same, until is_over() says so or n are done. */
size_t pool_run_while(size_t n, size_t at_once, bool (*work)(void *arg, size_t i), void *arg,
		      bool (*is_over)(void));

#endif
