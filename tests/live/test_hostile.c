/*
 * Targets that mean no good (tests/targets/hostile.py). Whatever is in their memory: leaktop ends
 * in bounded time and memory with an exit status of its own, what it writes is clean, and it is
 * not leaktop that kills them.
 */
#include "config.h"
#include "../unit/test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "util/clean.h"
#include "util/mem.h"
#include "watching.h"

#define ARGS_MOST   12
#define CPU_MOST_S  8			/* 1.8 were measured; 12 samples name for 6 at most */
#define CPU_SANITIZED_S 60		/* 13 were seen, on a busy machine */
#define GIVE_UP_S   300			/* of a machine that has other things to do */
#define RSS_MOST_KB (96 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true			/* its shadow is not leaktop's */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

struct hostile {
	const char *kind, *name;	/* of hostile.py, and of the test */
	const char *shown;		/* must be in the JSON; NULL: nothing certain */
	bool whole;			/* a count succeeds */
	const char *samples;		/* enough for one, and for what is slow to come */
};

static const char damaged[] = "a list of the collector is damaged";

static const struct hostile hostiles[] = {
	{"names", "names_with_escape_sequences_or_a_megabyte_long_are_cleaned",
	 "\"__main__.?]0;pwned??[2J?[1;1HEvil\"", true, "3"},
	{"strings", "strings_that_lie_about_their_length_name_no_type",
	 "\"Lie0\"", true, "3"},
	{"sizes", "sizes_that_lie_are_counted_all_the_same",
	 NULL, true, "3"},
	{"big-dict", "types_that_take_long_to_name_do_not_hold_leaktop_up",
	 "\"__main__.Wide7\"", true, "12"},
	{"scribble", "threads_that_scribble_over_what_is_read_do_no_harm",
	 NULL, true, "3"},
	{"table", "a_thread_that_scribbles_over_the_answer_does_no_harm",
	 NULL, false, "8"},
	{"maps", "sixty_thousand_mappings_are_read_in_bounded_time",
	 NULL, true, "3"},
	{"ring-loops", "a_list_of_the_collector_that_loops_is_left",
	 NULL, false, "8"},
	{"ring-leads-nowhere", "a_list_that_leads_nowhere_is_not_followed",
	 damaged, false, "3"},
	{"ring-leads-to-garbage", "a_list_that_leads_to_garbage_is_not_followed",
	 damaged, false, "3"},
	{"ring-leads-back-nowhere", "a_list_that_leads_back_to_nowhere_is_not_followed",
	 damaged, false, "3"},
	{"ring-leads-into-a-hole", "a_list_that_leads_into_memory_without_access_is_not_followed",
	 damaged, false, "3"},
	{"type-is-nowhere", "an_object_whose_type_is_nowhere_is_not_asked",
	 damaged, false, "3"},
	{"type-is-garbage", "an_object_whose_type_is_garbage_is_not_asked",
	 NULL, false, "3"},
	{"type-is-beyond-its-file", "an_object_whose_type_is_beyond_its_file_is_not_asked",
	 damaged, false, "3"},
	{"name-is-nowhere", "a_type_whose_name_is_nowhere_is_counted",
	 "Nameless\"", true, "3"},
	{"name-is-beyond-its-file", "a_type_whose_name_is_beyond_its_file_is_counted",
	 "Nameless\"", true, "3"},
	{"name-runs-into-a-hole", "a_name_that_runs_into_memory_without_access_is_cut",
	 NULL, true, "3"},
	{"keys-are-nowhere", "a_dict_whose_keys_are_nowhere_is_counted",
	 NULL, true, "3"},
};

/* ---- leaktop -------------------------------------------------------------------------------- */

struct ran {				/* a leaktop that has ended */
	int status;			/* exit status, 1000 + N: killed by signal N */
	double cpu_s;
	long rss_kb;
	char *out, *err;		/* owned */
};

