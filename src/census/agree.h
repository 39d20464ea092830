/*
 * May the scan be believed? Its counts are held against those of a walk, which is exact for what
 * the collector tracks.
 */
#ifndef LT_CENSUS_AGREE_H
#define LT_CENSUS_AGREE_H

#include <stdbool.h>
#include <stddef.h>

#include "census/counted.h"

#define AGREE_LEAST 1000u	/* types with fewer instances say nothing */
#define AGREE_SHARE 100u	/* 1/100 */

/*
 * Does each type of the walk have as many objects in the scan, within 1 %? More are fine where
 * the collector does not track every one (tuples, dicts: PyTuple and PyDict are untracked while
 * they hold nothing that could be in a cycle). false: what differs most, in words, in why.
 */
bool agree(const struct census_result *scan, const struct census_result *walk, char *why,
	   size_t size);

#endif
