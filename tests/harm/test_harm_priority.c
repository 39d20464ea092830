/*
 * A leaktop that gets the CPU later than its target must not have it wait: who borrows does so at
 * the target's priority, or not at all.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group.h"
#include "harm.h"
#include "inject/priority.h"
#include "util/mem.h"

#define NICE 15

static pid_t running;

static int clean_up(void **state)
{
	harm_end(running);
	running = 0;
	return 0;
}

struct wish {			/* shared with the child that has it */
	int nice, policy;
	bool privileged;
	pid_t of;
	enum lt_errc answer;
	bool taken;
	int nice_then, policy_then;
};

static void try_wish(void *arg)
{
	static const struct sched_param none = {0};
	static const struct rlimit nothing = {0};
	struct wish *w = arg;
	struct lt_err err;

	assert_int_equal(setpriority(PRIO_PROCESS, 0, w->nice), 0);
	assert_int_equal(sched_setscheduler(0, w->policy, &none), 0);
	assert_int_equal(setrlimit(RLIMIT_NICE, &nothing), 0);
	if (!w->privileged && geteuid() == 0)
		assert_int_equal(setuid(HARM_NOBODY), 0);
	w->answer = priority_ask(w->of, &err);
	w->taken = priority_take(w->of);
	w->nice_then = getpriority(PRIO_PROCESS, 0);
	w->policy_then = sched_getscheduler(0);
}

static struct wish granted(int nice, int policy, bool privileged)
{
	struct wish *shared = harm_shared(sizeof(struct wish)), w;
	int status;

	*shared = (struct wish){.nice = nice, .policy = policy, .privileged = privileged,
				.of = getpid()};
	running = harm_fork(try_wish, shared);
	status = harm_reap(running);
	running = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	w = *shared;
	harm_unshare(shared, sizeof(*shared));
	return w;
}

static void need_root(void)
{
	if (geteuid() != 0 || setpriority(PRIO_PROCESS, 0, 0) != 0)
		SKIP("only root may raise a priority again");
}

static void who_is_no_nicer_changes_nothing(void **state)
{
	int ours = getpriority(PRIO_PROCESS, 0);
	struct wish w = granted(ours, SCHED_OTHER, false);

	assert_int_equal(w.answer, LT_OK);
	assert_true(w.taken);
	assert_int_equal(w.nice_then, ours);
}

static void root_takes_the_priority_of_the_process(void **state)
{
	struct wish w;

	need_root();
	w = granted(NICE, SCHED_OTHER, true);
	assert_int_equal(w.answer, LT_OK);
	assert_true(w.taken);
	assert_int_equal(w.nice_then, 0);
	w = granted(0, SCHED_IDLE, true);
	assert_int_equal(w.answer, LT_OK);
	assert_true(w.taken);
	assert_int_equal(w.policy_then, SCHED_OTHER);
}

static void nobody_else_may(void **state)
{
	struct wish w;

	need_root();
	w = granted(NICE, SCHED_OTHER, false);
	assert_int_equal(w.answer, LT_E_NICE);
	assert_false(w.taken);
	assert_int_equal(w.nice_then, NICE);
	w = granted(0, SCHED_IDLE, false);
	assert_int_equal(w.answer, LT_E_NICE);
	assert_false(w.taken);
}

/* ---- leaktop ---------------------------------------------------------------------------- */

static struct harm_program begin(const char *python, uid_t uid)
{
	const char *argv[] = {python, "-c", "import os, time\nos.write(1, b'ready\\n')\n"
			      "while True: time.sleep(0.01)", NULL}, *line;
	struct harm_program p = harm_start(argv, NULL, uid);

	running = p.pid;
	line = harm_line(&p);
	if (!line)
		SKIP("this Python does not run for another user");
	assert_string_equal(line, "ready");
	return p;
}

