/*
 * What a process may do while it is watched: become another program under the same PID, on
 * another Python or without pools, have children, be stopped and go on.
 */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <sys/wait.h>

#include "patience.h"
#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

#define FIRST "First"
#define SECOND "Second"
#define MANY 3000

/* argv: the class to make, a file to execute when told to, and its arguments. */
static const char script[] =
	"import json, os, sys\n"
	"kept = []\n"
	"def born():\n"
	"    if not os.fork(): os._exit(0)\n"
	"    return os.wait()[1]\n"
	"def make(name, number):\n"
	"    kind = type(name, (object,), {})\n"
	"    kept.extend(kind() for n in range(number))\n"
	"make(sys.argv[1], 3000)\n"
	"os.write(1, b'ready\\n')\n"
	"while True:\n"
	"    word = os.read(0, 100).strip()\n"
	"    if word == b'become': os.execv(sys.argv[2], sys.argv[2:])\n"
	"    if word == b'fork': os.write(1, b'%d\\n' % sum(born() for n in range(50)))\n"
	"    if word == b'grow': make(sys.argv[1], 500); os.write(1, b'grown\\n')\n"
	"    if not word: break\n";

/* 300 MiB, all resident */
static const char large_script[] =
	"import os\n"
	"kept = bytearray(300 << 20)\n"
	"for at in range(0, len(kept), 4096): kept[at] = 1\n"
	"os.write(1, b'ready\\n')\n"
	"os.read(0, 1)\n";

static int64_t count_of(const struct sample *s, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "__main__.%s", name);
	return watching_count(s, full);
}

static struct session *open_session(pid_t pid)
{
	const struct session_options options = {
		.max_pause_ns = 2 * CLOCK_NS_PER_MS, .call_deadline_ns = 2 * CLOCK_NS_PER_S,
	};
	struct session *session = NULL;
	struct lt_err err = {0};
	char text[300];

	if (session_open_live(pid, &options, &session, &err) != LT_OK)
		printf("# refused: %s\n", lt_err_text(&err, text, sizeof(text)));
	return session;
}

/* Samples until so many of the class are there; NULL: never. */
static const struct sample *until_there_are(struct session *session, const char *name, int64_t n)
{
	int64_t until = clock_mono_ns() + patience_ns();

	while (clock_mono_ns() < until) {
		const struct sample *s = watching_one(session);

		if (!s)
			return NULL;
		if (s->census && count_of(s, name) == n)
			return s;
		clock_sleep_ns(20 * CLOCK_NS_PER_MS);
	}
	return NULL;
}

static int64_t left_behind(struct session *session)
{
	struct sample_left left = {0};

	session_detach(session, &left);
	session_free(session);
	return left.maps;
}

/* It takes the kernel a while to take back what is resident; the process has no figures then. */
static void the_memory_of_a_dying_process_is_not_zero(void **state)
{
	const char *const args[] = {FIRST, NULL};
	struct python_run run = {0};
	const struct sample *s;
	struct session *session;

	assert_true(python_start(&run, pythons_usual(), large_script, args) && python_line(&run));
	session = open_session(run.pid);
	assert_non_null(session);
	assert_non_null(watching_one(session));
	kill(run.pid, SIGKILL);
	while ((s = watching_one(session)) != NULL)
		assert_int_not_equal(s->memory.rss, 0);
	(void)left_behind(session);
	python_stop(&run);
}

/* From one Python, at the end of args, to argv[2] of the script. */
static bool start(struct python_run *run, const struct python_exe *exe, const char *const *args)
{
	return python_start(run, exe, script, args) && python_line(run);
}

static const struct python_exe *python_like(const char *part)
{
	const struct python_exe *all;
	size_t n = pythons_list(&all);

	for (size_t i = 0; i < n; i++)
		if (strstr(all[i].path, part) && !all[i].root[0])
			return &all[i];
	return NULL;
}

/* Watched as `from`, then as what `args` make of it. */
static void becomes(const struct python_exe *from, const char *const *args, bool scanned)
{
	struct python_run run = {0};
	const struct sample *s;
	struct session *session;

	assert_true(start(&run, from, args));
	session = open_session(run.pid);
	assert_non_null(session);
	assert_non_null(until_there_are(session, FIRST, MANY));
	assert_true(python_say(&run, "become\n"));
	s = until_there_are(session, SECOND, MANY);
	assert_non_null(s);
	assert_int_equal(count_of(s, FIRST), 0);
	assert_int_equal(s->way.scan, scanned);
	assert_int_equal(left_behind(session), 0);
	python_stop(&run);
}

