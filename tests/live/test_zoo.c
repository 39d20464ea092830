/*
 * A zoo of leaks as engineers meet them, tests/targets/zoo.py: who holds what leaks is named right
 * in each of them, and of those in which several types grow the right one leads.
 */
#include "config.h"
#include "../unit/test.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holders/holders.h"
#include "patience.h"
#include "util/clock.h"
#include "util/mem.h"
#include "watching.h"

#define AT_ONCE 6
#define STEP_NS (5 * CLOCK_NS_PER_MS)

static const char *const wanted[] = {"2.7", " 3.8.", "bin/python3", " 3.13.", "sid", NULL};

/* On the other Pythons: where the search goes other ways in each version. */
static const char *const everywhere[] = {
	"tasks_in_a_set", "tasks_with_a_local", "tasks_at_a_lock", "contexts_kept", "classes",
	"modules", "threads", "at_exit", "linked_list", "tee", NULL,
};

struct animal {
	struct python_run run;
	const char *kind;
	json_t *ready;
};

static bool is_listed(const char *const *list, const char *name)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list;
}

static bool begins_with_one_of(const char *text, const json_t *beginnings)
{
	const json_t *one;
	size_t i;

	json_array_foreach(beginnings, i, one)
		if (!strncmp(text, json_string_value(one), json_string_length(one)))
			return true;
	return false;
}

/* ---- who holds them ------------------------------------------------------------------------- */

static bool begin(struct animal *a, const struct python_exe *exe, const char *kind)
{
	const char *const args[] = {kind, "300", NULL};

	*a = (struct animal){.kind = kind};
	a->ready = watching_start(&a->run, exe, "zoo.py", args);
	return a->ready != NULL;
}

static void end(struct animal *a)
{
	json_decref(a->ready);
	python_stop(&a->run);
}

/* Is the best path right of one of the types that may lead? */
static bool is_found(const struct animal *a, struct holders *h, const char *type)
{
	struct holders_result r;
	bool right;

	if (holders_begin(h, type, NULL) != LT_OK)
		return false;
	while (!holders_step(h, STEP_NS))
		;
	holders_result(h, &r);
	right = r.n && begins_with_one_of(r.list[0].path, json_object_get(a->ready, "paths"));
	if (!right)
		printf("# %s: of %zu %s %s %zu of %zu\n", a->kind, r.sampled, type,
		       r.n ? r.list[0].path : "no path", r.n ? r.list[0].samples : 0, r.sampled);
	return right;
}

static bool is_held(struct animal *a)
{
	const char *made = python_line(&a->run);
	struct holders *h;
	struct python py;
	json_t *type;
	bool right = false;
	size_t i;

	if (!made || python_find((pid_t)json_integer_value(json_object_get(a->ready, "pid")), &py,
				 NULL) != LT_OK)
		return false;
	h = holders_new(&py);
	json_array_foreach(json_object_get(a->ready, "types"), i, type)
		right = right || is_found(a, h, json_string_value(type));
	holders_free(h);
	return right;
}

/* How many of some kinds are named wrong. They come up together, and are looked at in turns. */
static int some_differ(const struct python_exe *exe, const char *const *kinds, size_t n)
{
	struct animal zoo[AT_ONCE];
	int wrong = 0;

	for (size_t i = 0; i < n; i++)
		if (!begin(&zoo[i], exe, kinds[i])) {
			printf("# %s: %s does not come up\n", exe->name, kinds[i]);
			wrong++;
		}
	for (size_t i = 0; i < n; i++) {
		if (zoo[i].ready && !is_held(&zoo[i])) {
			printf("# %s: %s is wrong\n", exe->name, kinds[i]);
			wrong++;
		}
		end(&zoo[i]);
	}
	return wrong;
}

static int zoo_differs(const struct python_exe *exe, bool all)
{
	static const char *const args[] = {"--list", "found", NULL};
	struct python_run run = {0};
	json_t *list = watching_start(&run, exe, "zoo.py", args), *kind;
	const char *some[AT_ONCE];
	size_t i, n = 0;
	int wrong = !list;

	json_array_foreach(json_object_get(list, "kinds"), i, kind) {
		if (all || is_listed(everywhere, json_string_value(kind)))
			some[n++] = json_string_value(kind);
		if (n == AT_ONCE || i + 1 == json_array_size(json_object_get(list, "kinds"))) {
			wrong += some_differ(exe, some, n);
			n = 0;
		}
	}
	json_decref(list);
	python_stop(&run);
	return wrong;
}

