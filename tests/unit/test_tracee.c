/* A thread of a child under ptrace: how the helper's code gets to where the target cannot write. */
#include "config.h"
#include "test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject/tracee.h"
#include "target/remote.h"
#include "util/clock.h"
#include "util/mem.h"

#define DEADLINE_NS (60 * CLOCK_NS_PER_S)
#define CODE_MOST 12288u
#define NO_CALL 0xffffffffu
#define LD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define RET(what) BPF_STMT(BPF_RET | BPF_K, what)
#define NR offsetof(struct seccomp_data, nr)
#define FIRST_ARG offsetof(struct seccomp_data, args)

static uint8_t *page;			/* R-X, in this process and in its children */
static uint8_t code[CODE_MOST];
static pid_t victim;
static struct tracee tracee;

static int prepare(void **state)
{
	sigset_t chld;

	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)(i * 7 + 1 + i / 256);
	page = mmap(NULL, 2 * CODE_MOST, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	return page == MAP_FAILED || sigprocmask(SIG_BLOCK, &chld, NULL) != 0;
}

static int clean_up(void **state)
{
	if (victim > 0) {
		kill(victim, SIGKILL);
		waitpid(victim, NULL, __WALL);
	}
	victim = 0;
	return munmap(page, 2 * CODE_MOST);
}

/* A child that is stopped and ours. */
static bool hold_one(void)
{
	struct lt_err err;
	pid_t parent = getpid();

	victim = fork();
	if (victim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	return tracee_seize(&tracee, victim, clock_mono_ns() + DEADLINE_NS, &err) == LT_OK &&
	       tracee_interrupt(&tracee, &err) == LT_OK;
}

/* Is it there, and nothing but zeros behind it? */
static bool is_written(size_t at, size_t n)
{
	uint8_t got[2 * CODE_MOST];
	struct remote r = {.pid = victim};

	if (!remote_read(&r, (uint64_t)(uintptr_t)page, got, sizeof(got)) ||
	    memcmp(got + at, code, n) != 0)
		return false;
	for (size_t i = at + n; i < sizeof(got); i++)
		if (got[i] != 0)
			return false;
	return true;
}

static bool pokes(size_t at, size_t n)
{
	struct lt_err err;
	enum lt_errc rc = tracee_poke(&tracee, (uint64_t)(uintptr_t)page + at, code, n, &err);

	if (rc != LT_OK)
		printf("# %zu bytes: %s\n", n, err.detail);
	return rc == LT_OK && is_written(at, n);
}

static void code_of_any_length_is_written_where_the_target_cannot_write(void **state)
{
	static const size_t lengths[] = {1, 8, 48, 256, 257, 1000, 4096, 4097, 7187, CODE_MOST};

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		assert_true(hold_one());
		assert_true(pokes(8 * i, lengths[i]));
		assert_true(pokes(8 * i, lengths[i]));	/* again, over itself */
		tracee_detach(&tracee);
		kill(victim, SIGKILL);
		waitpid(victim, NULL, 0);
		victim = 0;
	}
}

/* ---- one of the two ways is refused ------------------------------------------------------ */

/* A call with this number fails from now on; `first`: only with that first argument. */
static bool forbid(uint32_t nr, uint32_t first)
{
	const struct sock_filter any[] = {
		LD(NR), IS(nr, 0, 1), RET(SECCOMP_RET_ERRNO | EIO), RET(SECCOMP_RET_ALLOW),
	};
	const struct sock_filter one[] = {
		LD(NR), IS(nr, 0, 3), LD(FIRST_ARG), IS(first, 0, 1),
		RET(SECCOMP_RET_ERRNO | EIO), RET(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = first == NO_CALL ? COUNT_OF(any) : COUNT_OF(one),
		.filter = (struct sock_filter *)(uintptr_t)(first == NO_CALL ? any : one),
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* In a child, for a filter stays. 0: as promised. */
static int in_child(uint32_t nr, uint32_t first, size_t n, bool may)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		bool fine = hold_one() && forbid(nr, first) && pokes(0, n) == may;

		kill(victim, SIGKILL);
		fflush(stdout);
		_exit(fine ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void a_kernel_that_refuses_one_write_is_asked_for_words(void **state)
{
	assert_int_equal(in_child(SYS_pwrite64, NO_CALL, CODE_MOST, true), 0);
	assert_int_equal(in_child(SYS_pwrite64, NO_CALL, 7187, true), 0);
	assert_int_equal(in_child(SYS_openat, NO_CALL, CODE_MOST, true), 0);
}

/* The proof that it is one write otherwise: words would fail here. */
static void much_code_is_not_written_word_by_word(void **state)
{
	assert_int_equal(in_child(SYS_ptrace, PTRACE_POKEDATA, CODE_MOST, true), 0);
	assert_int_equal(in_child(SYS_ptrace, PTRACE_POKEDATA, 48, false), 0);
}

/* ---- whose memory ------------------------------------------------------------------------ */

static void who_is_not_held_any_more_is_not_written_to(void **state)
{
	struct lt_err err;

	assert_true(hold_one());
	tracee_detach(&tracee);			/* alive, with the same number, but not ours */
	assert_int_equal(tracee_poke(&tracee, (uint64_t)(uintptr_t)page, code, CODE_MOST, &err),
			 LT_E_GONE);
	assert_true(is_written(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, clean_up)
		TEST(code_of_any_length_is_written_where_the_target_cannot_write),
		TEST(a_kernel_that_refuses_one_write_is_asked_for_words),
		TEST(much_code_is_not_written_word_by_word),
		TEST(who_is_not_held_any_more_is_not_written_to),
#undef TEST
	};

	return cmocka_run_group_tests_name("tracee", tests, NULL, NULL);
}
