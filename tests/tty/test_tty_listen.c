/* --listen beside a screen: what is scraped is served, and keys of the screen change none of it. */
#include "config.h"
#include "../unit/test.h"

#include <poll.h>
#include <unistd.h>

#include "../live/http.h"
#include "../live/watching.h"
#include "await.h"
#include "util/clock.h"

#define PATIENCE_NS (60 * CLOCK_NS_PER_S)
#define TRIES 5			/* for a port that somebody else takes in between */

static struct tty *t;
static struct python_run target;
static int port;

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	python_stop(&target);
	return 0;
}

static void start_target(void)
{
	const char *const args[] = {"--kind", "event", "--objects", "1000", "--parent-pipe", NULL};

	json_decref(watching_start_usual(&target, "workload.py", args));
}

/* On a screen leaktop does not say which port it has, so it is told one. */
static void start_leaktop(void)
{
	char pid[16], listen[16];
	const char *const argv[] = {watching_leaktop(), "-p", pid, "-d", "0.2", "--listen", listen,
				    NULL};

	snprintf(pid, sizeof(pid), "%d", target.pid);
	for (int i = 0; i < TRIES; i++) {
		port = http_free_port();
		snprintf(listen, sizeof(listen), "%d", port);
		t = await_terminal(argv, 30, 100, NULL);
		if (tty_wait_for(t, "__main__.Node", TTY_PATIENCE_MS))
			return;
		if (tty_find(t, "in use") < 0)
			break;
		tty_free(t);
	}
	tty_print(t);
	fail_msg("the screen does not come up");
}

/* Reads the terminal too, or leaktop would wait for it. */
static bool page_has(const char *what)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	bool has = false;

	while (!has && clock_mono_ns() < give_up) {
		char *page = http_get(port, "/metrics", NULL);

		has = page && strstr(page, what);
		free(page);
		(void)tty_wait_for(t, "no row has this", 50);
	}
	return has;
}

static void metrics_are_served_beside_a_screen_and_its_filter_is_not_theirs(void **state)
{
	start_target();
	start_leaktop();
	assert_true(page_has(",type=\"__main__.Node\"} 1000\n"));
	tty_key(t, "f^nothing_is_called_so\r");
	assert_true(tty_wait_gone(t, "__main__.Node", TTY_PATIENCE_MS));
	assert_true(page_has(",type=\"__main__.Node\"} 1000\n"));
	tty_key(t, "q");
	assert_int_equal(tty_exit_status(t, TTY_PATIENCE_MS), 0);
	assert_int_equal(http_connect(port), -1);
}

/* The screen stays when the target has gone, and so does the page, which says so. */
static void a_target_that_ends_is_told_to_scrapers_while_the_screen_stays(void **state)
{
	start_target();
	start_leaktop();
	assert_true(page_has("leaktop_target_up{"));
	assert_true(page_has("leaktop_rss_bytes{"));
	python_stop(&target);
	assert_true(page_has("\"} 0\n# TYPE leaktop_target_start_time_seconds"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			metrics_are_served_beside_a_screen_and_its_filter_is_not_theirs, end),
		cmocka_unit_test_teardown(
			a_target_that_ends_is_told_to_scrapers_while_the_screen_stays, end),
	};
	int failed = cmocka_run_group_tests_name("tty_listen", tests, NULL, NULL);

	watching_clean();
	return failed;
}
