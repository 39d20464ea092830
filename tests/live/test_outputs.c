/*
 * --output and --listen of the real leaktop: what others see while it runs and when it has ended,
 * and what happens when they mean no good. And two leaktops on one target.
 */
#include "config.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"
#include "watching.h"

#define ARGS_MOST 16
#define PATIENCE_NS (120 * CLOCK_NS_PER_S)

static struct python_run target;
static char dir[64], file[128];

/* A leaktop that runs, with its stdout and stderr in memory. */
struct running {
	pid_t pid;		/* 0: none */
	int out, err;
};

static struct running leaktop, other;

/* ---- the target and a folder ----------------------------------------------------------------- */

static void start_target(const char *objects)
{
	const char *const args[] = {"--kind", "event", "--objects", objects, "--parent-pipe", NULL};

	json_decref(watching_start_usual(&target, "workload.py", args));
}

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/leaktop-outputs-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/out", dir);
	return 0;
}

static void forget(struct running *l)
{
	if (!l->pid)
		return;
	close(l->out);
	close(l->err);
	*l = (struct running){0};
}

static void stop(struct running *l)
{
	if (l->pid) {
		kill(l->pid, SIGKILL);
		(void)waitpid(l->pid, NULL, 0);
	}
	forget(l);
}

/* Fails where anything is left in the folder but the file itself. */
static int end(void **state)
{
	stop(&leaktop);
	stop(&other);
	python_stop(&target);
	unlink(file);
	return rmdir(dir);
}

/* ---- leaktop --------------------------------------------------------------------------------- */

/* Its arguments in one text, divided by blanks; -p PID stands before them. */
static void spawn(struct running *l, const char *line, bool small_disk)
{
	char number[16], words[256], *save = NULL;
	char *argv[ARGS_MOST] = {(char[]){"leaktop"}, (char[]){"-p"}, number};
	int argc = 3;

	snprintf(number, sizeof(number), "%d", (int)target.pid);
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	l->out = memfd_create("out", MFD_CLOEXEC);
	l->err = memfd_create("err", MFD_CLOEXEC);
	fflush(NULL);
	l->pid = fork();
	if (l->pid == 0) {
		if (small_disk && (unshare(CLONE_NEWNS) < 0 ||
				   mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
				   mount("small", dir, "tmpfs", 0, "size=16k") < 0))
			_exit(77);
		if (dup2(l->out, 1) < 0 || dup2(l->err, 2) < 0)
			_exit(127);
		execv(watching_leaktop(), argv);
		_exit(127);
	}
	assert_true(l->pid > 0);
}

/* Exit status, or 1000 + the signal. */
static int wait_end(struct running *l)
{
	int status;

	assert_int_equal(waitpid(l->pid, &status, 0), l->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void assert_said(const struct running *l, const char *what)
{
	char *said = watching_text(l->err);

	if (!strstr(said, what))
		fail_msg("nothing of '%s' in '%s'", what, said);
	free(said);
}

static void pause_a_little(void)
{
	struct pollfd nothing = {.fd = -1};

	(void)poll(&nothing, 1, 20);
}

static bool still_runs(const struct running *l)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)l->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

/* The port that it says it serves on. */
static int port_of(const struct running *l)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	int port = 0;

	while (!port && still_runs(l) && clock_mono_ns() < give_up) {
		char *said = watching_text(l->err), *at = strstr(said, "serving http://127.0.0.1:");

		if (at && strchr(at, '\n'))
			port = atoi(at + strlen("serving http://127.0.0.1:"));
		free(said);
		pause_a_little();
	}
	if (!port)
		assert_said(l, "serving http://127.0.0.1:");
	return port;
}

/* ---- --output -------------------------------------------------------------------------------- */

static void output_to(const char *format, struct running *l)
{
	char line[250];

	snprintf(line, sizeof(line), "%s --output %s", format, file);
	spawn(l, line, false);
}

static void the_file_has_the_whole_run_and_stdout_nothing(void **state)
{
	struct buf b = {0};
	char *out, *last;

	start_target("1000");
	output_to("-f jsonl -n 2 -d 0.1", &leaktop);
	assert_int_equal(wait_end(&leaktop), 0);
	out = watching_text(leaktop.out);
	assert_string_equal(out, "");
	free(out);
	assert_int_equal(io_read_file(file, 1 << 24, &b), 0);
	assert_int_equal(strncmp(b.data, "{\"v\":1,\"kind\":\"attach\"", 21), 0);
	last = strstr(b.data, "\n{\"v\":1,\"kind\":\"detach\"");
	assert_non_null(last);
	assert_ptr_equal(strchr(last + 1, '\n'), b.data + b.len - 1);
	buf_done(&b);
	forget(&leaktop);
}

