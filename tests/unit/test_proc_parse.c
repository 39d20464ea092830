#include "config.h"
#include "test.h"

#include <unistd.h>

#include "proc/cgroup.h"
#include "proc/figures_ops.h"
#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "proc/status.h"
#include "util/mem.h"
#include "util/num.h"

#define MIB (1 << 20)

/* A copy that ends where the text ends, so that the address sanitizer sees a read past it. */
static char *exact(const char *text, size_t n)
{
	char *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, text, n);
	return copy;
}

/* --- /proc/PID/stat --- */

/* A line of Linux 6.18 behind its comm. */
#define STAT_TAIL " S 4241 4242 4241 34816 4242 4194560 1211 0 3 0 17 5 0 0 20 0 18 0 123456 " \
		  "160608256 3502 18446744073709551615 1 1 0 0 0 0 0 16781312 2 0 0 0 17 1 0 0\n"

static enum lt_errc parse_stat(const char *text, size_t n, struct pidstat *st)
{
	char *copy = exact(text, n);
	enum lt_errc rc = pidstat_parse(copy, n, st, NULL);

	free(copy);
	return rc;
}

static void a_stat_line_is_read_whatever_the_comm_is(void **state)
{
	static const struct { const char *line, *comm; } rows[] = {
		{"4242 (python3)" STAT_TAIL, "python3"},
		{"4242 (a) R (b)" STAT_TAIL, "a) R (b"},
		{"4242 (()" STAT_TAIL, "("},
		{"4242 ())" STAT_TAIL, ")"},
		{"4242 ()" STAT_TAIL, ""},
		{"4242 (tmux: server)" STAT_TAIL, "tmux: server"},
		{"4242 (x) Z 1 2 3)" STAT_TAIL, "x) Z 1 2 3"},
		{"4242 (a\nb)" STAT_TAIL, "a?b"},
		{"4242 (\033[31m\xff)" STAT_TAIL, "?[31m?"},
		{"4242 (kworker/u8:3-events_unbound)" STAT_TAIL, "kworker/u8:3-events_unbound"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pidstat st;

		assert_int_equal(parse_stat(rows[i].line, strlen(rows[i].line), &st), LT_OK);
		assert_string_equal(st.comm, rows[i].comm);
		assert_int_equal(st.state, 'S');
		assert_int_equal(st.user_ticks, 17);
		assert_int_equal(st.system_ticks, 5);
		assert_int_equal(st.threads, 18);
		assert_int_equal(st.start_ticks, 123456);
	}
}

static void negative_fields_of_stat_are_passed_over(void **state)
{
	static const char line[] = "2 (x) R 0 0 0 0 -1 2129984 0 0 0 0 0 0 -3 -4 -51 -20 1 0 7 0 0";
	struct pidstat st;

	assert_int_equal(parse_stat(line, strlen(line), &st), LT_OK);
	assert_int_equal(st.threads, 1);
	assert_int_equal(st.start_ticks, 7);
}

static void a_stat_line_that_ends_early_is_bad_data(void **state)
{
	static const char line[] = "4242 (a) R (b)" STAT_TAIL;
	size_t needed = (size_t)(strstr(line, "123456") - line);

	for (size_t n = 0; n <= needed; n++) {
		struct pidstat st;

		assert_int_equal(parse_stat(line, n, &st), LT_E_BAD_DATA);
	}
}

static void a_stat_line_that_makes_no_sense_is_bad_data(void **state)
{
	static const char *const rows[] = {
		"", "\n", "(", ")", "()", ")(", "1 (x", "1 x)", "1 (x)", "1 (x) ", "1 (x) S",
		"1 (x) S ",
		"1 (x)S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
		"1 (x) S 1 1 1 1 1 1 1 1 1 1 y 1 1 1 1 1 1 1 1 1 1",
		"1 (x) S 1 1 1 1 1 1 1 1 1 1 99999999999999999999999 1 1 1 1 1 1 1 1 1 1",
		"1 (x) S 1  1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
		"1 (x) S 1 - 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pidstat st = {.state = '?'};

		assert_int_equal(parse_stat(rows[i], strlen(rows[i]), &st), LT_E_BAD_DATA);
		assert_int_equal(st.state, '?');
	}
}

static void the_greatest_numbers_become_unknown_not_negative(void **state)
{
	assert_int_equal(procfile_scale(UINT64_MAX, 1), LT_UNKNOWN);
	assert_int_equal(procfile_scale(UINT64_MAX / 2, 1024), LT_UNKNOWN);
	assert_int_equal(procfile_scale(INT64_MAX, 1), INT64_MAX);
	assert_int_equal(procfile_scale(3, 4096), 12288);
	assert_int_equal(procfile_ticks_ns(UINT64_MAX), LT_UNKNOWN);
	assert_int_equal(procfile_ticks_ns((uint64_t)sysconf(_SC_CLK_TCK)), 1000000000);
}

/* --- statm and VmSwap --- */

static void statm_is_pages(void **state)
{
	int64_t page = sysconf(_SC_PAGESIZE);
	static const struct { const char *text; int64_t size, resident; bool bad; } rows[] = {
		{"39210 2913 1561 745 0 3502 0\n", 39210, 2913, false},
		{"0 0 0 0 0 0 0\n", 0, 0, false},
		{"7 5", 7, 5, false},
		{"", 0, 0, true},
		{"\n", 0, 0, true},
		{"7", 0, 0, true},
		{"7 ", 0, 0, true},
		{"7 x", 0, 0, true},
		{"-7 5 1", 0, 0, true},
		{"99999999999999999999999 1 1", 0, 0, true},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t n = strlen(rows[i].text);
		struct figures_quick q = {0};
		char *copy = exact(rows[i].text, n);
		enum lt_errc rc = figures_parse_statm(copy, n, &q, NULL);

		free(copy);
		assert_int_equal(rc, rows[i].bad ? LT_E_BAD_DATA : LT_OK);
		assert_int_equal(q.vsz_bytes, rows[i].size * page);
		assert_int_equal(q.rss_bytes, rows[i].resident * page);
	}
}

static void a_size_that_no_machine_has_is_unknown(void **state)
{
	static const char text[] = "18446744073709551615 9223372036854775807 0";
	struct figures_quick q;

	assert_int_equal(figures_parse_statm(text, strlen(text), &q, NULL), LT_OK);
	assert_int_equal(q.vsz_bytes, LT_UNKNOWN);
	assert_int_equal(q.rss_bytes, LT_UNKNOWN);
}

static void swap_is_the_vmswap_line(void **state)
{
	static const struct { const char *text; int64_t want; } rows[] = {
		{"VmPTE:\t      48 kB\nVmSwap:\t     120 kB\nThreads:\t1\n", 120 * 1024},
		{"VmSwap:\t0 kB", 0},
		{"Name:\tVmSwap: 5 kB\nState:\tS (sleeping)\n", LT_UNKNOWN},
		{"VmSwapX:\t5 kB\n", LT_UNKNOWN},
		{"VmSwap:\n", LT_UNKNOWN},
		{"VmSwap", LT_UNKNOWN},
		{"VmSwap:\t99999999999999999999 kB\n", LT_UNKNOWN},
		{"VmSwap:\t18446744073709551615 kB\n", LT_UNKNOWN},
		{"", LT_UNKNOWN},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t n = strlen(rows[i].text);
		char *copy = exact(rows[i].text, n);

		assert_int_equal(figures_parse_swap(copy, n), rows[i].want);
		free(copy);
	}
}

/* --- /proc/PID/status --- */

/* Linux 6.18, a Python server in a container; lines that leaktop does not read are left out. */
static const char real_status[] =
	"Name:\tpython3\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4242\nNgid:\t0\nPid:\t4242\n"
	"PPid:\t4241\nTracerPid:\t77\nUid:\t1000\t1001\t1002\t1003\nGid:\t50\t51\t52\t53\n"
	"FDSize:\t256\nGroups:\t \nNStgid:\t4242\t17\nNSpid:\t4242\t17\t1\nNSpgid:\t4242\t17\n"
	"Kthread:\t0\nVmPeak:\t    3060 kB\nVmSize:\t    3060 kB\nVmSwap:\t       0 kB\n"
	"Threads:\t18\nSigQ:\t0/96365\nSigPnd:\t0000000000000001\nShdPnd:\t0000000000000200\n"
	"SigBlk:\t0000000000010000\nSigIgn:\t0000000001001000\nSigCgt:\t8000000100000002\n"
	"CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t000001fffeffffff\n"
	"CapBnd:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"
	"x86_Thread_features:\tshstk wrss \nx86_Thread_features_locked:\t\n";

static enum lt_errc parse_status(const char *text, size_t n, struct status *st)
{
	char *copy = exact(text, n);
	enum lt_errc rc = status_parse(copy, n, st, NULL);

	free(copy);
	return rc;
}

static void every_line_of_status_finds_its_place(void **state)
{
	struct status st;

	assert_int_equal(parse_status(real_status, strlen(real_status), &st), LT_OK);
	assert_string_equal(st.comm, "python3");
	assert_int_equal(st.state, 'S');
	assert_int_equal(st.tgid, 4242);
	assert_int_equal(st.ppid, 4241);
	assert_int_equal(st.tracer, 77);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(st.uid[i], 1000 + i);
		assert_int_equal(st.gid[i], 50 + i);
	}
	assert_int_equal(st.threads, 18);
	assert_int_equal(st.seccomp, 2);
	assert_int_equal(st.filters, 1);
	assert_true(st.shadow_stack);
	assert_false(st.kernel_thread);
	assert_int_equal(st.sig_pending, 1);
	assert_int_equal(st.sig_shared_pending, 0x200);
	assert_int_equal(st.sig_blocked, 0x10000);
	assert_int_equal(st.sig_ignored, 0x1001000);
	assert_true(st.sig_caught == 0x8000000100000002);
	assert_int_equal(st.cap_effective, 0x1fffeffffff);
	assert_int_equal(st.ns_pid, 1);
}

