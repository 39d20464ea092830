/*
 * A program per word, watched for half a minute by the real leaktop: all at once, on three
 * Pythons. Also the script of doc/ci.md, run as it stands there.
 *
 * Programs of a machine that stands still for seconds do not do what they are said to do, and half
 * a minute is short: what was not right is watched again, for longer. Wrong is what stays wrong.
 */
#include "config.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"
#include "watching.h"

#define PYTHONS_MOST 3

static const char *const samples[] = {"34", "50", "70"};	/* of one round after the other */

static const struct kind {
	const char *name;
	bool leaks;
	const char *words;	/* of Thing at the end; "" where there is none */
	const char *cause;	/* "" none */
	const char *suspects;	/* the first of them is one of these */
} kinds[] = {
	{"leak", true, "suspect", "objects", "__main__.Thing"},
	{"cycle", true, "suspect", "cycle", "__main__.Thing"},
	{"warmup", false, "hold", "", ""},
	{"step", false, "hold", "", ""},
	{"sawtooth", false, "churn shrink", "", ""},
	{"collected", false, "churn shrink", "", ""},
	{"sine", false, "churn shrink", "", ""},
	{"churn", false, "churn shrink", "", ""},
	{"idle", false, "", "", ""},
	{"strings", true, "", "objects", "bytes str"},	/* str in 2.7 */
	{"native", true, "", "native", ""},
	{"fragments", false, "", "fragmentation", ""},
};

struct job {
	const struct python_exe *exe;
	const struct kind *kind;
	bool right;
	struct python_run target;
	pid_t leaktop;
	int out;
};

static struct job jobs[PYTHONS_MOST * COUNT_OF(kinds)];
static size_t n_jobs;

