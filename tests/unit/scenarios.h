/*
 * Made-up histories of a count, for the table of doc/verdict.md: how each of 27 programs looks to
 * somebody who counts its objects once a second. Same seed, same history.
 */
#ifndef LT_TESTS_SCENARIOS_H
#define LT_TESTS_SCENARIOS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/ratchet.h"

struct scenario_run {			/* a history under way */
	double t, length_s;		/* now, and the whole */
	uint64_t random;		/* state */
	double x, y;			/* what the scenario remembers */
	bool collected;			/* a full collection since the last call */
};

struct scenario {
	const char *name;
	double noise;			/* standard deviation of what comes and goes */
	double gc_s;			/* between full collections; 0: none */
	double missing;			/* share of samples without a count */
	double (*count)(struct scenario_run *run, double step_s);
};

extern const struct scenario scenarios[], short_scenarios[];
extern const int scenarios_n, short_scenarios_n;

struct scenario_result {
	enum ratchet_word end;
	bool ever_leak, ever_suspect;
	double leak_s, suspect_s;	/* when it was first shown; NAN never */
	double end_s;			/* since when the word at the end is shown */
	struct ratchet_reason reason;
};

struct scenario_plan {
	double length_s, step_s, confirm_s;
	double uptime_s;		/* of the target when it is first seen */
	bool gc_off;
};

void scenario_play(const struct scenario *s, const struct scenario_plan *plan, uint64_t seed,
		   struct scenario_result *ret);

#endif
