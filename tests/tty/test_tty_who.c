/*
 * The real leaktop in a real terminal on the leaking server: without a key pressed the pane says
 * who holds the connections; Enter, c, v, n, y and Esc do what they say.
 */
#include "config.h"
#include "../unit/test.h"

#include <unistd.h>

#include "../live/watching.h"
#include "await.h"
#include "util/mem.h"

#define NAMED_PATIENCE_MS 120000	/* half a minute is promised, on a machine not loaded */

static struct tty *t;
static struct python_run server, client;

static void start_server(const char *leak)
{
	const char *const args[] = {"--leak", leak, "--parent-pipe", NULL};
	const char *dir = getenv("LT_SRCDIR");
	char port[16], path[700];
	json_t *ready = watching_start_usual(&server, "tcp_server.py", args);
	const char *const connecting[] = {
		pythons_usual()->path, "-u", "-B", path, "--port", port, "--parent-pipe",
		"--count", "0", NULL,
	};

	snprintf(port, sizeof(port), "%d",
		 (int)json_integer_value(json_object_get(ready, "port")));
	json_decref(ready);
	snprintf(path, sizeof(path), "%s/tests/targets/tcp_client.py", dir ? dir : ".");
	assert_true(python_start_program(&client, "", connecting));
}

static void watch(const char *leak, int rows, int cols)
{
	char pid[16];
	const char *const argv[] = {watching_leaktop(), "-p", pid, "-d", "0.5", NULL};

	start_server(leak);
	snprintf(pid, sizeof(pid), "%d", server.pid);
	t = await_terminal(argv, rows, cols, NULL);
}

static int end(void **state)
{
	tty_free(t);
	t = NULL;
	python_stop(&client);
	python_stop(&server);
	return 0;
}

static void expect_within(const char *text, int patience_ms)
{
	await_text_within(t, text, patience_ms);
}

static void expect(const char *text)
{
	await_text(t, text);
}

static void expect_gone(const char *text)
{
	await_gone(t, text);
}

static void a_global_is_named_without_a_key_pressed(void **state)
{
	watch("global", 40, 120);
	expect_within(" sampled via __main__._CONNECTIONS  list, ", NAMED_PATIENCE_MS);
	expect("-- __main__.Connection ---");
	expect("/s");				/* how fast the list grows, at the next sample */
}

static void a_class_attribute_is_named_without_a_key_pressed(void **state)
{
	watch("class", 40, 120);
	expect_within(" sampled via __main__.Server.peers  list, ", NAMED_PATIENCE_MS);
}

static void a_ring_is_named_without_a_key_pressed(void **state)
{
	watch("cycle", 40, 120);
	expect_within(" in cycles  Connection._conn_handler -> ConnectionHandler._conn -> Conn",
		      NAMED_PATIENCE_MS);
	expect("starved: a full one comes after 100 000 younger");
}

static void enter_opens_the_tree_and_esc_comes_back(void **state)
{
	watch("global", 24, 80);
	expect_within("Connection: held by __main__._CONNECTIONS (list, ", NAMED_PATIENCE_MS);
	tty_key(t, "\r");
	expect("who holds");
	expect("module __main__");
	expect("`- ._CONNECTIONS  list");
	expect("_CONNECTIONS is a global of module __main__.");
	expect("something must remove them from this list");
	expect("`- [*]");
	tty_key(t, "c");
	expect("none of those sampled is garbage in a cycle");
	tty_key(t, "\x1b");
	expect("`- [*]");
	tty_key(t, "\x1b");
	expect("VERDICT");
	expect("sort: verdict");
}

static void c_opens_the_ring(void **state)
{
	watch("cycle", 24, 80);
	expect_within("Connection: cycle Connection._conn_handler -> ", NAMED_PATIENCE_MS);
	tty_key(t, "c");
	expect("  Connection._conn_handler -> ConnectionHandler");
	expect("  ConnectionHandler._conn -> Connection   and round again");
	expect("set ConnectionHandler._conn to None in close(), or make it a weakref");
	tty_key(t, "\x1b");
	expect("sort: verdict");
}

static void a_type_that_was_not_searched_is_searched_by_enter(void **state)
{
	watch("global", 24, 80);
	expect(" __main__.Connection ");		/* there are rows */
	tty_key(t, "/main__.server$");
	expect("find: main__.server$");
	tty_key(t, "\r");
	expect_gone("find: ");
	tty_key(t, "\r");
	expect("__main__.Server > who holds");
	expect(" sampled in ");
	expect("-- the holder ---");
}

#define WATCHED(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCHED(a_global_is_named_without_a_key_pressed),
		WATCHED(a_class_attribute_is_named_without_a_key_pressed),
		WATCHED(a_ring_is_named_without_a_key_pressed),
		WATCHED(enter_opens_the_tree_and_esc_comes_back),
		WATCHED(c_opens_the_ring),
		WATCHED(a_type_that_was_not_searched_is_searched_by_enter),
	};
	int failed = cmocka_run_group_tests_name("who holds it, on a terminal", tests, NULL, NULL);

	watching_clean();
	return failed;
}
