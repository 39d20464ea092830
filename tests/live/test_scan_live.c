/*
 * Every Python of the machine: what the scan counts from outside equals what the target finds by
 * following every reference. Compared is what was added between two looks, since code objects hold
 * tuples and strs that no reference shows.
 */
#include "config.h"
#include "../unit/test.h"

#include <math.h>
#include <stdlib.h>

#include "census/scan.h"
#include "util/clock.h"
#include "watching.h"

#define FIRST "100"
#define UNITS "4000"
#define LINES (6.0 * (100 + 4000))	/* as mix.py makes them */
#define CHURN "0.2"		/* of the units in a second */
#define HIDDEN 100
#define MANY  1000		/* of types with fewer a difference proves little */
#define STEP_NS CLOCK_NS_PER_MS
#define ARRAY_BLOCK 96		/* of one array, without its items: 80 to 112 */
#define NUMPYS_OWN 50		/* arrays that its modules keep */

struct looked {			/* at one moment */
	json_t *scanned, *truth;	/* type -> count; owned */
};

static json_t *as_json(const struct scan_result *r)
{
	json_t *all = json_object();

	for (size_t i = 0; i < r->n_types; i++)
		json_object_set_new(all, r->types[i].name,
				    json_integer((json_int_t)r->types[i].count));
	return all;
}

static bool pass(struct scan *s, bool full, struct scan_result *ret)
{
	struct lt_err err = {0};
	char text[300];

	if (scan_begin(s, full, &err) != LT_OK) {
		printf("# refused: %s\n", lt_err_text(&err, text, sizeof(text)));
		return false;
	}
	while (!scan_step(s, STEP_NS))
		;
	scan_result(s, ret);
	return true;
}

static bool look(struct scan *s, struct python_run *run, bool full, struct looked *ret)
{
	json_t *all = watching_ask(run, "truth\n");
	struct scan_result r;

	*ret = (struct looked){0};
	if (!all || !pass(s, full, &r))
		return false;
	ret->truth = json_incref(json_object_get(all, "small"));
	ret->scanned = as_json(&r);
	json_decref(all);
	return true;
}

static void looked_done(struct looked *l)
{
	json_decref(l->scanned);
	json_decref(l->truth);
}

static int64_t number(const json_t *all, const char *name)
{
	return json_integer_value(json_object_get(all, name));
}

/*
 * What following references does not tell: 2.7 keeps int and float in pages of their own, not in
 * pools; in 3.15 each bytearray has a bytes object that it does not show.
 */
static bool is_elsewhere(const struct python *py, const char *name)
{
	if (py->layout->bytearray_shares && !strcmp(name, "bytes"))
		return true;
	return py->sym.int_type && (!strcmp(name, "int") || !strcmp(name, "float"));
}

/* Types whose growth differs by more than one in `share`. */
static int growth_differs(const struct python *py, const struct looked *before,
			  const struct looked *after, int64_t share)
{
	const char *name;
	json_t *count;
	int wrong = 0;

	json_object_foreach(after->truth, name, count) {
		int64_t truth = json_integer_value(count) - number(before->truth, name);
		int64_t got = number(after->scanned, name) - number(before->scanned, name);

		/* the interpreter drops some 60 strs of its own that no reference shows (3.12) */
		if (truth < MANY || is_elsewhere(py, name) ||
		    llabs(got - truth) <= truth / share + (strcmp(name, "str") ? 0 : HIDDEN))
			continue;
		printf("# %s: %lld more, in truth %lld\n", name, (long long)got,
		       (long long)truth);
		wrong++;
	}
	json_object_foreach(after->scanned, name, count)
		if (json_integer_value(count) - number(before->scanned, name) >= MANY &&
		    number(after->truth, name) == 0) {
			printf("# %s: there is no such object\n", name);
			wrong++;
		}
	return wrong;
}

/* The blocks of what grew are known to the byte: the table explains nearly all of them. */
static int too_little_explained(const struct scan_result *r)
{
	if (r->explained <= r->block_bytes && r->explained >= r->block_bytes / 100 * 95)
		return 0;
	printf("# explained are %lld of %lld bytes\n", (long long)r->explained,
	       (long long)r->block_bytes);
	return 1;
}

/*
 * The next pass, which only looks at what changed: within 1 %, since what died and was replaced
 * in the same places is seen later. All pools, on a still heap: within 0.1 %.
 */
static int still_differs(struct scan *s, const struct python *py, struct python_run *run)
{
	struct looked before, after, again;
	struct scan_result r;
	int wrong = 1;

	/* the first time leaves things behind in the target */
	json_decref(watching_ask(run, "grow " FIRST "\n"));
	json_decref(watching_ask(run, "truth\n"));
	if (!look(s, run, true, &before))
		return 1;
	json_decref(watching_ask(run, "grow " UNITS "\n"));
	if (look(s, run, false, &after)) {
		wrong = growth_differs(py, &before, &after, 100);
		if (look(s, run, true, &again))
			wrong += growth_differs(py, &before, &again, 1000);
		looked_done(&again);
		wrong += !pass(s, false, &r) || too_little_explained(&r);
	}
	looked_done(&before);
	looked_done(&after);
	return wrong;
}

static double of(const struct scan_result *r, const char *name)
{
	for (size_t i = 0; i < r->n_types; i++)
		if (!strcmp(r->types[i].name, name))
			return (double)r->types[i].count;
	return 0;
}

/*
 * While a fifth of all units is replaced every second their number stays: so many lines. A pass
 * that was interrupted meets more than once, or misses, what is replaced meanwhile: in bursts, so
 * that in a short time it may be twice as much.
 */
