/*
 * The real leaktop without a terminal: what scripts see on stdout and stderr, and the exit
 * statuses they rely on.
 */
#include "config.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"
#include "watching.h"

#define ARGS_MOST 12
#define PATIENCE_MS 90000

static struct python_run target;

struct ran {				/* a leaktop that has ended */
	int status;			/* exit status, 1000 + N: killed by signal N */
	char *out, *err;		/* owned */
};

/* ---- running it ---------------------------------------------------------------------------- */

static void start_still(void)
{
	const char *const args[] = {"--kind", "event", "--objects", "1000", "--parent-pipe", NULL};

	json_decref(watching_start_usual(&target, "workload.py", args));
}

static int end(void **state)
{
	python_stop(&target);
	return 0;
}

/* leaktop -p PID and args; its stdout and stderr are the descriptors given. */
static pid_t spawn(pid_t pid, const char *const *args, int out, int err)
{
	const char *argv[ARGS_MOST] = {"leaktop", "-p"};
	char number[16];
	size_t n = 3;
	pid_t child;

	snprintf(number, sizeof(number), "%d", (int)pid);
	argv[2] = number;
	for (; args && *args && n < ARGS_MOST - 1; args++)
		argv[n++] = *args;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
			_exit(127);
		execv(watching_leaktop(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(child > 0);
	return child;
}

static int end_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Into files in memory: there nothing can block. */
static void run(struct ran *r, pid_t pid, const char *const *args)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);

	r->status = end_of(spawn(pid, args, out, err));
	r->out = watching_take_text(out);
	r->err = watching_take_text(err);
}

static void ran_done(struct ran *r)
{
	free(r->out);
	free(r->err);
}

/* ---- reading what it wrote ------------------------------------------------------------------ */

/* The lines parsed, an array; every one must be a JSON object of this schema. */
static json_t *parse_lines(const char *text)
{
	json_t *lines = json_array();

	while (*text) {
		const char *newline = strchr(text, '\n');
		json_error_t error;
		json_t *line;

		assert_non_null(newline);
		line = json_loadb(text, (size_t)(newline - text), JSON_REJECT_DUPLICATES, &error);
		if (!line)
			printf("# %s\n", error.text);
		assert_non_null(line);
		assert_int_equal(json_integer_value(json_object_get(line, "v")), 1);
		json_array_append_new(lines, line);
		text = newline + 1;
	}
	return lines;
}

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static const json_t *last_of(const json_t *lines)
{
	return json_array_get(lines, json_array_size(lines) - 1);
}

/* attach, n samples with 1, 2, .. n, verdict, detach; n 0: at least one. */
static void assert_order(const json_t *lines, size_t n)
{
	size_t all = json_array_size(lines);

	if (n)
		assert_int_equal(all, n + 3);
	assert_true(all >= 4);
	assert_string_equal(text_in(json_array_get(lines, 0), "kind"), "attach");
	for (size_t i = 1; i + 2 < all; i++) {
		const json_t *line = json_array_get(lines, i);

		assert_string_equal(text_in(line, "kind"), "sample");
		assert_int_equal(json_integer_value(json_object_get(line, "seq")), i);
	}
	assert_string_equal(text_in(json_array_get(lines, all - 2), "kind"), "verdict");
	assert_string_equal(text_in(last_of(lines), "kind"), "detach");
}

/* "48 213", digits in groups of three with one blank between. */
static long long grouped(const char *p)
{
	char *end;
	long long v = strtoll(p, &end, 10);

	while (end[0] == ' ' && strspn(end + 1, "0123456789") == 3 && end[4] != '.')
		v = v * 1000 + strtoll(end, &end, 10);
	return v;
}

/* The count in the table's row of a type: "-        __main__.Node    1 000  54.7K"; -1 none. */
static long long table_count(const char *table, const char *type)
{
	const char *line = table, *next;
	size_t n = strlen(type);

	for (; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (next - line > 9 + (long)n && line[8] == ' ' &&
		    strncmp(line + 9, type, n) == 0 && line[9 + n] == ' ')
			return grouped(line + 9 + n);
		next += *next == '\n';
	}
	return -1;
}