static void wait_for_file(const struct running *l)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;

	while (access(file, F_OK) != 0 && still_runs(l) && clock_mono_ns() < give_up)
		pause_a_little();
	assert_int_equal(access(file, F_OK), 0);
}

/* Read again and again while it is replaced ten times a second: each reading is a whole one. */
static void metrics_are_replaced_at_every_sample_and_never_half(void **state)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	ino_t seen = 0;
	int changes = 0;

	start_target("1000");
	output_to("-f openmetrics -d 0.1", &leaktop);
	wait_for_file(&leaktop);
	while (changes < 5 && clock_mono_ns() < give_up) {
		struct buf b = {0};
		struct stat st;

		assert_int_equal(stat(file, &st), 0);
		changes += st.st_ino != seen;
		seen = st.st_ino;
		assert_int_equal(io_read_file(file, 1 << 24, &b), 0);
		assert_true(b.len > 100);
		assert_int_equal(strncmp(b.data, "# TYPE leaktop_target_info gauge\n", 33), 0);
		assert_string_equal(b.data + b.len - 6, "# EOF\n");
		buf_done(&b);
	}
	assert_true(changes >= 5);
	kill(leaktop.pid, SIGTERM);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	forget(&leaktop);
	assert_int_equal(access(file, F_OK), 0);
}

static bool has_begun(void)
{
	char cmd[200];
	FILE *ls;
	bool begun;

	snprintf(cmd, sizeof(cmd), "find %s -name '.out.*' -size +0", dir);
	ls = popen(cmd, "r");
	assert_non_null(ls);
	begun = fgetc(ls) != EOF;
	pclose(ls);
	return begun;
}

static void a_signal_makes_the_file_whole(void **state)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	struct buf b = {0};

	start_target("1000");
	output_to("-f jsonl -d 0.1", &leaktop);
	while (!has_begun() && clock_mono_ns() < give_up)
		pause_a_little();
	assert_int_not_equal(access(file, F_OK), 0);
	kill(leaktop.pid, SIGTERM);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	assert_int_equal(io_read_file(file, 1 << 24, &b), 0);
	assert_non_null(strstr(b.data, "\n{\"v\":1,\"kind\":\"detach\""));
	buf_done(&b);
	forget(&leaktop);
}

static void what_cannot_be_written_is_refused_before_the_first_sample(void **state)
{
	start_target("1000");
	spawn(&leaktop, "-f csv -n 1 --output /nowhere/at/all.csv", false);
	assert_int_equal(wait_end(&leaktop), 1);
	assert_said(&leaktop, "leaktop: the output could not be written: /nowhere/at/all.csv "
			      "(No such file or directory)\nleaktop: check the disk");
	forget(&leaktop);
	spawn(&leaktop, "-f csv -n 1 --output /dev/null", false);
	assert_int_equal(wait_end(&leaktop), 1);
	assert_said(&leaktop, "/dev/null is no regular file");
	forget(&leaktop);
}

/* A refusal, or a target that is not there, leaves yesterday's file. */
static void a_run_that_never_began_leaves_the_old_file(void **state)
{
	struct buf b = {0};
	pid_t nobody = fork();
	FILE *old;

	if (nobody == 0)
		_exit(0);
	old = fopen(file, "w");
	assert_non_null(old);
	fputs("yesterday\n", old);
	fclose(old);
	assert_int_equal(waitpid(nobody, NULL, 0), nobody);
	target.pid = nobody;
	output_to("-f jsonl -n 1", &leaktop);
	target.pid = 0;
	assert_int_equal(wait_end(&leaktop), 3);
	assert_int_equal(io_read_file(file, 4096, &b), 0);
	assert_string_equal(b.data, "yesterday\n");
	buf_done(&b);
	forget(&leaktop);
}

