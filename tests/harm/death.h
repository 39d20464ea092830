/* leaktop, killed while it watches. Needs a process that is a subreaper: death_prepare(). */
#ifndef LT_TESTS_HARM_DEATH_H
#define LT_TESTS_HARM_DEATH_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"

/* Orphans of a leaktop that was killed come to us. */
void death_prepare(void);
/* One leaktop for each step of a borrowing, killed there. false: the target is harmed. */
bool death_at_every_step(struct cell_run *r);
/*
 * `kills` leaktops, each killed at some time, its borrower, or both. A leaktop that is left alone
 * comes by now and then and must be able to count.
 */
bool death_at_any_time(struct cell_run *r, int kills, uint64_t seed);

#endif
