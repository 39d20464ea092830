/*
 * For `make bench`: passes of the scan by themselves, nothing else of leaktop beside them.
 *
 *	bench_scan PID [PASSES]
 *
 * Prints a line of JSON: CPU time of the first pass, of later ones that read everything, and of
 * those that look at what changed, as a session makes them; medians and the least.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "census/scan.h"
#include "util/clock.h"
#include "util/num.h"

#define STEP_NS	    (10 * CLOCK_NS_PER_MS)
#define PASSES_MOST 1000
#define SETTLING    4			/* passes until arenas where nothing changes rest */

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* One pass; its CPU time, or -1. */
static int64_t pass(struct scan *s, bool full, struct scan_result *ret)
{
	if (scan_begin(s, full, NULL) != LT_OK)
		return -1;
	while (!scan_step(s, STEP_NS))
		;
	scan_result(s, ret);
	return ret->cpu_ns;
}

static void print_passes(const char *name, struct scan *s, bool full, int n)
{
	int64_t spent[PASSES_MOST];
	struct scan_result r;

	for (int i = 0; i < n; i++)
		spent[i] = pass(s, full, &r);
	qsort(spent, (size_t)n, sizeof(spent[0]), by_value);
	printf("\"%s_cpu_us\": %" PRId64 ", \"%s_least_us\": %" PRId64 ", ", name,
	       spent[n / 2] / 1000, name, spent[0] / 1000);
}

int main(int argc, char **argv)
{
	int64_t pid, passes = 16;
	struct scan_result r;
	struct python py;
	struct rusage used;
	struct scan *s;

	if (argc < 2 || !num_parse(argv[1], 1, INT32_MAX, &pid) ||
	    (argc > 2 && !num_parse(argv[2], 1, PASSES_MOST, &passes)) ||
	    python_find((pid_t)pid, &py, NULL) != LT_OK)
		return 1;
	s = scan_new(&py);
	if (scan_possible(s, NULL) != LT_OK || pass(s, true, &r) < 0)
		return 1;
	printf("{\"objects\": %" PRId64 ", \"blocks\": %" PRId64 ", \"arena_bytes\": %" PRId64
	       ", \"first_cpu_us\": %" PRId64 ", ", r.objects, r.blocks, r.arena_bytes,
	       r.cpu_ns / 1000);
	for (int i = 0; i < SETTLING; i++)
		(void)pass(s, false, &r);
	print_passes("later", s, false, (int)passes);
	print_passes("full", s, true, (int)passes);
	scan_free(s);
	getrusage(RUSAGE_SELF, &used);
	printf("\"rss\": %ld}\n", used.ru_maxrss * 1024);
	return 0;
}
