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
#define LIFE_US 30000		/* at first; leaktop needs about as long to begin */
#define LIFE_LEAST_US 1000
#define LIFE_MOST_US 60000000

static const struct python_exe *pythons[PYTHONS_MOST];
static size_t pythons_n;

struct race {
	const char *how;
	int times, ended[256];		/* leaktops by exit status */
	int64_t usual_ns;		/* what leaktop takes for a target that lives on */
	int slow;			/* that did not notice the end of the target */
	int life_us;			/* of the target, at most */
};

/* fine, an error of the run, gone, not (yet, or any more) a Python that can be watched */
static bool may_end_with(int status)
{
	return status == 0 || status == 1 || status == 3 || status == 5;
}

/* On any machine: half of the leaktops shall come too late, for then all come at the right time. */
static void adapt(struct race *race, int status)
{
	race->life_us = status == 0 ? race->life_us / 3 * 2 : race->life_us / 2 * 3;
	if (race->life_us < LIFE_LEAST_US)
		race->life_us = LIFE_LEAST_US;
	if (race->life_us > LIFE_MOST_US)
		race->life_us = LIFE_MOST_US;
}

static int64_t timed_leaktop(const char *pid, struct harm_result *ret)
{
	const char *args[] = {"--census=walk", "--max-cpu=100", "-f", "jsonl", "-d", "0.1", "-T",
			      "1", "-n", "2", pid, NULL};
	int64_t begin = clock_mono_ns();

	harm_leaktop(args, NULL, 0, ret);
	return clock_mono_ns() - begin;
}

/* Of the process whose children race. */
static void time_usual(const struct cell_run *r, struct race *race)
{
	struct harm_result result;
	char pid[16];
	int64_t ns;

	snprintf(pid, sizeof(pid), "%d", r->program.pid);
	ns = timed_leaktop(pid, &result);
	if (ns > race->usual_ns)
		race->usual_ns = ns;
}

/* "child 4242", "sum 12497500", "ended 1792": the first is for leaktop, the others never change. */
static bool run_one(struct cell_run *r, struct race *race, uint64_t *seed)
{
	char order[64], pid[16];
	struct harm_result result;
	const char *line;
	int n = snprintf(order, sizeof(order), "%s %d\n", race->how,
			 (int)(harm_random(seed) % (uint64_t)race->life_us));

	assert_int_equal(write(r->in, order, (size_t)n), n);
	line = harm_line(&r->program);
	if (!line || sscanf(line, "child %15s", pid) != 1)
		return false;
	race->slow += timed_leaktop(pid, &result) > race->usual_ns + SLOW_NS;
	race->ended[result.exit_status & 255]++;
	adapt(race, result.exit_status);
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

	time_usual(r, race);
	for (int i = 0; i < race->times; i++)
		if (!run_one(r, race, &seed)) {
			printf("# race %d: %s\n", i, r->program.line);
			return false;
		}
	printf("# %s: %d times %s; leaktop: %d times fine, %d gone, %d others; within %d us\n",
	       r->cell->python->name, race->times, race->how, race->ended[0], race->ended[3],
	       race->ended[1] + race->ended[5], race->life_us);
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
	struct race race = {.how = how, .life_us = LIFE_US};

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
