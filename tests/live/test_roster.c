/* The list of Python processes: every Python of the machine is on it, by whatever name. */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pythons.h"
#include "session/roster.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define RUNS_MOST 32
#define ROUNDS_MOST 30			/* a second apart, for a Python that starts up */

static struct python_run runs[RUNS_MOST];
static struct roster *roster;
static char copy[4300];

static int begin(void **state)
{
	roster = roster_new();
	return 0;
}

static int end(void **state)
{
	for (size_t i = 0; i < RUNS_MOST; i++)
		python_stop(&runs[i]);
	roster_free(roster);
	if (copy[0])
		(void)unlink(copy);
	copy[0] = '\0';
	return 0;
}

static const struct process_row *look_for(pid_t pid)
{
	const struct processes *list;

	while (!roster_step(roster, CLOCK_NS_PER_MS))
		;
	list = roster_list(roster);
	assert_false(list->searching);
	for (size_t i = 0; i < list->n; i++)
		if (list->rows[i].pid == pid)
			return &list->rows[i];
	return NULL;
}

/* Its row once it is known whether it may be watched. */
static const struct process_row *find(pid_t pid)
{
	const struct process_row *row = NULL;

	for (int i = 0; i < ROUNDS_MOST; i++) {
		row = look_for(pid);
		if (row && row->refusal.code != LT_E_UNREADY)
			return row;
		clock_sleep_ns(CLOCK_NS_PER_S);
	}
	fail_msg("PID %d is not listed%s", (int)pid, row ? " but as starting up" : "");
	return NULL;
}

static const char *version_of(struct python_run *run)
{
	return python_line(run);
}

#define SCRIPT "import sys, platform; print(platform.python_version()); sys.stdin.read()"

static void every_python_is_listed_with_its_version(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);

	if (n == 0)
		SKIP("no Python was found");
	for (size_t i = 0; i < n && i < RUNS_MOST; i++)
		assert_true(python_start(&runs[i], &exes[i], SCRIPT, NULL));
	for (size_t i = 0; i < n && i < RUNS_MOST; i++) {
		const char *version = version_of(&runs[i]);
		const struct process_row *row = find(runs[i].pid);

		assert_non_null(version);
		assert_true(row->rss_bytes > 1 << 20);
		assert_non_null(strstr(row->command, "platform"));
		assert_true(row->user[0]);
		/* "3.15.0a2+" is 3.15.0a2 to us; without the right to look only "3.15" is known */
		if (row->refusal.code == LT_OK && strncmp(row->python, version,
							   strlen(row->python)) != 0)
			fail_msg("%s: listed as %s, is %s", exes[i].name, row->python, version);
		assert_false(row->refusal.code != LT_OK && row->refusal.code != LT_E_PERM_YAMA);
	}
}

/* Where the arguments lie is told by /proc/PID/stat, fields 48 and 49. */
#define BLANK \
	"import ctypes, sys\n" \
	"at, end = map(int, open('/proc/self/stat').read().rsplit(')', 1)[1].split()[45:47])\n" \
	"text = ctypes.string_at(at, end - at)\n" \
	"ctypes.memset(at, 0, end - at)\n" \
	"print('blank')\n" \
	"sys.stdin.readline()\n" \
	"ctypes.memmove(at, text, end - at)\n" \
	"print('back')\n" \
	"sys.stdin.read()\n"

/* As in the moment after its exec. */
static void arguments_that_come_later_are_seen(void **state)
{
	const struct process_row *row;

	if (!pythons_usual())
		SKIP("no Python was found");
	assert_true(python_start(&runs[0], pythons_usual(), BLANK, NULL));
	assert_string_equal(python_line(&runs[0]), "blank");
	row = look_for(runs[0].pid);
	assert_non_null(row);
	assert_int_equal(row->command[0], '[');
	assert_true(python_say(&runs[0], "\n"));
	assert_string_equal(python_line(&runs[0]), "back");
	row = look_for(runs[0].pid);
	assert_non_null(row);
	assert_non_null(strstr(row->command, "ctypes"));
}