/* "leaktop: cause" and "leaktop: remedy", nothing else. */
static void assert_two_lines(const char *err)
{
	const char *second = strchr(err, '\n');

	assert_int_equal(strncmp(err, "leaktop: ", 9), 0);
	assert_non_null(second);
	assert_int_equal(strncmp(second + 1, "leaktop: ", 9), 0);
	assert_ptr_equal(strchr(second + 1, '\n'), err + strlen(err) - 1);
}

/* ---- a target that may be watched ------------------------------------------------------------ */

static void table_and_json_lines_agree_in_every_count(void **state)
{
	static const char *const table_args[] = {"-b", "-n", "1", "-T", "0", NULL};
	static const char *const jsonl_args[] = {"-f", "jsonl", "-n", "1", NULL};
	struct ran table, jsonl;
	json_t *lines, *types, *type;
	size_t i;

	start_still();
	run(&table, target.pid, table_args);
	run(&jsonl, target.pid, jsonl_args);
	assert_int_equal(table.status, 0);
	assert_int_equal(jsonl.status, 0);
	assert_string_equal(table.err, "");
	assert_string_equal(jsonl.err, "");
	assert_int_equal(table_count(table.out, "__main__.Node"), 1000);
	assert_int_equal(table_count(table.out, "__main__.Nod"), -1);
	lines = parse_lines(jsonl.out);
	types = json_object_get(json_array_get(lines, 1), "types");
	assert_true(json_array_size(types) > 50);
	json_array_foreach(types, i, type)
		assert_int_equal(table_count(table.out, text_in(type, "type")),
				 json_integer_value(json_object_get(type, "count")));
	json_decref(lines);
	ran_done(&table);
	ran_done(&jsonl);
}

static void the_stream_is_attach_samples_verdict_detach(void **state)
{
	static const char *const args[] = {"-f", "jsonl", "-n", "3", "-d", "0.1", NULL};
	const json_t *left;
	struct ran r;
	json_t *lines;

	start_still();
	run(&r, target.pid, args);
	assert_int_equal(r.status, 0);
	lines = parse_lines(r.out);
	assert_order(lines, 3);
	left = json_object_get(last_of(lines), "left");
	assert_int_equal(json_integer_value(json_object_get(last_of(lines), "samples")), 3);
	assert_true(json_is_integer(json_object_get(left, "maps")));
	assert_int_equal(json_integer_value(json_object_get(left, "maps")), 0);
	assert_int_equal(json_integer_value(json_object_get(left, "threads")), 0);
	json_decref(lines);
	ran_done(&r);
}

/* RSS is read once more after the first count, so the sum may differ by what that took. */
static void the_parts_of_the_ledger_add_up_to_rss(void **state)
{
	static const char *const args[2][6] = {
		{"-f", "jsonl", "-n", "1", NULL}, {"-f", "jsonl", "-n", "1", "--readonly", NULL},
	};

	start_still();
	for (size_t i = 0; i < COUNT_OF(args); i++) {
		json_t *lines, *sample, *ledger, *part;
		const char *name;
		int64_t rss, sum = 0;
		struct ran r;

		run(&r, target.pid, args[i]);
		assert_int_equal(r.status, 0);
		lines = parse_lines(r.out);
		sample = json_array_get(lines, 1);
		rss = json_integer_value(json_object_get(json_object_get(sample, "memory"),
							 "rss"));
		ledger = json_object_get(sample, "ledger");
		assert_int_equal(json_object_size(ledger), 7);
		json_object_foreach(ledger, name, part)
			sum += json_is_integer(part) ? json_integer_value(part) : 0;
		assert_in_range(sum, rss - (1 << 20), rss + (1 << 20));
		assert_true(json_integer_value(json_object_get(ledger, "c_live")) > 100000);
		assert_true(json_integer_value(json_object_get(ledger, "mapped")) > 1000000);
		assert_true(json_integer_value(json_object_get(ledger, "stacks")) > 0);
		json_decref(lines);
		ran_done(&r);
	}
}

/* A pipe whose reader takes one line; what comes then is in vain, and no error. */
static void a_reader_that_leaves_after_one_line_is_no_error(void **state)
{
	static const char *const args[] = {"-f", "jsonl", "-n", "1000", "-d", "0.1", NULL};
	struct belongings before, after;
	int out[2], err = memfd_create("err", MFD_CLOEXEC);
	char c = '\0', *said;
	pid_t child;

	start_still();
	belongings_take(target.pid, &before);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	child = spawn(target.pid, args, out[1], err);
	close(out[1]);
	while (c != '\n')
		assert_int_equal(read(out[0], &c, 1), 1);
	close(out[0]);
	assert_int_equal(end_of(child), 0);
	said = watching_take_text(err);
	assert_string_equal(said, "");
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&before);
	belongings_free(&after);
	free(said);
}

