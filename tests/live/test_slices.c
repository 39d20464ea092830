/*
 * A walk in slices while the collector turns its lists around: every count that is called exact is
 * right, on every Python, and no slice is longer than it may be.
 */
#include "config.h"
#include "../unit/test.h"

#include <poll.h>
#include <sys/wait.h>

#include "census/walk.h"
#include "patience.h"
#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

#define LINKS "15000"
#define MAX_PAUSE_NS (1 * CLOCK_NS_PER_MS)
#define WAIT_NS (5 * CLOCK_NS_PER_S)
#define SIZE_BYTES (1ll << 30)
#define COUNTS 80		/* at most, or patience_ns(), until ... */
#define EXACT 5			/* ... so many were exact, and one of them began anew */
#define TIMES 2			/* a count, in peace, fits between two collections so often */
#define PERIOD_NS (80 * CLOCK_NS_PER_MS)	/* between them, at least */

static int64_t links_of(const struct census_result *r)
{
	for (size_t i = 0; i < r->n_types; i++)
		if (!strcmp(r->types[i].name, "__main__.Link"))
			return (int64_t)r->types[i].count;
	return 0;
}

static bool count(struct walk *census, struct census_result *ret)
{
	struct pollfd fd = {.events = POLLIN};

	if (walk_begin(census, SIZE_BYTES, clock_mono_ns() + WAIT_NS, &ret->err) != LT_OK)
		return false;
	fd.fd = walk_fd(census);
	while (poll(&fd, 1, -1) < 0)
		;
	walk_end(census, ret);
	return ret->err.code == LT_OK;
}

/* How much is wrong. */
static int count_often(struct walk *census, const char *name)
{
	int64_t restarts = 0, hold = 0, slices = 0, held = 0, objects = 0;
	int64_t end = clock_mono_ns() + patience_ns();
	int exact = 0, wrong = 0, n = 0;

	for (; (exact < EXACT || !restarts) && (n < COUNTS || clock_mono_ns() < end); n++) {
		struct census_result r = {0};

		if (!count(census, &r) || r.approximate)
			continue;
		exact++;
		restarts += r.restarts;
		slices += r.slices;
		held += r.held_ns;
		objects += r.objects;
		hold = r.hold_ns > hold ? r.hold_ns : hold;
		if (links_of(&r) != atoi(LINKS)) {
			printf("# %s: %lld links\n", name, (long long)links_of(&r));
			wrong++;
		}
	}
	printf("# %s: %d counts, %d exact, %lld began anew, %.1f slices, %lld ns an object, "
	       "longest hold %lld us\n", name, n, exact, (long long)restarts,
	       exact ? (double)slices / exact : 0, (long long)(objects ? held / objects : 0),
	       (long long)hold / 1000);
	return wrong + (exact < EXACT) + !restarts;
}

/* Where it cannot be done in slices it is done once: longer than this it takes in any case. */
static int visit_once(const struct python *py, const struct gadgets *gadgets)
{
	static const struct walk_options options = {.visit = true, .max_pause_ns = 1000};
	struct walk *census = walk_new(py, gadgets, &options);
	struct census_result first = {0}, second = {0}, left;
	int wrong = 0, tries = 0;

	while (!count(census, &first) && tries++ < COUNTS)
		;
	wrong += first.err.code != LT_OK || links_of(&first) != atoi(LINKS);
	wrong += count(census, &second) || second.err.code != LT_E_PAUSE;
	wrong += walk_leave(census, clock_mono_ns() + patience_ns(), &left) != LT_OK;
	walk_free(census);
	return wrong;
}

/*
 * How long a count takes where nothing is collected meanwhile, the shortest of some. There are
 * machines where none would fit into PERIOD_NS.
 */
static int64_t count_ns(struct walk *census, const char *name)
{
	int64_t shortest = patience_ns();

	for (int i = 0; i < EXACT; i++) {
		int64_t begin = clock_mono_ns();
		struct census_result r = {0};

		if (!count(census, &r))
			printf("# %s: %s\n", name, r.err.detail);
		else if (clock_mono_ns() - begin < shortest)
			shortest = clock_mono_ns() - begin;
	}
	return shortest;
}

