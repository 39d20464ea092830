/*
 * Pythons that somebody has built in another way: free-threaded, tracing references, for musl,
 * without pymalloc; PyPy. Each says itself what it is, and is counted right or refused by its name,
 * untouched. They are in ${LEAKTOP_BUILDS:-/var/tmp/leaktop-builds} (tools/odd-python makes them)
 * and in roots. LT_PYTHON=TEXT: only those whose path has it.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "harm.h"
#include "tests/live/belongings.h"
#include "util/mem.h"

#define BUILDS_MOST 32

/* Where objects have a longer header nothing is where leaktop looks for it. */
static const char script[] =
	"import sys\n"
	"try: from sysconfig import get_config_var as has\n"
	"except ImportError: has = lambda name: None\n"
	"class Kept(object): pass\n"
	"kept = [Kept() for i in range(5000)]\n"
	"name = 'cpython'\n"
	"if hasattr(sys, 'implementation'): name = sys.implementation.name\n"
	"if name == 'cpython' and has('Py_GIL_DISABLED'): name = 'free-threaded'\n"
	"if name == 'cpython' and object.__basicsize__ > 16: name = 'longer-header'\n"
	"sys.stdout.write(name + '\\n')\n"
	"sys.stdout.flush()\n"
	"sys.stdin.read()\n";

static const struct kind { const char *name; const char *refused; } kinds[] = {
	{"cpython", NULL},
	{"free-threaded", "\"code\":\"free-threaded\""},
	{"longer-header", "\"code\":\"layout\""},
	{"pypy", "\"code\":\"pypy\""},
};

struct build { char path[256], root[256]; };	/* path as seen inside root */

static struct build builds[BUILDS_MOST];
static size_t n_builds;

static void add(const char *pattern, size_t root_folders)
{
	const char *only = getenv("LT_PYTHON");
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc && n_builds < BUILDS_MOST; i++) {
		const char *path = g.gl_pathv[i], *inside = path + strlen(path);
		struct build *b = &builds[n_builds];

		if (only && !strstr(path, only))
			continue;
		for (size_t n = root_folders; n; n--)
			while (*--inside != '/')
				;
		if (!root_folders)
			inside = path;
		snprintf(b->root, sizeof(b->root), "%.*s", (int)(inside - path), path);
		snprintf(b->path, sizeof(b->path), "%s", inside);
		n_builds++;
	}
	globfree(&g);
}

static int find_builds(void **state)
{
	const char *dir = getenv("LEAKTOP_BUILDS"), *roots = getenv("LEAKTOP_ROOTS");
	char pattern[512];

	snprintf(pattern, sizeof(pattern), "%s/*/bin/python[23].*[0-9t]",
		 dir ? dir : "/var/tmp/leaktop-builds");
	add(pattern, 0);
	snprintf(pattern, sizeof(pattern), "%s/*/usr/bin/pypy3",
		 roots ? roots : "/var/tmp/leaktop-roots");
	if (geteuid() == 0)
		add(pattern, 3);	/* /usr/bin/pypy3 of that root */
	return 0;
}

/* ---- one of them ------------------------------------------------------------------------- */

struct look { struct belongings belongings; int64_t switches; };

static struct look look_at(pid_t pid)
{
	struct look l = {.switches = status_switches(pid, pid)};

	belongings_take(pid, &l.belongings);
	return l;
}

/* A stop would show in how often it went to sleep; a counted one is stopped. */
static void expect_unchanged(pid_t pid, struct look *before, bool stopped)
{
	struct look after = look_at(pid);

	assert_true(belongings_equal(&before->belongings, &after.belongings));
	if (!stopped)
		assert_int_equal(after.switches, before->switches);
	belongings_free(&after.belongings);
}

static void run_leaktop(pid_t pid, const char *census, struct harm_result *ret)
{
	char number[16];
	const char *args[] = {census, "-f", "jsonl", "-d", "0.3", "-n", "3", number, NULL};

	snprintf(number, sizeof(number), "%d", pid);
	harm_leaktop(args, NULL, 0, ret);
}

struct count { pid_t pid; const char *census; struct harm_result result; };

/* A machine with much else to do may not let it count at once. */
static bool is_counted(void *arg)
{
	struct count *c = arg;

	run_leaktop(c->pid, c->census, &c->result);
	return c->result.exit_status != 0 ||
	       strstr(c->result.out, "\"type\":\"__main__.Kept\",\"count\":5000,");
}

static void expect_counted(pid_t pid)
{
	static const char *const ways[] = {"--census=auto", "--census=walk"};
	struct count c = {.pid = pid};

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		c.census = ways[i];
		if (!harm_wait(is_counted, &c) || c.result.exit_status != 0)
			fail_msg("%s: status %d: %s", ways[i], c.result.exit_status, c.result.err);
	}
	assert_non_null(strstr(c.result.out, "\"left\":{\"threads\":0,\"fds\":0,\"maps\":0}"));
}

static void expect_refused(pid_t pid, const char *code)
{
	struct harm_result r;

	run_leaktop(pid, "--preflight", &r);
	assert_int_equal(r.exit_status, 5);
	run_leaktop(pid, "--readonly", &r);
	assert_int_equal(r.exit_status, 5);
	run_leaktop(pid, "--census=walk", &r);
	assert_int_equal(r.exit_status, 5);
	assert_non_null(strstr(r.out, code));
	assert_int_equal(r.err_lines, 2);
}

static void expect_right(const struct build *b)
{
	const char *argv[] = {b->path, "-c", script, NULL};
	const char *const env[] = {"LC_ALL=C", NULL};	/* a root may have no other */
	struct harm_program p;
	struct look before;
	const char *line;
	int in[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	p = harm_start_as(argv, &(struct harm_how){
		.env = env, .in = in[0], .root = b->root[0] ? b->root : NULL,
	});
	close(in[0]);
	line = harm_line(&p);
	printf("# %s%s: %s\n", b->root, b->path, line ? line : "did not start");
	assert_non_null(line);
	assert_true(harm_wait_blocked(p.pid) >= 0);
	before = look_at(p.pid);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i].name, line) != 0)
			continue;
		if (kinds[i].refused)
			expect_refused(p.pid, kinds[i].refused);
		else
			expect_counted(p.pid);
		expect_unchanged(p.pid, &before, !kinds[i].refused);
		belongings_free(&before.belongings);
		close(in[1]);
		assert_int_equal(harm_reap(p.pid), 0);
		close(p.out);
		close(p.err);
		return;
	}
	fail_msg("nothing is known of a %s", line);
}

static void every_odd_python_is_counted_right_or_refused_by_name(void **state)
{
	if (!n_builds)
		SKIP("no odd Python in LEAKTOP_BUILDS or LEAKTOP_ROOTS");
	for (size_t i = 0; i < n_builds; i++)
		expect_right(&builds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_odd_python_is_counted_right_or_refused_by_name),
	};

	return cmocka_run_group_tests_name("builds", tests, find_builds, NULL);
}
