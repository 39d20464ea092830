/*
 * Attach, count, detach, over and over: an idle and a busy target must both be right afterwards,
 * and nothing may add up. LT_CYCLES in the environment sets how often (1,000).
 */
#include "config.h"
#include "../unit/test.h"

#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

static int64_t cycles(void)
{
	const char *text = getenv("LT_CYCLES");
	int64_t n = 1000;

	if (text)
		(void)num_parse(text, 1, 1000000, &n);
	return n;
}

/* The newest Python of pyenv, or else the last found: the cycles are the same on each. */
static const struct python_exe *some_python(void)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);

	for (size_t i = 0; i < n; i++)
		if (!exes[i].root[0] && !strstr(exes[i].name, "2.7"))
			return &exes[i];
	return NULL;
}

/* One life of leaktop. true: it counted the target's own 50 accounts, and left nothing mapped. */
static bool one_cycle(pid_t pid)
{
	const struct session_options options = {
		.census = CENSUS_WALK, .call_deadline_ns = 5 * CLOCK_NS_PER_S,
	};
	struct session *session = NULL;
	struct sample_left left = {0};
	const struct sample *sample;
	bool right = false;

	if (session_open_live(pid, &options, &session, NULL) != LT_OK)
		return false;
	sample = watching_sample(session, 10);
	for (size_t i = 0; sample && i < sample->n_types; i++)
		if (!strcmp(sample->types[i].name, "__main__.Account"))
			right = sample->types[i].count == 50;
	session_detach(session, &left);
	session_free(session);
	return right && left.maps == 0;
}

static void many_cycles(const char *kind)
{
	const char *const args[] = {
		"--kind", kind, "--objects", "50", "--timeout", "0.3", "--parent-pipe", NULL,
	};
	const struct python_exe *exe = some_python();
	struct belongings before = {0}, after = {0};
	struct python_run run = {0};
	json_t *ready;
	int64_t n = cycles(), bad = 0;

	if (!exe)
		SKIP("no Python 3 was found");
	ready = watching_start(&run, exe, "workload.py", args);
	assert_non_null(ready);
	assert_true(one_cycle(run.pid));	/* after it the target has reached its place */
	belongings_take(run.pid, &before);
	for (int64_t i = 0; i < n; i++)
		bad += !one_cycle(run.pid);
	belongings_take(run.pid, &after);
	printf("# %s: %lld cycles, %lld bad\n", exe->name, (long long)n, (long long)bad);
	assert_int_equal(bad, 0);
	assert_true(belongings_equal(&before, &after));
	assert_true(watching_stopped_well(&run));
	json_decref(ready);
	belongings_free(&before);
	belongings_free(&after);
	python_stop(&run);
}

static void a_thousand_cycles_leave_an_idle_target_right(void **state)
{
	many_cycles("epoll");
}

static void a_thousand_cycles_leave_a_busy_target_right(void **state)
{
	many_cycles("busy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_cycles_leave_an_idle_target_right),
		cmocka_unit_test(a_thousand_cycles_leave_a_busy_target_right),
	};

	return cmocka_run_group_tests_name("cycles", tests, NULL, NULL);
}
