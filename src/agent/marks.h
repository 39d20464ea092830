/*
 * Bookmarks: what keeps the place in a gc list while the program runs between two slices of a walk.
 * They lie in leaktop's block; ring.c makes them, links them and takes them out.
 */
#ifndef LT_AGENT_MARKS_H
#define LT_AGENT_MARKS_H

#include <stdint.h>

#define AGENT_LISTS 4		/* generations 0, 1, 2 and the permanent one */

/*
 * A bookmark: a gc head and an empty list of the target's, for what the collector or the program
 * may make of it. Four per list, and the canary (ring.c).
 */
#define AGENT_MARK_WORDS 10
struct agent_mark { uint64_t word[AGENT_MARK_WORDS]; };
enum agent_role { AGENT_HEAD, AGENT_LO, AGENT_HI, AGENT_TAIL, AGENT_ROLES };
#define AGENT_CANARY (AGENT_LISTS * AGENT_ROLES)
#define AGENT_MARKS (AGENT_CANARY + 1)
#define AGENT_MARK_REFS 0x10000000u	/* of each but the canary, which has 1 */

#endif
