#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/figures.h"
#include "proc/figures_ops.h"
#include "proc/status.h"
#include "test_proc_child.h"
#include "util/clock.h"
#include "util/num.h"

#define MIB (1 << 20)
#define TICK_NS (10 * CLOCK_NS_PER_MS)

static struct figures_quick read_quick(struct figures *f)
{
	struct figures_quick q;

	assert_int_equal(figures_read(f, &q, NULL), LT_OK);
	return q;
}

static struct figures *new_of(pid_t pid)
{
	struct figures *f = NULL;

	assert_int_equal(figures_new(pid, &f, NULL), LT_OK);
	return f;
}

/* --- the sources --- */

static void the_library_answers_and_agrees_with_the_files(void **state)
{
	struct figures_quick lib, files;
	struct figures *f = new_of(getpid()), *g = NULL;

	assert_int_equal(figures_new_with(getpid(), &figures_files, &g, NULL), LT_OK);
	lib = read_quick(f);
	files = read_quick(g);
	assert_string_equal(figures_source(f), figures_library.name);
	assert_string_equal(figures_source(g), "/proc");
	assert_in_range(lib.rss_bytes, files.rss_bytes - MIB, files.rss_bytes + MIB);
	assert_in_range(lib.vsz_bytes, files.vsz_bytes - MIB, files.vsz_bytes + MIB);
	assert_int_equal(lib.swap_bytes, files.swap_bytes);
	assert_int_equal(lib.threads, files.threads);
	assert_in_range(files.cpu_ns - lib.cpu_ns, 0, 10 * TICK_NS);
	assert_int_equal(lib.state, 'R');
	assert_int_equal(files.state, 'R');
	figures_free(f);
	figures_free(g);
}

static void both_sources_know_the_same_start(void **state)
{
	struct figures_reading lib, files;
	void *handle = NULL;

	assert_int_equal(figures_library.new(&handle, NULL), LT_OK);
	assert_int_equal(figures_library.read(handle, getpid(), &lib, NULL), LT_OK);
	assert_int_equal(figures_files.read(NULL, getpid(), &files, NULL), LT_OK);
	assert_true(files.start_ticks > 0);
	assert_int_equal(lib.start_ticks, files.start_ticks);
	figures_library.free(handle);
}

static void rss_rises_by_what_a_child_touches(void **state)
{
	struct child c = child_begin(NULL);
	struct figures *f = new_of(c.pid);
	int64_t before = read_quick(f).rss_bytes, told;
	struct figures_slow slow;
	struct figures_quick q;

	child_tell(&c, CHILD_MAP);
	told = child_answer(&c);
	q = read_quick(f);
	assert_in_range(q.rss_bytes, told - MIB, told + MIB);
	assert_in_range(q.rss_bytes - before, CHILD_MAPPED_BYTES, CHILD_MAPPED_BYTES + 16 * MIB);
	assert_true(q.vsz_bytes >= q.rss_bytes);
	assert_int_equal(q.threads, 1);
	assert_int_equal(figures_read_slow(f, &slow, NULL), LT_OK);
	assert_true(slow.uss_bytes >= CHILD_MAPPED_BYTES);
	assert_true(slow.uss_bytes <= slow.pss_bytes);
	assert_true(slow.pss_bytes <= q.rss_bytes + MIB);
	figures_free(f);
	child_end(&c);
}

static void cpu_time_moves_on_while_we_work(void **state)
{
	struct figures *f = new_of(getpid());
	int64_t first = read_quick(f).cpu_ns, now = first;

	for (int64_t end = clock_mono_ns() + 10 * CLOCK_NS_PER_S; now == first;) {
		assert_true(clock_mono_ns() < end);
		now = read_quick(f).cpu_ns;
	}
	assert_true(now > first);
	figures_free(f);
}

/* --- an ended process --- */

static void a_zombie_counts_as_ended(void **state)
{
	struct child c = child_begin(NULL);
	struct figures *f = new_of(c.pid), *g = NULL;
	struct figures_fixed fixed;
	struct figures_quick q;
	struct figures_slow s;
	struct lt_err err;

	child_make_zombie(&c);
	assert_int_equal(figures_read(f, &q, &err), LT_E_GONE);
	assert_int_equal(err.code, LT_E_GONE);
	assert_int_equal(figures_read_slow(f, &s, NULL), LT_E_GONE);
	assert_int_equal(figures_read_fixed(f, &fixed, NULL), LT_E_GONE);
	assert_int_equal(figures_new(c.pid, &g, NULL), LT_E_GONE);
	assert_null(g);
	assert_string_equal(figures_source(f), figures_library.name);
	figures_free(f);
	child_end(&c);
}