/* Starts an endless stream and waits for its second line, the first sample. */
static pid_t start_stream(int *ret_out)
{
	static const char *const args[] = {"-f", "jsonl", "-d", "0.1", NULL};
	int out = memfd_create("out", MFD_CLOEXEC);
	struct pollfd nothing = {.fd = -1};
	pid_t child = spawn(target.pid, args, out, 2);
	char text[1 << 16];

	for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
		ssize_t n = pread(out, text, sizeof(text), 0);
		const char *first = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;

		if (first && memchr(first + 1, '\n', (size_t)(text + n - first - 1)))
			break;
		(void)poll(&nothing, 1, 10);
	}
	*ret_out = out;
	return child;
}

static void assert_whole(int out)
{
	char *text = watching_take_text(out);
	json_t *lines = parse_lines(text);

	assert_order(lines, 0);
	json_decref(lines);
	free(text);
}

static void a_signal_ends_the_stream_with_verdict_and_detach(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	start_still();
	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		int out;
		pid_t child = start_stream(&out);

		kill(child, signals[i]);
		assert_int_equal(end_of(child), 128 + signals[i]);
		assert_whole(out);
	}
}

static void where_memory_runs_out_the_kernel_takes_leaktop_first(void **state)
{
	struct buf score = {0};
	pid_t child;
	int out;

	start_still();
	child = start_stream(&out);
	assert_int_equal(io_read_proc(child, 0, "oom_score_adj", 16, &score), 0);
	assert_string_equal(buf_text(&score), "1000\n");
	buf_done(&score);
	kill(child, SIGTERM);
	assert_int_equal(end_of(child), 128 + SIGTERM);
	close(out);
}

static void a_target_that_ends_is_a_whole_stream_and_no_error(void **state)
{
	pid_t child;
	int out;

	start_still();
	child = start_stream(&out);
	python_stop(&target);
	assert_int_equal(end_of(child), 0);
	assert_whole(out);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void assert_refused(pid_t pid, int status, const char *code)
{
	static const char *const table_args[] = {"-b", "-n", "1", NULL};
	static const char *const jsonl_args[] = {"-f", "jsonl", "-n", "1", NULL};
	struct ran table, jsonl;
	json_t *lines;

	run(&table, pid, table_args);
	printf("# %.*s\n", (int)strcspn(table.err, "\n"), table.err);
	assert_int_equal(table.status, status);
	assert_string_equal(table.out, "");
	assert_two_lines(table.err);
	run(&jsonl, pid, jsonl_args);
	assert_int_equal(jsonl.status, status);
	assert_string_equal(jsonl.err, table.err);
	lines = parse_lines(jsonl.out);
	assert_int_equal(json_array_size(lines), 1);
	assert_string_equal(text_in(last_of(lines), "kind"), "error");
	assert_string_equal(text_in(last_of(lines), "code"), code);
	assert_non_null(strstr(table.err, text_in(last_of(lines), "message")));
	assert_non_null(strstr(table.err, text_in(last_of(lines), "remedy")));
	json_decref(lines);
	ran_done(&table);
	ran_done(&jsonl);
}

static void a_pid_that_is_nobody_s_is_refused(void **state)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_refused(child, 3, "no-process");
}

