/*
 * gc.collect() by a note (walk_collect_begin): it is run once, by the main thread, as the program
 * itself would; it can be called off; leaktop may die at any step of it, be late, or leave, and the
 * program does not care and has nothing of leaktop's in the end. On every Python; LT_PYTHON=NAME:
 * on those alone.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "census/walk.h"
#include "harm.h"
#include "inject/fault.h"
#include "tests/live/belongings.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define CYCLES 500
#define TRIES 10
#define WAIT_NS (30 * CLOCK_NS_PER_S)
#define SHORT_NS (300 * CLOCK_NS_PER_MS)
#define ENDLESS_NS (3600 * CLOCK_NS_PER_S)

struct target {
	struct python_run run;
	struct belongings before;
	struct python py;
	struct gadgets gadgets;
	struct walk *walk;
	char modules[16];
};

static struct buf script;

static int load_script(void **state)
{
	const char *dir = getenv("LT_SRCDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/harm/collected.py", dir ? dir : ".");
	assert_int_equal(io_read_file(path, 1 << 16, &script), 0);
	return 0;
}

static int free_script(void **state)
{
	buf_done(&script);
	return 0;
}

static void order(struct target *t, const char *text)
{
	assert_true(python_say(&t->run, text));
}

static void expect(struct target *t, const char *line)
{
	const char *got = python_line(&t->run);

	assert_non_null(got);
	assert_string_equal(got, line);
}

/* The number behind `key` in the state that an order is answered with. */
static int number(const char *state, const char *key)
{
	const char *at = strstr(state, key);

	assert_non_null(at);
	return atoi(at + strlen(key));
}

static const char *state_of(struct target *t)
{
	const char *line = python_line(&t->run);

	assert_non_null(line);
	assert_non_null(strstr(line, "full="));
	return line;
}

static void target_begin(struct target *t, const struct python_exe *exe, const char *pause,
			 const char *gc)
{
	static const struct walk_options options = {.max_pause_ns = CLOCK_NS_PER_MS};
	const char *args[] = {pause, gc, NULL};

	*t = (struct target){0};
	assert_true(python_start(&t->run, exe, buf_text(&script), args));
	expect(t, "ready");
	assert_int_equal(python_find(t->run.pid, &t->py, NULL), LT_OK);
	assert_int_equal(gadgets_find(&t->py, &t->gadgets, NULL), LT_OK);
	assert_true(t->gadgets.zero_ret != 0);	/* a note that is read late takes the pages out */
	t->walk = walk_new(&t->py, &t->gadgets, &options);
}

static void make_garbage(struct target *t)
{
	char text[32];
	const char *line;

	snprintf(text, sizeof(text), "make %d\n", CYCLES);
	order(t, text);
	line = state_of(t);
	snprintf(t->modules, sizeof(t->modules), "%d", number(line, "modules="));
	belongings_take(t->run.pid, &t->before);
}