#define BASE "State:\tS (sleeping)\nTgid:\t9\nPid:\t9\nUid:\t0\t0\t0\t0\n"

static void what_a_kernel_does_not_say_has_a_default(void **state)
{
	struct status st;

	assert_int_equal(parse_status(BASE, strlen(BASE), &st), LT_OK);
	assert_int_equal(st.seccomp, -1);
	assert_int_equal(st.filters, -1);
	assert_int_equal(st.ns_pid, 9);
	assert_int_equal(st.tracer, 0);
	assert_false(st.shadow_stack);
}

static void a_kernel_thread_is_told_from_a_zombie(void **state)
{
	static const struct { const char *text; bool want; } rows[] = {
		{BASE, true},
		{BASE "VmSize:\t 3 kB\n", false},
		{BASE "Kthread:\t0\n", false},
		{BASE "Kthread:\t1\n", true},
		{"Name:\tx\nState:\tZ (zombie)\nTgid:\t9\nUid:\t0\t0\t0\t0\n", false},
		{"Name:\tx\nState:\tX (dead)\nTgid:\t9\nUid:\t0\t0\t0\t0\n", false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct status st;

		assert_int_equal(parse_status(rows[i].text, strlen(rows[i].text), &st), LT_OK);
		assert_int_equal(st.kernel_thread, rows[i].want);
	}
}

static void shadow_stacks_are_the_word_shstk_only(void **state)
{
	static const struct { const char *features; bool want; } rows[] = {
		{"shstk", true}, {"shstk wrss", true}, {"wrss shstk ", true}, {"", false},
		{"wrss", false}, {"shstk2", false}, {"xshstk", false}, {" ", false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[256];
		struct status st;

		snprintf(text, sizeof(text), BASE "x86_Thread_features:\t%s\n", rows[i].features);
		assert_int_equal(parse_status(text, strlen(text), &st), LT_OK);
		assert_int_equal(st.shadow_stack, rows[i].want);
	}
}

static void a_comm_cannot_write_lines_of_status(void **state)
{
	static const char text[] = "Name:\tTracerPid: 5\\nSeccomp: 2\n"
				   "TracerPid:\t0\nSeccomp:\t0\n" BASE;
	struct status st;

	assert_int_equal(parse_status(text, strlen(text), &st), LT_OK);
	assert_int_equal(st.tracer, 0);
	assert_int_equal(st.seccomp, 0);
}

static void a_status_without_its_first_lines_is_bad_data(void **state)
{
	size_t needed = (size_t)(strstr(real_status, "1003\n") - real_status);

	for (size_t n = 0; n <= needed; n++) {
		struct status st = {.state = '?'};

		assert_int_equal(parse_status(real_status, n, &st), LT_E_BAD_DATA);
		assert_int_equal(st.state, '?');
	}
}

static void values_that_do_not_fit_are_as_if_absent(void **state)
{
	static const char text[] = BASE "TracerPid:\t4294967296\nPPid:\t2147483648\nThreads:\t-1\n"
				   "Seccomp:\tx\nSigBlk:\t10000000000000000\n"
				   "Gid:\t1\t2\t3\nNSpid:\t\n"
				   "CapEff:\tzz\nState:\t\nSigIgn:\n";
	struct status st;

	assert_int_equal(parse_status(text, strlen(text), &st), LT_OK);
	assert_int_equal(st.tracer, 0);
	assert_int_equal(st.ppid, 0);
	assert_int_equal(st.threads, 0);
	assert_int_equal(st.seccomp, -1);
	assert_int_equal(st.sig_blocked, 0);
	assert_int_equal(st.gid[0], 0);
	assert_int_equal(st.ns_pid, 9);
	assert_int_equal(st.state, 'S');
}

static void a_line_of_a_megabyte_does_no_harm(void **state)
{
	char *text = malloc(MIB + 512);
	struct figures_quick q;
	struct pidstat ps;
	struct status st;
	size_t n;

	assert_non_null(text);
	memset(text, 'x', MIB);
	memcpy(text, "Name:\t", 6);
	n = MIB + (size_t)snprintf(text + MIB, 512, "\n" BASE);
	assert_int_equal(parse_status(text, n, &st), LT_OK);
	assert_int_equal(strlen(st.comm), sizeof(st.comm) - 1);
	assert_int_equal(parse_status(text, MIB, &st), LT_E_BAD_DATA);
	memset(text, '1', MIB);
	assert_int_equal(parse_stat(text, MIB, &ps), LT_E_BAD_DATA);
	assert_int_equal(figures_parse_statm(text, MIB, &q, NULL), LT_E_BAD_DATA);
	memcpy(text, "4242 (", 6);
	n = MIB + (size_t)snprintf(text + MIB, 512, ")" STAT_TAIL);
	assert_int_equal(parse_stat(text, n, &ps), LT_OK);
	assert_int_equal(ps.start_ticks, 123456);
	free(text);
}

/* --- /proc/PID/task/TID/syscall --- */

static void each_form_of_syscall_is_understood(void **state)
{
	struct status_syscall s = {.nr = 5, .sp = 5};

	assert_true(status_syscall_parse("running\n", &s));
	assert_int_equal(s.nr, -1);
	assert_int_equal(s.sp, 0);
	assert_true(status_syscall_parse("-1 0x7ffec2492388 0x7f43c328c2ad\n", &s));
	assert_int_equal(s.nr, -1);
	assert_true(s.sp == 0x7ffec2492388 && s.pc == 0x7f43c328c2ad);
	assert_true(status_syscall_parse("232 0x3 0x7f43c3112000 0x20000 0xffffffffffffffff 0x0 "
					 "0x8 0x7ffec2492388 0x7f43c328c2ad", &s));
	assert_int_equal(s.nr, 232);
	assert_int_equal(s.args[0], 3);
	assert_true(s.args[3] == UINT64_MAX);
	assert_int_equal(s.args[5], 8);
	assert_true(s.sp == 0x7ffec2492388 && s.pc == 0x7f43c328c2ad);
}

static void a_syscall_line_that_makes_no_sense_is_refused(void **state)
{
	static const char *const rows[] = {
		"", "\n", "runnin", "running ", "running\nx", "-1", "-1 ", "-1 0x1", "-1 0x1 ",
		"-1 0x1 0x", "-1 1 2", "-2 0x1 0x2", "-1 0x1 0x2 0x3", "0", "0 0x1 0x2 0x3",
		"0 0x1 0x2 0x3 0x4 0x5 0x6 0x7", "0 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8 0x9",
		"0 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x11112222333344445",
		"99999999999 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8", "x 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8",
		"0  0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8",
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct status_syscall s = {.nr = 5};

		assert_false(status_syscall_parse(rows[i], &s));
		assert_int_equal(s.nr, 5);
	}
}

#define MOUNTS \
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n" \
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

/* --- every parser against texts gone wrong, the same ones at every run --- */

static uint32_t dice;

static uint32_t roll(uint32_t sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return dice % sides;
}

/* One to four changes: a byte replaced, a part repeated, or the end cut off. Returns the length. */
static size_t spoil(char *text, size_t n, size_t cap)
{
	static const char bytes[] = "0198 \t\n:()-xf\\/,\xff";

	for (uint32_t i = 0, changes = 1 + roll(4); i < changes && n; i++) {
		size_t at = roll((uint32_t)n), len = roll(40);

		switch (roll(4)) {
		case 0:
		case 1:
			text[at] = bytes[roll(sizeof(bytes))];	/* the last one is the NUL */
			break;
		case 2:
			len = len < n - at ? len : n - at;
			len = len < cap - n ? len : cap - n;
			memmove(text + at + len, text + at, n - at);
			n += len;
			break;
		default:
			n = roll(8) ? n : at;
		}
	}
	return n;
}

static void parse_all(const char *raw, size_t n)
{
	char *text = exact(raw, n), *string = malloc(n + 1), command[64];
	struct status_syscall sc;
	struct figures_quick q;
	struct pidstat ps;
	struct status st;

	assert_non_null(string);
	memcpy(string, raw, n);
	string[n] = '\0';
	if (pidstat_parse(text, n, &ps, NULL) == LT_OK)
		assert_true(strlen(ps.comm) < sizeof(ps.comm));
	if (status_parse(text, n, &st, NULL) == LT_OK)
		assert_true(strlen(st.comm) < sizeof(st.comm) && st.ns_pid >= 0 && st.tracer >= 0);
	if (figures_parse_statm(text, n, &q, NULL) == LT_OK)
		assert_true(q.rss_bytes >= 0 || q.rss_bytes == LT_UNKNOWN);
	assert_true(figures_parse_swap(text, n) >= 0 || figures_parse_swap(text, n) == LT_UNKNOWN);
	assert_true(cgroup_parse_limit(text, n) >= 0 || cgroup_parse_limit(text, n) == LT_UNKNOWN);
	figures_command(command, sizeof(command), text, n, "x");
	(void)status_syscall_parse(string, &sc);
	(void)cgroup_limit("/nowhere", "0::/a/b\n4:memory:/docker/4f1\n", string);
	(void)cgroup_limit("/nowhere", string, MOUNTS);
	free(string);
	free(text);
}

static void spoilt_texts_neither_crash_nor_give_negative_figures(void **state)
{
	static const char *const seeds[] = {
		real_status, "4242 (a) R (b)" STAT_TAIL, "39210 2913 1561 745 0 3502 0\n",
		"232 0x3 0x7f43c3112000 0x20000 0xffff 0x0 0x8 0x7ffec2492388 0x7f43c328c2ad\n",
		MOUNTS, "9:name=systemd:/\n4:memory,x:/app/web\n0::/app.slice\n",
		"python3\n-c\nx", "9223372036854771712\n",
	};

	dice = 20260101;
	for (int i = 0; i < 16000; i++) {
		const char *seed = seeds[(size_t)i % COUNT_OF(seeds)];
		char text[4096];
		size_t n = strlen(seed);

		assert_true(n < sizeof(text));
		memcpy(text, seed, n);
		parse_all(text, spoil(text, n, sizeof(text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stat_line_is_read_whatever_the_comm_is),
		cmocka_unit_test(negative_fields_of_stat_are_passed_over),
		cmocka_unit_test(a_stat_line_that_ends_early_is_bad_data),
		cmocka_unit_test(a_stat_line_that_makes_no_sense_is_bad_data),
		cmocka_unit_test(the_greatest_numbers_become_unknown_not_negative),
		cmocka_unit_test(statm_is_pages),
		cmocka_unit_test(a_size_that_no_machine_has_is_unknown),
		cmocka_unit_test(swap_is_the_vmswap_line),
		cmocka_unit_test(every_line_of_status_finds_its_place),
		cmocka_unit_test(what_a_kernel_does_not_say_has_a_default),
		cmocka_unit_test(a_kernel_thread_is_told_from_a_zombie),
		cmocka_unit_test(shadow_stacks_are_the_word_shstk_only),
		cmocka_unit_test(a_comm_cannot_write_lines_of_status),
		cmocka_unit_test(a_status_without_its_first_lines_is_bad_data),
		cmocka_unit_test(values_that_do_not_fit_are_as_if_absent),
		cmocka_unit_test(a_line_of_a_megabyte_does_no_harm),
		cmocka_unit_test(each_form_of_syscall_is_understood),
		cmocka_unit_test(a_syscall_line_that_makes_no_sense_is_refused),
		cmocka_unit_test(spoilt_texts_neither_crash_nor_give_negative_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
