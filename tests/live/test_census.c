/* Which way leaktop counts, on every Python: the scan where it proves true, else the walk. */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

#define TRIES 40
#define PATIENCE_NS (60 * CLOCK_NS_PER_S)	/* for a state: the machine may be very busy */
#define OBJECTS "5000"

static const struct python_exe *pythons;
static size_t n_pythons;

static struct session *open_with(pid_t pid, enum census_mode mode, bool readonly, double max_cpu)
{
	const struct session_options options = {
		.census = mode, .readonly = readonly, .max_pause_ns = 2 * CLOCK_NS_PER_MS,
		.call_deadline_ns = 2 * CLOCK_NS_PER_S, .max_cpu = max_cpu,
	};
	struct session *session = NULL;
	struct lt_err err = {0};
	char text[300];

	if (session_open_live(pid, &options, &session, &err) != LT_OK)
		printf("# refused: %s\n", lt_err_text(&err, text, sizeof(text)));
	return session;
}

static struct session *open_session(pid_t pid, enum census_mode mode, bool readonly)
{
	return open_with(pid, mode, readonly, 0);
}

/* A mapping of code that belongs to no file: the helper's, in these targets. */
static bool has_our_code(pid_t pid)
{
	struct belongings b;
	bool found;

	belongings_take(pid, &b);
	found = strstr(b.maps, "r-xp 00000000 00:00 0 \n") != NULL;
	belongings_free(&b);
	return found;
}

static int64_t close_session(struct session *session)
{
	struct sample_left left = {0};

	session_detach(session, &left);
	session_free(session);
	return left.maps + left.fds + left.threads;
}

/* Scans until the walk beside it has confirmed it and leaktop is out of the target again. */
static bool is_trusted(struct session *session, pid_t pid)
{
	int64_t until = clock_mono_ns() + PATIENCE_NS;
	bool came_in = false;

	while (clock_mono_ns() < until) {
		const struct sample *s = watching_sample(session, TRIES);

		if (!s || !s->way.scan || s->way.changed || s->way.explained < 0.5)
			return false;
		came_in |= num_known(s->gc.gen[0].objects) && s->cost.stops > 0;
		if (came_in && s->cost.stops == 0 && !has_our_code(pid))
			return watching_count(s, "__main__.Account") > 1000 &&
			       watching_count(s, "str") > 1000;
		clock_sleep_ns(50 * CLOCK_NS_PER_MS);
	}
	return false;
}

