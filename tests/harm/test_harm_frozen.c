/*
 * A target whose control group is frozen answers nobody: leaktop says so, shows what can be read,
 * touches nothing and does not wait. Both kinds of control groups, where they are there.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ns.h"
#include "tests/live/belongings.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"

#define FREEZES 60
#define RANDOM_NS 30000000	/* about what a sample takes on a loaded machine */

struct kind {
	const char *type, *option;	/* of its mount */
	const char *switch_file, *freeze, *thaw;
	const char *state_file, *frozen;
};

static const struct kind v1 = {"cgroup", "freezer", "freezer.state", "FROZEN", "THAWED",
			       "freezer.state", "FROZEN\n"};
static const struct kind v2 = {"cgroup2", NULL, "cgroup.freeze", "1", "0", "cgroup.events",
			       "frozen 1\n"};

static const struct ns_way plain;
static const struct python_exe python = {"python3", "/usr/bin/python3", ""};

static struct ns_run target;
static const struct kind *kind;
static char group[512], truth[256];

/* ---- the control group ------------------------------------------------------------------- */

static bool find_mount(const struct kind *k, char *ret, size_t size)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	bool found = false;

	while (f && !found && (m = getmntent(f)) != NULL)
		if (!strcmp(m->mnt_type, k->type) && (!k->option || hasmntopt(m, k->option))) {
			snprintf(ret, size, "%s", m->mnt_dir);
			found = true;
		}
	if (f)
		endmntent(f);
	return found;
}

static bool put(const char *file, const char *text)
{
	char path[600];
	int fd;
	bool well;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	well = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return well;
}

static bool is_frozen(void *arg)
{
	struct buf text = {0};
	char path[600];
	bool is;

	snprintf(path, sizeof(path), "%s/%s", group, kind->state_file);
	(void)io_read_file(path, 4096, &text);
	is = strstr(buf_text(&text), kind->frozen) != NULL;
	buf_done(&text);
	return is;
}

static void freeze(void)
{
	assert_true(put(kind->switch_file, kind->freeze));
	assert_true(harm_wait(is_frozen, NULL));
}

static void thaw(void)
{
	assert_true(put(kind->switch_file, kind->thaw));
}

static bool is_empty(void *arg)
{
	return rmdir(group) == 0 || errno == ENOENT;
}

static int clean_up(void **state)
{
	if (group[0])
		(void)put(kind->switch_file, kind->thaw);
	ns_kill(&target);
	if (group[0])
		(void)harm_wait(is_empty, NULL);
	group[0] = '\0';
	return 0;
}

static void begin(const struct kind *k)
{
	char mount[400], number[16];

	kind = k;
	if (access(python.path, X_OK) != 0)
		SKIP("there is no %s", python.path);
	if (!find_mount(k, mount, sizeof(mount)))
		SKIP("no %s%s%s is mounted", k->type, k->option ? " with " : "",
		     k->option ? k->option : "");
	snprintf(group, sizeof(group), "%s/leaktop-test-%d", mount, getpid());
	if (mkdir(group, 0755) != 0) {
		group[0] = '\0';
		SKIP("no control group can be made in %s: %s", mount, strerror(errno));
	}
	assert_true(ns_start(&target, &plain, &python));
	snprintf(number, sizeof(number), "%d", target.pid);
	if (!put("cgroup.procs", number))
		SKIP("a process cannot be moved to %s: %s", group, strerror(errno));
	snprintf(truth, sizeof(truth), "%s", ns_ask(&target, "grow 1000\n"));
	assert_true(harm_wait_blocked(target.pid) >= 0);
}

static void end(void)
{
	ns_end(&target);
	assert_int_equal(target.status, 7 << 8);
	assert_string_equal(target.err, "bye\n");
	assert_non_null(strstr(target.out, "sum 499500 of 1000\n"));
}

/* ---- what is looked at -------------------------------------------------------------------- */

/* The kernel tells of a process as frozen before its last switch (do_freezer_trap). */
static bool is_at_rest(void *arg)
{
	char *first = ns_status(target.pid), *second;
	bool same;

	clock_sleep_ns(20 * CLOCK_NS_PER_MS);
	second = ns_status(target.pid);
	same = strcmp(first, second) == 0;
	free(first);
	free(second);
	return same;
}

static void a_frozen_target_is_read_and_not_touched(const struct kind *k)
{
	static struct harm_result r;
	char number[16], *before, *after;
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", number, NULL};

	begin(k);
	snprintf(number, sizeof(number), "%d", target.pid);
	freeze();
	assert_true(harm_wait(is_at_rest, NULL));
	before = ns_status(target.pid);
	harm_leaktop(args, NULL, 0, &r);
	after = ns_status(target.pid);
	ns_comment("leaktop", r.err);
	assert_int_equal(r.exit_status, 0);
	assert_int_equal(r.err_lines, 2);
	assert_non_null(strstr(r.err, "frozen"));
	assert_non_null(strstr(r.out, "\"code\":\"frozen\""));
	assert_non_null(strstr(r.out, "\"rss\":"));
	assert_null(strstr(r.out, "\"rss\":null"));
	assert_string_equal(before, after);
	free(before);
	free(after);
	thaw();
	assert_true(ns_counts(target.pid, 0, truth));
	end();
}