/* leaktop and all that it starts are that nice; the test is not for longer than that. */
static struct harm_program nice_leaktop(pid_t pid, uid_t uid)
{
	char number[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-d", "0.1", number, NULL};
	struct harm_program leaktop;

	snprintf(number, sizeof(number), "%d", pid);
	assert_int_equal(setpriority(PRIO_PROCESS, 0, NICE), 0);
	leaktop = harm_leaktop_start(args, NULL, uid);
	assert_int_equal(setpriority(PRIO_PROCESS, 0, 0), 0);
	return leaktop;
}

/* A child of it, at any moment. */
static bool has_raised_child(void *arg)
{
	pid_t child = harm_child(*(pid_t *)arg, NULL);

	return child && getpriority(PRIO_PROCESS, (id_t)child) == 0;
}

static void a_nice_leaktop_of_root_borrows_at_the_priority_of_the_process(void **state)
{
	const char *python = harm_next_python(0);
	struct harm_program target, leaktop;

	need_root();
	if (!python)
		SKIP("there is no Python here");
	target = begin(python, 0);
	leaktop = nice_leaktop(target.pid, 0);
	assert_true(harm_wait(has_raised_child, &leaktop.pid));
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)leaktop.pid), NICE);
	harm_kill(&leaktop);
}

static void a_nice_leaktop_of_others_only_reads(void **state)
{
	const char *line;
	struct harm_program target, leaktop;

	need_root();
	if (access("/usr/bin/python3", X_OK) != 0)
		SKIP("there is no Python that another user could run");
	target = begin("/usr/bin/python3", HARM_NOBODY);
	leaktop = nice_leaktop(target.pid, HARM_NOBODY);
	line = harm_line(&leaktop);
	assert_non_null(line);
	printf("# %.120s\n", line);
	assert_non_null(strstr(line, "\"code\":\"priority\""));
	while ((line = harm_line(&leaktop)) != NULL && !strstr(line, "\"kind\":\"sample\""))
		;
	assert_non_null(line);
	assert_non_null(strstr(line, "\"stops\":0"));
	harm_kill(&leaktop);
}

/* ---- a control group that may use little CPU -------------------------------------------- */

static int leave_group(void **state)
{
	clean_up(state);
	group_remove();
	return 0;
}

static void a_leaktop_that_may_use_little_cpu_only_reads(void **state)
{
	/* v1's hierarchy, or v2's where its root hands the controller on */
	static const struct group_kind kinds[] = {
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "10000"},
		{"/sys/fs/cgroup", "cpu.max", "10000 100000"},
	};
	const char *python = harm_next_python(0), *line, *dir = getenv("LT_BUILDDIR"), *group;
	struct harm_program target, leaktop;
	char command[1024];
	const char *argv[] = {"/bin/sh", "-c", command, NULL};

	if (!python)
		SKIP("there is no Python here");
	if (!(group = group_make(kinds, COUNT_OF(kinds))))
		SKIP("no control group with a limit of its CPU can be made");
	target = begin(python, 0);
	snprintf(command, sizeof(command), "echo $$ > %s/cgroup.procs && exec %s/leaktop "
		 "--census=walk -f jsonl -n 1 %d", group, dir ? dir : ".", target.pid);
	leaktop = harm_start(argv, NULL, 0);
	line = harm_line(&leaktop);
	assert_non_null(line);
	printf("# %.140s\n", line);
	assert_non_null(strstr(line, "\"code\":\"cpu-limit\""));
	while ((line = harm_line(&leaktop)) != NULL && !strstr(line, "\"kind\":\"sample\""))
		;
	assert_non_null(line);
	assert_non_null(strstr(line, "\"stops\":0"));
	harm_kill(&leaktop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, clean_up)
		TEST(who_is_no_nicer_changes_nothing),
		TEST(root_takes_the_priority_of_the_process),
		TEST(nobody_else_may),
		TEST(a_nice_leaktop_of_root_borrows_at_the_priority_of_the_process),
		TEST(a_nice_leaktop_of_others_only_reads),
		cmocka_unit_test_teardown(a_leaktop_that_may_use_little_cpu_only_reads,
					  leave_group),
#undef TEST
	};

	return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}