static bool walk_is_ready(void *arg)
{
	struct pollfd fd = {.fd = walk_fd(arg), .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

static void collect(struct target *t, int64_t wait_ns, struct census_collected *ret)
{
	ret->cost.err = (struct lt_err){0};
	if (walk_collect_begin(t->walk, wait_ns, &ret->cost.err) != LT_OK)
		return;
	if (harm_wait(walk_is_ready, t->walk))
		walk_collect_end(t->walk, ret);
	else
		lt_err_set(&ret->cost.err, LT_E_TIMEOUT, 0, "it does not end");
}

/* As users do who read that it did not come to pass. */
static void collect_until_done(struct target *t, struct census_collected *ret)
{
	int64_t end = clock_mono_ns() + patience_ns();

	do {
		collect(t, WAIT_NS, ret);
	} while (ret->cost.err.code != LT_OK && clock_mono_ns() < end);
	if (ret->cost.err.code != LT_OK)
		printf("# %s\n", ret->cost.err.detail);
	assert_int_equal(ret->cost.err.code, LT_OK);
}

static bool has_all_back(void *arg)
{
	struct target *t = arg;
	struct buf maps = {0};
	bool same;

	(void)io_read_proc(t->run.pid, 0, "maps", 64 << 20, &maps);
	same = !strcmp(buf_text(&maps), t->before.maps);
	buf_done(&maps);
	return same;
}

static void leave(struct target *t)
{
	struct census_result left;

	assert_int_equal(walk_leave(t->walk, clock_mono_ns() + patience_ns(), &left), LT_OK);
	assert_int_equal(walk_mappings(t->walk), 0);
}

static void target_end(struct target *t)
{
	struct belongings after;
	int status;

	walk_free(t->walk);
	assert_true(harm_wait_free(t->run.pid));
	belongings_take(t->run.pid, &after);
	assert_true(belongings_equal(&t->before, &after));
	belongings_free(&after);
	belongings_free(&t->before);
	order(t, "end\n");
	expect(t, "ended");
	status = python_wait(&t->run);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Its state: what has been collected, by its main thread alone, and that nothing else changed. */
static void assert_collected(struct target *t, int full, int cycles, bool on)
{
	const char *line;

	order(t, "state\n");
	line = state_of(t);
	if (t->py.version_hex >= 0x03030000)	/* gc.callbacks */
		assert_int_equal(number(line, "full="), full);
	assert_int_equal(number(line, "main="), cycles);
	assert_int_equal(number(line, "other="), 0);
	assert_int_equal(number(line, "on="), on);
	assert_int_equal(number(line, "modules="), atoi(t->modules));
}

/* To 3.8 a main thread must be met at work. */
static const char *pause_of(const struct python_exe *exe)
{
	static const char *const old[] = {"2.7.", " 3.6.", " 3.7.", " 3.8."};

	for (size_t i = 0; i < COUNT_OF(old); i++)
		if (strstr(exe->name, old[i]))
			return "0";
	return "0.05";
}

static void on_every_python(void (*act)(const struct python_exe *))
{
	size_t n = 0;
	const char *only = getenv("LT_PYTHON");
	const struct python_exe *list;
	size_t all = pythons_list(&list);

	for (size_t i = 0; i < all; i++)
		if (!only || strstr(list[i].name, only)) {
			act(&list[i]);
			n++;
		}
	if (n == 0)
		SKIP("there is no Python here");
}

/* ---- it is done ------------------------------------------------------------------------- */

static void ask_in(const struct python_exe *exe, const char *pause, bool on)
{
	struct census_collected got;
	struct target t;

	target_begin(&t, exe, pause, on ? NULL : "off");
	make_garbage(&t);
	collect_until_done(&t, &got);
	printf("# %s pause %s: %lld found in %lld us, %lld stops of %lld us\n", exe->name, pause,
	       (long long)got.unreachable, (long long)got.took_ns / 1000,
	       (long long)got.cost.stops, (long long)got.cost.stopped_ns / 1000);
	assert_true(got.unreachable >= CYCLES);
	assert_true(got.took_ns > 0);
	assert_collected(&t, 1, CYCLES, on);
	leave(&t);
	target_end(&t);
}

static void ask_busy(const struct python_exe *exe)
{
	ask_in(exe, "0", true);
}

static void a_busy_program_collects_once_on_its_main_thread(void **state)
{
	on_every_python(ask_busy);
}

static void ask_turned_off(const struct python_exe *exe)
{
	ask_in(exe, "0", false);
}

static void a_program_that_has_turned_the_collector_off_collects_and_keeps_it_off(void **state)
{
	on_every_python(ask_turned_off);
}

static void ask_waking(const struct python_exe *exe)
{
	if (strcmp(pause_of(exe), "0") != 0)
		ask_in(exe, pause_of(exe), true);
}

static void a_program_that_sleeps_and_wakes_collects_when_it_wakes(void **state)
{
	on_every_python(ask_waking);
}

/* ---- it is not done --------------------------------------------------------------------- */

static void ask_asleep(const struct python_exe *exe)
{
	struct census_collected got;
	struct target t;

	target_begin(&t, exe, "long", NULL);
	make_garbage(&t);
	assert_true(harm_wait_blocked(t.run.pid) >= 0);
	collect(&t, SHORT_NS, &got);
	assert_int_equal(got.cost.err.code, LT_E_NO_SAFE_POINT);
	assert_int_equal(got.cost.stops, 0);
	assert_true(has_all_back(&t));
	assert_collected(&t, 0, 0, true);
	target_end(&t);
}

static void a_program_that_sleeps_for_ever_is_not_even_stopped(void **state)
{
	on_every_python(ask_asleep);
}

/*
 * In C code that does not end in time: called off, nothing is collected, and when the note is read
 * at last it takes the pages with it, leaktop long gone.
 */
static void ask_holding(const struct python_exe *exe)
{
	struct census_result left;
	struct census_collected got;
	struct target t;
	bool stuck;

	target_begin(&t, exe, "0", NULL);
	make_garbage(&t);
	order(&t, "hold\n");
	expect(&t, "holding");
	collect(&t, SHORT_NS, &got);
	(void)walk_leave(t.walk, clock_mono_ns() + SHORT_NS, &left);
	stuck = !has_all_back(&t);
	(void)state_of(&t);
	assert_true(harm_wait(has_all_back, &t));
	printf("# %s: %s, %s\n", exe->name, got.cost.err.detail,
	       stuck ? "pages went with the note" : "pages were taken out");
	if (got.cost.err.code != LT_OK)		/* else it came by in time all the same */
		assert_collected(&t, 0, 0, true);
	target_end(&t);
}

static void a_note_that_is_read_too_late_collects_nothing_and_goes(void **state)
{
	on_every_python(ask_holding);
}

/* A finalizer that takes its time: leaktop leaves in the midst of the collection. */
static void leave_in_the_midst(const struct python_exe *exe)
{
	struct census_result left;
	struct census_collected got;
	struct lt_err err;
	struct target t;

	target_begin(&t, exe, "0", NULL);
	make_garbage(&t);
	order(&t, "nap 3\n");
	(void)state_of(&t);
	assert_int_equal(walk_collect_begin(t.walk, WAIT_NS, &err), LT_OK);
	expect(&t, "napping");
	walk_hurry(t.walk);
	assert_true(harm_wait(walk_is_ready, t.walk));
	walk_collect_end(t.walk, &got);
	if (got.cost.err.code != LT_OK)
		assert_int_equal(got.cost.err.code, LT_E_BUSY);
	(void)walk_leave(t.walk, clock_mono_ns() + SHORT_NS, &left);
	assert_true(harm_wait(has_all_back, &t));
	assert_collected(&t, 1, CYCLES, true);
	target_end(&t);
}

static void pages_stay_while_a_collection_runs_and_go_when_it_is_over(void **state)
{
	on_every_python(leave_in_the_midst);
}

static void fork_in_the_midst(const struct python_exe *exe)
{
	struct census_collected got;
	struct target t;
	const char *line;

	target_begin(&t, exe, pause_of(exe), NULL);
	make_garbage(&t);
	order(&t, "fork\n");
	(void)state_of(&t);
	collect_until_done(&t, &got);
	expect(&t, "forked");
	order(&t, "state\n");
	line = state_of(&t);
	assert_int_equal(number(line, "child="), 0);
	assert_int_equal(number(line, "main="), CYCLES);
	leave(&t);
	belongings_free(&t.before);		/* a thread's stack and heap came meanwhile */
	belongings_take(t.run.pid, &t.before);
	target_end(&t);
}

static void a_child_that_inherits_the_note_does_not_collect(void **state)
{
	on_every_python(fork_in_the_midst);
}

/* ---- the program ends ------------------------------------------------------------------- */

/*
 * Where leaktop waits for the note to be read. It must not wait for what will never come: it would
 * hold the number of a process that may soon be another's.
 */
static enum lt_errc end_while_it_waits(const struct python_exe *exe)
{
	struct census_collected got;
	struct target t;
	const char *line;
	int status;

	target_begin(&t, exe, "0", NULL);
	make_garbage(&t);
	order(&t, "leave\n");
	line = python_line(&t.run);
	assert_non_null(line);
	if (strcmp(line, "leaving") != 0) {
		printf("# skipped: %s: %s\n", exe->name, line);
		(void)state_of(&t);
		target_end(&t);
		return LT_E_GONE;
	}
	collect(&t, ENDLESS_NS, &got);
	status = python_wait(&t.run);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	walk_free(t.walk);
	belongings_free(&t.before);
	return got.cost.err.code;
}

/* Now and then the note is read just before the main thread goes where it reads none. */
static void end_until_it_waits(const struct python_exe *exe)
{
	enum lt_errc code = LT_OK;

	for (int i = 0; i < TRIES && code == LT_OK; i++)
		code = end_while_it_waits(exe);
	assert_int_equal(code, LT_E_GONE);
}

static void a_program_that_ends_while_a_note_waits_ends_as_it_would(void **state)
{
	on_every_python(end_until_it_waits);
}

/* ---- a filter --------------------------------------------------------------------------- */

/* getpid() is what a note asks for, to be read by its own process only; a count does not. */
static void collect_under(const struct python_exe *exe, const char *answer)
{
	struct census_collected got;
	struct census_result counted;
	struct target t;
	char text[40];
	int64_t end = clock_mono_ns() + patience_ns();

	target_begin(&t, exe, pause_of(exe), NULL);
	snprintf(text, sizeof(text), "forbid %s\n", answer);
	order(&t, text);
	expect(&t, "forbidden");
	(void)state_of(&t);
	make_garbage(&t);
	do {	/* first a moment in which the filter may be read */
		collect(&t, SHORT_NS, &got);
	} while (got.cost.err.code == LT_E_NO_SAFE_POINT && clock_mono_ns() < end);
	assert_int_equal(got.cost.err.code, LT_E_SECCOMP);
	assert_non_null(strstr(got.cost.err.detail, "getpid"));
	do {
		assert_int_equal(walk_begin(t.walk, 64 << 20, clock_mono_ns() + WAIT_NS,
					    &counted.err), LT_OK);
		assert_true(harm_wait(walk_is_ready, t.walk));
		walk_end(t.walk, &counted);
	} while (counted.err.code != LT_OK && clock_mono_ns() < end);
	assert_int_equal(counted.err.code, LT_OK);
	assert_collected(&t, 0, 0, true);
	leave(&t);
	target_end(&t);
}

static void collect_under_both(const struct python_exe *exe)
{
	collect_under(exe, "80000000");		/* SECCOMP_RET_KILL_PROCESS */
	collect_under(exe, "50001");		/* SECCOMP_RET_ERRNO, EPERM */
}

static void a_filter_that_forbids_getpid_forbids_the_note_and_nothing_else(void **state)
{
	if (geteuid() != 0)
		SKIP("only root may read a filter");
	on_every_python(collect_under_both);
}

/* ---- leaktop dies ----------------------------------------------------------------------- */

static const char *fault;

static void collect_and_die(void *arg)
{
	struct target *t = arg;
	struct census_result left;
	struct census_collected got;

	setenv("LEAKTOP_FAULT", fault, 1);
	collect(t, WAIT_NS, &got);
	(void)walk_leave(t->walk, clock_mono_ns() + patience_ns(), &left);
}

static void die_at_every_step(const struct python_exe *exe)
{
	struct census_collected got;
	struct target t;
	const char *line;
	int killed = 0;

	target_begin(&t, exe, pause_of(exe), NULL);
	make_garbage(&t);
	for (int point = 0; point < 2 * FAULT_COUNT; point++) {
		char name[64];
		int status;

		snprintf(name, sizeof(name), "%s%s", fault_name(point / 2), point % 2 ? "!" : "");
		fault = name;
		status = harm_reap(harm_fork(collect_and_die, &t));
		killed += WIFSIGNALED(status);
		if (!harm_wait_free(t.run.pid))
			printf("# %s: stopped after %s\n", exe->name, name);
		assert_true(harm_wait_free(t.run.pid));
	}
	order(&t, "state\n");
	line = state_of(&t);
	assert_int_equal(number(line, "main="), CYCLES);
	assert_int_equal(number(line, "other="), 0);
	collect_until_done(&t, &got);
	leave(&t);
	printf("# %s: killed %d times; %s\n", exe->name, killed, line);
	assert_true(killed > FAULT_COUNT / 2);
	target_end(&t);
}

static void leaktop_may_die_at_every_step_of_it(void **state)
{
	on_every_python(die_at_every_step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_busy_program_collects_once_on_its_main_thread),
		cmocka_unit_test(
			a_program_that_has_turned_the_collector_off_collects_and_keeps_it_off),
		cmocka_unit_test(a_program_that_sleeps_and_wakes_collects_when_it_wakes),
		cmocka_unit_test(a_program_that_sleeps_for_ever_is_not_even_stopped),
		cmocka_unit_test(a_note_that_is_read_too_late_collects_nothing_and_goes),
		cmocka_unit_test(pages_stay_while_a_collection_runs_and_go_when_it_is_over),
		cmocka_unit_test(a_child_that_inherits_the_note_does_not_collect),
		cmocka_unit_test(a_program_that_ends_while_a_note_waits_ends_as_it_would),
		cmocka_unit_test(
			a_filter_that_forbids_getpid_forbids_the_note_and_nothing_else),
		cmocka_unit_test(leaktop_may_die_at_every_step_of_it),
	};

	return cmocka_run_group_tests_name("collect", tests, load_script, free_script);
}