static void who_holds_what_leaks_is_named_in_every_leak_of_the_zoo(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);
	int wrong = 0;

	if (n == 0)
		SKIP("no Python was found");
	watching_need_permission();
	for (size_t i = 0; i < n; i++)
		if (&exes[i] != pythons_usual() && python_chosen(&exes[i], wanted))
			wrong += zoo_differs(&exes[i], false);
	wrong += zoo_differs(pythons_usual(), true);
	assert_int_equal(wrong, 0);
}

/* ---- who leads ------------------------------------------------------------------------------ */

/* Of one round after the other; of the last more where the machine is slow. */
static const int samples[] = {34, 60, 100};

struct job {
	const char *kind;
	bool by_growth;		/* of strings too few may be held: then what grows is told */
	bool right;
	struct python_run run;
	json_t *ready;
	pid_t leaktop;
	int out;
};

static void watch(struct job *job, size_t round)
{
	const char *const args[] = {job->kind, NULL};
	int n = samples[round] * (round + 1 < COUNT_OF(samples) ? 1 : patience_times());
	char pid[16], n_samples[16];

	snprintf(n_samples, sizeof(n_samples), "%d", n);

	job->ready = watching_start(&job->run, pythons_usual(), "zoo.py", args);
	assert_non_null(job->ready);
	snprintf(pid, sizeof(pid), "%d", (int)job->run.pid);
	job->out = memfd_create("out", MFD_CLOEXEC);
	fflush(NULL);
	job->leaktop = fork();
	if (job->leaktop == 0) {
		const char *const argv[] = {"leaktop", "-p", pid, "-f", "jsonl", "-d", "1", "-n",
					    n_samples, NULL};

		if (dup2(job->out, 1) < 0)
			_exit(127);
		execv(watching_leaktop(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(job->leaktop > 0);
}

static json_t *verdict_of(int fd)
{
	char *text = watching_take_text(fd), *line = strstr(text, "{\"v\":1,\"kind\":\"verdict\"");
	json_t *verdict = line ? json_loads(line, JSON_DISABLE_EOF_CHECK, NULL) : NULL;

	free(text);
	return verdict;
}

static bool says(const char *summary, const char *before, const char *path, int len)
{
	char text[200];

	snprintf(text, sizeof(text), "%s%.*s", before, len, path);
	return strstr(summary, text) != NULL;
}

/* The first suspect is one that may lead, and what holds it is told in the line for people. */
static bool is_told(const struct job *job, const json_t *verdict)
{
	const json_t *first = json_array_get(json_object_get(verdict, "suspects"), 0), *path;
	const char *type = json_string_value(json_object_get(first, "type"));
	const char *summary = json_string_value(json_object_get(verdict, "summary"));
	bool told = false;
	size_t i;

	if (!type || !summary || !begins_with_one_of(type, json_object_get(job->ready, "types")))
		return false;
	json_array_foreach(json_object_get(job->ready, "paths"), i, path) {
		const char *words = json_string_value(path);
		int len = (int)strlen(words) - 1;	/* without [ */

		told = told || says(summary, "held by ", words, len) ||
		       (job->by_growth && says(summary, "while ", words, len));
	}
	return told;
}

static bool is_right(struct job *job)
{
	json_t *verdict;
	int status;
	bool right;

	assert_int_equal(waitpid(job->leaktop, &status, 0), job->leaktop);
	verdict = verdict_of(job->out);
	right = verdict && is_told(job, verdict);
	printf("# %-14s %s%s\n", job->kind,
	       verdict ? json_string_value(json_object_get(verdict, "summary")) : "no verdict",
	       right ? "" : "  <- wrong");
	json_decref(verdict);
	json_decref(job->ready);
	python_stop(&job->run);
	return right;
}

static void what_a_person_would_name_leads_what_grows_with_it(void **state)
{
	struct job jobs[] = {
		{.kind = "loggers"}, {.kind = "tasks_in_a_set"}, {.kind = "threads"},
		{.kind = "counter", .by_growth = true},
	};
	int wrong = 1;

	if (!pythons_usual())
		SKIP("no Python was found");
	watching_need_permission();
	for (size_t round = 0; round < COUNT_OF(samples) && wrong; round++) {
		wrong = 0;
		for (size_t i = 0; i < COUNT_OF(jobs); i++)
			if (!jobs[i].right)
				watch(&jobs[i], round);
		for (size_t i = 0; i < COUNT_OF(jobs); i++) {
			if (!jobs[i].right)
				jobs[i].right = is_right(&jobs[i]);
			wrong += !jobs[i].right;
		}
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_what_leaks_is_named_in_every_leak_of_the_zoo),
		cmocka_unit_test(what_a_person_would_name_leads_what_grows_with_it),
	};
	int failed = cmocka_run_group_tests_name("zoo", tests, NULL, NULL);

	watching_clean();
	return failed;
}