static void become_leaktop(pid_t pid, const char *const *args, int out, int err)
{
	const char *argv[ARGS_MOST] = {"leaktop", "-p"};
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	argv[2] = number;
	for (size_t n = 3; *args && n < ARGS_MOST - 1; n++)
		argv[n] = *args++;
	alarm(GIVE_UP_S);			/* stays across exec: an end in any case */
	if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execv(watching_leaktop(), (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void run(struct ran *r, pid_t pid, const char *const *args)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), status;
	struct rusage used;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		become_leaktop(pid, args, out, err);
	assert_int_equal(wait4(child, &status, 0, &used), child);
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	r->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	r->rss_kb = used.ru_maxrss;
	r->out = watching_take_text(out);
	r->err = watching_take_text(err);
}

static void ran_done(struct ran *r)
{
	free(r->out);
	free(r->err);
}

/* ---- what is demanded of it ----------------------------------------------------------------- */

/* Valid UTF-8, and no control character but the newline. */
static bool is_clean(const char *text)
{
	size_t n = strlen(text);

	for (size_t at = 0; at < n;) {
		unsigned code;
		size_t len = clean_decode(text + at, n - at, &code);

		if (len == 0 || (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0))
			return false;
		at += len;
	}
	return true;
}

static bool is_bounded(const struct ran *r)
{
	double most_s = (SANITIZED ? CPU_SANITIZED_S : CPU_MOST_S) * patience_times();

	return r->cpu_s < most_s && (SANITIZED || r->rss_kb < RSS_MOST_KB);
}

/* Every line is an object of the schema, and `kind` of one of them has `key`; NULL: no matter. */
static bool is_json_with(const char *text, const char *key)
{
	bool found = !key;

	while (*text) {
		size_t n = strcspn(text, "\n");
		json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
		bool fine = json_integer_value(json_object_get(line, "v")) == 1;

		found |= key && json_is_integer(json_object_get(line, key));
		json_decref(line);
		if (!fine || text[n] != '\n')
			return false;
		text += n + 1;
	}
	return found;
}

static bool complain(const char *who, const char *what, const struct ran *r)
{
	printf("# %s: %s; status %d, %.2f s, %ld KB: %.300s\n", who, what, r->status, r->cpu_s,
	       r->rss_kb, r->err);
	return false;
}

static bool judge(const struct hostile *h, const char *who, const struct ran *r, bool json)
{
	if (r->status != 0 && (h->whole || r->status != 1))
		return complain(who, "an exit status that it should not have", r);
	if (!is_clean(r->out) || !is_clean(r->err))
		return complain(who, "its output is not clean", r);
	if (!is_bounded(r))
		return complain(who, "too much time or memory", r);
	if (!json)
		return true;
	if (!is_json_with(r->out, h->whole ? "objects" : NULL))
		return complain(who, h->whole ? "no count" : "no JSON Lines", r);
	if (h->shown && !strstr(r->out, h->shown))
		return complain(who, h->shown, r);
	return true;
}

static bool is_alive(struct python_run *target, const char *who)
{
	json_t *answer = watching_ask(target, "check\n");
	bool alive = json_is_true(json_object_get(answer, "alive"));

	json_decref(answer);
	if (!alive)
		printf("# %s: the target did not survive\n", who);
	return alive;
}

static bool withstands(const struct python_exe *exe, const struct hostile *h)
{
	const char *const jsonl[] = {"-f", "jsonl", "-n", h->samples, "-d", "0.1", NULL};
	const char *const walk[] = {"--census=walk", "-f", "jsonl", "-n", h->samples, "-d", "0.1",
				    NULL};
	static const char *const table[] = {"-b", "-n", "1", "-T", "0", NULL};
	static const char *const only_read[] = {"--readonly", "-b", "-n", "1", NULL};
	/* what a walk says of damage, a scan need not meet at all */
	struct hostile scanned = *h, walked = *h;
	const struct { const struct hostile *h; const char *const *args; bool json; } ways[] = {
		{&walked, walk, true}, {&scanned, jsonl, true},
		{h, table, false}, {h, only_read, false},
	};
	/* ESC ] 0 ; x BEL newline */
	const char *const args[] = {h->kind, "1b5d303b78070a", "\x1b[31m\n\xff", NULL};
	struct python_run target = {0};
	json_t *ready = watching_start(&target, exe, "hostile.py", args);
	bool fine = ready != NULL;
	char who[128];

	snprintf(who, sizeof(who), "%s, %s", exe->name, h->kind);
	if (!ready)
		printf("# %s: did not start\n", who);
	json_decref(ready);
	scanned.shown = NULL;
	/* its heap grows into new memory faster than a walk can be told of that */
	walked.whole = h->whole && strcmp(h->kind, "scribble") != 0;
	for (size_t i = 0; fine && i < COUNT_OF(ways); i++) {
		struct ran r;

		run(&r, target.pid, ways[i].args);
		fine = judge(ways[i].h, who, &r, ways[i].json);
		if (fine && i == 0)
			printf("# %s: %.2f s of CPU, %ld KB\n", who, r.cpu_s, r.rss_kb);
		ran_done(&r);
	}
	fine = fine && is_alive(&target, who);
	python_stop(&target);
	return fine;
}

/* ---- every one of them, on Pythons that differ --------------------------------------------- */

/* One for each way in which types, strings, dicts and rings are laid out. */
static const char *const chosen[] = {"2.7", "3.6", "3.8", "3.11", "3.12", "3.13", "3.15", NULL};

static void a_hostile(void **state)
{
	const struct hostile *h = *state;
	const struct python_exe *exes;
	size_t n = pythons_list(&exes), tried = 0, failed = 0;

	if (n == 0)
		SKIP("no Python was found");
	watching_need_permission();
	for (size_t i = 0; i < n; i++) {
		if (!python_chosen(&exes[i], chosen))
			continue;
		tried++;
		failed += !withstands(&exes[i], h);
	}
	if (!tried)
		failed += !withstands(pythons_usual(), h);
	assert_int_equal(failed, 0);
}

static int clean(void **state)
{
	watching_clean();
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(hostiles)];

	for (size_t i = 0; i < COUNT_OF(hostiles); i++)
		tests[i] = (struct CMUnitTest){
			.name = hostiles[i].name, .test_func = a_hostile,
			.initial_state = (void *)(uintptr_t)&hostiles[i],
		};
	return cmocka_run_group_tests_name("hostile", tests, NULL, clean);
}
