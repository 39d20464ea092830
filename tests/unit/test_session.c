/* Names of types, what a process has before and after, and refusals of a session. */
#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "census/names.h"
#include "session/keeps.h"
#include "session/refusal.h"
#include "session/residue.h"
#include "session/session.h"
#include "util/clock.h"
#include "util/num.h"

/* A type that lies where nothing can be read: as one that died after it was counted. */
static struct agent_type dead_type(uint64_t at, const char *name)
{
	struct agent_type t = {.type = at, .tp_name = at + 8};

	snprintf(t.name, sizeof(t.name), "%s", name);
	return t;
}

static struct python nowhere(void)
{
	static struct layout layout = {.tp_name = 24};

	return (struct python){.remote = {.pid = getpid()}, .layout = &layout};
}

static void a_type_that_died_keeps_the_name_copied_under_the_gil(void **state)
{
	struct python py = nowhere();
	struct names *names = names_new();
	struct agent_type a = dead_type(16, "Connection"), b = dead_type(32, "Connection");
	struct agent_type c = dead_type(48, "bad\033[2Jname"), d = dead_type(64, "");
	size_t number = names_of(names, &py, &a);

	assert_string_equal(names_text(names, number), "Connection");
	assert_int_equal(names_of(names, &py, &b), number);
	assert_string_equal(names_text(names, names_of(names, &py, &c)), "bad?[2Jname");
	assert_string_equal(names_text(names, names_of(names, &py, &d)), "?");
	assert_int_equal(names_count(names), 3);
	names_free(names);
	names_free(NULL);
}

static void very_many_names_are_kept_apart_and_then_forgotten(void **state)
{
	struct python py = nowhere();
	struct names *names = names_new();
	char text[32];

	for (unsigned i = 0; i < 70000; i++) {
		struct agent_type t;

		snprintf(text, sizeof(text), "T%u", i);
		t = dead_type(16 * (i + 1), text);
		assert_int_equal(names_of(names, &py, &t), i);
	}
	assert_string_equal(names_text(names, 69999), "T69999");
	names_trim(names);
	assert_int_equal(names_count(names), 0);
	names_free(names);
}

static void what_a_process_opens_meanwhile_is_not_laid_to_our_account(void **state)
{
	int go[2], done[2];
	struct sample_left left = {0};
	struct residue *before;
	char c;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!read(go[0], &c, 1);
		(void)open("/dev/null", O_RDONLY);
		(void)!write(done[1], "x", 1);
		for (;;)
			pause();
	}
	before = residue_take(pid);
	assert_non_null(before);
	residue_compare(before, &left);
	assert_int_equal(left.threads, 0);
	assert_int_equal(left.fds, 0);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(read(done[0], &c, 1), 1);
	residue_compare(before, &left);
	assert_int_equal(left.fds, LT_UNKNOWN);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	residue_compare(before, &left);
	assert_int_equal(left.fds, 0);
	residue_free(before);
	assert_null(residue_take(pid));
	residue_compare(NULL, &left);
	assert_int_equal(left.threads, LT_UNKNOWN);
}

static enum lt_errc kept(enum lt_errc code)
{
	struct refusal r = {0};
	struct lt_err why = {.code = code};

	refusal_note(&r, &why);
	assert_true(r.why.code == LT_OK || r.again_ns > clock_mono_ns());
	return r.why.code;
}

static void only_a_reason_that_lasts_stands_against_the_next_sample(void **state)
{
	assert_int_equal(kept(LT_E_TRACED), LT_E_TRACED);
	assert_int_equal(kept(LT_E_SECCOMP), LT_E_SECCOMP);
	assert_int_equal(kept(LT_E_PERM), LT_E_PERM);
	assert_int_equal(kept(LT_E_NO_SAFE_POINT), LT_OK);
	assert_int_equal(kept(LT_E_PACED), LT_OK);
	assert_int_equal(kept(LT_E_GONE), LT_OK);
}

static enum lt_errc open_error(pid_t pid, bool readonly)
{
	const struct session_options options = {.readonly = readonly};
	struct session *session = NULL;
	struct lt_err err = {0};
	enum lt_errc rc = session_open_live(pid, &options, &session, &err);

	session_free(session);
	return rc;
}

static void a_session_refuses_what_is_no_python(void **state)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sleep", "sleep", "60", (char *)NULL);
		_exit(1);
	}
	while (open_error(pid, false) == LT_OK)
		;	/* between fork and exec it is this test program, no Python either */
	assert_int_equal(open_error(pid, false), LT_E_NOT_PYTHON);
	assert_int_equal(open_error(pid, true), LT_E_NOT_PYTHON);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(open_error(pid, false), LT_E_GONE);
}

/* Nine small attributes, then a large one in a large one; something that others have too. */
static void of_what_an_object_keeps_the_heaviest_parts_are_told(void **state)
{
	static struct inside in = {.n = 13, .untold = 4};
	struct holding_inside told;
	int64_t sum = 0;

	for (size_t i = 0; i < 11; i++) {
		in.parts[i] = (struct inside_part){.depth = i > 0, .retained = 10};
		snprintf(in.parts[i].name, sizeof(in.parts[i].name), ".small%zu", i);
	}
	in.parts[0].retained = 100 + 9 * 10 + 1000;
	in.parts[0].address = 4096;
	in.parts[10] = (struct inside_part){.name = ".shared", .depth = 1, .shared = true};
	in.parts[11] = (struct inside_part){.name = ".large", .depth = 1, .retained = 1000};
	in.parts[12] = (struct inside_part){.name = "[0]", .depth = 2, .parent = 11,
					    .retained = 900, .type = "red\033[31m"};
	keeps_choose(&in, &told);
	assert_int_equal(told.n, HOLDING_PARTS);
	assert_int_equal(told.untold, 4 + 13 - HOLDING_PARTS);
	for (size_t i = 0; i < told.n; i++)
		sum += told.parts[i].bytes;
	assert_int_equal(sum, told.bytes);
	assert_string_equal(told.parts[6].name, ".large");
	assert_int_equal(told.parts[6].bytes, 100);
	assert_string_equal(told.parts[7].name, "[0]");
	assert_int_equal(told.parts[7].bytes, 900);
	assert_null(strchr(told.parts[7].type, 033));
	in.n = 0;
	keeps_choose(&in, &told);
	assert_int_equal(told.address, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_that_died_keeps_the_name_copied_under_the_gil),
		cmocka_unit_test(very_many_names_are_kept_apart_and_then_forgotten),
		cmocka_unit_test(what_a_process_opens_meanwhile_is_not_laid_to_our_account),
		cmocka_unit_test(only_a_reason_that_lasts_stands_against_the_next_sample),
		cmocka_unit_test(of_what_an_object_keeps_the_heaviest_parts_are_told),
		cmocka_unit_test(a_session_refuses_what_is_no_python),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
