/*
 * The demo server in its three ways to leak: what leaktop counts when all clients have gone equals
 * what the server knows of itself, on every Python. And the way of counting for a collector whose
 * lists cannot be walked, where the interpreter has it.
 */
#include "config.h"
#include "../unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "census/walk.h"
#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

#define CONNECTIONS 60
#define TRIES 30

static FILE *connect_to(const json_t *ready, const char *key)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_port = htons((uint16_t)json_integer_value(json_object_get(ready, key)));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fdopen(fd, "r");	/* to read lines; written to by its descriptor */
	if (fd >= 0)
		close(fd);
	return NULL;
}

static bool say(FILE *to, const char *text)
{
	return send(fileno(to), text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* A client as the demo's: a line there, a line back, gone. */
static bool visit_as_client(const json_t *ready)
{
	FILE *f = connect_to(ready, "port");
	char line[256];
	bool fine = f && say(f, "hello\n") && fgets(line, sizeof(line), f);

	if (f)
		fclose(f);
	return fine;
}

static json_t *ask_server(FILE *control)
{
	char *line = NULL;
	size_t cap = 0;
	json_t *truth = NULL;

	if (say(control, "truth\n") && getline(&line, &cap, control) > 0)
		truth = json_loads(line, 0, NULL);
	free(line);
	return truth;
}

static bool equal(const struct sample *s, const json_t *truth)
{
	json_t *types = json_object_get(truth, "types");
	json_t *frozen = json_object_get(truth, "frozen");
	int64_t more = s->objects - json_integer_value(json_object_get(truth, "objects"));
	const char *name;
	json_t *count;

	json_object_foreach(types, name, count)
		if (watching_count(s, name) != json_integer_value(count) &&
		    strcmp(name, "tuple") != 0)
			return false;	/* 3.12 freezes its immortal tuples: only counted here */
	return more == (json_is_integer(frozen) ? json_integer_value(frozen) : 0);
}

/* Asks and looks until both agree: the server is still closing its last client at first. */
static bool agrees(pid_t pid, FILE *control)
{
	const struct session_options options = {
		.census = CENSUS_WALK, .call_deadline_ns = 2 * CLOCK_NS_PER_S,
	};
	struct session *session = NULL;
	struct sample_left left = {0};
	struct lt_err err = {0};
	char text[300];
	bool same = false;

	if (session_open_live(pid, &options, &session, &err) != LT_OK) {
		printf("# refused: %s\n", lt_err_text(&err, text, sizeof(text)));
		return false;
	}
	for (int i = 0; i < TRIES && !same; i++) {
		json_t *truth = ask_server(control);
		const struct sample *s = watching_sample(session, TRIES);

		same = truth && s && equal(s, truth) &&
		       watching_count(s, "__main__.Connection") >= CONNECTIONS;
		if (i == TRIES - 1 && s)
			printf("# counted %lld connections\n",
			       (long long)watching_count(s, "__main__.Connection"));
		json_decref(truth);
	}
	session_detach(session, &left);
	session_free(session);
	if (left.maps)
		printf("# %lld mappings left\n", (long long)left.maps);
	return same && left.maps == 0;
}

static int serves_wrong(const struct python_exe *exe, const void *arg)
{
	const char *leak = arg;
	const char *const args[] = {"--leak", leak, "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "tcp_server.py", args);
	FILE *control = ready ? connect_to(ready, "control") : NULL;
	bool fine = control != NULL;

	for (int i = 0; i < CONNECTIONS && fine; i++)
		fine = visit_as_client(ready);
	if (!fine)
		printf("# a client was not served\n");
	fine = fine && agrees(run.pid, control);
	if (control)
		fclose(control);
	json_decref(ready);
	python_stop(&run);
	if (!fine)
		printf("# %s, leak %s: wrong\n", exe->name, leak);
	return !fine;
}

static void a_global_list_of_connections_is_counted_right(void **state)
{
	watching_on_every_python(serves_wrong, "global");
}

static void a_class_attribute_full_of_connections_is_counted_right(void **state)
{
	watching_on_every_python(serves_wrong, "class");
}

static void connections_in_cycles_are_counted_right(void **state)
{
	watching_on_every_python(serves_wrong, "cycle");
}

/* ---- visiting --------------------------------------------------------------------------- */

static bool count_once(struct walk *c, struct census_result *ret)
{
	for (int i = 0; i < TRIES; i++) {
		if (walk_begin(c, 0, clock_mono_ns() + CLOCK_NS_PER_S, NULL) != LT_OK)
			return false;
		walk_end(c, ret);
		if (ret->err.code == LT_OK)
			return true;
	}
	return false;
}

static int64_t census_of(const struct census_result *r, const char *name)
{
	for (size_t i = 0; i < r->n_types; i++)
		if (!strcmp(r->types[i].name, name))
			return (int64_t)r->types[i].count;
	return 0;
}

/* The same process counted both ways: visiting leaves out what is frozen, and nothing else. */
static bool same_both_ways(const struct python *py, const struct gadgets *gadgets)
{
	const struct walk_options ways[] = {{.visit = false}, {.visit = true}};
	int64_t objects[2], nodes[2], frozen = 0;
	bool fine = true;

	for (size_t i = 0; i < 2 && fine; i++) {
		struct walk *c = walk_new(py, gadgets, &ways[i]);
		struct census_result r;

		fine = count_once(c, &r);
		objects[i] = fine ? r.objects : -1;
		nodes[i] = fine ? census_of(&r, "__main__.Node") : -1;
		if (i == 0 && fine)
			frozen = r.list_objects[3];
		if (i == 1 && fine)
			fine = !num_known(r.list_objects[0]);
		(void)walk_leave(c, clock_mono_ns() + CLOCK_NS_PER_S, &r);
		fine = fine && walk_mappings(c) == 0;
		walk_free(c);
	}
	printf("# walked %lld, visited %lld, frozen %lld\n", (long long)objects[0],
	       (long long)objects[1], (long long)frozen);
	return fine && nodes[0] == 50 && nodes[1] == 50 && objects[0] - frozen == objects[1];
}

static int visits_wrong(const struct python_exe *exe, const void *unused)
{
	const char *const args[] = {"--kind", "read", "--objects", "50", "--parent-pipe", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "workload.py", args), *truth = NULL;
	struct python py;
	struct gadgets gadgets;
	bool fine = false;

	if (ready && (truth = watching_ask(&run, "truth\n")) &&
	    python_find(run.pid, &py, NULL) == LT_OK &&
	    gadgets_find(&py, &gadgets, NULL) == LT_OK) {
		fine = true;
		if (py.sym.visit_objects) {
			for (int i = 0; i < 5 && !(fine = same_both_ways(&py, &gadgets)); i++)
				;	/* it may still be on its way to its place */
		}
		fine = watching_stopped_well(&run) && fine;
	}
	if (!fine)
		printf("# %s: wrong\n", exe->name);
	json_decref(ready);
	json_decref(truth);
	python_stop(&run);
	return !fine;
}

static void visiting_counts_what_walking_counts_but_for_the_frozen(void **state)
{
	watching_on_every_python(visits_wrong, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_global_list_of_connections_is_counted_right),
		cmocka_unit_test(a_class_attribute_full_of_connections_is_counted_right),
		cmocka_unit_test(connections_in_cycles_are_counted_right),
		cmocka_unit_test(visiting_counts_what_walking_counts_but_for_the_frozen),
	};
	int failed = cmocka_run_group_tests_name("server", tests, NULL, NULL);

	watching_clean();
	return failed;
}
