/*
 * A leaktop that comes into its target's container takes of the memory that is left there. Where
 * that is little it says so and goes, for the kernel would kill one of them, or all.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group.h"
#include "harm.h"
#include "util/mem.h"

#define LIMIT "67108864"
#define LITTLE (6 << 20)	/* what the target leaves of it, about */
#define PLENTY (40 << 20)

static pid_t running;

static int leave_group(void **state)
{
	harm_end(running);
	running = 0;
	group_remove();
	return 0;
}

static const char *begin_group(void)
{
	static const struct group_kind kinds[] = {
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", LIMIT},
		{"/sys/fs/cgroup", "memory.max", LIMIT},
	};
	const char *dir = group_make(kinds, COUNT_OF(kinds));

	if (!dir)
		SKIP("no control group with a limit of its memory can be made");
	return dir;
}

/* In the group, with so much of its memory that `left` bytes of it are not its own. */
static void begin_target(const char *dir, int left)
{
	char command[1200];
	const char *argv[] = {"/bin/sh", "-c", command, NULL}, *line;
	const char *python = harm_next_python(0);
	struct harm_program p;

	if (!python)
		SKIP("there is no Python here");
	snprintf(command, sizeof(command), "echo $$ > %s/cgroup.procs && exec %s -c '"
		 "import os, time\n"
		 "def rss(): return int(open(\"/proc/self/statm\").read().split()[1]) * %ld\n"
		 "kept = []\n"
		 "while rss() < " LIMIT " - %d: kept.append(bytearray(b\"x\" * 65536))\n"
		 "os.write(1, b\"ready\\n\")\n"
		 "while True: time.sleep(0.01)'", dir, python, sysconf(_SC_PAGESIZE), left);
	p = harm_start(argv, NULL, 0);
	running = p.pid;
	line = harm_line(&p);
	assert_non_null(line);
	assert_string_equal(line, "ready");
}

/* leaktop, in the group as well where `dir` is one. */
static void run_leaktop(const char *dir, struct harm_result *ret)
{
	const char *build = getenv("LT_BUILDDIR");
	char command[1200];
	const char *argv[] = {"/bin/sh", "-c", command, NULL};

	snprintf(command, sizeof(command), "%s%s%s exec %s/leaktop -f jsonl -n 1 %d",
		 dir ? "echo $$ > " : "", dir ? dir : "", dir ? "/cgroup.procs &&" : "",
		 build ? build : ".", running);
	harm_run(argv, ret);
	if (ret->err[0])
		printf("# %.*s\n", (int)strcspn(ret->err, "\n"), ret->err);
}

static void in_a_container_that_is_nearly_full_leaktop_does_not_stay(void **state)
{
	const char *dir = begin_group();
	struct harm_result r;

	begin_target(dir, LITTLE);
	run_leaktop(dir, &r);
	assert_int_equal(r.exit_status, 1);
	assert_int_equal(r.err_lines, 2);
	assert_non_null(strstr(r.out, "\"code\":\"memory\""));
	assert_int_equal(kill(running, 0), 0);
	assert_int_equal(waitpid(running, NULL, WNOHANG), 0);
}

static void from_outside_it_may_be_full(void **state)
{
	const char *dir = begin_group();
	struct harm_result r;

	begin_target(dir, LITTLE);
	run_leaktop(NULL, &r);
	assert_int_equal(r.exit_status, 0);
	assert_int_equal(waitpid(running, NULL, WNOHANG), 0);
}

static void in_a_container_with_room_leaktop_stays(void **state)
{
	const char *dir = begin_group();
	struct harm_result r;

	begin_target(dir, PLENTY);
	run_leaktop(dir, &r);
	assert_int_equal(r.exit_status, 0);
	assert_int_equal(waitpid(running, NULL, WNOHANG), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(in_a_container_that_is_nearly_full_leaktop_does_not_stay,
					  leave_group),
		cmocka_unit_test_teardown(from_outside_it_may_be_full, leave_group),
		cmocka_unit_test_teardown(in_a_container_with_room_leaktop_stays, leave_group),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
