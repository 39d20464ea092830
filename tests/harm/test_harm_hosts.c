/*
 * Programs that are no Python and have one: they go about its threads in ways of their own
 * (tests/live/host.c, uwsgi). LT_PYTHON=TEXT: only Pythons whose name has it.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "pool.h"
#include "tests/live/http.h"
#include "util/mem.h"

#define JOBS 6
#define PYTHONS_MOST 40

struct host {
	const char *test, *mode;
	bool counted;		/* a walk is possible: on a thread, or by a note that is read */
	bool comes_and_goes;	/* no interpreter at times */
};

static const struct host all[] = {
	{"a_host_that_never_gives_the_gil_away", "held", true, false},
	{"a_host_with_a_second_thread_state_on_its_main_thread", "swapped", false, false},
	{"a_host_that_works_under_a_second_thread_state", "swapped-busy", false, false},
	{"a_host_with_python_in_another_thread", "elsewhere", false, false},
	{"a_busy_host_with_python_in_another_thread", "elsewhere-busy", false, false},
	{"a_host_whose_python_was_initialized_by_a_thread_that_is_gone", "handed", true,
	 false},
	{"a_busy_host_whose_python_was_initialized_by_a_thread_that_is_gone", "handed-busy",
	 false, false},
	{"a_host_that_begins_and_ends_python_again_and_again", "again", false, true},
};

struct library { const struct python_exe *python; char home[256], path[256]; };

static struct library libraries[PYTHONS_MOST];
static size_t n_libraries;

static int find_libraries(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);

	for (size_t i = 0; i < n && n_libraries < PYTHONS_MOST; i++) {
		struct library *l = &libraries[n_libraries];

		if (!python_wanted(&exes[i]))
			continue;
		l->python = &exes[i];
		n_libraries += pythons_library(&exes[i], l->home, l->path, sizeof(l->path));
	}
	return 0;
}

/* ---- one host ---------------------------------------------------------------------------- */

struct visit {
	pid_t pid;
	const struct host *host;
	bool wrong;		/* leaktop ended as it should not have */
	struct harm_result result;
};

