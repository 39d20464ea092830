/* The successor of a process: same user, program and arguments, and nothing else. */
#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/twin.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"

#define PATIENCE_NS (60 * CLOCK_NS_PER_S)

static pid_t children[4];
static struct twin *twin;

/* exec closes files before the arguments can be seen from outside. */
static void wait_for_arguments(pid_t pid)
{
	int64_t end = clock_mono_ns() + PATIENCE_NS;
	struct buf cmdline = {0};

	while (io_read_proc(pid, 0, "cmdline", 64, &cmdline) == 0 && cmdline.len == 0 &&
	       clock_mono_ns() < end)
		clock_sleep_ns(CLOCK_NS_PER_MS);
	assert_true(cmdline.len > 0);	/* it is `sleep`, and lives */
	buf_done(&cmdline);
}

/* `sleep SECONDS`, once it is that; two of one number are twins. */
static pid_t start(int i, const char *seconds)
{
	int up[2];
	char own[32], byte;

	snprintf(own, sizeof(own), "%s%d", seconds, (int)getpid());
	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	children[i] = fork();
	if (children[i] == 0) {
		execlp("sleep", "sleep", own, (char *)NULL);
		_exit(127);
	}
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 0);	/* closed by exec */
	close(up[0]);
	wait_for_arguments(children[i]);
	return children[i];
}

static void stop(int i)
{
	if (children[i] <= 0)
		return;
	kill(children[i], SIGKILL);
	(void)waitpid(children[i], NULL, 0);
	children[i] = 0;
}

static int end(void **state)
{
	for (int i = 0; i < 4; i++)
		stop(i);
	twin_free(twin);
	twin = NULL;
	return 0;
}

static void a_process_with_the_same_command_is_found_after_the_end(void **state)
{
	pid_t second;

	twin = twin_new(start(0, "86311.5"));
	assert_non_null(twin);
	assert_int_equal(twin_find(twin), 0);
	stop(0);
	assert_int_equal(twin_find(twin), 0);
	second = start(1, "86311.5");
	assert_int_equal(twin_find(twin), second);
	stop(1);
	assert_int_equal(twin_find(twin), 0);
}

static void other_arguments_are_another_process(void **state)
{
	twin = twin_new(start(0, "86312.5"));
	stop(0);
	start(1, "86312.50");
	start(2, "86312");
	assert_int_equal(twin_find(twin), 0);
}

static void of_several_it_is_the_youngest(void **state)
{
	pid_t last;

	twin = twin_new(start(0, "86313.5"));
	start(1, "86313.5");
	clock_sleep_ns(30 * CLOCK_NS_PER_MS);	/* starts are told apart by clock ticks */
	last = start(2, "86313.5");
	stop(0);
	assert_int_equal(twin_find(twin), last);
}

static void a_zombie_is_no_successor(void **state)
{
	siginfo_t info;

	twin = twin_new(start(0, "86314.5"));
	stop(0);
	kill(start(1, "86314.5"), SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)children[1], &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(twin_find(twin), 0);
}

static void a_process_that_is_gone_has_no_twin(void **state)
{
	pid_t pid = start(0, "86315.5");

	stop(0);
	assert_null(twin_new(pid));
	twin_free(NULL);
}

#define WITH_CHILDREN(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CHILDREN(a_process_with_the_same_command_is_found_after_the_end),
		WITH_CHILDREN(other_arguments_are_another_process),
		WITH_CHILDREN(of_several_it_is_the_youngest),
		WITH_CHILDREN(a_zombie_is_no_successor),
		WITH_CHILDREN(a_process_that_is_gone_has_no_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