static void a_vanished_process_is_gone(void **state)
{
	struct child c = child_begin(NULL);
	struct figures *f = new_of(c.pid), *g = NULL;
	pid_t pid = c.pid;
	struct figures_quick q;
	struct figures_slow s;

	child_end(&c);
	assert_int_equal(figures_read(f, &q, NULL), LT_E_GONE);
	assert_int_equal(figures_read_slow(f, &s, NULL), LT_E_GONE);
	assert_int_equal(figures_new(pid, &g, NULL), LT_E_GONE);
	assert_int_equal(figures_new(0, &g, NULL), LT_E_GONE);
	assert_null(g);
	figures_free(f);
}

static void freeing_nothing_is_fine(void **state)
{
	figures_free(NULL);
}

/* --- sources that misbehave --- */

static struct {
	int reads;		/* of the present fake, counted from 1 */
	int leak_every;		/* one fd each so many reads; 0 never */
	int keep_first;		/* fds the first read keeps */
	int frees;
	int fds[64], n_fds;
	enum lt_errc fail;	/* what reads answer */
	bool no_rss, no_start, wrong_start;
} fake;

static void keep_fd(void)
{
	assert_true(fake.n_fds < 64);
	fake.fds[fake.n_fds++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static enum lt_errc fake_new(void **ret, struct lt_err *err)
{
	return fake.no_start ? lt_err_set(err, LT_E_SYS, 0, "fake") : LT_OK;
}

static void fake_free(void *handle)
{
	fake.frees++;
}

static enum lt_errc fake_read(void *handle, pid_t pid, struct figures_reading *ret,
			      struct lt_err *err)
{
	enum lt_errc rc = figures_files.read(NULL, pid, ret, err);

	fake.reads++;
	for (int i = 0; fake.reads == 1 && i < fake.keep_first; i++)
		keep_fd();
	if (fake.leak_every && fake.reads % fake.leak_every == 0)
		keep_fd();
	if (fake.fail)
		return lt_err_set(err, fake.fail, 0, "fake");
	if (fake.no_rss)
		ret->quick.rss_bytes = 0;
	ret->start_ticks += fake.wrong_start;
	return rc;
}

static const struct figures_ops fake_ops = {
	.name = "fake", .new = fake_new, .free = fake_free, .read = fake_read,
};

static struct figures *new_fake(void)
{
	struct figures *f = NULL;

	assert_int_equal(figures_new_with(getpid(), &fake_ops, &f, NULL), LT_OK);
	return f;
}

static int fake_reset(void **state)
{
	while (fake.n_fds)
		close(fake.fds[--fake.n_fds]);
	memset(&fake, 0, sizeof(fake));
	return 0;
}

/* Reads until the source changes, at most `most` times; how many reads that took. */
static int reads_until_files(struct figures *f, int most)
{
	int n = 0;

	while (n < most && strcmp(figures_source(f), "/proc") != 0) {
		assert_true(read_quick(f).rss_bytes > 0);
		n++;
	}
	return n;
}

static void a_source_that_leaks_a_file_per_read_is_left_after_three(void **state)
{
	struct figures *f;

	fake.leak_every = 1;
	f = new_fake();
	assert_string_equal(figures_source(f), "fake");
	assert_int_equal(reads_until_files(f, 50), 3);
	assert_int_equal(fake.frees, 1);
	for (int i = 0; i < 20; i++)
		assert_true(read_quick(f).rss_bytes > 0);
	assert_int_equal(fake.reads, 3);	/* for good */
	assert_int_equal(fake.n_fds, 3);
	figures_free(f);
}

static void a_source_that_leaks_now_and_then_is_left_too(void **state)
{
	struct figures *f;

	fake.leak_every = 7;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 21);
	figures_free(f);
}

static void a_healthy_source_is_kept(void **state)
{
	struct figures *f = new_fake();

	assert_int_equal(reads_until_files(f, 200), 200);
	assert_int_equal(fake.reads, 200);
	assert_int_equal(fake.frees, 0);
	figures_free(f);
	assert_int_equal(fake.frees, 1);
}

static void a_source_may_keep_two_files_for_itself(void **state)
{
	struct figures *f;

	fake.keep_first = 2;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 50);
	figures_free(f);
}

static void files_that_others_open_between_reads_are_not_blamed_on_it(void **state)
{
	struct figures *f = new_fake();

	for (int i = 0; i < 20; i++) {
		keep_fd();
		read_quick(f);
	}
	assert_string_equal(figures_source(f), "fake");
	figures_free(f);
}

