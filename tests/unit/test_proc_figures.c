#include "config.h"
#include "test.h"

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

static void a_pid_given_anew_is_another_process(void **state)
{
	struct child c = child_begin(NULL);
	struct figures *f = new_of(c.pid);
	int64_t later = clock_boot_ns() + 2 * TICK_NS;
	struct figures_quick q;
	struct figures_slow s;
	struct lt_err err;

	while (clock_boot_ns() < later)
		;	/* the start time counts in ticks: two begun in one tick look alike */
	if (!child_rebirth(&c)) {
		child_end(&c);
		figures_free(f);
		SKIP("a process with a PID of our choice cannot be made here");
	}
	assert_int_equal(figures_read(f, &q, &err), LT_E_GONE);
	assert_non_null(strstr(err.detail, "another process"));
	assert_int_equal(figures_read_slow(f, &s, NULL), LT_E_GONE);
	assert_string_equal(figures_source(f), figures_library.name);
	figures_free(f);
	child_end(&c);
}

static void freeing_nothing_is_fine(void **state)
{
	figures_free(NULL);
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
		cmocka_unit_test(a_pid_given_anew_is_another_process),
		cmocka_unit_test(freeing_nothing_is_fine),
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
