/*
 * The real leaktop on the leaking server, in its three ways: nobody presses a key, and its last
 * line names the global, the class attribute, or the ring with both of its attributes.
 */
#include "config.h"
#include "../unit/test.h"

#include "patience.h"
#include "session/search.h"
#include "util/clock.h"
#include "watching.h"

#define TRIES 5				/* a loaded machine may not let the server leak at once */
#define TYPE "__main__.Connection"

static const char *const wanted[] = {"2.7", " 3.6.", " 3.11.", " 3.13.", "sid", NULL};

struct served {
	struct python_run server, client;
};

/* ---- the server, and a client that connects 100 times a second ------------------------------ */

static bool serve(struct served *s, const struct python_exe *exe, const char *leak)
{
	const char *const args[] = {"--leak", leak, "--parent-pipe", NULL};
	const char *dir = getenv("LT_SRCDIR");
	char port[16], path[700];
	const char *const client[] = {pythons_usual()->path, "-u", "-B", path, "--port", port,
				      "--parent-pipe", "--count", "0", NULL};
	json_t *ready = watching_start(&s->server, exe, "tcp_server.py", args);

	if (!ready)
		return false;
	snprintf(port, sizeof(port), "%d",
		 (int)json_integer_value(json_object_get(ready, "port")));
	snprintf(path, sizeof(path), "%s/tests/targets/tcp_client.py", dir ? dir : ".");
	json_decref(ready);
	return python_start_program(&s->client, "", client);
}

static void serve_end(struct served *s)
{
	python_stop(&s->client);
	python_stop(&s->server);
}

/* The verdict line of a leaktop that counts n times; NULL: there was none. */
static json_t *verdict_after(pid_t pid, int n)
{
	const char *line;
	char number[16], count[16];
	const char *const argv[] = {watching_leaktop(), "-p", number, "-f", "jsonl", "-d", "0.5",
				    "-n", count, NULL};
	struct python_run run = {0};
	json_t *found = NULL, *one;

	snprintf(number, sizeof(number), "%d", (int)pid);
	snprintf(count, sizeof(count), "%d", n);
	if (!python_start_program(&run, "", argv))
		return NULL;
	while (!found && (line = python_line(&run)) != NULL) {
		const char *kind;

		one = json_loads(line, 0, NULL);
		kind = json_string_value(json_object_get(one, "kind"));
		if (kind && !strcmp(kind, "verdict"))
			found = json_incref(one);
		json_decref(one);
	}
	python_stop(&run);
	return found;
}

static const json_t *suspect_of(const json_t *verdict)
{
	const json_t *suspect;
	size_t i;

	json_array_foreach(json_object_get(verdict, "suspects"), i, suspect)
		if (!strcmp(json_string_value(json_object_get(suspect, "type")), TYPE))
			return suspect;
	return NULL;
}

/* ---- what is expected ------------------------------------------------------------------------ */

static bool is(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value && !strcmp(value, text);
}

static bool is_nth(const json_t *object, const char *name, size_t i, const char *text)
{
	const char *value = json_string_value(json_array_get(json_object_get(object, name), i));

	return value && !strcmp(value, text);
}

static bool is_held(const json_t *suspect, const char *path, const char *root)
{
	const json_t *best = json_array_get(json_object_get(suspect, "holders"), 0);

	return is(best, "path", path) && is(best, "root", root) && is(best, "container", "list") &&
	       json_integer_value(json_object_get(best, "length")) > 0 &&
	       json_real_value(json_object_get(best, "share")) +
		       (double)json_integer_value(json_object_get(best, "share")) > 0.9;
}

static bool is_ring(const json_t *suspect)
{
	const json_t *ring = json_array_get(json_object_get(suspect, "cycles"), 0);

	return is_nth(ring, "types", 0, TYPE) &&
	       is_nth(ring, "types", 1, "__main__.ConnectionHandler") &&
	       is_nth(ring, "attributes", 0, "_conn_handler") &&
	       is_nth(ring, "attributes", 1, "_conn") &&
	       json_integer_value(json_object_get(ring, "instances")) > 0;
}

static bool is_right(const json_t *suspect, const char *leak)
{
	if (!strcmp(leak, "global"))
		return is_held(suspect, "__main__._CONNECTIONS[*]", "module __main__");
	if (!strcmp(leak, "class"))
		return is_held(suspect, "__main__.Server.peers[*]", "class __main__.Server");
	return is_ring(suspect);
}

static bool is_named(const struct python_exe *exe, const char *leak)
{
	struct served s = {0};
	json_t *verdict = NULL;
	bool fine = serve(&s, exe, leak), right = false;

	for (int i = 0; fine && !right && i < TRIES; i++) {
		json_decref(verdict);
		verdict = verdict_after(s.server.pid, 5 << i);
		right = verdict && is_right(suspect_of(verdict), leak);
	}
	serve_end(&s);
	if (!right) {
		char *text = verdict ? json_dumps(verdict, 0) : NULL;

		printf("# %s, leak %s: %.1500s\n", exe->name, leak, text ? text : "no verdict");
		free(text);
	}
	json_decref(verdict);
	return right;
}

/* A container that grows is named by itself, and by how fast. */
static bool is_growing(const json_t *verdict)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(verdict, "containers"), i, one)
		if (is(one, "path", "__main__._CONNECTIONS") && is(one, "container", "list") &&
		    json_integer_value(json_object_get(one, "length_delta")) > 0 &&
		    json_number_value(json_object_get(one, "length_rate")) > 0)
			return true;
	return false;
}