static void a_full_disk_ends_it_with_one_line_of_cause(void **state)
{
	char line[250];
	int status;

	start_target("1000");
	snprintf(line, sizeof(line), "-f csv -d 0.1 --output %s", file);
	spawn(&leaktop, line, true);
	status = wait_end(&leaktop);
	if (status == 77)
		SKIP("a small disk cannot be mounted here");
	assert_int_equal(status, 1);
	assert_said(&leaktop, "leaktop: the output could not be written: writing csv to ");
	assert_said(&leaktop, "(No space left on device)\nleaktop: check the disk");
	forget(&leaktop);
}

/* ---- --listen -------------------------------------------------------------------------------- */

/* The value of a metric that has no label but pid; -1: it is not there. */
static long long metric(int port, const char *name)
{
	char *page = http_get(port, "/metrics", NULL), want[100], *at;
	long long value = -1;

	assert_non_null(page);
	snprintf(want, sizeof(want), "\n%s{pid=\"%d\"} ", name, (int)target.pid);
	at = strstr(page, want);
	if (at)
		value = atoll(at + strlen(want));
	free(page);
	return value;
}

static void wait_for_samples(int port, long long n)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;

	while (metric(port, "leaktop_samples_total") < n && clock_mono_ns() < give_up)
		pause_a_little();
	assert_true(metric(port, "leaktop_samples_total") >= n);
}

static void metrics_are_served_and_nothing_else_is_written(void **state)
{
	char *page, *status = NULL, want[100], *out;
	int port;

	start_target("1000");
	spawn(&leaktop, "--listen 0 -d 0.1", false);
	port = port_of(&leaktop);
	wait_for_samples(port, 2);
	page = http_get(port, "/metrics", &status);
	assert_non_null(page);
	assert_non_null(strstr(status, " 200 "));
	snprintf(want, sizeof(want),
		 "\nleaktop_type_objects{pid=\"%d\",type=\"__main__.Node\"} 1000\n",
		 (int)target.pid);
	assert_non_null(strstr(page, want));
	assert_true(metric(port, "leaktop_rss_bytes") > 1 << 20);
	free(page);
	free(status);
	page = http_get(port, "/", NULL);
	assert_non_null(page);
	assert_non_null(strstr(page, "/metrics"));
	free(page);
	kill(leaktop.pid, SIGTERM);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	out = watching_text(leaktop.out);
	assert_string_equal(out, "");
	free(out);
	assert_int_equal(http_connect(port), -1);
	forget(&leaktop);
}

static void batch_output_goes_on_beside_it(void **state)
{
	char *out;
	int port;

	start_target("1000");
	spawn(&leaktop, "--listen 127.0.0.1:0 -f jsonl -d 0.1", false);
	port = port_of(&leaktop);
	wait_for_samples(port, 2);
	kill(leaktop.pid, SIGTERM);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	out = watching_text(leaktop.out);
	assert_non_null(strstr(out, "\n{\"v\":1,\"kind\":\"detach\""));
	free(out);
	forget(&leaktop);
}

static void a_port_in_use_is_told_and_the_first_goes_on(void **state)
{
	char line[64];
	int port;

	start_target("1000");
	spawn(&leaktop, "--listen 0 -d 0.1", false);
	port = port_of(&leaktop);
	snprintf(line, sizeof(line), "--listen %d", port);
	spawn(&other, line, false);
	assert_int_equal(wait_end(&other), 1);
	assert_said(&other, "leaktop: --listen cannot serve there: 127.0.0.1:");
	assert_said(&other, "(Address already in use)\nleaktop: give another address or port");
	forget(&other);
	wait_for_samples(port, metric(port, "leaktop_samples_total") + 2);
}

/* More of them than there are places: none says a word. Samples come as before. */
static void scrapers_that_hang_do_not_hold_up_the_samples(void **state)
{
	int fds[20], port;

	start_target("1000");
	spawn(&leaktop, "--listen 0 -f jsonl -n 20 -d 0.1", false);
	port = port_of(&leaktop);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = http_connect(port);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(wait_end(&leaktop), 0);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	forget(&leaktop);
}

/* ---- the example unit ------------------------------------------------------------------------ */

