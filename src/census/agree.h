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
 * Does each type of the walk have as many objects as in one of the two scans, or a number between
 * these, within 1 %? The program goes on from one count to the next: what grows was less in the
 * scan before the walk and is more in the one after it. after NULL: there was none yet.
 * More are fine in a scan where the collector does not track every one (tuples, dicts: PyTuple and
 * PyDict are untracked while they hold nothing that could be in a cycle). false: what differs
 * most, in words, in why.
 */
bool agree(const struct census_result *before, const struct census_result *after,
	   const struct census_result *walk, char *why, size_t size);

#endif