static void another_program_of_the_same_python_is_counted_from_then_on(void **state)
{
	const struct python_exe *exe = pythons_usual();
	const char *const args[] = {FIRST, exe->path, "-c", script, SECOND, NULL};

	becomes(exe, args, true);
}

static void another_python_is_counted_from_then_on(void **state)
{
	const struct python_exe *from = python_like("3.8."), *to = python_like("3.13.");
	const char *there[] = {FIRST, to ? to->path : NULL, "-c", script, SECOND, NULL};
	const char *back[] = {FIRST, from ? from->path : NULL, "-c", script, SECOND, NULL};

	if (!from || !to)
		SKIP("two Pythons are needed, 3.8 and 3.13");
	becomes(from, there, true);
	becomes(to, back, true);
}

static void a_program_without_pools_is_walked_from_then_on(void **state)
{
	const struct python_exe *exe = pythons_usual();
	const char *const args[] = {
		FIRST, "/usr/bin/env", "PYTHONMALLOC=malloc", exe->path, "-c", script, SECOND, NULL,
	};

	becomes(exe, args, false);
}

static void a_program_that_has_pools_again_is_scanned_again(void **state)
{
	const struct python_exe *exe = pythons_usual();
	const char *const argv[] = {
		"/usr/bin/env", "PYTHONMALLOC=malloc", exe->path, "-u", "-c", script, FIRST,
		"/usr/bin/env", "-u", "PYTHONMALLOC", exe->path, "-c", script, SECOND, NULL,
	};
	struct python_run run = {0};
	const struct sample *s;
	struct session *session;

	assert_true(python_start_program(&run, exe->root, argv) && python_line(&run));
	session = open_session(run.pid);
	assert_non_null(session);
	s = until_there_are(session, FIRST, MANY);
	assert_non_null(s);
	assert_false(s->way.scan);
	assert_true(python_say(&run, "become\n"));
	s = until_there_are(session, SECOND, MANY);
	assert_non_null(s);
	assert_true(s->way.scan);
	assert_int_equal(left_behind(session), 0);
	python_stop(&run);
}

static void children_are_not_counted_and_come_to_no_harm(void **state)
{
	const struct python_exe *exe = pythons_usual();
	const char *const args[] = {FIRST, NULL};
	struct python_run run = {0};
	struct session *session;
	const char *line;

	assert_true(start(&run, exe, args));
	session = open_session(run.pid);
	assert_non_null(session);
	assert_true(python_say(&run, "fork\n"));
	for (int i = 0; i < 20; i++)
		assert_non_null(watching_one(session));
	line = python_line(&run);
	assert_non_null(line);
	assert_string_equal(line, "0");
	assert_non_null(until_there_are(session, FIRST, MANY));
	assert_int_equal(left_behind(session), 0);
	python_stop(&run);
}

static void who_is_stopped_is_read_and_goes_on_to_be_counted(void **state)
{
	const struct python_exe *exe = pythons_usual();
	const char *const args[] = {FIRST, NULL};
	struct python_run run = {0};
	struct session *session;
	int status;

	assert_true(start(&run, exe, args));
	session = open_session(run.pid);
	assert_non_null(session);
	assert_non_null(until_there_are(session, FIRST, MANY));
	assert_int_equal(kill(run.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(run.pid, &status, WUNTRACED), run.pid);
	assert_true(WIFSTOPPED(status));
	for (int i = 0; i < 5; i++) {
		const struct sample *s = watching_one(session);

		assert_non_null(s);
		assert_int_equal(count_of(s, FIRST), MANY);
	}
	assert_int_equal(kill(run.pid, SIGCONT), 0);
	assert_true(python_say(&run, "grow\n"));
	assert_non_null(python_line(&run));
	/* another class of the same name */
	assert_non_null(until_there_are(session, FIRST, MANY + 500));
	assert_int_equal(left_behind(session), 0);
	python_stop(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_program_of_the_same_python_is_counted_from_then_on),
		cmocka_unit_test(another_python_is_counted_from_then_on),
		cmocka_unit_test(a_program_without_pools_is_walked_from_then_on),
		cmocka_unit_test(a_program_that_has_pools_again_is_scanned_again),
		cmocka_unit_test(children_are_not_counted_and_come_to_no_harm),
		cmocka_unit_test(who_is_stopped_is_read_and_goes_on_to_be_counted),
		cmocka_unit_test(the_memory_of_a_dying_process_is_not_zero),
	};

	if (!watching_permitted() || !pythons_usual()) {
		printf("1..0 # SKIP there is no Python, or it may not be watched\n");
		return 0;
	}
	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
