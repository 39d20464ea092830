/* The verdict on the process in one line that a person can act on. */
#ifndef LT_OUTPUT_SUMMARY_H
#define LT_OUTPUT_SUMMARY_H

#include "model/snapshot.h"
#include "util/buf.h"

/* "LEAK __main__.Connection +12.4/s and 2 types in step with it", appended to b; no newline. */
void summary_put(const struct snapshot *snap, struct buf *b);

#endif
