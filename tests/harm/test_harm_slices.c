/*
 * The walk in slices: bookmarks lie in the collector's lists while the program runs. It must not
 * notice them whatever it does, also when leaktop never comes back; and a later leaktop takes out
 * what a killed one has left.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harm.h"
#include "inject/fault.h"
#include "proc/maps.h"
#include "util/clock.h"
#include "util/mem.h"

#define PAUSE_MS 1		/* some ten slices for the target's heap, on a CPU that is one */
#define MUTATE_RUNS 6
#define TRIES 20		/* and patience_ns() */

static pid_t running;

static int clean_up(void **state)
{
	harm_end(running);
	running = 0;
	return 0;
}

/* env: NULL, or what makes the interpreter check itself (3.7+; unknown to earlier ones). */
static struct harm_program begin(const char *python, const char *kind, const char *env)
{
	const char *dir = getenv("LT_SRCDIR"), *line;
	char script[512];
	const char *argv[] = {python, script, kind, NULL};
	struct harm_program p;

	snprintf(script, sizeof(script), "%s/tests/harm/target.py", dir ? dir : ".");
	p = harm_start(argv, env, 0);
	line = harm_line(&p);
	running = p.pid;
	assert_non_null(line);
	assert_string_equal(line, "ready");
	return p;
}

