/*
 * A target made of a fuzzer's input. Programs linked with memory.c have their own
 * process_vm_readv, so target/remote.c runs as it is; no process is looked at.
 */
#ifndef LT_TESTS_FUZZ_MEMORY_H
#define LT_TESTS_FUZZ_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_BASE 0x10000000ull

/*
 * From now on [MEMORY_BASE, MEMORY_BASE + span) holds the bytes, over and over again until it is
 * full; all else is not mapped. Borrows them. A short input can so fill a large struct.
 */
void memory_set(const uint8_t *bytes, size_t n, size_t span);

/* Reads since memory_set: what a hostile target can make leaktop do. */
size_t memory_reads(void);

#endif
