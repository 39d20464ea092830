/*
 * Attaching to a process that is about to end, or to become another program, a thousand times over
 * all Pythons: it ends as it would have. LT_HARM_RACES: how many. LT_HARM_JOBS: how many at a time.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <unistd.h>

#include "cell.h"
#include "pool.h"
#include "util/clock.h"
#include "util/mem.h"

#define RACES 1000		/* to the exit; to exec: a tenth */
#define JOBS 6
#define PYTHONS_MOST 40
#define SLOW_NS (2900 * CLOCK_NS_PER_MS)	/* leaktop gives up trying to leave after 3 s */
#define LIFE_MOST_US 30000	/* leaktop needs about as long to begin */

static const struct python_exe *pythons[PYTHONS_MOST];
static size_t pythons_n;

struct race {
	const char *how;
	int times, ended[256];		/* leaktops by exit status */
	int slow;			/* that did not notice the end of the target */
};

/* fine, an error of the run, gone, not (yet, or any more) a Python that can be watched */
static bool may_end_with(int status)
{
	return status == 0 || status == 1 || status == 3 || status == 5;
}

/* "child 4242", "sum 12497500", "ended 1792": the first is for leaktop, the others never change. */
static bool run_one(struct cell_run *r, struct race *race, uint64_t *seed)
{
	char order[64], pid[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-d", "0.1", "-T", "1", "-n", "2",
			      pid, NULL};
	struct harm_result result;
	const char *line;
	int64_t begin;
	int n = snprintf(order, sizeof(order), "%s %d\n", race->how,
			 (int)(harm_random(seed) % LIFE_MOST_US));

	assert_int_equal(write(r->in, order, (size_t)n), n);
	line = harm_line(&r->program);
	if (!line || sscanf(line, "child %15s", pid) != 1)
		return false;
	begin = clock_mono_ns();
	harm_leaktop(args, NULL, 0, &result);
	race->slow += clock_mono_ns() - begin > SLOW_NS;
	race->ended[result.exit_status & 255]++;
	if (!may_end_with(result.exit_status)) {
		printf("# leaktop: %d %.200s\n", result.exit_status, result.err);
		return false;
	}
	line = harm_line(&r->program);
	if (!line || strcmp(line, "sum 12497500") != 0)
		return false;
	line = harm_line(&r->program);
	return line && !strcmp(line, "ended 1792");	/* exit status 7 */
}

static bool race_all(struct cell_run *r, void *arg)
{
	struct race *race = arg;
	uint64_t seed = (uint64_t)r->program.pid;

	for (int i = 0; i < race->times; i++)
		if (!run_one(r, race, &seed)) {
			printf("# race %d: %s\n", i, r->program.line);
			return false;
		}
	printf("# %s: %d times %s; leaktop: %d times fine, %d gone, %d others\n",
	       r->cell->python->name, race->times, race->how, race->ended[0], race->ended[3],
	       race->ended[1] + race->ended[5]);
	if (race->slow * 10 < race->times * 9)	/* a machine under load is slow as well */
		return true;
	printf("# %d leaktops did not notice that it ended\n", race->slow);
	return false;
}

static bool prove(void *arg, size_t i)
{
	struct race race = *(const struct race *)arg;
	const struct cell cell = {.python = pythons[i], .kind = "race"};

	return cell_prove(&cell, race_all, &race) != CELL_HARMED;
}

static void run_races(const char *how, int times)
{
	struct race race = {.how = how};

	pythons_n = cell_pythons(pythons, PYTHONS_MOST);
	if (!pythons_n)
		SKIP("there is no Python here");
	race.times = (times + (int)pythons_n - 1) / (int)pythons_n;
	assert_int_equal(pool_run(pythons_n, (size_t)harm_setting("LT_HARM_JOBS", JOBS), prove,
				  &race), 0);
}

static void an_interpreter_that_ends_while_leaktop_attaches_ends_well(void **state)
{
	run_races("exit", harm_setting("LT_HARM_RACES", RACES));
}

static void a_process_that_becomes_another_program_meanwhile_does_so(void **state)
{
	run_races("exec", (harm_setting("LT_HARM_RACES", RACES) + 9) / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interpreter_that_ends_while_leaktop_attaches_ends_well),
		cmocka_unit_test(a_process_that_becomes_another_program_meanwhile_does_so),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