/* One leaktop. Has it counted (or come to see that it must not), and left nothing? */
static bool is_visited(void *arg)
{
	struct visit *v = arg;
	char pid[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-d", "0.2", "-n", "3", pid, NULL};
	const char *out = v->result.out;

	snprintf(pid, sizeof(pid), "%d", v->pid);
	harm_leaktop(args, NULL, 0, &v->result);
	if (v->result.exit_status != 0) {
		v->wrong = !v->host->comes_and_goes ||
			   (v->result.exit_status != 1 && v->result.exit_status != 5);
		return true;
	}
	if (v->host->comes_and_goes)
		return true;
	return strstr(out, "\"left\":{\"threads\":0,\"fds\":0,\"maps\":0}") &&
	       (!v->host->counted || strstr(out, ".Kept\",\"count\":"));
}

/* As often as it takes: a machine with much else to do may not let it come through at once. */
static bool visit(struct harm_program *p, const struct host *host)
{
	struct visit v = {.pid = p->pid, .host = host};

	if (!harm_wait(is_visited, &v) || v.wrong || !harm_wait_free(p->pid)) {
		printf("# leaktop: %d %.200s\n", v.result.exit_status, v.result.err);
		return false;
	}
	return true;
}

/* After its stdin has ended: nothing on stderr, "right", status 0. */
static bool ends_well(struct harm_program *p)
{
	const char *line = harm_line(p);
	bool right = line && !strcmp(line, "right");
	char text[512];
	ssize_t n = right ? read(p->err, text, sizeof(text) - 1) : 0;

	if (!right)
		kill(p->pid, SIGKILL);	/* it hangs, or has ended */
	if (n > 0)
		printf("# its stderr: %.*s\n", (int)n, text);
	return harm_reap(p->pid) == 0 && right && n == 0;
}

static bool prove(void *arg, size_t i)
{
	const struct host *host = arg;
	const struct library *l = &libraries[i];
	const char *dir = getenv("LT_BUILDDIR");
	char program[512];
	const char *argv[] = {program, l->path, l->home, host->mode, NULL};
	struct harm_program p;
	const char *line;
	int in[2];
	bool fine;

	snprintf(program, sizeof(program), "%s/host", dir ? dir : ".");
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	p = harm_start_on(argv, NULL, 0, in[0]);
	close(in[0]);
	line = harm_line(&p);
	fine = line && !strcmp(line, "ready") && visit(&p, host);
	close(in[1]);
	fine = ends_well(&p) && fine;
	close(p.out);
	close(p.err);
	printf("# %s %s: %s\n", l->python->name, host->mode, fine ? "as ever" : "HARMED");
	return fine;
}

static void a_host(void **state)
{
	if (!n_libraries)
		SKIP("no Python with a shared library was found");
	assert_int_equal(pool_run(n_libraries, (size_t)harm_setting("LT_HARM_JOBS", JOBS), prove,
				  *state), 0);
}

/* A mode that there is not: the host says nothing and ends with another status. */
static void a_host_that_goes_wrong_is_found_out(void **state)
{
	struct host none = {"", "none", false, false};

	if (!n_libraries)
		SKIP("no Python with a shared library was found");
	assert_int_equal(pool_run(1, 1, prove, &none), 1);
}

/* ---- uwsgi ------------------------------------------------------------------------------- */

#define UWSGI "/usr/bin/uwsgi-core"
#define PLUGINS "/usr/lib/uwsgi/plugins"
#define FIRST_TESTS 2

static const char application[] =
	"class Kept: pass\n"
	"kept = [Kept() for i in range(5000)]\n"
	"def application(environ, start):\n"
	"    start('200 OK', [])\n"
	"    return [b'%d' % len(kept)]\n";

/* The root that has it, "" for this machine's own; false: none. */
static bool find_uwsgi(char *ret, size_t size)
{
	const char *roots = getenv("LEAKTOP_ROOTS");
	char pattern[512];
	glob_t g;

	*ret = '\0';
	if (access(UWSGI, X_OK) == 0 && access(PLUGINS "/python3_plugin.so", R_OK) == 0)
		return true;
	snprintf(pattern, sizeof(pattern), "%s/*" PLUGINS "/python3_plugin.so",
		 roots ? roots : "/var/tmp/leaktop-roots");
	if (geteuid() != 0 || glob(pattern, 0, NULL, &g) != 0)
		return false;
	snprintf(ret, size, "%.*s", (int)(strstr(g.gl_pathv[0], PLUGINS) - g.gl_pathv[0]),
		 g.gl_pathv[0]);
	globfree(&g);
	return true;
}

static bool is_served(void *arg)
{
	char *body = http_get(*(int *)arg, "/", NULL);
	bool fine = body && !strcmp(body, "5000");

	free(body);
	return fine;
}

/* Without --enable-threads its main thread waits for requests with the GIL in its hands. */
static void a_wsgi_server_with_python_as_a_plugin(void **state)
{
	static const struct host host = {"", "", true, false};
	char root[256], at[64];
	const char *argv[] = {UWSGI, "--plugin-dir", PLUGINS, "--plugin", "python3",
			      "--http-socket", at, "--single-interpreter", "--eval", application,
			      NULL};
	int port = http_free_port();
	struct harm_program p;
	bool fine;

	if (!find_uwsgi(root, sizeof(root)))
		SKIP("no uwsgi with a plugin for Python 3");
	snprintf(at, sizeof(at), "127.0.0.1:%d", port);
	p = harm_start_as(argv, &(struct harm_how){.root = root[0] ? root : NULL});
	fine = harm_wait(is_served, &port) && visit(&p, &host) && harm_wait(is_served, &port);
	harm_kill(&p);
	assert_true(fine);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(all) + FIRST_TESTS] = {
		cmocka_unit_test(a_host_that_goes_wrong_is_found_out),
		cmocka_unit_test(a_wsgi_server_with_python_as_a_plugin),
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		tests[i + FIRST_TESTS] = (struct CMUnitTest){
			.name = all[i].test, .test_func = a_host,
			.initial_state = (void *)(uintptr_t)&all[i],
		};
	return cmocka_run_group_tests_name("hosts", tests, find_libraries, NULL);
}
