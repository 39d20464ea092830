/* What every cmocka test begins with. Test names are sentences: they are the documentation. */
#ifndef LT_TESTS_TEST_H
#define LT_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka 2 has a name for each sign, and warns of the one that both versions have. */
#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range assert_uint_in_range
#undef stop		/* a place to break at: a name that tests want for themselves */
#endif

/* Ends the running test as skipped and says why (TAP takes '#' lines as comments). */
#define SKIP(...)                                      \
	do {                                           \
		printf("# skipped: " __VA_ARGS__);     \
		printf("\n");                          \
		fflush(stdout);                        \
		skip();                                \
	} while (0)

#endif
