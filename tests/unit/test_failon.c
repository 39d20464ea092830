/* --fail-on: which verdict makes the program fail. The end of a build depends on it. */
#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "cli/failon.h"
#include "util/mem.h"

#define FOUND 10
#define NO_VERDICT 1

static const struct {
	enum ratchet_word word;
	bool leaking;			/* without a leak or suspect: native memory grows */
	int on_leak, on_suspect;
} cases[] = {
	{RATCHET_LEAK, true, FOUND, FOUND},
	{RATCHET_SUSPECT, true, 0, FOUND},
	{RATCHET_GROWING, true, 0, FOUND},
	{RATCHET_FLAT, true, 0, FOUND},
	{RATCHET_EARLY, true, 0, FOUND},
	{RATCHET_GROWING, false, 0, 0},
	{RATCHET_HOLD, false, 0, 0},
	{RATCHET_CHURN, false, 0, 0},
	{RATCHET_SHRINK, false, 0, 0},
	{RATCHET_FLAT, false, 0, 0},
	{RATCHET_EARLY, false, NO_VERDICT, NO_VERDICT},
};

static int status_of(size_t i, enum ratchet_word fail_on)
{
	static struct snapshot snap;
	const struct options options = {.fail_on = fail_on};
	int former = dup(2), null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;

	snap.verdict.word = cases[i].word;
	snap.verdict.leaking = cases[i].leaking;
	dup2(null, 2);			/* that there is no verdict is complained of */
	status = failon_status(&options, &snap);
	dup2(former, 2);
	close(former);
	close(null);
	return status;
}

static void what_was_asked_for_fails_and_what_is_worse_too(void **state)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(status_of(i, RATCHET_LEAK), cases[i].on_leak);
		assert_int_equal(status_of(i, RATCHET_SUSPECT), cases[i].on_suspect);
	}
}

static void nothing_fails_where_it_was_not_asked_for(void **state)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(status_of(i, RATCHET_EARLY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_asked_for_fails_and_what_is_worse_too),
		cmocka_unit_test(nothing_fails_where_it_was_not_asked_for),
	};

	return cmocka_run_group_tests_name("fail-on", tests, NULL, NULL);
}
