/*
 * A signal for the process that comes while leaktop has stopped the main thread is handled in C by
 * another thread. The main thread, which waits for good, must learn of it all the same: at each
 * step of a borrowing, in each kind of wait, under every Python, if leaktop dies over it, and if
 * one of the two threads has to wait for a CPU.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cell.h"
#include "inject/fault.h"
#include "pool.h"
#include "util/mem.h"

#define JOBS 5
#define LAST 19		/* nice */
#define PYTHONS_MOST 40

static const enum fault_point steps[] = {
	FAULT_SEIZED, FAULT_INTERRUPTED, FAULT_STOPPED, FAULT_SAVED, FAULT_MASKED, FAULT_CALLED,
	FAULT_SKIPPED, FAULT_UNMASKED, FAULT_RESTORED, FAULT_DETACHED,
};

static const enum fault_point some_steps[] = {
	FAULT_STOPPED, FAULT_MASKED, FAULT_CALLED, FAULT_DETACHED,
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

static void on_every_python(bool (*one)(void *arg, size_t i), const char *arg)
{
	size_t n = cell_pythons(pythons, PYTHONS_MOST);

	if (!n)
		SKIP("there is no Python here");
	assert_int_equal(pool_run(n, (size_t)harm_setting("LT_HARM_JOBS", JOBS), one,
				  (void *)(uintptr_t)arg), 0);
}

static void a_wait(void **state)
{
	const char *const *kind = *state;

	on_every_python(prove, kind[0]);
}

/* ---- on a busy machine ------------------------------------------------------------------- */

static pid_t hog;

static int the_first_cpu(cpu_set_t *ret)
{
	cpu_set_t all;
	int i = 0;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return -1;
	while (i < CPU_SETSIZE && !CPU_ISSET(i, &all))
		i++;
	CPU_ZERO(ret);
	CPU_SET(i, ret);
	return i;
}

static void compute(void *unused)
{
	cpu_set_t one;

	if (the_first_cpu(&one) < 0 || sched_setaffinity(0, sizeof(one), &one) != 0)
		_exit(1);
	for (;;)
		;
}

/* All on one CPU, where a program computes; the main thread, or the others, behind that. */
static bool starve(pid_t pid, bool main_thread)
{
	char path[64];
	struct dirent *e;
	cpu_set_t one;
	bool done = the_first_cpu(&one) >= 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		pid_t tid = atoi(e->d_name);

		if (tid > 0)
			done = sched_setaffinity(tid, sizeof(one), &one) == 0 && done;
		if (tid > 0 && (tid == pid) == main_thread)
			done = setpriority(PRIO_PROCESS, (id_t)tid, LAST) == 0 && done;
	}
	if (d)
		closedir(d);
	return done;
}

static bool prove_starved(void *arg, size_t i)
{
	const struct cell cell = {.python = pythons[i], .kind = "woken_read", .mortal = true};
	struct cell_run run;
	struct cell_end end;
	bool fine;

	if (!cell_begin(&run, &cell))
		return run.skipped;
	fine = starve(run.program.pid, !strcmp(arg, "main"));
	for (size_t k = 0; fine && k < COUNT_OF(some_steps); k++)
		fine = is_told(&run, some_steps[k], false);
	cell_end(&run, &end);
	cell_end_free(&end);
	return fine;
}

static void a_thread_waits_for_a_cpu(void **state)
{
	hog = harm_fork(compute, NULL);
	on_every_python(prove_starved, *state);
}

static int end_hog(void **state)
{
	harm_end(hog);
	hog = 0;
	return 0;
}

#define STARVED(name, which) { \
	name, a_thread_waits_for_a_cpu, NULL, end_hog, (void *)(uintptr_t)(which) \
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(kinds) + 2] = {
		[COUNT_OF(kinds)] =
			STARVED("a_thread_that_takes_a_signal_late_is_waited_for", "other"),
			STARVED("a_main_thread_that_waits_again_late_is_waited_for", "main"),
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		tests[i] = (struct CMUnitTest){
			.name = kinds[i][1], .test_func = a_wait,
			.initial_state = (void *)(uintptr_t)kinds[i],
		};
	return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
