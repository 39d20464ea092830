/*
 * A signal for the process that comes while leaktop has stopped the main thread is handled in C by
 * another thread. The main thread, which waits for good, must learn of it all the same: at each
 * step of a borrowing, in each kind of wait, under every Python, and if leaktop dies over it.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "cell.h"
#include "inject/fault.h"
#include "pool.h"
#include "util/mem.h"

#define JOBS 5
#define PYTHONS_MOST 40

static const enum fault_point steps[] = {
	FAULT_SEIZED, FAULT_INTERRUPTED, FAULT_STOPPED, FAULT_SAVED, FAULT_MASKED, FAULT_CALLED,
	FAULT_SKIPPED, FAULT_UNMASKED, FAULT_RESTORED, FAULT_DETACHED,
};

static const char *const kinds[][2] = {
	{"woken_read", "a_read_is_ended_by_a_signal_that_came_during_a_stop"},
	{"woken_accept", "an_accept_is_ended_by_a_signal_that_came_during_a_stop"},
	{"woken_select", "a_select_is_ended_by_a_signal_that_came_during_a_stop"},
	{"woken_poll", "a_poll_is_ended_by_a_signal_that_came_during_a_stop"},
	{"woken_epoll", "an_epoll_wait_is_ended_by_a_signal_that_came_during_a_stop"},
	{"woken_sleep", "a_sleep_is_interrupted_by_a_signal_that_came_during_a_stop"},
	{"woken_pause", "a_pause_is_ended_by_a_signal_that_came_during_a_stop"},
	{"woken_lock", "a_wait_for_a_lock_is_interrupted_by_a_signal_that_came_during_a_stop"},
};

static const struct python_exe *pythons[PYTHONS_MOST];

/* What the leaktop before has caused beyond its first signal: each of its borrowers sends one. */
static void forget_lines(const struct harm_program *p)
{
	int flags = fcntl(p->out, F_GETFL);
	char text[256];

	assert_int_equal(fcntl(p->out, F_SETFL, flags | O_NONBLOCK), 0);
	while (read(p->out, text, sizeof(text)) > 0)
		;
	assert_int_equal(fcntl(p->out, F_SETFL, flags), 0);
}

/*
 * One leaktop, of which each borrower sends a signal when it comes to that step, and dies when it
 * has ended the call, or lives.
 */
static bool is_told(struct cell_run *r, enum fault_point step, bool dies)
{
	char fault[64], pid[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", pid, NULL};
	struct harm_result result;
	const char *line;

	snprintf(fault, sizeof(fault), "LEAKTOP_FAULT=%s>%d%s%s", fault_name(step),
		 r->program.pid, dies ? "," : "", dies ? fault_name(FAULT_ENDED) : "");
	snprintf(pid, sizeof(pid), "%d", r->program.pid);
	assert_true(harm_wait_blocked(r->program.pid) >= 0);
	forget_lines(&r->program);
	harm_leaktop(args, fault, 0, &result);
	line = harm_line(&r->program);
	if (result.exit_status <= dies && line && !strcmp(line, "handled"))
		return true;
	cell_print(r->cell, fault);
	printf("# leaktop: %d %s\n# it said: %s\n", result.exit_status, result.err,
	       line ? line : "nothing");
	return false;
}

static bool prove(void *arg, size_t i)
{
	const struct cell cell = {.python = pythons[i], .kind = arg, .mortal = true};
	struct cell_run run;
	struct cell_end end;
	bool fine = true;

	if (!cell_begin(&run, &cell))
		return run.skipped;
	for (size_t k = 0; fine && k < COUNT_OF(steps); k++)
		fine = is_told(&run, steps[k], false);
	fine = fine && is_told(&run, FAULT_STOPPED, true);
	fine = cell_unharmed(&run) && fine;
	cell_end(&run, &end);
	if (end.status != 0 || strstr(buf_text(&end.out), "WRONG") || end.err.len) {
		cell_print(&cell, "did not end well");
		printf("# %s%s\n", buf_text(&end.out), buf_text(&end.err));
		fine = false;
	}
	cell_end_free(&end);
	return fine;
}

static void a_wait(void **state)
{
	const char *const *kind = *state;
	size_t n = cell_pythons(pythons, PYTHONS_MOST);

	if (!n)
		SKIP("there is no Python here");
	assert_int_equal(pool_run(n, (size_t)harm_setting("LT_HARM_JOBS", JOBS), prove,
				  (void *)(uintptr_t)kind[0]), 0);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(kinds)];

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		tests[i] = (struct CMUnitTest){
			.name = kinds[i][1], .test_func = a_wait,
			.initial_state = (void *)(uintptr_t)kinds[i],
		};
	return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