static void watch(struct job *job, const char *n_samples)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)job->target.pid);
	job->out = memfd_create("out", MFD_CLOEXEC);
	fflush(NULL);
	job->leaktop = fork();
	if (job->leaktop == 0) {
		const char *const argv[] = {"leaktop", "-p", pid, "-f", "jsonl", "-d", "1", "-n",
					    n_samples, "--fail-on", "suspect", NULL};

		if (dup2(job->out, 1) < 0)
			_exit(127);
		execv(watching_leaktop(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(job->leaktop > 0);
}

static int status_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Its last line of this kind, parsed; NULL where there is none. */
static json_t *last_of(int fd, const char *kind)
{
	char *text = watching_text(fd), *save = NULL;
	json_t *last = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *got = json_loads(line, 0, NULL);
		json_t *types = json_object_get(got, "types");
		bool empty = json_is_array(types) && json_array_size(types) == 0;

		if (got && !empty &&
		    !strcmp(json_string_value(json_object_get(got, "kind")), kind)) {
			json_decref(last);
			last = got;
		} else {
			json_decref(got);
		}
	}
	free(text);
	return last;
}

/* The verdict on Thing in a sample; "" where it has no row. */
static const char *word_of_thing(json_t *sample)
{
	json_t *types = json_object_get(sample, "types"), *type;
	size_t i;

	json_array_foreach(types, i, type) {
		const char *word = json_string_value(json_object_get(type, "verdict"));

		if (!strcmp(json_string_value(json_object_get(type, "type")), "__main__.Thing"))
			return word ? word : "null";
	}
	return "";
}

static bool is_right(struct job *job)
{
	int status = status_of(job->leaktop);
	json_t *verdict = last_of(job->out, "verdict"), *sample = last_of(job->out, "sample");
	const char *summary = json_string_value(json_object_get(verdict, "summary"));
	const char *word = word_of_thing(sample);
	json_t *first = json_array_get(json_object_get(verdict, "suspects"), 0);
	const char *suspect = json_string_value(json_object_get(first, "type"));
	const char *cause = json_string_value(json_object_get(verdict, "cause"));
	bool right = status == (job->kind->leaks ? 10 : 0) && verdict &&
		     json_is_true(json_object_get(verdict, "leaking")) == job->kind->leaks;

	right = right && (word[0] != '\0') == (job->kind->words[0] != '\0') &&
		strstr(job->kind->words, word);
	right = right && !strcmp(cause ? cause : "", job->kind->cause) &&
		(suspect != NULL) == (job->kind->suspects[0] != '\0') &&
		strstr(job->kind->suspects, suspect ? suspect : "");
	printf("# %-14s %-10s %-8s %3d  %s%s\n", job->exe->name, job->kind->name, word, status,
	       summary ? summary : "no verdict", right ? "" : "  <- wrong");
	json_decref(verdict);
	json_decref(sample);
	return right;
}

static void begin(struct job *job, const char *n_samples)
{
	const char *const args[] = {"--kind", job->kind->name, NULL};
	json_t *ready = watching_start(&job->target, job->exe, "verdicts.py", args);

	assert_non_null(ready);
	json_decref(ready);
	watch(job, n_samples);
}

static void end(struct job *job)
{
	python_stop(&job->target);
	if (job->out >= 0)
		close(job->out);
	job->out = -1;
}

/* All that were not right yet, at once. How many still are not. */
static int go_round(const char *n_samples)
{
	int wrong = 0;

	for (size_t i = 0; i < n_jobs; i++)
		if (!jobs[i].right)
			begin(&jobs[i], n_samples);
	for (size_t i = 0; i < n_jobs; i++) {
		if (jobs[i].right)
			continue;
		jobs[i].right = is_right(&jobs[i]);
		wrong += !jobs[i].right;
		end(&jobs[i]);
	}
	return wrong;
}

static void every_program_gets_its_word_on_three_pythons(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes), picks = n < PYTHONS_MOST ? n : PYTHONS_MOST;
	int wrong = 1;

	if (n == 0)
		SKIP("no Python was found");
	watching_need_permission();
	/* The oldest, one from the middle, the newest. */
	for (size_t i = 0; i < picks; i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			jobs[n_jobs++] = (struct job){
				.exe = &exes[picks > 1 ? i * (n - 1) / (picks - 1) : 0],
				.kind = &kinds[k], .out = -1,
			};
	for (size_t i = 0; i < COUNT_OF(samples) && wrong; i++)
		wrong = go_round(samples[i]);
	assert_int_equal(wrong, 0);
}

static int end_all(void **state)
{
	for (size_t i = 0; i < n_jobs; i++)
		end(&jobs[i]);
	n_jobs = 0;
	watching_clean();
	return 0;
}

/* ---- doc/ci.md -------------------------------------------------------------------------- */

static const char *source_dir(void)
{
	const char *dir = getenv("LT_SRCDIR");

	return dir ? dir : ".";
}

/* The script between "```sh" and "```"; the caller frees it. */
static char *script_of(const char *path)
{
	struct buf text = {0};
	char *from, *to, *script;

	assert_int_equal(io_read_file(path, 1 << 20, &text), 0);
	buf_putc(&text, '\0');
	from = strstr(text.data, "```sh\n");
	assert_non_null(from);
	from += strlen("```sh\n");
	to = strstr(from, "\n```");
	assert_non_null(to);
	to[1] = '\0';
	script = mem_strdup(from);
	buf_done(&text);
	return script;
}

static pid_t run_script(const char *script, const char *leak, int out)
{
	char targets[4200];
	pid_t child;

	snprintf(targets, sizeof(targets), "%s/tests/targets", source_dir());
	fflush(NULL);
	child = fork();
	if (child == 0) {
		setenv("LEAKTOP", watching_leaktop(), 1);
		setenv("SERVER", targets, 1);
		setenv("LEAK", leak, 1);
		if (dup2(out, 1) < 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	assert_true(child > 0);
	return child;
}

struct example {
	const char *leak;
	int status;
	const char *says;
	bool right;
	pid_t child;
	int out;
};

static bool example_is_right(struct example *e)
{
	char said[1024] = "";
	int status = status_of(e->child);
	ssize_t n = pread(e->out, said, sizeof(said) - 1, 0);

	close(e->out);
	printf("# %s: %d  %s%s", e->leak, status, said, n > 0 ? "" : "nothing\n");
	return status == e->status && strstr(said, e->says);
}

/* Both at once, each until it is right. How many are not. */
static int run_examples(const char *script, struct example *examples, size_t n)
{
	int wrong = 0;

	for (size_t i = 0; i < n; i++) {
		if (examples[i].right)
			continue;
		examples[i].out = memfd_create("out", MFD_CLOEXEC);
		examples[i].child = run_script(script, examples[i].leak, examples[i].out);
	}
	for (size_t i = 0; i < n; i++) {
		if (!examples[i].right)
			examples[i].right = example_is_right(&examples[i]);
		wrong += !examples[i].right;
	}
	return wrong;
}

static void the_example_for_builds_fails_on_a_leak_and_only_then(void **state)
{
	struct example examples[] = {
		{.leak = "global", .status = 10, .says = "suspect __main__.Connection"},
		{.leak = "none", .status = 0, .says = "no leak"},
	};
	char path[4200], *script;
	int wrong = 1;

	watching_need_permission();
	if (access("/usr/bin/python3", X_OK) != 0)
		SKIP("there is no /usr/bin/python3");
	snprintf(path, sizeof(path), "%s/doc/ci.md", source_dir());
	script = script_of(path);
	setenv("PYTHON", "/usr/bin/python3", 1);
	for (size_t i = 0; i < COUNT_OF(samples) && wrong; i++)
		wrong = run_examples(script, examples, COUNT_OF(examples));
	free(script);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_program_gets_its_word_on_three_pythons, end_all),
		cmocka_unit_test(the_example_for_builds_fails_on_a_leak_and_only_then),
	};

	return cmocka_run_group_tests_name("verdict live", tests, NULL, NULL);
}
