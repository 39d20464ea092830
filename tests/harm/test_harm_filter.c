/*
 * Calls on a thread that a seccomp filter looks after. libseccomp's filters, which containers have,
 * answer what they do not know with an errno; stricter ones kill for a number that no kernel has.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "inject/fault.h"
#include "util/mem.h"

#define NO_CALL 0xffffffffu	/* a call that its tracer has taken back */
#define X32_BIT 0x40000000u	/* asm/unistd.h, __X32_SYSCALL_BIT */

struct victim {
	int gate[2];		/* a byte lets it go on */
	bool went_on;
};

static struct victim *shared;
static pid_t victim;

/* Numbers from X32_BIT on are answered with `strange`, but for NO_CALL, which fails. */
static void filter(uint32_t strange)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NO_CALL, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, strange),
	};
	struct sock_fprog program = {COUNT_OF(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		_exit(97);
}

static void live(void *arg)
{
	char byte;

	filter(*(uint32_t *)arg);
	if (read(shared->gate[0], &byte, 1) == 1)
		shared->went_on = true;
}

static int prepare(void **state)
{
	shared = harm_shared(sizeof(*shared));
	return pipe(shared->gate);
}

static int clean_up(void **state)
{
	harm_end(victim);
	victim = 0;
	close(shared->gate[0]);
	close(shared->gate[1]);
	harm_unshare(shared, sizeof(*shared));
	return 0;
}

static void begin(uint32_t strange)
{
	victim = harm_fork(live, &strange);
	assert_true(harm_wait_blocked(victim) >= 0);
}

/* Its read() was neither ended nor lost. */
static void assert_goes_on(void)
{
	int status;

	assert_true(harm_wait_free(victim));
	assert_true(harm_wait_blocked(victim) >= 0);
	assert_int_equal(write(shared->gate[1], "", 1), 1);
	status = harm_reap(victim);
	victim = 0;
	assert_int_equal(status, 0);
	assert_true(shared->went_on);
}

static void a_call_after_another_is_not_taken_for_the_filter_s_errno(void **state)
{
	struct gadgets gadgets;
	struct lt_err err = {0};

	begin(SECCOMP_RET_ERRNO | ENOSYS);
	gadgets = harm_gadgets(victim);
	if (harm_call(victim, &gadgets, 0, &err) != LT_OK)
		printf("# %s\n", err.detail);
	assert_int_equal(err.code, LT_OK);
	assert_goes_on();
}

struct tracing {
	struct gadgets gadgets;
	enum fault_point point;
};

static void call_and_die(void *arg)
{
	const struct tracing *t = arg;
	struct lt_err err;

	setenv("LEAKTOP_FAULT", fault_name(t->point), 1);
	_exit(harm_call(victim, &t->gadgets, 0, &err) == LT_OK ? 0 : 1);
}

static void a_filter_that_kills_never_sees_a_strange_number(void **state)
{
	struct tracing t;

	begin(SECCOMP_RET_KILL_PROCESS);
	t.gadgets = harm_gadgets(victim);
	for (t.point = 0; t.point < FAULT_COUNT; t.point++) {
		int status = harm_reap(harm_fork(call_and_die, &t));

		assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : status == 0);
		assert_true(harm_wait_free(victim));
		assert_true(harm_wait_blocked(victim) >= 0);
	}
	assert_goes_on();
}

/* ---- leaktop under a filter -------------------------------------------------------------- */

/* proc_mem.force_override=never answers so (Linux 6.12, fs/proc/base.c, mem_rw). */
static void sample_without_pwrite(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwrite64, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {COUNT_OF(code), code};
	bool fine;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		_exit(97);
	fine = harm_sample(*(const pid_t *)arg);
	fflush(stdout);
	_exit(fine ? 0 : 1);
}

static void a_python_is_counted_where_memory_files_cannot_be_written(void **state)
{
	const char *python = harm_next_python(0);
	struct harm_program target;
	const char *line;

	if (!python)
		SKIP("there is no Python here");
	target = harm_python(python, "still");
	line = harm_line(&target);
	assert_non_null(line);
	assert_string_equal(line, "ready");
	assert_int_equal(harm_reap(harm_fork(sample_without_pwrite, &target.pid)), 0);
	assert_true(harm_wait_free(target.pid));
	kill(target.pid, SIGTERM);
	line = harm_line(&target);
	assert_non_null(line);
	assert_memory_equal(line, "ok ", 3);
	harm_kill(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, clean_up)
		TEST(a_call_after_another_is_not_taken_for_the_filter_s_errno),
		TEST(a_filter_that_kills_never_sees_a_strange_number),
		cmocka_unit_test(a_python_is_counted_where_memory_files_cannot_be_written),
#undef TEST
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
