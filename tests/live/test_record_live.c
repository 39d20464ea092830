/*
 * The real leaktop records a real Python, and its recording is replayed: the same lines, figure by
 * figure and word by word. And what a kill in the middle leaves.
 */
#include "config.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "watching.h"

#define KILLS 5
#define PATIENCE_S 60

static struct python_run target;
static char path[64], pid_text[16];

static int begin(void **state)
{
	const char *const args[] = {"--kind", "leak", NULL};

	json_decref(watching_start_usual(&target, "verdicts.py", args));
	snprintf(pid_text, sizeof(pid_text), "%d", (int)target.pid);
	strcpy(path, "/tmp/leaktop-live-XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int end(void **state)
{
	python_stop(&target);
	unlink(path);
	return 0;
}

static pid_t spawn(const char *const *args, int out)
{
	const char *argv[16] = {"leaktop"};
	pid_t child;

	for (size_t i = 0; args[i] && i < 14; i++)
		argv[i + 1] = args[i];
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (dup2(out, 1) < 0)
			_exit(127);
		execv(watching_leaktop(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(child > 0);
	return child;
}

/* The exit status; stdout in ret. */
static int run(const char *const *args, struct buf *ret)
{
	int out = memfd_create("out", MFD_CLOEXEC), status;
	char name[32];

	assert_true(out >= 0);
	assert_true(waitpid(spawn(args, out), &status, 0) > 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", out);
	assert_int_equal(io_read_file(name, 1 << 28, ret), 0);
	close(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Of holders the paths: lengths go on beside the samples, a recording has them at samples only. */
static void keep_paths(json_t *line)
{
	json_t *suspect, *holder;
	size_t i, k;

	json_object_del(line, "held");
	json_array_foreach(json_object_get(line, "suspects"), i, suspect) {
		json_object_del(suspect, "search");
		json_array_foreach(json_object_get(suspect, "holders"), k, holder) {
			json_object_del(holder, "length");
			json_object_del(holder, "length_rate");
		}
	}
}

/* Lines without what only the living process knew: what was left in it at the end, and when. */
static json_t *next_line(const char **at)
{
	const char *eol = strchr(*at, '\n');
	json_t *line;

	if (!eol)
		return NULL;
	line = json_loadb(*at, (size_t)(eol - *at), 0, NULL);
	assert_non_null(line);
	*at = eol + 1;
	keep_paths(line);
	if (!strcmp(json_string_value(json_object_get(line, "kind")), "detach")) {
		json_object_del(line, "left");
		json_object_del(line, "t");
	}
	json_object_del(line, "summary");
	return line;
}

static void assert_same_lines(const char *live, const char *replayed)
{
	for (int i = 1; ; i++) {
		json_t *a = next_line(&live), *b = next_line(&replayed);
		bool same = (!a && !b) || (a && b && json_equal(a, b));

		if (!same) {
			printf("# line %d differs\n# live     %.300s\n# replayed %.300s\n", i,
			       live, replayed);
			fflush(stdout);
		}
		assert_true(same);
		if (!a)
			break;
		json_decref(a);
		json_decref(b);
	}
}

static void a_replay_writes_the_lines_of_the_live_run(void **state)
{
	const char *const record[] = {"-p", pid_text, "-d", "0.5", "-n", "30", "-f", "jsonl", "-w",
				      path, NULL};
	const char *const replay[] = {"-r", path, "-f", "jsonl", NULL};
	struct buf live = {0}, replayed = {0};

	assert_int_equal(run(record, &live), 0);
	assert_int_equal(run(replay, &replayed), 0);
	assert_non_null(strstr(buf_text(&live), "__main__.Thing"));
	assert_same_lines(buf_text(&live), buf_text(&replayed));
	buf_done(&live);
	buf_done(&replayed);
}

/* The file has this, to the byte. */
static void assert_holds(const char *file, const char *text)
{
	struct buf b = {0};

	assert_int_equal(io_read_file(file, 1 << 28, &b), 0);
	assert_string_equal(buf_text(&b), text);
	buf_done(&b);
}

/* As that of a live run: with the last document of metrics, and as it was when something fails. */
static void a_replay_writes_its_file_whole_or_leaves_the_old(void **state)
{
	char to[80];
	const char *const record[] = {"-p", pid_text, "-d", "0.1", "-n", "3", "-b", "-w", path,
				      NULL};
	const char *const seen[] = {"-r", path, "-b", "--fields", "name,count", NULL};
	const char *const kept[] = {"-r", path, "--fields", "name,count", "--output", to, NULL};
	const char *const metrics[] = {"-r", path, "-f", "openmetrics", "--output", to, NULL};
	struct buf out = {0}, page = {0};
	struct stat st;

	snprintf(to, sizeof(to), "%s.out", path);
	assert_int_equal(run(record, &out), 0);
	buf_clear(&out);
	assert_int_equal(run(seen, &out), 0);
	assert_null(strstr(buf_text(&out), "RATE/min"));
	assert_int_equal(run(kept, &page), 0);
	assert_int_equal(page.len, 0);
	assert_holds(to, buf_text(&out));
	assert_int_equal(run(metrics, &page), 0);
	assert_int_equal(page.len, 0);
	assert_int_equal(io_read_file(to, 1 << 24, &page), 0);
	assert_ptr_equal(strstr(buf_text(&page), "# EOF\n"), buf_text(&page) + page.len - 6);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 2), 0);
	buf_clear(&out);
	assert_int_equal(run(kept, &out), 1);
	assert_holds(to, buf_text(&page));
	assert_int_equal(unlink(to), 0);
	buf_done(&out);
	buf_done(&page);
}

static void a_recording_survives_a_kill_at_any_moment(void **state)
{
	const char *const record[] = {"-p", pid_text, "-d", "0.1", "-f", "jsonl", "-w", path, NULL};
	const char *const replay[] = {"-r", path, "-f", "jsonl", NULL};
	struct buf replayed = {0};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (int i = 0; i < KILLS; i++) {
		int before = watching_lines(path), status;
		int64_t give_up = clock_mono_ns() + PATIENCE_S * CLOCK_NS_PER_S;
		pid_t child = spawn(record, null);

		while (watching_lines(path) < before + 3 && clock_mono_ns() < give_up)
			clock_sleep_ns(10 * CLOCK_NS_PER_MS);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(watching_lines(path) >= before + 3);
	}
	close(null);
	/* 1: the last line may be cut off; all before it is there */
	assert_in_range(run(replay, &replayed), 0, 1);
	assert_non_null(strstr(buf_text(&replayed), "\"kind\":\"verdict\""));
	buf_done(&replayed);
}

static void what_is_not_its_own_is_never_written_over(void **state)
{
	const char *const record[] = {"-p", pid_text, "-n", "1", "-b", "-w", path, NULL};
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	struct buf out = {0};

	assert_int_equal(io_write_all(fd, "precious\n", 9), 0);
	close(fd);
	assert_int_equal(run(record, &out), 1);
	buf_clear(&out);
	assert_int_equal(io_read_file(path, 100, &out), 0);
	assert_string_equal(buf_text(&out), "precious\n");
	buf_done(&out);
}

static void a_full_disk_ends_no_run(void **state)
{
	const char *const record[] = {"-p", pid_text, "-d", "0.2", "-n", "3", "-f", "jsonl", "-w",
				      "/dev/full", NULL};
	struct buf out = {0};

	if (access("/dev/full", W_OK) != 0)
		SKIP("there is no /dev/full");
	assert_int_equal(run(record, &out), 0);
	assert_non_null(strstr(buf_text(&out), "\"seq\":3"));
	buf_done(&out);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(a_replay_writes_the_lines_of_the_live_run),
		T(a_replay_writes_its_file_whole_or_leaves_the_old),
		T(a_recording_survives_a_kill_at_any_moment),
		T(what_is_not_its_own_is_never_written_over),
		T(a_full_disk_ends_no_run),
	};

	return cmocka_run_group_tests_name("record_live", tests, NULL, NULL);
}
