/*
 * Interpreters that forgive nothing: warnings that are errors, the development mode, allocators
 * that check, debug builds, a JIT. LT_PYTHON=TEXT: only Pythons whose name has it.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <unistd.h>

#include "cell.h"
#include "pool.h"
#include "util/mem.h"

#define SAMPLES 6
#define JOBS 6
#define PYTHONS_MOST 40
#define CELLS_MOST 400

struct strict {
	const char *test;
	const char *versions;		/* " 3.12 3.13"; NULL: all */
	const char *suffix;
	const char *flags[5];
	const char *env;
	const char *kinds[6];
};

static const struct strict all[] = {
	{"fork_where_warnings_are_errors", NULL, NULL, {"-W", "error"}, NULL,
	 {"fork", "subprocess"}},
	{"the_development_mode", " 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14 3.15", NULL,
	 {"-X", "dev", "-W", "error"}, NULL, {"sleep", "cpu", "fork", "collect"}},
	{"an_allocator_that_checks", " 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14 3.15", NULL, {NULL},
	 "PYTHONMALLOC=debug", {"read", "cpu", "malloc"}},
	{"the_allocator_of_the_c_library", " 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14 3.15", NULL,
	 {NULL}, "PYTHONMALLOC=malloc", {"read", "cpu", "malloc"}},
	{"the_allocator_of_the_c_library_that_checks", " 3.6 3.9 3.12 3.13 3.14 3.15", NULL, {NULL},
	 "PYTHONMALLOC=malloc_debug", {"malloc"}},
	{"a_debug_build", NULL, "d", {NULL}, NULL,
	 {"sleep", "cpu", "join", "fork", "collect", "malloc"}},
	{"a_jit", " 3.14 3.15", NULL, {NULL}, "PYTHON_JIT=1", {"cpu", "sleep", "join"}},
};

static const struct python_exe *pythons[PYTHONS_MOST];
static struct cell cells[CELLS_MOST];
static uint32_t *proved;

/* "pyenv 3.8.18", "sid python3.14"; the system's has no number and counts as 3.11 */
static bool has_version(const struct python_exe *exe, const char *versions)
{
	const char *at = versions;
	char version[8];

	if (!versions)
		return true;
	if (!strcmp(exe->name, "/usr/bin/python3"))
		return strstr(versions, " 3.11") != NULL;
	while (sscanf(at, " %7s", version) == 1) {
		const char *found = strstr(exe->name, version);
		char next = found ? found[strlen(version)] : 'x';

		if (next == '\0' || next == '.')
			return true;
		at += 1 + strlen(version);
	}
	return false;
}

static bool has_suffix(const struct python_exe *exe, const char *suffix)
{
	char path[600];

	snprintf(path, sizeof(path), "%s%s%s", exe->root, exe->path, suffix ? suffix : "");
	return access(path, X_OK) == 0;
}

static size_t make_cells(const struct strict *s)
{
	size_t n_pythons = cell_pythons(pythons, PYTHONS_MOST), n = 0;

	for (size_t i = 0; i < n_pythons; i++) {
		if (!has_version(pythons[i], s->versions) || !has_suffix(pythons[i], s->suffix))
			continue;
		for (size_t k = 0; k < COUNT_OF(s->kinds) && s->kinds[k]; k++) {
			struct cell *c = &cells[n++];

			*c = (struct cell){
				.python = pythons[i], .kind = s->kinds[k], .suffix = s->suffix,
				.env = s->env, .still = !strcmp(s->kinds[k], "read"),
				.more_code = s->env && strstr(s->env, "JIT"),
			};
			memcpy(c->flags, s->flags, sizeof(c->flags));
			assert_true(n < CELLS_MOST);
		}
	}
	return n;
}

static bool watch(struct cell_run *r, void *arg)
{
	struct cell_watch w, later;

	if (!cell_leaktop(r, harm_setting("LT_HARM_SAMPLES", SAMPLES), &w) ||
	    !cell_leaktop(r, 1, &later))
		return false;
	printf("# %d of %d samples counted, later %d: ", w.counted, w.samples, later.counted);
	printf("%s%s %s\n", r->cell->python->name, r->cell->suffix ? r->cell->suffix : "",
	       r->cell->kind);
	return !w.more_left && !later.more_left && cell_clearable(r, &later) &&
	       (w.counted || cell_countable(r));
}

static bool prove(void *arg, size_t i)
{
	enum cell_proof proof = cell_prove(&cells[i], watch, NULL);

	if (proof == CELL_FINE)
		__atomic_fetch_add(proved, 1, __ATOMIC_SEQ_CST);
	return proof != CELL_HARMED;
}

static void a_strict_one(void **state)
{
	const struct strict *s = *state;
	size_t n = make_cells(s);

	if (!proved)
		proved = harm_shared(sizeof(*proved));
	*proved = 0;
	assert_int_equal(pool_run(n, (size_t)harm_setting("LT_HARM_JOBS", JOBS), prove, NULL), 0);
	if (!*proved)
		SKIP("no such Python here");
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(all)];

	for (size_t i = 0; i < COUNT_OF(all); i++)
		tests[i] = (struct CMUnitTest){
			.name = all[i].test, .test_func = a_strict_one,
			.initial_state = (void *)(uintptr_t)&all[i],
		};
	return cmocka_run_group_tests_name("strict", tests, NULL, NULL);
}