static void the_library_of_this_build_is_kept_or_left_with_three_files(void **state)
{
	struct figures *f = new_of(getpid());
	int n = reads_until_files(f, 100);

	printf("# %s was %s after %d reads\n", figures_library.name, n < 100 ? "left" : "kept", n);
	assert_true(n == 100 || n <= 4);
	figures_free(f);
}

static void a_source_that_fails_is_left(void **state)
{
	static const enum lt_errc codes[] = {LT_E_SYS, LT_E_GONE, LT_E_BAD_DATA};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct figures *f;

		fake.fail = codes[i];
		f = new_fake();
		assert_int_equal(reads_until_files(f, 50), 1);
		figures_free(f);
	}
}

static void a_source_that_sees_no_memory_is_left(void **state)
{
	struct figures *f;

	fake.no_rss = true;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 1);
	figures_free(f);
}

static void a_source_that_sees_another_process_is_left(void **state)
{
	struct figures *f;

	fake.wrong_start = true;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 1);
	figures_free(f);
}

static void a_source_that_cannot_start_is_replaced_at_once(void **state)
{
	struct figures *f;

	fake.no_start = true;
	f = new_fake();
	assert_string_equal(figures_source(f), "/proc");
	assert_true(read_quick(f).rss_bytes > 0);
	assert_int_equal(fake.reads, 0);
	figures_free(f);
}

static void a_failing_source_does_not_bring_back_the_dead(void **state)
{
	struct child c = child_begin(NULL);
	struct figures *f = NULL;
	struct figures_quick q;

	fake.no_rss = true;
	assert_int_equal(figures_new_with(c.pid, &fake_ops, &f, NULL), LT_OK);
	child_end(&c);
	assert_int_equal(figures_read(f, &q, NULL), LT_E_GONE);
	assert_string_equal(figures_source(f), "fake");
	figures_free(f);
}

static void a_kernel_thread_has_no_memory_and_that_is_right(void **state)
{
	struct status st;
	struct figures *f;

	if (status_read(2, 0, &st, NULL) != LT_OK || !st.kernel_thread)
		SKIP("PID 2 is no kernel thread here (a container?)");
	f = new_of(2);
	assert_int_equal(read_quick(f).rss_bytes, 0);
	assert_string_equal(figures_source(f), figures_library.name);
	figures_free(f);
}

/* --- slow and fixed figures --- */

static int slow_is_unknown(void *arg)
{
	struct figures_slow s = {0, 0};

	return figures_slow_read("", *(pid_t *)arg, &s, NULL) == LT_OK &&
	       s.pss_bytes == LT_UNKNOWN && s.uss_bytes == LT_UNKNOWN;
}

static void pss_of_another_user_is_unknown_and_no_error(void **state)
{
	pid_t pid = geteuid() == 0 ? getpid() : 1;

	assert_int_equal(child_as_nobody(slow_is_unknown, &pid), 1);
}

static int quick_is_known(void *arg)
{
	struct figures *f = NULL;
	struct figures_quick q;
	int ok = figures_new(*(pid_t *)arg, &f, NULL) == LT_OK &&
		 figures_read(f, &q, NULL) == LT_OK && q.rss_bytes > 0;

	figures_free(f);
	return ok;
}

static void rss_of_another_user_is_known(void **state)
{
	pid_t pid = geteuid() == 0 ? getpid() : 1;

	if (access("/proc/1/stat", R_OK) != 0)
		SKIP("/proc is mounted with hidepid");
	assert_int_equal(child_as_nobody(quick_is_known, &pid), 1);
}

static void a_child_started_between_two_looks_at_the_clock(void **state)
{
	int64_t boot_before = clock_boot_ns(), boot_after;
	double wall_before = clock_wall_s(), wall_after;
	struct child c = child_begin(NULL);
	struct figures *f = new_of(c.pid);
	struct figures_fixed fixed;

	boot_after = clock_boot_ns();
	wall_after = clock_wall_s();
	assert_int_equal(figures_read_fixed(f, &fixed, NULL), LT_OK);
	assert_in_range(fixed.start_boot_ns, boot_before - 2 * TICK_NS, boot_after + TICK_NS);
	assert_true(fixed.start_wall_s > wall_before - 1 && fixed.start_wall_s < wall_after + 1);
	figures_free(f);
	child_end(&c);
}

