/*
 * leaktop dies: by SIGKILL at each step of a borrowing, and at any time. Workloads that check their
 * own results must end as they do in peace, must not stay stopped, and can be watched afterwards.
 * LT_HARM_KILLS: kills of each workload, spread over the Pythons. LT_HARM_PYTHONS=all: all Pythons,
 * not only one of each kind. LT_HARM_JOBS: how many targets at a time.
 */
#include "config.h"
#include "tests/unit/test.h"

#include "cell.h"
#include "death.h"
#include "pool.h"
#include "util/mem.h"

#define KILLS 500
#define JOBS 5
#define PYTHONS_MOST 40

static const char *const kinds[][2] = {
	{"sleep", "a_sleeping_python_survives_the_death_of_leaktop"},
	{"epoll", "a_python_in_epoll_survives_the_death_of_leaktop"},
	{"accept", "an_accepting_python_survives_the_death_of_leaktop"},
	{"cpu", "a_busy_python_survives_the_death_of_leaktop"},
	{"join", "a_python_with_busy_threads_survives_the_death_of_leaktop"},
	{"malloc", "an_allocating_python_survives_the_death_of_leaktop"},
	{"fork", "a_forking_python_survives_the_death_of_leaktop"},
	{"alarm", "a_python_that_handles_signals_survives_the_death_of_leaktop"},
};

static const struct python_exe *pythons[PYTHONS_MOST];
static size_t pythons_n;

static bool die(struct cell_run *r, void *arg)
{
	size_t i = *(size_t *)arg;
	int all = harm_setting("LT_HARM_KILLS", KILLS), n = (int)pythons_n;
	int kills = (all + n - 1) / n;

	if (!death_at_every_step(r) || !death_at_any_time(r, kills, i + 1))
		return false;
	printf("# %s %s: %d kills; pages of code that they left: %zu\n", r->cell->python->name,
	       r->cell->kind, kills, cell_code_pages(r->program.pid) - r->code_pages);
	return true;
}

static bool prove(void *arg, size_t i)
{
	const struct cell cell = {.python = pythons[i], .kind = arg, .mortal = true};

	death_prepare();
	return cell_prove(&cell, die, &i) != CELL_HARMED;
}

static void a_death(void **state)
{
	const char *const *kind = *state;

	pythons_n = cell_chosen_pythons(pythons, PYTHONS_MOST);
	if (!pythons_n)
		SKIP("there is no Python here");
	assert_int_equal(pool_run(pythons_n, (size_t)harm_setting("LT_HARM_JOBS", JOBS), prove,
				  (void *)(uintptr_t)kind[0]), 0);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(kinds)];

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		tests[i] = (struct CMUnitTest){
			.name = kinds[i][1], .test_func = a_death,
			.initial_state = (void *)(uintptr_t)kinds[i],
		};
	return cmocka_run_group_tests_name("death", tests, NULL, NULL);
}
