/*
 * Run as root on a kernel with Yama, which cannot be told to be strict and to forget it again: see
 * yama.sh. One Python, watched by its own user and by root under each kernel.yama.ptrace_scope.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"

#define SCOPE "/proc/sys/kernel/yama/ptrace_scope"

/* Not a child of ours, so that what we allow for our children is not for it. */
static const struct ns_way way = {
	.uid = HARM_NOBODY,
	.argv = {"sh", "-c", "exec 3<&0; \"$@\" <&3 & wait $!", "sh"},
};
static const struct python_exe python = {"python3", "/usr/bin/python3", ""};

static struct ns_run target;
static char truth[256];

static int start(void **state)
{
	if (!ns_start(&target, &way, &python)) {
		ns_comment("it said", target.err);
		return -1;
	}
	snprintf(truth, sizeof(truth), "%s", ns_ask(&target, "grow 1000\n"));
	return harm_wait_blocked(target.pid) >= 0 ? 0 : -1;
}

static int stop(void **state)
{
	ns_kill(&target);
	return 0;
}

static void set_scope(char scope)
{
	int fd = open(SCOPE, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &scope, 1), 1);
	close(fd);
}

static void assert_watched(char scope, uid_t uid)
{
	set_scope(scope);
	assert_true(ns_counts(target.pid, uid, truth));
}

/* code: of the refusal in the JSON; word: what the remedy is about. */
static void assert_refused(char scope, uid_t uid, const char *code, const char *word)
{
	char number[16], key[80], *before = ns_status(target.pid), *after;
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", number, NULL};
	struct harm_result r;

	set_scope(scope);
	snprintf(number, sizeof(number), "%d", target.pid);
	snprintf(key, sizeof(key), "\"code\":\"%s\"", code);
	harm_leaktop(args, NULL, uid, &r);
	after = ns_status(target.pid);
	ns_comment("leaktop", r.err);
	assert_int_equal(r.exit_status, 4);
	assert_int_equal(r.err_lines, 2);
	assert_non_null(strstr(r.out, key));
	assert_non_null(strstr(r.err, "Yama"));
	assert_non_null(strstr(r.err, "ptrace_scope"));
	assert_non_null(strstr(r.err, word));
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ---- the tests, in the order in which the setting can only rise -------------------------- */

static void the_proof_notices_a_single_stop(void **state)
{
	char *before = ns_status(target.pid), *after;
	struct tracee t;
	struct lt_err err;

	set_scope('0');
	assert_int_equal(harm_stop(&t, target.pid, true, &err), LT_OK);
	tracee_detach(&t);
	assert_true(harm_wait_blocked(target.pid) >= 0);
	after = ns_status(target.pid);
	assert_string_not_equal(before, after);
	free(before);
	free(after);
}

static void its_user_watches_under_scope_0(void **state)
{
	assert_watched('0', HARM_NOBODY);
}

static void its_user_is_refused_under_scope_1(void **state)
{
	assert_refused('1', HARM_NOBODY, "permission-yama", "sudo");
}

static void root_watches_under_scope_1(void **state)
{
	assert_watched('1', 0);
}

static void its_user_is_refused_under_scope_2(void **state)
{
	assert_refused('2', HARM_NOBODY, "permission-yama", "sudo");
}

static void root_watches_under_scope_2(void **state)
{
	assert_watched('2', 0);
}

static void its_user_is_refused_under_scope_3(void **state)
{
	assert_refused('3', HARM_NOBODY, "permission-yama-locked", "boot");
}

static void root_is_refused_under_scope_3(void **state)
{
	assert_refused('3', 0, "permission-yama-locked", "boot");
}

static void the_target_ends_as_it_would_have(void **state)
{
	ns_end(&target);
	assert_true(WIFEXITED(target.status));
	assert_int_equal(WEXITSTATUS(target.status), 7);
	assert_string_equal(target.err, "bye\n");
	assert_non_null(strstr(target.out, "sum 499500 of 1000\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_proof_notices_a_single_stop),
		cmocka_unit_test(its_user_watches_under_scope_0),
		cmocka_unit_test(its_user_is_refused_under_scope_1),
		cmocka_unit_test(root_watches_under_scope_1),
		cmocka_unit_test(its_user_is_refused_under_scope_2),
		cmocka_unit_test(root_watches_under_scope_2),
		cmocka_unit_test(its_user_is_refused_under_scope_3),
		cmocka_unit_test(root_is_refused_under_scope_3),
		cmocka_unit_test(the_target_ends_as_it_would_have),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("yama", tests, start, stop);
}