/* Ends by itself, in order, and has nothing to say but that all is well. */
static void end(struct harm_program *p, const char *python, const char *kind)
{
	const char *line;
	char text[512];
	ssize_t n;
	int status;

	kill(p->pid, SIGTERM);
	line = harm_line(p);
	printf("# %s %s: %s\n", python, kind, line ? line : "has died");
	assert_non_null(line);
	assert_true(strncmp(line, "ok ", 3) == 0);
	running = 0;
	status = harm_reap(p->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	n = read(p->err, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	if (n > 0)
		printf("# stderr: %s\n", text);
	assert_true(n <= 0);
	close(p->out);
	close(p->err);
}

/* Mappings that leaktop may have made: executable without a file, and the one behind it. */
static size_t count_ours(pid_t pid)
{
	struct maps maps = {0};
	size_t n = 0;

	assert_int_equal(maps_read(pid, &maps, NULL), LT_OK);
	for (size_t i = 0; i < maps.n; i++)
		n += maps.list[i].path[0] == '\0' &&
		     (maps.list[i].exec || (i > 0 && maps.list[i - 1].exec &&
					    maps.list[i - 1].path[0] == '\0'));
	maps_done(&maps);
	return n;
}

static void watch(pid_t pid, const char *fault, struct harm_result *ret)
{
	char number[16], pause_ms[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", "--max-pause", pause_ms,
			      number, NULL};

	snprintf(number, sizeof(number), "%d", pid);
	snprintf(pause_ms, sizeof(pause_ms), "%d", PAUSE_MS * patience_times());
	harm_leaktop(args, fault, 0, ret);
}

static int64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* A sample that is whole, in more than one slice, and nothing left behind. */
static void assert_watchable(struct harm_program *p, size_t ours)
{
	static struct harm_result r;
	bool counted = false;
	int64_t end = clock_mono_ns() + patience_ns();

	assert_true(harm_wait_free(p->pid));
	for (int i = 0; !counted && (i < TRIES || clock_mono_ns() < end); i++) {
		watch(p->pid, NULL, &r);
		counted = r.exit_status == 0 && strstr(r.out, "\"types\":[{");
	}
	if (!counted || number_after(r.out, "\"maps\":") != 0)
		printf("# leaktop ended with %d: %s %s\n", r.exit_status, r.err, r.out);
	assert_true(counted);
	assert_true(number_after(r.out, "\"stops\":") > 1);
	assert_int_equal(number_after(r.out, "\"maps\":"), 0);
	assert_int_equal(count_ours(p->pid), ours);
}

/* ---- at every step ---------------------------------------------------------------------- */

static void die_at_every_step(struct harm_program *p, const char *python, size_t ours)
{
	static const char *const how[] = {"1!", "4!", "4"};	/* '!': the borrower and leaktop */

	for (size_t i = 0; i < COUNT_OF(how); i++)
		for (int point = 0; point < FAULT_COUNT; point++) {
			static struct harm_result r;
			char fault[64];

			snprintf(fault, sizeof(fault), "LEAKTOP_FAULT=%s:%s", fault_name(point),
				 how[i]);
			watch(p->pid, fault, &r);
			if (r.exit_status > 1 && r.exit_status != 128 + SIGKILL)
				printf("# %s: leaktop ended with %d after %s: %s\n", python,
				       r.exit_status, fault, r.err);
			assert_true(r.exit_status <= 1 || r.exit_status == 128 + SIGKILL);
			assert_true(harm_wait_free(p->pid));
			if (point % 4 == 3 || point == FAULT_COUNT - 1)
				assert_watchable(p, ours);
		}
}

static void on_every_python(const char *kind, const char *env,
			    void (*act)(struct harm_program *, const char *, size_t))
{
	const char *python;
	size_t n = 0;

	for (; (python = harm_next_python(n)) != NULL; n++) {
		struct harm_program p = begin(python, kind, env);

		act(&p, python, count_ours(p.pid));
		end(&p, python, kind);
	}
	if (n == 0)
		SKIP("there is no Python here");
}

static void what_a_killed_leaktop_left_is_taken_out_by_the_next(void **state)
{
	on_every_python("still", NULL, die_at_every_step);
}

static void a_changing_heap_survives_the_death_of_leaktop_at_every_step(void **state)
{
	on_every_python("mutate", NULL, die_at_every_step);
}

/* ---- bookmarks for ever ----------------------------------------------------------------- */

/* Dies between two slices, and nobody comes after it. */
static void leave_bookmarks(struct harm_program *p, const char *python, size_t ours)
{
	static struct harm_result r;
	int64_t end = clock_mono_ns() + patience_ns();

	/* a sample that found no moment to begin has no slices */
	for (int i = 0; r.exit_status != 128 + SIGKILL && (i < TRIES || clock_mono_ns() < end); i++)
		watch(p->pid, "LEAKTOP_FAULT=SLICED:2!", &r);
	assert_int_equal(r.exit_status, 128 + SIGKILL);
	r.exit_status = 0;
	assert_true(harm_wait_free(p->pid));
	assert_int_equal(count_ours(p->pid), ours + 2);
	clock_sleep_ns(CLOCK_NS_PER_S);		/* for all its ways of changing */
}

static void bookmarks_that_stay_harm_nobody(void **state)
{
	on_every_python("mutate", NULL, leave_bookmarks);
	on_every_python("still", NULL, leave_bookmarks);
}

/* The debug allocators find a byte that is written where it should not be. */
static void in_development_mode_nothing_is_found_wrong(void **state)
{
	on_every_python("mutate", "PYTHONDEVMODE=1", leave_bookmarks);
	on_every_python("still", "PYTHONDEVMODE=1", die_at_every_step);
}

static void watch_again_and_again(struct harm_program *p, const char *python, size_t ours)
{
	for (int i = 0; i < MUTATE_RUNS; i++)
		assert_watchable(p, ours);
}

static void a_changing_heap_is_counted_in_slices(void **state)
{
	on_every_python("mutate", NULL, watch_again_and_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_changing_heap_is_counted_in_slices, clean_up),
		cmocka_unit_test_teardown(bookmarks_that_stay_harm_nobody, clean_up),
		cmocka_unit_test_teardown(in_development_mode_nothing_is_found_wrong, clean_up),
		cmocka_unit_test_teardown(what_a_killed_leaktop_left_is_taken_out_by_the_next,
					  clean_up),
		cmocka_unit_test_teardown(
			a_changing_heap_survives_the_death_of_leaktop_at_every_step, clean_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
