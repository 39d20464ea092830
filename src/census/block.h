/*
 * The helper's block before it is asked for anything: what it must know of this Python, and where
 * its index and table lie.
 */
#ifndef LT_CENSUS_BLOCK_H
#define LT_CENSUS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/abi.h"
#include "target/python.h"

/*
 * visit: not by lists, even where these would do. Returns how many bytes the block takes with its
 * index and table, whole pages; 0 with errno where the lock of pending calls cannot be read.
 */
uint64_t block_fill(const struct python *py, bool visit, uint32_t max_types,
		    struct agent_block *ret);

#endif
