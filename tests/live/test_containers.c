/*
 * Every Python of the machine: containers that grow are told with their lengths and by their
 * path, whatever they contain; those that are long, or full and empty by turns, are not.
 */
#include "config.h"
#include "../unit/test.h"

#include <math.h>

#include "holders/containers.h"
#include "holders/holders.h"
#include "util/clock.h"
#include "watching.h"

#define STEP_NS (5 * CLOCK_NS_PER_MS)
#define PASSES	12		/* the queue is emptied in every third */
#define APART_S 10		/* seconds, as the passes are told */

struct watch {
	const struct python_exe *exe;
	struct python_run run;
	json_t *ready, *lengths;
	struct python py;
	struct containers *containers;
	struct holders *holders;
};

static bool begin(struct watch *w, const struct python_exe *exe)
{
	*w = (struct watch){.exe = exe};
	w->ready = watching_start(&w->run, exe, "growing.py", NULL);
	if (!w->ready || python_find(w->run.pid, &w->py, NULL) != LT_OK)
		return false;
	w->containers = containers_new(&w->py);
	w->holders = holders_new(&w->py);
	return true;
}

static void end(struct watch *w)
{
	containers_free(w->containers);
	holders_free(w->holders);
	json_decref(w->ready);
	json_decref(w->lengths);
	python_stop(&w->run);
}

/* The target stands still during a pass and grows between two. */
static bool watch_it_grow(struct watch *w)
{
	for (int i = 0; i < PASSES; i++) {
		json_t *answer;

		if (i > 0) {
			if (!(answer = watching_ask(&w->run, "grow\n")))
				return false;
			json_decref(w->lengths);
			w->lengths = json_incref(json_object_get(answer, "lengths"));
			json_decref(answer);
		}
		if (containers_begin(w->containers, i * APART_S * CLOCK_NS_PER_S, NULL) != LT_OK)
			return false;
		while (!containers_step(w->containers, STEP_NS))
			;
	}
	return true;
}

static const struct holder *path_of(const struct holders_result *r, uint64_t object)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].object == object)
			return &r->list[i];
	return NULL;
}

static bool is_right(const struct watch *w, const struct container_growth *g, const char *path)
{
	int64_t step = json_integer_value(json_object_get(w->ready, "step"));
	const char *type = json_string_value(
		json_object_get(json_object_get(w->ready, "grown"), path));

	return type && !strcmp(g->type, type) &&
	       g->length == json_integer_value(json_object_get(w->lengths, path)) &&
	       g->length_delta == step * (PASSES - 1) && g->rises == PASSES - 1 && g->falls == 0 &&
	       fabs(g->length_rate - (double)step / APART_S) < 1e-9;
}

static int growth_differs(struct watch *w)
{
	const struct container_growth *list;
	size_t n = containers_growing(w->containers, &list);
	size_t expected = json_object_size(json_object_get(w->ready, "grown"));
	uint64_t objects[CONTAINERS_GROWING];
	struct holders_result r = {0};
	int wrong = n != expected;

	for (size_t i = 0; i < n; i++)
		objects[i] = list[i].address;
	if (holders_begin_objects(w->holders, objects, n, NULL) != LT_OK)
		return 1;
	while (!holders_step(w->holders, STEP_NS))
		;
	holders_result(w->holders, &r);
	for (size_t i = 0; i < n; i++) {
		const struct holder *h = path_of(&r, list[i].address);

		if (h && is_right(w, &list[i], h->path))
			continue;
		wrong++;
		printf("# %s: %s, a %s of %lld, %+lld, %g/s, %u up, %u down\n", w->exe->name,
		       h ? h->path : "no path", list[i].type, (long long)list[i].length,
		       (long long)list[i].length_delta, list[i].length_rate, list[i].rises,
		       list[i].falls);
	}
	if (n != expected)
		printf("# %s: %zu grow, not %zu\n", w->exe->name, n, expected);
	return wrong;
}

static int containers_differ(const struct python_exe *exe, const void *unused)
{
	struct watch w;
	int wrong = 1;

	if (begin(&w, exe) && watch_it_grow(&w))
		wrong = growth_differs(&w);
	end(&w);
	return wrong;
}

static void what_grows_is_told_by_length_and_path_and_nothing_else_is(void **state)
{
	watching_on_every_python(containers_differ, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_grows_is_told_by_length_and_path_and_nothing_else_is),
	};
	int failed = cmocka_run_group_tests_name("containers", tests, NULL, NULL);

	watching_clean();
	return failed;
}