/* "+sys_ptrace,+dac_read_search", as setpriv wants them, of the unit; without the last if asked. */
static void unit_capabilities(bool all, char *ret, size_t size)
{
	const char *source = getenv("LT_SRCDIR"), *line;
	struct buf b = {0};
	char path[4096], words[200], *save = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/contrib/systemd/leaktop@.service", source ? source : ".");
	assert_int_equal(io_read_file(path, 1 << 16, &b), 0);
	line = strstr(b.data, "\nAmbientCapabilities=");
	assert_non_null(line);
	line = strchr(line, '=') + 1;
	snprintf(words, sizeof(words), "%.*s", (int)strcspn(line, "\n"), line);
	for (char *c = words; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	if (!all)
		*strrchr(words, ' ') = '\0';
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		n += (size_t)snprintf(ret + n, size - n, ",+%s", w + strlen("cap_"));
	buf_done(&b);
}

/* leaktop as a user who owns nothing of the target, with these capabilities alone. */
static int run_confined(struct running *l, const char *capabilities)
{
	char self[32], number[16], in[128], to[128], most[128];
	const char *const argv[] = {
		"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", in, to, most,
		"--no-new-privs", self, "-f", "jsonl", "-n", "2", "-d", "0.1", "-p", number, NULL,
	};
	int exe;

	exe = open(watching_leaktop(), O_RDONLY);	/* that user may have no way to the path */
	assert_true(exe >= 0);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", exe);
	snprintf(number, sizeof(number), "%d", (int)target.pid);
	snprintf(in, sizeof(in), "--inh-caps=-all%s", capabilities);
	snprintf(to, sizeof(to), "--ambient-caps=-all%s", capabilities);
	snprintf(most, sizeof(most), "--bounding-set=-all%s", capabilities);
	l->out = memfd_create("out", MFD_CLOEXEC);
	l->err = memfd_create("err", MFD_CLOEXEC);
	fflush(NULL);
	l->pid = fork();
	if (l->pid == 0) {
		if (dup2(l->out, 1) < 0 || dup2(l->err, 2) < 0)
			_exit(127);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(exe);
	return wait_end(l);
}

static void the_unit_has_the_capabilities_it_takes_and_no_more(void **state)
{
	char capabilities[100], *out;
	int status;

	if (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) != 0)
		SKIP("only root can give capabilities away, with setpriv");
	start_target("1000");
	unit_capabilities(true, capabilities, sizeof(capabilities));
	status = run_confined(&leaktop, capabilities);
	if (status != 0)
		assert_said(&leaktop, "nothing: it counts");
	out = watching_text(leaktop.out);
	assert_null(strstr(out, "\"method\":\"readonly\""));
	assert_non_null(strstr(out, "\"type\":\"__main__.Node\",\"count\":1000,"));
	assert_non_null(strstr(out, "\"left\":{\"threads\":0,\"fds\":0,\"maps\":0}"));
	free(out);
	forget(&leaktop);
	unit_capabilities(false, capabilities, sizeof(capabilities));
	assert_int_equal(run_confined(&leaktop, capabilities), 4);
	forget(&leaktop);
}

/* ---- two leaktops ---------------------------------------------------------------------------- */

static void the_second_says_who_is_there(void **state)
{
	char want[100];

	start_target("1000");
	assert_int_equal(ptrace(PTRACE_SEIZE, target.pid, NULL, NULL), 0);
	spawn(&leaktop, "-f jsonl -n 1", false);
	assert_int_equal(wait_end(&leaktop), 0);
	snprintf(want, sizeof(want), "PID %d is traced by test_outputs, PID %d\n",
		 (int)target.pid, (int)getpid());
	assert_said(&leaktop, want);
	forget(&leaktop);
}

static bool has_samples(const char *text, int n)
{
	for (; n && (text = strstr(text, "\"kind\":\"sample\"")) != NULL; n--)
		text++;
	return n == 0;
}

static int times(int fd, const char *word)
{
	char *text = watching_text(fd);
	int n = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		n++;
	free(text);
	return n;
}

/* What can be read is counted in every sample; why no more is, is one line, also of a day. */
static void why_no_thread_is_borrowed_is_said_once(void **state)
{
	const char *const counted = "\"type\":\"__main__.Node\",\"count\":1000,";
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;

	start_target("1000");
	assert_int_equal(ptrace(PTRACE_SEIZE, target.pid, NULL, NULL), 0);
	spawn(&leaktop, "-f jsonl -d 0.1 --census scan", false);
	while (times(leaktop.out, counted) < 3 && clock_mono_ns() < give_up)
		pause_a_little();
	kill(leaktop.pid, SIGTERM);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	assert_true(times(leaktop.out, counted) >= 3);
	assert_int_equal(times(leaktop.out, "\"kind\":\"error\""), 1);
	assert_int_equal(times(leaktop.err, "leaktop: read-only: "), 1);
	forget(&leaktop);
}

/*
 * Another tracer holds the target when leaktop wants to leave, and goes a moment later: leaktop
 * waits for that, and what is its own goes with it.
 */
static void a_tracer_that_is_in_the_way_when_leaktop_leaves_is_waited_for(void **state)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	struct belongings before, after;
	char *out = NULL;

	start_target("1000");
	belongings_take(target.pid, &before);
	spawn(&leaktop, "-f jsonl -d 0.1 --census walk", false);
	while ((!out || !has_samples(out, 3)) && clock_mono_ns() < give_up) {
		free(out);
		pause_a_little();
		out = watching_text(leaktop.out);
	}
	free(out);
	while (ptrace(PTRACE_SEIZE, target.pid, NULL, NULL) != 0 && clock_mono_ns() < give_up)
		pause_a_little();	/* leaktop itself is there */
	kill(leaktop.pid, SIGTERM);
	for (int i = 0; i < 10; i++)
		pause_a_little();
	assert_int_equal(ptrace(PTRACE_INTERRUPT, target.pid, NULL, NULL), 0);
	assert_int_equal(waitpid(target.pid, NULL, __WALL), target.pid);
	assert_int_equal(ptrace(PTRACE_DETACH, target.pid, NULL, NULL), 0);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	forget(&leaktop);
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&before);
	belongings_free(&after);
}