/* With so long between two collections; 0: never any, and *ret is how long there should be. */
static int watch_period(const struct python_exe *exe, int64_t period_ns, int64_t *ret)
{
	static const struct walk_options options = {.max_pause_ns = MAX_PAUSE_NS};
	char seconds[32];
	const char *const args[] = {"--links", LINKS, "--period", seconds, NULL};
	struct python_run run = {0};
	struct census_result left;
	struct gadgets gadgets;
	struct walk *census;
	struct python py;
	json_t *ready;
	int wrong = 1, status;

	snprintf(seconds, sizeof(seconds), "%.3f",
		 period_ns ? (double)period_ns / CLOCK_NS_PER_S : 3600.0);
	ready = watching_start(&run, exe, "collecting.py", args);
	json_decref(ready);
	if (ready && python_find(run.pid, &py, NULL) == LT_OK &&
	    gadgets_find(&py, &gadgets, NULL) == LT_OK) {
		census = walk_new(&py, &gadgets, &options);
		wrong = period_ns ? count_often(census, exe->name) : 0;
		if (!period_ns)
			*ret = TIMES * count_ns(census, exe->name);
		wrong += walk_leave(census, clock_mono_ns() + patience_ns(), &left) != LT_OK;
		wrong += walk_mappings(census) != 0;
		walk_free(census);
		wrong += period_ns && py.sym.visit_objects ? visit_once(&py, &gadgets) : 0;
	}
	(void)python_say(&run, "stop\n");
	status = python_wait(&run);
	return wrong + !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int watch_one(const struct python_exe *exe, const void *unused)
{
	int64_t period_ns = 0;
	int wrong = watch_period(exe, 0, &period_ns);

	if (period_ns < PERIOD_NS)
		period_ns = PERIOD_NS;
	printf("# %s: a collection every %lld ms\n", exe->name,
	       (long long)(period_ns / CLOCK_NS_PER_MS));
	return wrong + watch_period(exe, period_ns, NULL);
}

static void a_count_is_exact_while_the_collector_turns_its_lists_around(void **state)
{
	watching_on_every_python(watch_one, NULL);
}

/*
 * Makes lists as fast as it can and drops them all now and then: its newest objects are always in
 * memory that was mapped a moment ago, and there are many times as many as when it was looked at.
 */
static const char grower[] =
	"import sys\n"
	"class Item(object): pass\n"
	"items = [Item() for n in range(2000)]\n"
	"sys.stdout.write('ready\\n'); sys.stdout.flush()\n"
	"kept = []\n"
	"while True:\n"
	"    for n in range(600000): kept.append([n])\n"
	"    kept = []\n";

#define SMALL_BYTES (4ll << 20)	/* what it is told to have at most at the beginning */
#define GROWING_COUNTS 8

/* Each count must come to an end, and have the items that do not change. */
static int growing_is_lost(struct walk *census, const char *name)
{
	int64_t slices = 0, most = 0;
	int wrong = 0;

	for (int i = 0; i < GROWING_COUNTS; i++) {
		struct pollfd fd = {.events = POLLIN};
		struct census_result r = {0};

		if (walk_begin(census, SMALL_BYTES, clock_mono_ns() + patience_ns(), &r.err) ==
		    LT_OK) {
			fd.fd = walk_fd(census);
			while (poll(&fd, 1, -1) < 0)
				;
			walk_end(census, &r);
		}
		slices += r.slices;
		most = r.objects > most ? r.objects : most;
		if (r.err.code == LT_OK)
			continue;
		printf("# %s: %s\n", name, r.err.detail);
		wrong++;
	}
	printf("# %s: %lld slices, up to %lld objects, %d counts lost\n", name, (long long)slices,
	       (long long)most, wrong);
	return wrong;
}

static int watch_growing(const struct python_exe *exe, const void *unused)
{
	static const struct walk_options options = {.max_pause_ns = MAX_PAUSE_NS};
	const char *const argv[] = {exe->path, "-u", "-c", grower, NULL};
	struct python_run run = {0};
	struct gadgets gadgets;
	struct census_result left;
	struct python py;
	struct walk *census;
	int wrong = 1;

	if (python_start_program(&run, exe->root, argv) && python_line(&run) &&
	    python_find(run.pid, &py, NULL) == LT_OK &&
	    gadgets_find(&py, &gadgets, NULL) == LT_OK) {
		census = walk_new(&py, &gadgets, &options);
		wrong = py.layout->walk == LAYOUT_WALK_LISTS &&
			growing_is_lost(census, exe->name);
		wrong += walk_leave(census, clock_mono_ns() + patience_ns(), &left) != LT_OK;
		walk_free(census);
	}
	python_stop(&run);
	return wrong;
}

static void a_heap_that_maps_memory_all_the_time_is_counted(void **state)
{
	watching_on_every_python(watch_growing, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_exact_while_the_collector_turns_its_lists_around),
		cmocka_unit_test(a_heap_that_maps_memory_all_the_time_is_counted),
	};
	int failed = cmocka_run_group_tests_name("slices", tests, NULL, NULL);

	watching_clean();
	return failed;
}