/* ---- what one of them keeps alive ------------------------------------------------------------ */

static const struct holding_part *part_of(const struct holding_inside *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (!strcmp(in->parts[i].name, name))
			return &in->parts[i];
	return NULL;
}

static bool keeps_its_buffer(const struct holding_inside *in)
{
	const struct holding_part *buffer = part_of(in, ".buffer");
	int64_t sum = 0;

	for (size_t i = 0; i < in->n; i++)
		sum += in->parts[i].bytes;
	return in->address && !strcmp(in->parts[0].type, TYPE) && buffer &&
	       !strcmp(buffer->type, "bytearray") && !buffer->shared && buffer->bytes > 0 &&
	       in->bytes == sum;
}

static bool search_keeps(pid_t pid)
{
	struct search_found found = {0};
	struct search *search;
	struct python py;
	bool right;

	if (python_find(pid, &py, NULL) != LT_OK)
		return false;
	search = search_new(&py, 0);
	search_begin(search, TYPE, true);
	while (!search_step(search, &found))
		;
	right = keeps_its_buffer(&found.holding->inside);
	for (size_t i = 0; i < found.holding->inside.n && !right; i++)
		printf("# %s %s\n", found.holding->inside.parts[i].name,
		       found.holding->inside.parts[i].type);
	search_free(search);
	return right;
}

static bool is_kept(const struct python_exe *exe, const char *leak)
{
	struct served s = {0};
	bool fine = serve(&s, exe, leak), right = false;

	for (int i = 0; fine && !right && i < TRIES; i++) {
		json_decref(verdict_after(s.server.pid, 2 << i));	/* until there are some */
		right = search_keeps(s.server.pid);
	}
	serve_end(&s);
	if (!right)
		printf("# %s: what a connection keeps alive was not told\n", exe->name);
	return right;
}

static void a_list_that_grows_is_named_whatever_is_in_it(void **state)
{
	struct served s = {0};
	bool found = false;

	watching_need_permission();
	if (!pythons_usual())
		SKIP("no Python was found");
	assert_true(serve(&s, pythons_usual(), "global"));
	for (int i = 0; i < 3 && !found; i++) {	/* five passes, four seconds apart */
		json_t *verdict = verdict_after(s.server.pid, patience_s() << i);

		found = is_growing(verdict);
		json_decref(verdict);
	}
	serve_end(&s);
	assert_true(found);
}

#define SHARE 1e-6			/* of a core: a rest of hours */

static void what_a_search_has_cost_is_made_good_by_its_rest(void **state)
{
	static const char *const args[] = {"--kind", "global_list", NULL};
	struct search_found found = {0};
	struct python_run run = {0};
	struct search *search;
	struct python py;
	int64_t rest_ns;

	json_decref(watching_start_usual(&run, "held.py", args));
	assert_int_equal(python_find(run.pid, &py, NULL), LT_OK);
	search = search_new(&py, SHARE);
	assert_true(search_rested(search, clock_mono_ns()));
	search_begin(search, "__main__.Held", false);
	while (!search_step(search, &found))
		;
	assert_non_null(found.holding);
	assert_true(found.holding->cpu_ns > 0);
	rest_ns = (int64_t)((double)found.holding->cpu_ns / SHARE);
	assert_false(search_rested(search, clock_mono_ns() + rest_ns / 2));
	assert_true(search_rested(search, clock_mono_ns() + rest_ns));
	search_free(search);
	python_stop(&run);
}

/* ---- on some Pythons ------------------------------------------------------------------------- */

static void on_some_pythons(bool (*is_so)(const struct python_exe *exe, const char *leak),
			    const char *leak)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes), tried = 0, failed = 0;

	if (n == 0)
		SKIP("no Python was found");
	watching_need_permission();
	for (size_t i = 0; i < n; i++) {
		if (!python_chosen(&exes[i], wanted))
			continue;
		tried++;
		failed += !is_so(&exes[i], leak);
	}
	if (!tried)
		failed += !is_so(pythons_usual(), leak);
	assert_int_equal(failed, 0);
}

static void a_global_list_is_named_as_what_holds_them(void **state)
{
	on_some_pythons(is_named, "global");
}

static void a_class_attribute_is_named_as_what_holds_them(void **state)
{
	on_some_pythons(is_named, "class");
}

static void garbage_in_cycles_is_named_by_both_attributes(void **state)
{
	on_some_pythons(is_named, "cycle");
}

static void a_connection_keeps_its_buffer_alive(void **state)
{
	on_some_pythons(is_kept, "global");
	on_some_pythons(is_kept, "cycle");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_global_list_is_named_as_what_holds_them),
		cmocka_unit_test(a_class_attribute_is_named_as_what_holds_them),
		cmocka_unit_test(garbage_in_cycles_is_named_by_both_attributes),
		cmocka_unit_test(a_connection_keeps_its_buffer_alive),
		cmocka_unit_test(a_list_that_grows_is_named_whatever_is_in_it),
		cmocka_unit_test(what_a_search_has_cost_is_made_good_by_its_rest),
	};
	int failed = cmocka_run_group_tests_name("who holds it", tests, NULL, NULL);

	watching_clean();
	return failed;
}