static bool scans(const struct python_exe *exe, const char *kind)
{
	const char *const args[] = {"--kind", kind, "--objects", OBJECTS, "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "workload.py", args);
	struct session *session = ready ? open_session(run.pid, CENSUS_AUTO, false) : NULL;
	bool fine = session && is_trusted(session, run.pid);

	if (session && close_session(session) != 0)
		fine = false;
	json_decref(ready);
	fine = watching_stopped_well(&run) && fine;
	python_stop(&run);
	return fine;
}

static void every_python_is_scanned_once_the_walk_agrees_and_left(void **state)
{
	static const char *const kinds[] = {"poll", "busy"};
	int wrong = 0;

	for (size_t i = 0; i < n_pythons; i++) {
		for (size_t k = 0; k < 2; k++) {
			if (!python_wanted(&pythons[i]) || scans(&pythons[i], kinds[k]))
				continue;
			printf("# %s, %s: wrong\n", pythons[i].name, kinds[k]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static const char many[] =
	"import sys\n"
	"class Account(object): pass\n"
	"kept = [Account() for n in range(5000)]\n"
	"sys.stdout.write('ready\\n'); sys.stdout.flush()\n"
	"sys.stdin.read()\n";

static bool walks_without_pools(const struct python_exe *exe)
{
	const char *const argv[] = {
		"/usr/bin/env", "PYTHONMALLOC=malloc", exe->path, "-c", many, NULL,
	};
	struct python_run run = {0};
	struct session *session = NULL;
	const struct sample *s;
	bool fine;

	if (python_start_program(&run, exe->root, argv) && python_line(&run))
		session = open_session(run.pid, CENSUS_AUTO, false);
	s = session ? watching_sample(session, TRIES) : NULL;
	fine = s && !s->way.scan && s->way.why[0] && watching_count(s, "str") == 0 &&
	       watching_count(s, "__main__.Account") == 5000;
	if (session && close_session(session) != 0)
		fine = false;
	python_stop(&run);
	return fine;
}

static void without_pools_it_walks_and_says_why(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < n_pythons; i++) {
		if (!python_wanted(&pythons[i]) || strstr(pythons[i].name, "2.7") ||
		    walks_without_pools(&pythons[i]))
			continue;
		printf("# %s: wrong\n", pythons[i].name);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void reading_only_counts_and_touches_nothing(void **state)
{
	const char *const args[] = {"--kind", "poll", "--objects", OBJECTS, "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, &pythons[0], "workload.py", args);
	struct session *session = ready ? open_session(run.pid, CENSUS_AUTO, true) : NULL;

	assert_non_null(session);
	for (int i = 0; i < 5; i++) {
		const struct sample *s = watching_sample(session, 1);

		assert_non_null(s);
		assert_true(s->way.scan);
		assert_true(watching_count(s, "__main__.Account") > 1000);
		assert_int_equal(s->cost.stops, 0);
		assert_false(has_our_code(run.pid));
	}
	assert_int_equal(close_session(session), 0);
	json_decref(ready);
	assert_true(watching_stopped_well(&run));
	python_stop(&run);
}

/* The first count reads everything, which tells nothing of what the others will cost. */
static void the_second_count_says_how_far_apart_the_budget_wants_them(void **state)
{
	const char *const args[] = {"--kind", "poll", "--objects", OBJECTS, "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, &pythons[0], "workload.py", args);
	struct session *session = ready ? open_with(run.pid, CENSUS_AUTO, true, 1e-6) : NULL;
	const struct sample *s;

	assert_non_null(session);
	s = watching_one(session);
	assert_non_null(s);
	assert_true(s->census);
	assert_int_equal(s->way.period_ns, 0);
	s = watching_one(session);
	assert_non_null(s);
	assert_true(s->census);
	assert_true(s->way.period_ns > 0);
	s = watching_one(session);
	assert_non_null(s);
	assert_false(s->census);
	assert_int_equal(s->why.code, LT_E_PACED);
	assert_int_equal(close_session(session), 0);
	json_decref(ready);
	assert_true(watching_stopped_well(&run));
	python_stop(&run);
}

static void a_stopped_process_is_scanned(void **state)
{
	const char *const args[] = {"--kind", "poll", "--objects", OBJECTS, "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, &pythons[0], "workload.py", args);
	struct session *session;
	const struct sample *s;
	int status;

	assert_non_null(ready);
	assert_int_equal(kill(run.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(run.pid, &status, WUNTRACED), run.pid);
	session = open_session(run.pid, CENSUS_AUTO, false);
	s = session ? watching_sample(session, 1) : NULL;
	assert_non_null(s);
	assert_true(s->way.scan);
	assert_true(watching_count(s, "__main__.Account") > 1000);
	assert_int_equal(s->cost.stops, 0);
	assert_int_equal(close_session(session), 0);
	assert_int_equal(kill(run.pid, SIGCONT), 0);
	json_decref(ready);
	assert_true(watching_stopped_well(&run));
	python_stop(&run);
}

static int set_up(void **state)
{
	n_pythons = pythons_list(&pythons);
	return n_pythons ? 0 : -1;
}

static int clean(void **state)
{
	watching_clean();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_python_is_scanned_once_the_walk_agrees_and_left),
		cmocka_unit_test(without_pools_it_walks_and_says_why),
		cmocka_unit_test(reading_only_counts_and_touches_nothing),
		cmocka_unit_test(the_second_count_says_how_far_apart_the_budget_wants_them),
		cmocka_unit_test(a_stopped_process_is_scanned),
	};

	if (!watching_permitted()) {
		printf("1..0 # SKIP this process may not watch its children\n");
		return 0;
	}
	return cmocka_run_group_tests_name("census", tests, set_up, clean);
}
