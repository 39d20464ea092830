/*
 * Every workload under every Python, watched and not: what it says, how it ends and what it owns
 * must be the same. LT_PYTHON=TEXT, LT_HARM_KIND=TEXT: only Pythons whose name, only workloads
 * whose kind has it. LT_HARM_SAMPLES: how many samples of each. LT_HARM_HOLD: for how many seconds
 * C code keeps the GIL. LT_HARM_JOBS: how many at a time.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <signal.h>

#include "cell.h"
#include "pool.h"
#include "util/mem.h"

#define SAMPLES 8		/* a tenth of a second each */
#define JOBS 7			/* targets at a time: most of them wait */
#define PYTHONS_MOST 40

struct workload {
	const char *test;
	const char *kind;
	bool still;
	bool elusive;		/* may have no harmless moment for a while */
};

static const struct workload workloads[] = {
	{"sleep", "sleep", true, false},
	{"select", "select", true, false},
	{"poll", "poll", true, false},
	{"epoll", "epoll", true, false},
	{"a_read_that_blocks", "read", true, false},
	{"wait_for_a_child", "wait", true, false},
	{"asyncio", "asyncio", false, false},
	{"uvloop", "uvloop", false, false},
	{"accept", "accept", false, false},
	{"join", "join", false, false},
	{"a_lock", "lock", false, false},
	{"an_event_with_a_timeout", "event", false, false},
	{"a_queue", "queue", false, false},
	{"python_code", "cpu", false, false},
	{"c_code_that_holds_the_gil", "hold", false, true},
	{"threads_that_allocate", "malloc", false, false},
	{"numpy_without_the_gil", "numpy", false, false},
	{"imports_in_a_loop", "import", false, false},
	{"dlopen_in_a_loop", "dlopen", false, true},
	{"collections_in_a_loop", "collect", false, false},
	{"freeze_in_a_loop", "freeze", false, false},
	{"forks_in_a_loop", "fork", false, false},
	{"programs_in_a_loop", "subprocess", false, false},
	{"five_hundred_threads", "threads", true, false},
	{"threads_that_come_and_go", "churn", false, false},
	{"small_stacks", "smallstack", false, false},
	{"a_deep_recursion", "deep", false, false},
	{"a_thousand_alarms_a_second", "alarm", false, false},
	{"signals_that_interrupt_and_that_do_not", "interrupt", false, false},
	{"a_handler_of_the_kernel", "handler", false, true},
	{"what_runs_at_exit", "atexit", false, true},	/* 3.8 takes no pending call then */
	{"setuid_in_a_loop", "setuid", false, false},
};

static bool watch(struct cell_run *r, void *arg)
{
	const struct workload *w = arg;
	struct cell_watch first, later;
	int samples = harm_setting("LT_HARM_SAMPLES", SAMPLES);

	if (!cell_leaktop(r, samples, &first) || !cell_leaktop(r, 1, &later))
		return false;
	printf("# %s %s: %d of %d samples counted, later %d\n", r->cell->python->name, w->kind,
	       first.counted, first.samples, later.counted);
	if (w->elusive)
		return true;
	if (first.more_left || later.more_left) {
		cell_print(r->cell, "something is left");
		return false;
	}
	return cell_clearable(r, &later) && (first.counted || cell_countable(r));
}

static const struct python_exe *pythons[PYTHONS_MOST];
static uint32_t *proved;	/* shared with the parts: how many were not skipped */

static bool prove(void *arg, size_t i)
{
	struct workload *w = arg;
	enum cell_proof proof;
	char hold[32];
	const struct cell cell = {
		.python = pythons[i], .kind = w->kind, .still = w->still,
		.more_code = w->elusive, .env = strcmp(w->kind, "hold") ? NULL : hold,
	};

	snprintf(hold, sizeof(hold), "HARM_HOLD=%d", harm_setting("LT_HARM_HOLD", 1));
	proof = cell_prove(&cell, watch, w);
	if (proof == CELL_FINE)
		__atomic_fetch_add(proved, 1, __ATOMIC_SEQ_CST);
	return proof != CELL_HARMED;
}

static void a_workload(void **state)
{
	const struct workload *w = *state;
	size_t n = cell_pythons(pythons, PYTHONS_MOST);
	const char *only = getenv("LT_HARM_KIND");

	if (only && !strstr(w->kind, only))
		SKIP("not %s", only);
	if (!proved)
		proved = harm_shared(sizeof(*proved));
	*proved = 0;
	assert_int_equal(pool_run(n, (size_t)harm_setting("LT_HARM_JOBS", JOBS), prove, *state),
			 0);
	if (!*proved)
		SKIP("no Python here can do this");
}

/* ---- can these tests fail? --------------------------------------------------------------- */

static bool kill_it(struct cell_run *r, void *arg)
{
	return kill(r->program.pid, *(int *)arg) == 0;
}

static bool prove_killed(void *arg, size_t i)
{
	const struct cell cell = {.python = pythons[0], .kind = "sleep"};

	return cell_prove(&cell, kill_it, arg) == CELL_FINE;
}

/* SIGINT: a traceback on stderr and another status. SIGWINCH: nothing. */
static void a_target_that_was_harmed_is_found_out(void **state)
{
	int sig = SIGINT;

	if (!cell_pythons(pythons, PYTHONS_MOST))
		SKIP("there is no Python here");
	assert_int_equal(pool_run(1, 1, prove_killed, &sig), 1);
	sig = SIGWINCH;
	assert_int_equal(pool_run(1, 1, prove_killed, &sig), 0);
}

/* A thread more, a descriptor more: the cell is told that it is still, and it is not. */
static bool prove_moving(void *arg, size_t i)
{
	const struct cell cell = {.python = pythons[0], .kind = arg, .still = true};

	return cell_prove(&cell, watch, (void *)(uintptr_t)&workloads[0]) == CELL_FINE;
}

static void belongings_that_change_are_found_out(void **state)
{
	if (!cell_pythons(pythons, PYTHONS_MOST))
		SKIP("there is no Python here");
	assert_int_equal(pool_run(1, 1, prove_moving, (void *)(uintptr_t)"more"), 1);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(workloads) + 2] = {
		cmocka_unit_test(a_target_that_was_harmed_is_found_out),
		cmocka_unit_test(belongings_that_change_are_found_out),
	};

	for (size_t i = 0; i < COUNT_OF(workloads); i++)
		tests[i + 2] = (struct CMUnitTest){
			.name = workloads[i].test, .test_func = a_workload,
			.initial_state = (void *)(uintptr_t)&workloads[i],
		};
	return cmocka_run_group_tests_name("workloads", tests, NULL, NULL);
}
