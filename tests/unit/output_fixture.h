/* A snapshot to write: a small leaking server after three samples, and what a sink made of it. */
#ifndef LT_TESTS_OUTPUT_FIXTURE_H
#define LT_TESTS_OUTPUT_FIXTURE_H

#include <math.h>

#include "output/sink.h"
#include "util/num.h"

static const struct sample_target fixture_target = {
	.pid = 4242, .python = "3.12.1", .build = "release", .exe = "/usr/bin/python3.12",
	.command = "python3 api.py --name \"x\"", .user = "api", .start_wall_s = 1763990000,
	.attach_wall_s = 1764000000.1234, .method = "thread", .attach_us = 8123,
};

static const struct snapshot_row fixture_rows[] = {
	{.id = 1, .name = "__main__.Connection", .count = 48213, .bytes = 3085632,
	 .count_delta = 12680, .bytes_delta = 811520, .rate = 16.6666667,
	 .word = RATCHET_LEAK, .head = 1, .group_n = 2},
	{.id = 2, .name = "dict", .count = 391204, .bytes = 101711872, .count_delta = -87,
	 .bytes_delta = -6144, .rate = -0.25, .word = RATCHET_LEAK, .head = 1, .group_n = 2},
	{.id = 3, .name = "str", .count = 5, .bytes = 300, .count_delta = 0, .bytes_delta = 0,
	 .rate = NAN, .flat = true, .word = RATCHET_EARLY, .head = 3, .group_n = 1},
};

static inline struct snapshot fixture_snapshot(void)
{
	return (struct snapshot){
		.target = &fixture_target, .t = 1764000004.5, .base_t = 1764000000.5, .seq = 3,
		.mono_ns = 5000042000, .ledger_read = true, .confirm_ns = 600000000000,
		.samples = 3,
		.memory = {.rss = 851853312, .vsz = 1288490188, .pss = LT_UNKNOWN,
			   .uss = LT_UNKNOWN, .swap = 0, .limit = 1073741824, .threads = 18},
		.memory_delta = {.rss = 40055603, .vsz = 0, .pss = LT_UNKNOWN, .uss = LT_UNKNOWN,
				 .swap = 0, .limit = 0, .threads = 0},
		.ledger = {.now = {702 << 20, 51 << 20, LT_UNKNOWN, LT_UNKNOWN, 9 << 20, 0, 42}},
		.oom_score = 667,
		.gc = {.enabled = 1, .frozen = 0, .garbage = LT_UNKNOWN,
		       .gen = {{312, 313, 700, 5000, 40, 0}, {4, 5, 10, 400, 30, 0},
			       {470000, 7, 10, 1841, 20, LT_UNKNOWN}}},
		.objects = 470316, .census = true,
		.way = {.scan = true, .why = "", .explained = 0.93},
		.cost = {.stops = 2, .stopped_us = 300, .pause_us = 912, .cpu_us = 38100,
			 .longest_us = 210},
		.cost_total = {.stops = 6, .stopped_us = 900, .pause_us = 1020, .cpu_us = 99000},
		.cost_share = 0.004,
		.rows = fixture_rows, .n_rows = 3, .all = fixture_rows, .n_listed = 3,
		.n_types = 3, .n_flat = 1,
		.verdict = {.word = RATCHET_LEAK, .leaking = true, .cause = CAUSE_OBJECTS,
			    .n = {[RATCHET_LEAK] = 2, [RATCHET_EARLY] = 1}, .leak_groups = 1,
			    .suspects = fixture_rows, .n_suspects = 2},
		.sort = SORT_GROWTH, .filter = "",
	};
}

#endif