/* A copy of a program in the build tree, by another name. */
static bool copy_as(const char *from, const char *name)
{
	const char *dir = getenv("LT_BUILDDIR");
	struct buf b = {0};
	FILE *out;
	bool ok;

	snprintf(copy, sizeof(copy), "%s/%s", dir ? dir : ".", name);
	(void)unlink(copy);
	ok = io_read_file(from, 64 << 20, &b) == 0 && (out = fopen(copy, "w")) != NULL;
	if (ok)
		ok = fwrite(b.data, 1, b.len, out) == b.len;
	if (ok)
		ok = fclose(out) == 0 && chmod(copy, 0700) == 0;
	buf_done(&b);
	return ok;
}

static void a_python_by_another_name_is_found_by_what_it_has_mapped(void **state)
{
	const struct python_exe *exe = pythons_usual();
	const char *const argv[] = {copy, "-c", "import _ctypes; " SCRIPT, NULL};
	const struct process_row *row;

	if (!exe || !copy_as(exe->path, "roster-renamed"))
		SKIP("no Python that can be copied");
	if (!python_start_program(&runs[0], "", argv) || !version_of(&runs[0]))
		SKIP("a copy of %s does not run elsewhere", exe->path);
	row = find(runs[0].pid);
	assert_true(strncmp(row->python, "3.", 2) == 0 || strncmp(row->python, "2.", 2) == 0);
}

static void a_program_that_is_only_called_python_is_listed_as_refused(void **state)
{
	const char *const argv[] = {copy, NULL};
	const struct process_row *row;

	assert_true(copy_as("/bin/cat", "python-roster"));
	assert_true(python_start_program(&runs[0], "", argv));
	row = find(runs[0].pid);
	if (row->refusal.code == LT_E_PERM_YAMA)
		SKIP("Yama forbids it: kernel.yama.ptrace_scope");
	assert_int_equal(row->refusal.code, LT_E_NOT_PYTHON);
	assert_true(process_refused(row));
}

static void a_process_that_ends_leaves_the_list(void **state)
{
	const struct python_exe *exe = pythons_usual();
	pid_t pid;

	if (!exe)
		SKIP("no Python was found");
	assert_true(python_start(&runs[0], exe, SCRIPT, NULL));
	assert_non_null(version_of(&runs[0]));
	pid = runs[0].pid;
	(void)find(pid);
	python_stop(&runs[0]);
	assert_null(look_for(pid));
}

static void a_filter_shows_what_matches_and_a_bad_one_changes_nothing(void **state)
{
	const struct python_exe *exe = pythons_usual();
	char pid[24], msg[128];

	if (!exe)
		SKIP("no Python was found");
	assert_true(python_start(&runs[0], exe, SCRIPT, NULL));
	assert_non_null(version_of(&runs[0]));
	(void)find(runs[0].pid);
	snprintf(pid, sizeof(pid), "^%d ", (int)runs[0].pid);
	assert_true(roster_filter(roster, pid, msg, sizeof(msg)));
	assert_int_equal(roster_list(roster)->n, 1);
	assert_false(roster_filter(roster, "(", msg, sizeof(msg)));
	assert_int_equal(roster_list(roster)->n, 1);
	snprintf(pid, sizeof(pid), "!^%d ", (int)runs[0].pid);
	assert_true(roster_filter(roster, pid, msg, sizeof(msg)));
	assert_null(look_for(runs[0].pid));
	assert_true(roster_filter(roster, "no such process", msg, sizeof(msg)));
	assert_non_null(strstr(roster_list(roster)->empty, "no process matches"));
	assert_true(roster_filter(roster, "", msg, sizeof(msg)));
	assert_non_null(look_for(runs[0].pid));
}

#define WITH_ROSTER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROSTER(every_python_is_listed_with_its_version),
		WITH_ROSTER(arguments_that_come_later_are_seen),
		WITH_ROSTER(a_python_by_another_name_is_found_by_what_it_has_mapped),
		WITH_ROSTER(a_program_that_is_only_called_python_is_listed_as_refused),
		WITH_ROSTER(a_process_that_ends_leaves_the_list),
		WITH_ROSTER(a_filter_shows_what_matches_and_a_bad_one_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