/* It freezes at no moment in particular: between two samples or in the middle of one. */
static void a_target_that_freezes_is_not_waited_for(const struct kind *k)
{
	char number[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "4", "-d", "0.3", number, NULL};
	struct harm_program leaktop;
	const char *line;
	int samples = 0;

	begin(k);
	snprintf(number, sizeof(number), "%d", target.pid);
	leaktop = harm_leaktop_start(args, NULL, 0);
	for (int i = 0; i < 2; i++)
		assert_non_null(harm_line(&leaktop));	/* attach and the first sample */
	freeze();
	while ((line = harm_line(&leaktop)) != NULL)
		samples += strstr(line, "\"kind\":\"sample\"") != NULL;
	assert_int_equal(harm_reap(leaktop.pid), 0);
	assert_int_equal(samples, 3);
	close(leaktop.out);
	close(leaktop.err);
	thaw();
	assert_true(ns_counts(target.pid, 0, truth));
	end();
}

/* Its lines so far are read, or it would stand still when the pipe is full. */
static void drain(struct harm_program *leaktop)
{
	struct pollfd fd = {.fd = leaktop->out, .events = POLLIN};

	while (poll(&fd, 1, 0) > 0)
		if (!harm_line(leaktop))
			break;
}

/* leaktop is asked to end when it has counted once more, in peace. */
static void end_leaktop(struct harm_program *leaktop)
{
	const char *line;

	while ((line = harm_line(leaktop)) != NULL)
		if (strstr(line, "\"types\":[{"))
			break;
	assert_non_null(line);
	kill(leaktop->pid, SIGINT);
	while (harm_line(leaktop) != NULL)
		;
	assert_int_equal(harm_reap(leaktop->pid), (128 + SIGINT) << 8);
	close(leaktop->out);
	close(leaktop->err);
}

/* In the middle of a stop, of a call on the thread, of a count. What it has must be what it had. */
static void a_target_freezes_and_thaws(const struct kind *k)
{
	char number[16];
	const char *args[] = {"--census=walk", "--max-cpu=100", "-f", "jsonl", "-d", "0.1", "-T",
			      "1", number, NULL};
	struct belongings before, after;
	struct harm_program leaktop;
	uint64_t seed = 1;

	begin(k);
	snprintf(number, sizeof(number), "%d", target.pid);
	belongings_take(target.pid, &before);
	leaktop = harm_leaktop_start(args, NULL, 0);
	assert_non_null(harm_line(&leaktop));
	for (int i = 0; i < FREEZES; i++) {
		clock_sleep_ns((int64_t)(harm_random(&seed) % RANDOM_NS));
		assert_true(put(kind->switch_file, kind->freeze));
		clock_sleep_ns((int64_t)(harm_random(&seed) % RANDOM_NS));
		thaw();
		drain(&leaktop);
	}
	end_leaktop(&leaktop);
	assert_true(harm_wait_blocked(target.pid) >= 0);
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&before);
	belongings_free(&after);
	assert_true(ns_counts(target.pid, 0, truth));
	end();
}

static void a_target_frozen_by_v1_is_read_and_not_touched(void **state)
{
	a_frozen_target_is_read_and_not_touched(&v1);
}

static void a_target_frozen_by_v2_is_read_and_not_touched(void **state)
{
	a_frozen_target_is_read_and_not_touched(&v2);
}

static void a_target_that_freezes_in_v1_is_not_waited_for(void **state)
{
	a_target_that_freezes_is_not_waited_for(&v1);
}

static void a_target_that_freezes_in_v2_is_not_waited_for(void **state)
{
	a_target_that_freezes_is_not_waited_for(&v2);
}

static void a_target_that_v1_freezes_at_any_moment_goes_on(void **state)
{
	a_target_freezes_and_thaws(&v1);
}

static void a_target_that_v2_freezes_at_any_moment_goes_on(void **state)
{
	a_target_freezes_and_thaws(&v2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, clean_up)
		TEST(a_target_frozen_by_v1_is_read_and_not_touched),
		TEST(a_target_frozen_by_v2_is_read_and_not_touched),
		TEST(a_target_that_freezes_in_v1_is_not_waited_for),
		TEST(a_target_that_freezes_in_v2_is_not_waited_for),
		TEST(a_target_that_v1_freezes_at_any_moment_goes_on),
		TEST(a_target_that_v2_freezes_at_any_moment_goes_on),
#undef TEST
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("frozen", tests, NULL, NULL);
}
