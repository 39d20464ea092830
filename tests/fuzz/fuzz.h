/*
 * What every fuzzer has: one function that takes any bytes and must come back, soon and without a
 * complaint of a sanitizer. libFuzzer calls it (configure --enable-fuzzers), else replay.c does.
 */
#ifndef LT_TESTS_FUZZ_H
#define LT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert(), in every build: what is promised of any input. */
#define PROMISE(condition)               \
	do {                             \
		if (!(condition))        \
			abort();         \
	} while (0)

#endif