/*
 * Two that walk all the time: whoever comes while the other one is in there names it, by its own
 * PID and not by that of the child that borrows, and goes on.
 */
static void two_that_walk_name_each_other_and_both_go_on(void **state)
{
	int64_t give_up = clock_mono_ns() + PATIENCE_NS;
	struct belongings before, after;
	bool told = false;
	char want[100];

	start_target("200000");
	belongings_take(target.pid, &before);
	spawn(&leaktop, "-f jsonl -d 0.1 --census walk", false);
	snprintf(want, sizeof(want), "PID %d is traced by leaktop, PID %d\n", (int)target.pid,
		 (int)leaktop.pid);
	while (!told && clock_mono_ns() < give_up) {
		char *said;

		spawn(&other, "-f jsonl -n 5 -d 0.1 --census walk", false);
		assert_int_equal(wait_end(&other), 0);
		said = watching_text(other.err);
		told = strstr(said, want) != NULL;
		free(said);
		forget(&other);
	}
	assert_true(told);
	kill(leaktop.pid, SIGTERM);
	assert_int_equal(wait_end(&leaktop), 128 + SIGTERM);
	forget(&leaktop);
	belongings_take(target.pid, &after);
	assert_true(belongings_equal(&before, &after));
	belongings_free(&before);
	belongings_free(&after);
	assert_true(watching_stopped_well(&target));
}

int main(void)
{
#define LIVE(test) cmocka_unit_test_setup_teardown(test, make_dir, end)
	const struct CMUnitTest tests[] = {
		LIVE(the_file_has_the_whole_run_and_stdout_nothing),
		LIVE(metrics_are_replaced_at_every_sample_and_never_half),
		LIVE(a_signal_makes_the_file_whole),
		LIVE(what_cannot_be_written_is_refused_before_the_first_sample),
		LIVE(a_run_that_never_began_leaves_the_old_file),
		LIVE(a_full_disk_ends_it_with_one_line_of_cause),
		LIVE(metrics_are_served_and_nothing_else_is_written),
		LIVE(batch_output_goes_on_beside_it),
		LIVE(a_port_in_use_is_told_and_the_first_goes_on),
		LIVE(scrapers_that_hang_do_not_hold_up_the_samples),
		LIVE(the_unit_has_the_capabilities_it_takes_and_no_more),
		LIVE(the_second_says_who_is_there),
		LIVE(why_no_thread_is_borrowed_is_said_once),
		LIVE(a_tracer_that_is_in_the_way_when_leaktop_leaves_is_waited_for),
		LIVE(two_that_walk_name_each_other_and_both_go_on),
	};
	int failed = cmocka_run_group_tests_name("outputs", tests, NULL, NULL);

	watching_clean();
	return failed;
}