static int churn_differs(struct scan *s, struct python_run *run)
{
	struct scan_result r;
	int wrong = 0;

	json_decref(watching_ask(run, "churn " CHURN "\n"));
	for (int i = 0; i < 20; i++) {
		int64_t begin = clock_mono_ns();
		double took_s, slack;

		if (!pass(s, false, &r))
			return 1;
		took_s = (double)(clock_mono_ns() - begin) / CLOCK_NS_PER_S;
		slack = LINES * (0.01 + 2 * atof(CHURN) * took_s);
		if (fabs(of(&r, "__main__.Line") - LINES) > slack) {
			printf("# pass %d: %.0f lines, in truth %.0f\n", i,
			       of(&r, "__main__.Line"), LINES);
			wrong++;
		}
		clock_sleep_ns(50 * CLOCK_NS_PER_MS);
	}
	return wrong;
}

static int scan_one(const struct python_exe *exe, const void *unused)
{
	static const char *const args[] = {"--units", "0", "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "mix.py", args);
	struct lt_err err = {0};
	struct python py;
	struct scan *s;
	int wrong = 1;

	if (ready && python_find(run.pid, &py, &err) == LT_OK) {
		s = scan_new(&py);
		wrong = scan_possible(s, &err) != LT_OK;
		if (!wrong)
			wrong = still_differs(s, &py, &run) + churn_differs(s, &run);
		scan_free(s);
	}
	if (err.code)
		printf("# refused: %s\n", err.detail);
	json_decref(ready);
	python_stop(&run);
	return wrong;
}

static void every_python_is_counted_from_outside(void **state)
{
	watching_on_every_python(scan_one, NULL);
}

/* How much is wrong; none: there is no numpy. */
static int arrays_differ(const struct python_exe *exe, bool *ret_none)
{
	static const char *const args[] = {NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "arrays.py", args);
	int64_t counted = 0, bytes = 0, truth = number(ready, "bytes");
	struct scan_result r;
	struct python py;
	struct scan *s;
	int wrong = 1;

	*ret_none = ready && !json_is_true(json_object_get(ready, "ready"));
	if (!*ret_none && ready && python_find(run.pid, &py, NULL) == LT_OK) {
		s = scan_new(&py);
		if (pass(s, true, &r)) {
			for (size_t i = 0; i < r.n_types; i++)
				if (!strcmp(r.types[i].name, "numpy.ndarray")) {
					counted = (int64_t)r.types[i].count;
					bytes = (int64_t)r.types[i].bytes;
				}
			bytes -= counted * ARRAY_BLOCK;
			wrong = llabs(counted - number(ready, "arrays")) > NUMPYS_OWN ||
				bytes < truth || bytes > truth + truth / 50;
		}
		if (wrong)
			printf("# %s: %lld arrays, in truth %lld; %lld bytes, in truth %lld\n",
			       exe->name, (long long)counted, (long long)number(ready, "arrays"),
			       (long long)bytes, (long long)truth);
		scan_free(s);
	}
	json_decref(ready);
	python_stop(&run);
	return *ret_none ? 0 : wrong;
}

static void arrays_of_numpy_are_charged_with_their_items(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes), have = 0;
	int failures = 0;

	if (!watching_permitted())
		SKIP("Yama forbids looking into other processes");
	for (size_t i = 0; i < n; i++) {
		bool none = false;

		failures += arrays_differ(&exes[i], &none);
		have += !none;
	}
	assert_int_equal(failures, 0);
	if (!have)
		SKIP("no Python here has numpy");
}


/* A Python started through env(1) with PYTHONMALLOC set; the code of scan_possible. */
static enum lt_errc possible_with(const struct python_exe *exe, const char *allocator)
{
	char set[64];
	const char *const argv[] = {
		"/usr/bin/env", set, exe->path, "-u", "-c",
		"import sys; print('ready'); sys.stdin.read()", NULL,
	};
	struct python_run run = {0};
	struct lt_err err = {0};
	struct python py;
	struct scan *s;
	enum lt_errc rc = LT_E_SYS;

	snprintf(set, sizeof(set), "PYTHONMALLOC=%s", allocator);
	if (python_start_program(&run, exe->root, argv) && python_line(&run) &&
	    (rc = python_find(run.pid, &py, &err)) == LT_OK) {
		s = scan_new(&py);
		rc = scan_possible(s, &err);
		scan_free(s);
	}
	python_stop(&run);
	return rc;
}

static int others_are_taken(const struct python_exe *exe, const void *unused)
{
	static const char *const names[] = {"malloc", "malloc_debug", "pymalloc_debug", "debug"};
	int wrong = 0;

	if (strstr(exe->name, " 2.7"))
		return 0;		/* PYTHONMALLOC came with 3.6 */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum lt_errc rc = possible_with(exe, names[i]);

		if (rc == LT_E_ALLOCATOR)
			continue;
		printf("# %s with %s: %s\n", exe->name, names[i],
		       rc == LT_OK ? "taken for pymalloc" : lt_err_info(rc)->code);
		wrong++;
	}
	return wrong;
}

static void other_allocators_are_refused(void **state)
{
	watching_on_every_python(others_are_taken, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_python_is_counted_from_outside),
		cmocka_unit_test(arrays_of_numpy_are_charged_with_their_items),
		cmocka_unit_test(other_allocators_are_refused),
	};
	int failed = cmocka_run_group_tests_name("scan_live", tests, NULL, NULL);

	watching_clean();
	return failed;
}
