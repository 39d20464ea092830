/*
 * For `make bench`: one search for the holders of a type, alone, and one pass over the containers.
 *
 *	bench_search PID TYPE
 *
 * Prints a line of JSON.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "holders/containers.h"
#include "holders/holders.h"
#include "util/clock.h"
#include "util/num.h"

#define STEP_NS (5 * CLOCK_NS_PER_MS)

static void print_search(const struct holders_result *r)
{
	printf("{\"sampled\": %zu, \"instances\": %" PRId64 ", \"levels\": %u, \"wall_s\": %.4f, "
	       "\"cpu_s\": %.4f, \"bytes_read\": %" PRId64 ", \"path\": \"%s\", ",
	       r->sampled, r->instances, r->levels, (double)r->time_ns / CLOCK_NS_PER_S,
	       (double)r->cpu_ns / CLOCK_NS_PER_S, r->bytes_read, r->n ? r->list[0].path : "");
}

int main(int argc, char **argv)
{
	struct holders_result result;
	struct containers_cost cost;
	struct containers *c;
	struct holders *h;
	struct python py;
	struct rusage used;
	int64_t pid;

	if (argc != 3 || !num_parse(argv[1], 1, INT32_MAX, &pid) ||
	    python_find((pid_t)pid, &py, NULL) != LT_OK)
		return 1;
	h = holders_new(&py);
	if (holders_begin(h, argv[2], NULL) != LT_OK)
		return 1;
	while (!holders_step(h, STEP_NS))
		;
	holders_result(h, &result);
	print_search(&result);
	holders_free(h);
	c = containers_new(&py);
	if (containers_begin(c, clock_mono_ns(), NULL) != LT_OK)
		return 1;
	while (!containers_step(c, STEP_NS))
		;
	containers_cost(c, &cost);
	containers_free(c);
	getrusage(RUSAGE_SELF, &used);
	printf("\"containers_cpu_s\": %.4f, \"followed\": %zu, \"rss\": %ld}\n",
	       (double)cost.cpu_ns / CLOCK_NS_PER_S, cost.followed, used.ru_maxrss * 1024);
	return 0;
}
