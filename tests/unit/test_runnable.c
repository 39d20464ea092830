/* Threads that want a CPU, and how it is told that one has had it. */
#include "config.h"
#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/pidstat.h"
#include "proc/runnable.h"
#include "util/clock.h"
#include "util/num.h"

#define PATIENCE_NS (60 * CLOCK_NS_PER_S)

static pid_t child;

static void start(bool computes)
{
	pid_t parent = getpid();

	child = fork();
	if (child != 0)
		return;
	while (getppid() == parent)
		if (!computes)
			pause();
	_exit(0);
}

static int stop(void **state)
{
	if (child > 0) {
		kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	child = 0;
	return 0;
}

static void wait_until(char want)
{
	int64_t end = clock_mono_ns() + PATIENCE_NS;
	struct pidstat st = {0};

	while (pidstat_read(child, &st, NULL) == LT_OK && st.state != want && clock_mono_ns() < end)
		clock_sleep_ns(CLOCK_NS_PER_MS);
	assert_int_equal(st.state, want);
}

static void one_that_sleeps_is_not_waited_for(void **state)
{
	struct runnable r;

	start(false);
	wait_until('S');
	runnable_take(&r, child, 0);
	assert_int_equal(r.n, 0);
	assert_true(runnable_have_run(&r, child));
}

static void take_the_computing_one(struct runnable *r)
{
	int64_t end = clock_mono_ns() + PATIENCE_NS;

	start(true);
	if (!num_known(runnable_cpu_ns(getpid(), getpid())))
		SKIP("this kernel does not count CPU time (CONFIG_SCHED_INFO)");
	while (!num_known(runnable_cpu_ns(child, child)) && clock_mono_ns() < end)
		clock_sleep_ns(CLOCK_NS_PER_MS);
	runnable_take(r, child, 0);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->list[0].tid, child);
}

static void one_that_computes_has_run_after_a_while(void **state)
{
	int64_t end = clock_mono_ns() + PATIENCE_NS;
	struct runnable r, not_yet;

	take_the_computing_one(&r);
	not_yet = r;
	not_yet.list[0].cpu_ns = INT64_MAX / 2;		/* as if it had had none since */
	while (!runnable_have_run(&r, child) && clock_mono_ns() < end)
		clock_sleep_ns(CLOCK_NS_PER_MS);
	assert_int_equal(r.n, 0);
	assert_false(runnable_have_run(&not_yet, child));
	assert_int_equal(not_yet.n, 1);
}

static void one_that_is_excepted_or_stands_still_or_ends_is_not_waited_for(void **state)
{
	struct runnable r, again;

	take_the_computing_one(&r);
	r.list[0].cpu_ns = INT64_MAX / 2;
	runnable_take(&again, child, child);
	assert_int_equal(again.n, 0);
	again = r;
	kill(child, SIGSTOP);
	wait_until('T');
	assert_true(runnable_have_run(&again, child));
	again = r;
	stop(NULL);
	assert_true(runnable_have_run(&again, r.list[0].tid));
	runnable_take(&again, r.list[0].tid, 0);
	assert_int_equal(again.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(one_that_sleeps_is_not_waited_for, stop),
		cmocka_unit_test_teardown(one_that_computes_has_run_after_a_while, stop),
		cmocka_unit_test_teardown(
			one_that_is_excepted_or_stands_still_or_ends_is_not_waited_for, stop),
	};

	return cmocka_run_group_tests_name("runnable", tests, NULL, NULL);
}
