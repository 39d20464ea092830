/*
 * Debian's Prometheus scrapes a leaktop that watches the demo server, and is asked for the growth
 * through its own API. tools/test fetches its package; without it this is skipped.
 */
#include "config.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"
#include "watching.h"

#define PATIENCE_NS (120 * CLOCK_NS_PER_S)
#define GROWTH 100		/* connections that Prometheus must have seen come */

static struct python_run server, client;
static pid_t leaktop, prometheus;
static int leaktop_port, prometheus_port;
static char dir[64];

/* ---- programs -------------------------------------------------------------------------------- */

/* Of Debian's package, installed or unpacked by tools/test; NULL where it is not. */
static const char *program(const char *name)
{
	static char path[4096];
	const char *roots = getenv("LEAKTOP_ROOTS");
	char places[2][4096];

	snprintf(places[0], sizeof(places[0]), "/usr/bin/%s", name);
	snprintf(places[1], sizeof(places[1]), "%.4000s/.packages/prometheus/usr/bin/%s",
		 roots ? roots : "/var/tmp/leaktop-roots", name);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		if (access(places[i], X_OK) == 0) {
			snprintf(path, sizeof(path), "%s", places[i]);
			return path;
		}
	}
	return NULL;
}

/* Dies with this test, however that ends. -1 leaves a descriptor as it is. */
static pid_t start(const char *const *argv, int in, int out, int err)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((in >= 0 && dup2(in, 0) < 0) || (out >= 0 && dup2(out, 1) < 0) ||
		    (err >= 0 && dup2(err, 2) < 0))
			_exit(127);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(child > 0);
	return child;
}

static void stop(pid_t *child)
{
	if (*child > 0) {
		kill(*child, SIGTERM);
		(void)waitpid(*child, NULL, 0);
	}
	*child = 0;
}

static void pause_a_little(void)
{
	struct pollfd nothing = {.fd = -1};

	(void)poll(&nothing, 1, 200);
}

/* ---- the demo, watched ----------------------------------------------------------------------- */

static bool start_demo(const struct python_exe *exe)
{
	const char *const leaking[] = {"--leak", "global", "--parent-pipe", NULL};
	json_t *ready = watching_start(&server, exe, "tcp_server.py", leaking);
	const char *source = getenv("LT_SRCDIR");
	char port[16], path[4096];
	const char *const connecting[] = {
		exe->path, path, "--port", port, "--rate", "50", "--parent-pipe", NULL,
	};

	if (!ready)
		return false;
	snprintf(port, sizeof(port), "%d",
		 (int)json_integer_value(json_object_get(ready, "port")));
	snprintf(path, sizeof(path), "%s/tests/targets/tcp_client.py", source ? source : ".");
	json_decref(ready);
	return python_start_program(&client, exe->root, connecting);
}

/* On a port that the kernel chooses; it says which on stderr. */
static void start_leaktop(void)
{
	char pid[16], line[200] = "";
	const char *const argv[] = {watching_leaktop(), "--listen", "0", "-d", "1", "-p", pid,
				    NULL};
	int said[2];
	FILE *err;

	snprintf(pid, sizeof(pid), "%d", (int)server.pid);
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	leaktop = start(argv, -1, -1, said[1]);
	close(said[1]);
	err = fdopen(said[0], "r");
	assert_non_null(fgets(line, sizeof(line), err));
	fclose(err);
	assert_int_equal(sscanf(line, "leaktop: serving http://127.0.0.1:%d/metrics",
				&leaktop_port), 1);
}

/* ---- Prometheus ------------------------------------------------------------------------------ */

static void write_config(const char *path)
{
	const char *source = getenv("LT_SRCDIR");
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n"
		"rule_files:\n  - %s/contrib/prometheus/leaktop-rules.yml\n"
		"scrape_configs:\n  - job_name: leaktop\n    static_configs:\n"
		"      - targets: ['127.0.0.1:%d']\n", source ? source : ".", leaktop_port);
	assert_int_equal(fclose(f), 0);
}

/* Its answer to a path of its API, "data" of it; NULL: not ready, or an error. */
static json_t *ask(const char *path)
{
	char *body = http_get(prometheus_port, path, NULL);
	json_t *answer = body ? json_loads(body, 0, NULL) : NULL;
	const char *status = json_string_value(json_object_get(answer, "status"));
	json_t *data = NULL;

	if (status && strcmp(status, "success") == 0)
		data = json_incref(json_object_get(answer, "data"));
	json_decref(answer);
	free(body);
	return data;
}

/* The one value of an expression, written as in a URL; -1: there is none yet. */
static double value_of(const char *expression)
{
	char path[400];
	json_t *data, *value;
	double v = -1;

	snprintf(path, sizeof(path), "/api/v1/query?query=%s", expression);
	data = ask(path);
	value = json_object_get(json_array_get(json_object_get(data, "result"), 0), "value");
	if (json_array_size(json_object_get(data, "result")) == 1)
		v = strtod(json_string_value(json_array_get(value, 1)), NULL);
	json_decref(data);
	return v;
}

/* A scrape that a busy machine did not answer in time leaves a gap: the next one comes. */
static bool comes_above(const char *expression, double value)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;

	while (value_of(expression) <= value) {
		if (clock_mono_ns() > give_up)
			return false;
		pause_a_little();
	}
	return true;
}