static void the_fixed_facts_of_ourselves_are_right(void **state)
{
	const struct passwd *pw = getpwuid(getuid());
	struct figures *f = new_of(getpid());
	struct figures_fixed fixed;
	char number[20];

	snprintf(number, sizeof(number), "%u", getuid());
	assert_int_equal(figures_read_fixed(f, &fixed, NULL), LT_OK);
	assert_string_equal(fixed.user, pw ? pw->pw_name : number);
	assert_non_null(strstr(fixed.command, "test_proc_figures"));
	assert_non_null(strstr(fixed.exe, "/test_proc_figures"));
	assert_int_equal(fixed.exe[0], '/');
	figures_free(f);
}

static int names_a_number(void *arg)
{
	struct figures *f = NULL;
	struct figures_fixed fixed;
	int ok = geteuid() != 0 || setuid(54321) == 0;

	ok = ok && figures_new(getpid(), &f, NULL) == LT_OK &&
	     figures_read_fixed(f, &fixed, NULL) == LT_OK && strcmp(fixed.user, "54321") == 0;
	figures_free(f);
	return ok;
}

static void a_user_without_a_name_is_a_number(void **state)
{
	pid_t pid;
	int status;

	if (geteuid() != 0)
		SKIP("only root can become a user without a name");
	pid = fork();
	if (pid == 0)
		_exit(names_a_number(NULL));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void a_command_line_is_joined_and_cleaned(void **state)
{
	static const struct { const char *raw; size_t n; const char *comm, *want; } rows[] = {
		{"python3\0api.py\0--port\08080\0", 27, "python3", "python3 api.py --port 8080"},
		{"", 0, "kworker/0:1", "[kworker/0:1]"},
		{"\0\0\0", 3, "empty", "[empty]"},
		{"a\0\0b\0", 5, "x", "a  b"},
		{"title\0\0\0\0\0\0", 11, "x", "title"},
		{"no end", 6, "x", "no end"},
		{"evil\033[2J\n\0", 10, "x", "evil?[2J?"},
		{"\xff\xfe\0", 3, "x", "??"},
	};
	char dst[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figures_command(dst, sizeof(dst), rows[i].raw, rows[i].n, rows[i].comm);
		assert_string_equal(dst, rows[i].want);
	}
}

static void a_long_command_line_is_cut(void **state)
{
	char *raw = malloc(MIB), dst[256];

	assert_non_null(raw);
	memset(raw, 'x', MIB);
	figures_command(dst, sizeof(dst), raw, MIB, "x");
	assert_int_equal(strlen(dst), 255);
	assert_string_equal(dst + 252, "...");
	free(raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_answers_and_agrees_with_the_files),
		cmocka_unit_test(both_sources_know_the_same_start),
		cmocka_unit_test(rss_rises_by_what_a_child_touches),
		cmocka_unit_test(cpu_time_moves_on_while_we_work),
		cmocka_unit_test(a_zombie_counts_as_ended),
		cmocka_unit_test(a_vanished_process_is_gone),
		cmocka_unit_test(freeing_nothing_is_fine),
		cmocka_unit_test_teardown(a_source_that_leaks_a_file_per_read_is_left_after_three,
					  fake_reset),
		cmocka_unit_test_teardown(a_source_that_leaks_now_and_then_is_left_too, fake_reset),
		cmocka_unit_test_teardown(a_healthy_source_is_kept, fake_reset),
		cmocka_unit_test_teardown(a_source_may_keep_two_files_for_itself, fake_reset),
		cmocka_unit_test_teardown(
			files_that_others_open_between_reads_are_not_blamed_on_it, fake_reset),
		cmocka_unit_test(the_library_of_this_build_is_kept_or_left_with_three_files),
		cmocka_unit_test_teardown(a_source_that_fails_is_left, fake_reset),
		cmocka_unit_test_teardown(a_source_that_sees_no_memory_is_left, fake_reset),
		cmocka_unit_test_teardown(a_source_that_sees_another_process_is_left, fake_reset),
		cmocka_unit_test_teardown(a_source_that_cannot_start_is_replaced_at_once,
					  fake_reset),
		cmocka_unit_test_teardown(a_failing_source_does_not_bring_back_the_dead,
					  fake_reset),
		cmocka_unit_test(a_kernel_thread_has_no_memory_and_that_is_right),
		cmocka_unit_test(pss_of_another_user_is_unknown_and_no_error),
		cmocka_unit_test(rss_of_another_user_is_known),
		cmocka_unit_test(a_child_started_between_two_looks_at_the_clock),
		cmocka_unit_test(the_fixed_facts_of_ourselves_are_right),
		cmocka_unit_test(a_user_without_a_name_is_a_number),
		cmocka_unit_test(a_command_line_is_joined_and_cleaned),
		cmocka_unit_test(a_long_command_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