static void a_process_that_has_ended_is_refused(void **state)
{
	pid_t child = fork();
	siginfo_t info;

	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_refused(child, 3, "zombie");
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* cat says that it has become cat by sending back what it was sent. */
static void a_program_that_is_not_python_is_refused(void **state)
{
	const char *const argv[] = {"/bin/cat", NULL};

	assert_true(python_start_program(&target, "", argv));
	assert_true(python_say(&target, "here\n"));
	assert_string_equal(python_line(&target), "here");
	assert_refused(target.pid, 5, "not-python");
}

static void a_shell_script_is_refused(void **state)
{
	const char *const argv[] = {"/bin/sh", "-c", "echo here; read line; echo gone", NULL};

	assert_true(python_start_program(&target, "", argv));
	assert_string_equal(python_line(&target), "here");
	assert_refused(target.pid, 5, "not-python");
}

/* As "server & leaktop -p $!" does it. Where loading takes three seconds it is tried again. */
static void a_shell_that_becomes_python_is_waited_for(void **state)
{
	static const char *const args[] = {"-b", "-n", "1", NULL};
	const char *const argv[] = {"/bin/sh", "-c",
				    "sleep 0.3; exec /usr/bin/python3 -c 'input()'", NULL};
	int status = -1;

	if (access("/usr/bin/python3", X_OK) != 0)
		SKIP("no /usr/bin/python3");
	for (int i = 0; i < 10 && status != 0; i++) {
		struct ran r;

		assert_true(python_start_program(&target, "", argv));
		run(&r, target.pid, args);
		status = r.status;
		ran_done(&r);
		python_stop(&target);
	}
	assert_int_equal(status, 0);
}

/* What can be read is there, the types by a scan; it is said why, and nothing was touched. */
static void assert_read_only(pid_t pid, const char *code)
{
	static const char *const args[] = {"-f", "jsonl", "-n", "1", NULL};
	const json_t *sample, *cost;
	struct ran r;
	json_t *lines;

	run(&r, pid, args);
	printf("# %.*s\n", (int)strcspn(r.err, "\n"), r.err);
	assert_int_equal(r.status, 0);
	assert_two_lines(r.err);
	lines = parse_lines(r.out);
	assert_int_equal(json_array_size(lines), 5);
	assert_string_equal(text_in(json_array_get(lines, 0), "kind"), "error");
	assert_string_equal(text_in(json_array_get(lines, 0), "code"), code);
	assert_non_null(strstr(r.err, text_in(json_array_get(lines, 0), "remedy")));
	assert_string_equal(text_in(json_array_get(lines, 1), "method"), "readonly");
	sample = json_array_get(lines, 2);
	assert_string_equal(text_in(json_object_get(sample, "census"), "by"), "scan");
	assert_true(json_array_size(json_object_get(sample, "types")) > 50);
	assert_true(json_integer_value(json_object_get(json_object_get(sample, "memory"), "rss")) >
		    1 << 20);
	assert_true(json_is_true(json_object_get(json_object_get(sample, "gc"), "enabled")));
	cost = json_object_get(sample, "cost");
	assert_true(json_is_integer(json_object_get(cost, "stops")));
	assert_int_equal(json_integer_value(json_object_get(cost, "stops")), 0);
	assert_string_equal(text_in(last_of(lines), "kind"), "detach");
	json_decref(lines);
	ran_done(&r);
}

static void a_process_under_a_tracer_is_shown_read_only(void **state)
{
	start_still();
	assert_int_equal(ptrace(PTRACE_SEIZE, target.pid, NULL, NULL), 0);
	assert_read_only(target.pid, "permission-traced");
	assert_int_equal(kill(target.pid, 0), 0);
}

static void a_stopped_process_is_shown_read_only(void **state)
{
	int status;

	start_still();
	kill(target.pid, SIGSTOP);
	assert_int_equal(waitpid(target.pid, &status, WUNTRACED), target.pid);
	assert_true(WIFSTOPPED(status));
	assert_read_only(target.pid, "stopped");
}

#define LIVE(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(table_and_json_lines_agree_in_every_count),
		LIVE(the_stream_is_attach_samples_verdict_detach),
		LIVE(the_parts_of_the_ledger_add_up_to_rss),
		LIVE(a_reader_that_leaves_after_one_line_is_no_error),
		LIVE(a_signal_ends_the_stream_with_verdict_and_detach),
		LIVE(where_memory_runs_out_the_kernel_takes_leaktop_first),
		LIVE(a_target_that_ends_is_a_whole_stream_and_no_error),
		LIVE(a_pid_that_is_nobody_s_is_refused),
		LIVE(a_process_that_has_ended_is_refused),
		LIVE(a_program_that_is_not_python_is_refused),
		LIVE(a_shell_script_is_refused),
		LIVE(a_shell_that_becomes_python_is_waited_for),
		LIVE(a_process_under_a_tracer_is_shown_read_only),
		LIVE(a_stopped_process_is_shown_read_only),
	};
	int failed = cmocka_run_group_tests_name("batch", tests, NULL, NULL);

	watching_clean();
	return failed;
}