static bool has_ended(pid_t child)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid;
}

/* The port was free a moment ago: another one where it is no more. */
static void start_prometheus(const char *exe)
{
	char config[128], data[128], address[64], log[128];
	const char *const argv[] = {exe, config, data, address, NULL};
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	int out;

	snprintf(config, sizeof(config), "--config.file=%s/prometheus.yml", dir);
	snprintf(data, sizeof(data), "--storage.tsdb.path=%s/data", dir);
	snprintf(log, sizeof(log), "%s/log", dir);
	write_config(strchr(config, '=') + 1);
	while (clock_mono_ns() < give_up) {
		if (prometheus && !has_ended(prometheus)) {
			json_t *up = ask("/api/v1/status/buildinfo");

			if (up) {
				printf("# prometheus %s\n", json_string_value(
						json_object_get(up, "version")));
				json_decref(up);
				return;
			}
			pause_a_little();
			continue;
		}
		stop(&prometheus);
		prometheus_port = http_free_port();
		snprintf(address, sizeof(address), "--web.listen-address=127.0.0.1:%d",
			 prometheus_port);
		out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		prometheus = start(argv, -1, out, out);
		close(out);
	}
	fail_msg("prometheus does not come up");
}

/* ---- the tests ------------------------------------------------------------------------------- */

static int begin(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/leaktop-prometheus-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
	char command[100];

	stop(&prometheus);
	stop(&leaktop);
	python_stop(&client);
	python_stop(&server);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

static void watch_the_demo(void)
{
	const struct python_exe *exe = pythons_usual();

	if (!exe)
		SKIP("no Python was found");
	watching_need_permission();
	assert_true(start_demo(exe));
	start_leaktop();
}

static double now_in_server(const char *type)
{
	char *page = http_get(leaktop_port, "/metrics", NULL), want[200], *at;
	double v = -1;

	assert_non_null(page);
	snprintf(want, sizeof(want), "\nleaktop_type_objects{pid=\"%d\",type=\"%s\"} ",
		 (int)server.pid, type);
	at = strstr(page, want);
	if (at)
		v = strtod(at + strlen(want), NULL);
	free(page);
	return v;
}

#define CONNECTIONS "leaktop_type_objects%7Btype=%22__main__.Connection%22%7D"

static void prometheus_tells_the_growth_of_the_demo_server(void **state)
{
	const char *exe = program("prometheus");
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	double least, most = -1, now;
	json_t *data;

	if (!exe)
		SKIP("Debian's prometheus is not there (tools/test fetches it)");
	watch_the_demo();
	start_prometheus(exe);
	do {
		pause_a_little();
		least = value_of("min_over_time(" CONNECTIONS "%5B10m%5D)");
		most = value_of("max_over_time(" CONNECTIONS "%5B10m%5D)");
	} while (most - least < GROWTH && clock_mono_ns() < give_up);
	now = now_in_server("__main__.Connection");
	printf("# connections in Prometheus: %.0f to %.0f, now %.0f\n", least, most, now);
	assert_true(least >= 0 && most - least >= GROWTH && most <= now);
	assert_true(comes_above("deriv(" CONNECTIONS "%5B10m%5D)", 1));
	assert_true(comes_above("up%7Bjob=%22leaktop%22%7D", 0));
	assert_true(comes_above("sum(leaktop_ledger_bytes)", 1e6));
	/* units are known from OpenMetrics alone: it was scraped in that dialect */
	data = ask("/api/v1/metadata?metric=leaktop_rss_bytes");
	assert_string_equal(json_string_value(json_object_get(json_array_get(
		json_object_get(data, "leaktop_rss_bytes"), 0), "unit")), "bytes");
	json_decref(data);
	data = ask("/api/v1/rules");
	assert_true(json_array_size(json_object_get(json_array_get(
		json_object_get(data, "groups"), 0), "rules")) > 0);
	json_decref(data);
}

static void promtool_has_nothing_to_say_against_the_metrics(void **state)
{
	const char *exe = program("promtool");
	const char *const argv[] = {exe, "check", "metrics", NULL};
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	char *page = NULL;
	int in[2], status;
	pid_t child;

	if (!exe)
		SKIP("Debian's prometheus is not there (tools/test fetches it)");
	watch_the_demo();
	while (clock_mono_ns() < give_up) {		/* until every kind of metric is there */
		free(page);
		page = http_get(leaktop_port, "/metrics", NULL);
		if (page && strstr(page, "leaktop_type_growth_bytes") &&
		    strstr(page, "leaktop_type_verdict") && strstr(page, "leaktop_leaking"))
			break;
		pause_a_little();
	}
	assert_non_null(page);
	assert_non_null(strstr(page, "leaktop_type_verdict"));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	child = start(argv, in[0], -1, 1);
	close(in[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(write(in[1], page, strlen(page)), strlen(page));
	close(in[1]);
	free(page);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			prometheus_tells_the_growth_of_the_demo_server, begin, end),
		cmocka_unit_test_setup_teardown(
			promtool_has_nothing_to_say_against_the_metrics, begin, end),
	};
	int failed = cmocka_run_group_tests_name("prometheus", tests, NULL, NULL);

	watching_clean();
	return failed;
}
