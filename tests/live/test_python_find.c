/* Every Python of this machine tells its own truth; python_find must see the same. */
#include "config.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pythons.h"
#include "target/pyobj.h"
#include "target/python.h"
#include "target/threads.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define RUNS_MAX     64
#define START_MAX_NS (90 * CLOCK_NS_PER_S)

struct subject {
	const struct python_exe *exe;
	struct python_run run;
	json_t *truth;
	struct python py;
};

static struct subject subjects[RUNS_MAX];
static size_t n_subjects;

/* Runs on 2.7 and on every 3. Ends with the collector off, so that its figures stand still. */
static const char truth_script[] =
	"import collections, functools, gc, json, os, re, struct, sys, threading, time, types\n"
	"gc.set_threshold(701, 11, 12)\n"
	"class Node(object): pass\n"
	"for i in range(40):\n"
	"    for k in range(5): n = Node(); n.me = n\n"
	"    del n\n"
	"    gc.collect(i % 3)\n"
	"gc.garbage.append('kept')\n"
	"class Outer(object):\n"
	"    class Inner(object):\n"
	"        class Deep(object): pass\n"
	"def f():\n"
	"    class Local(object): pass\n"
	"    return Local\n"
	"class Slots(object): __slots__ = ('a', 'b')\n"
	"class Meta(type): pass\n"
	"def text(s): return s.encode('utf-8') if sys.version_info < (3,) else s\n"
	"def make(name): return type(text(name), (object,), {})\n"
	"Big = type('Big', (object,), dict(('a%d' % i, i) for i in range(3000)))\n"
	"Odd = type('Odd', (object,), {'__module__': 5})\n"
	"class Sub(str): pass\n"
	"ByClass = type('ByClass', (object,), {'__module__': Sub('mod')})\n"
	"made = [make(u'Caf\\xe9'), make(u'\\u6f22\\u5b57'), make(u'\\U0001f40d' + u'x'),\n"
	"        make(u'L' * 300), make(u'\\xe9' * 300), make(u'esc\\x1b[31m'), make(u'a.b')]\n"
	"classes = made + [Node, Outer, Outer.Inner, Outer.Inner.Deep, f(), Slots, Meta, Big,\n"
	"    Meta('Made', (object,), {}), ByClass, Sub, collections.deque,\n"
	"    collections.OrderedDict, collections.Counter, collections.defaultdict,\n"
	"    functools.partial, struct.Struct, os.stat_result, type(re.compile('')),\n"
	"    types.ModuleType, types.FunctionType,\n"
	"    type(sys.flags), type(sys.version_info), dict, list, object, type, int, str,\n"
	"    ValueError, KeyError, type(None), type(iter([])), json.JSONEncoder]\n"
	"def full(t):\n"
	"    m, q = t.__module__, getattr(t, '__qualname__', t.__name__)\n"
	"    return q if m in ('builtins', '__builtin__', 'exceptions') else m + '.' + q\n"
	"names = [[id(t), full(t)] for t in classes] + [[id(Odd), 'Odd']]\n"
	"gc.disable()\n"
	"print(json.dumps({'hexversion': sys.hexversion, 'threshold': gc.get_threshold(),\n"
	"    'count': gc.get_count(), 'stats': getattr(gc, 'get_stats', lambda: None)(),\n"
	"    'enabled': gc.isenabled(), 'garbage': len(gc.garbage), 'names': names,\n"
	"    'debug': hasattr(sys, 'gettotalrefcount'), 'list': id(classes),\n"
	"    'thread': threading.current_thread().ident}))\n"
	"sys.stdin.read()\n";

static int start_all(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);

	for (size_t i = 0; i < n && n_subjects < RUNS_MAX; i++) {
		struct subject *s = &subjects[n_subjects++];

		s->exe = &exes[i];
		if (!python_start(&s->run, s->exe, truth_script, NULL))
			return -1;
	}
	return 0;
}

static int stop_all(void **state)
{
	for (size_t i = 0; i < n_subjects; i++) {
		python_stop(&subjects[i].run);
		json_decref(subjects[i].truth);
	}
	return 0;
}

/* Prints its name and makes sure it has told its truth and was found. */
static void ask(struct subject *s)
{
	struct lt_err err = {0};
	char text[256];

	printf("# %s\n", s->exe->name);
	fflush(stdout);
	if (s->truth)
		return;
	s->truth = json_loads(python_line(&s->run), 0, NULL);
	assert_non_null(s->truth);
	if (python_find(s->run.pid, &s->py, &err) != LT_OK)
		fail_msg("%s", lt_err_text(&err, text, sizeof(text)));
}

static void need_pythons(void)
{
	if (n_subjects == 0)
		SKIP("no Python was found on this machine");
}

static int64_t number(const struct subject *s, const char *key)
{
	return json_integer_value(json_object_get(s->truth, key));
}

static void the_version_and_build_found_are_its_own(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		struct subject *s = &subjects[i];

		ask(s);
		assert_int_equal(s->py.version_hex, number(s, "hexversion"));
		assert_int_equal(s->py.build == PYTHON_DEBUG,
				 json_is_true(json_object_get(s->truth, "debug")));
		assert_true(python_ready(&s->py));
		assert_false(python_collecting(&s->py));
		assert_true(python_pending_lock_free(&s->py));
		assert_true(s->py.interp != 0);
	}
}

static void the_thread_that_runs_pending_calls_is_known(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		const struct python *py = &subjects[i].py;
		struct python_range thread, other;

		ask(&subjects[i]);
		thread.start = (uint64_t)number(&subjects[i], "thread");
		thread.end = thread.start + 1;
		other = (struct python_range){thread.start + 0x1000, thread.end + 0x1000};
		assert_true(threads_runs_pending(py, thread));
		assert_int_equal(threads_runs_pending(py, other),
				 py->layout->rt_main_thread == LAYOUT_NONE);
		assert_int_equal(threads_gil_state(py, thread), 0);	/* it waits for us */
	}
}

/* Once it is in its loop it keeps the GIL, for nobody else wants it. */
static const char spinning_script[] =
	"import sys, threading\n"
	"sys.stdout.write('%d\\n' % threading.current_thread().ident)\n"
	"while True: pass\n";

/* Is that thread said to have it, at one moment? */
static bool has_gil(const struct python *py, struct python_range thread)
{
	int status;
	bool has;

	assert_int_equal(kill(py->remote.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(py->remote.pid, &status, WUNTRACED), py->remote.pid);
	assert_true(WIFSTOPPED(status));
	has = threads_gil_state(py, thread) != 0;
	assert_int_equal(kill(py->remote.pid, SIGCONT), 0);
	return has;
}

static int gil_is_lost(const struct python_exe *exe)
{
	int64_t until = clock_mono_ns() + START_MAX_NS;
	struct python_run run = {0};
	struct python_range thread, other;
	const char *line;
	struct python py;
	int wrong = 1;

	if (python_start(&run, exe, spinning_script, NULL) && (line = python_line(&run)) != NULL &&
	    python_find(run.pid, &py, NULL) == LT_OK) {
		thread.start = strtoull(line, NULL, 10);
		thread.end = thread.start + 1;
		other = (struct python_range){thread.start + 0x1000, thread.end + 0x1000};
		wrong = (py.layout->ts_thread_id == LAYOUT_NONE) != (py.current == 0);
		while (py.current && !wrong && !has_gil(&py, thread))
			wrong = clock_mono_ns() > until;
		wrong += has_gil(&py, other);
	}
	if (wrong)
		printf("# %s: it has the GIL\n", exe->name);
	python_stop(&run);
	return wrong;
}

static void the_thread_that_has_the_gil_is_known(void **state)
{
	int wrong = 0;

	need_pythons();
	for (size_t i = 0; i < n_subjects; i++)
		wrong += gil_is_lost(subjects[i].exe);
	assert_int_equal(wrong, 0);
}

static void check_generation(const struct subject *s, const struct python_gc *gc, size_t i)
{
	json_t *stats = json_array_get(json_object_get(s->truth, "stats"), i);
	json_t *threshold = json_array_get(json_object_get(s->truth, "threshold"), i);
	json_t *count = json_array_get(json_object_get(s->truth, "count"), i);

	assert_int_equal(gc->gen[i].threshold, json_integer_value(threshold));
	if (i > 0)			/* the youngest moves on while the truth is printed */
		assert_int_equal(gc->gen[i].count, json_integer_value(count));
	if (!num_known(gc->gen[i].collections)) {
		assert_int_equal(s->py.gc, 0);	/* only 2.7 and 3.6 keep it where nobody finds it */
		return;
	}
	assert_int_equal(gc->gen[i].collections,
			 json_integer_value(json_object_get(stats, "collections")));
	assert_int_equal(gc->gen[i].collected,
			 json_integer_value(json_object_get(stats, "collected")));
	assert_int_equal(gc->gen[i].uncollectable,
			 json_integer_value(json_object_get(stats, "uncollectable")));
}

static void the_collector_s_figures_are_what_gc_says(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		struct python_gc gc;

		ask(&subjects[i]);
		python_gc_read(&subjects[i].py, &gc);
		if (num_known(gc.enabled))
			assert_int_equal(gc.enabled, 0);
		else
			assert_int_equal(subjects[i].py.gc, 0);
		assert_int_equal(gc.garbage, number(&subjects[i], "garbage"));
		for (size_t k = 0; k < 3; k++)
			check_generation(&subjects[i], &gc, k);
	}
}

static void types_have_the_names_that_they_give_themselves(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		json_t *names, *pair;
		size_t k;

		ask(&subjects[i]);
		names = json_object_get(subjects[i].truth, "names");
		assert_true(json_array_size(names) > 30);
		json_array_foreach(names, k, pair) {
			uint64_t type = (uint64_t)json_integer_value(json_array_get(pair, 0));
			const char *full = json_string_value(json_array_get(pair, 1));
			char want[PYTHON_NAME_MAX], got[PYTHON_NAME_MAX];

			clean_text(want, sizeof(want), full, strlen(full));
			assert_true(python_type_name(&subjects[i].py, type, got, sizeof(got)));
			assert_string_equal(got, want);
		}
	}
}

static void what_is_no_type_has_no_type_name(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		const struct python *py = &subjects[i].py;
		uint64_t list;
		char name[PYTHON_NAME_MAX] = "untouched";

		ask(&subjects[i]);
		list = (uint64_t)number(&subjects[i], "list");
		assert_false(python_type_name(py, 0, name, sizeof(name)));
		assert_false(python_type_name(py, 8, name, sizeof(name)));
		assert_false(python_type_name(py, list, name, sizeof(name)));
		assert_false(python_type_name(py, list + 1, name, sizeof(name)));
		assert_false(python_type_name(py, UINT64_MAX - 15, name, sizeof(name)));
		assert_false(python_type_name(py, py->where.start, name, sizeof(name)));
		assert_string_equal(name, "untouched");
	}
}

static bool in_nogo(const struct python *py, uint64_t addr)
{
	for (size_t i = 0; i < py->n_nogo; i++)
		if (addr >= py->nogo[i].start && addr < py->nogo[i].end)
			return true;
	return false;
}

static void the_c_library_and_its_loader_are_found(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		const struct python *py = &subjects[i].py;

		ask(&subjects[i]);
		assert_true(py->errno_location >= py->text[0].start &&
			    py->errno_location < py->text[0].end);
		assert_true(in_nogo(py, py->errno_location));
		assert_true(py->text[1].start != 0 && in_nogo(py, py->text[1].start));
		assert_true(py->n_nogo >= 3);	/* and the vdso */
		assert_false(in_nogo(py, py->sym.gil_ensure));
	}
}

static const char busy_script[] =
	"import sys, gc\n"
	"class Node(object): pass\n"
	"sys.stdout.write('busy\\n')\n"
	"while True:\n"
	"    a = []\n"
	"    for i in range(2000): n = Node(); n.n = n; a.append(n)\n"
	"    gc.collect()\n";

static void a_python_that_is_busy_and_collecting_is_found_every_time(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		struct python_run run;

		printf("# %s\n", subjects[i].exe->name);
		assert_true(python_start(&run, subjects[i].exe, busy_script, NULL));
		assert_non_null(python_line(&run));
		for (int k = 0; k < 20; k++) {
			struct lt_err err = {0};
			struct python py;

			if (python_find(run.pid, &py, &err) != LT_OK)
				fail_msg("%s", err.detail);
		}
		python_stop(&run);
	}
}

/* From exec to the first line of the script, every moment has an honest answer. */
static void a_python_that_starts_up_is_not_ready_and_never_anything_worse(void **state)
{
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		struct lt_err err = {0};
		struct python_run run;
		struct python py;
		int64_t deadline = clock_mono_ns() + START_MAX_NS;
		enum lt_errc rc;

		printf("# %s\n", subjects[i].exe->name);
		assert_true(python_start(&run, subjects[i].exe, "import sys; sys.stdin.read()",
					 NULL));
		do {
			rc = python_find(run.pid, &py, &err);
			if (rc != LT_OK && rc != LT_E_UNREADY && rc != LT_E_NOT_PYTHON)
				fail_msg("%s: %s", lt_err_info(rc)->code, err.detail);
		} while (rc != LT_OK && clock_mono_ns() < deadline);
		assert_int_equal(rc, LT_OK);
		python_stop(&run);
	}
}

static void a_process_that_is_gone_is_said_to_be_gone(void **state)
{
	struct lt_err err;
	struct python py;
	struct python_run run;
	static const char *const argv[] = {"/bin/sh", "-c", "exit 0", NULL};
	pid_t pid;

	assert_true(python_start_program(&run, "", argv));
	pid = run.pid;
	python_wait(&run);
	assert_int_equal(python_find(pid, &py, &err), LT_E_GONE);
}

static void a_shell_is_not_python(void **state)
{
	struct lt_err err;
	struct python py;
	struct python_run run;
	static const char *const argv[] = {"/bin/sh", "-c", "echo up; read x; exit 0", NULL};

	assert_true(python_start_program(&run, "", argv));
	assert_non_null(python_line(&run));
	assert_int_equal(python_find(run.pid, &py, &err), LT_E_NOT_PYTHON);
	python_stop(&run);
}

static bool copy_file(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t n = -1;

	if (in < 0)
		return false;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	while (out >= 0 && (n = read(in, buf, sizeof(buf))) > 0 && write(out, buf, (size_t)n) == n)
		;
	close(in);
	if (out >= 0)
		close(out);
	return out >= 0 && n == 0;
}

static void a_program_file_that_was_deleted_does_not_matter(void **state)
{
	char dir[] = "/tmp/leaktop-test-XXXXXX", path[64], text[256];
	struct python_exe exe = {.name = "copy"};
	struct lt_err err = {0};
	struct python_run run;
	struct python py;

	if (access("/usr/bin/python3", X_OK) != 0)
		SKIP("no /usr/bin/python3");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/python", dir);
	assert_true(copy_file("/usr/bin/python3", path));
	snprintf(exe.path, sizeof(exe.path), "%s", path);
	assert_true(python_start(&run, &exe, "print(1); import sys; sys.stdin.read()", NULL));
	assert_non_null(python_line(&run));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	if (python_find(run.pid, &py, &err) != LT_OK)
		fail_msg("%s", lt_err_text(&err, text, sizeof(text)));
	python_stop(&run);
}

/* /lib64/ld-linux-x86-64.so.2, /lib/ld-linux-aarch64.so.1: the one that started us. */
static int take_loader(struct dl_phdr_info *info, size_t size, void *ret_path)
{
	if (!strstr(info->dlpi_name, "/ld-"))
		return 0;
	snprintf(ret_path, 256, "%s", info->dlpi_name);
	return 1;
}

static void a_program_started_through_the_loader_is_found_too(void **state)
{
	char loader[256] = "";
	const char *const argv[] = {loader, "/usr/bin/python3", "-c",
				    "print(1, flush=True); import sys; sys.stdin.read()", NULL};
	struct lt_err err = {0};
	struct python_run run;
	struct python py;
	char text[256];

	(void)dl_iterate_phdr(take_loader, loader);
	if (access(loader, X_OK) != 0 || access("/usr/bin/python3", X_OK) != 0)
		SKIP("no loader of dynamic programs or no /usr/bin/python3");
	assert_true(python_start_program(&run, "", argv));
	assert_non_null(python_line(&run));
	if (python_find(run.pid, &py, &err) != LT_OK)
		fail_msg("%s", lt_err_text(&err, text, sizeof(text)));
	assert_true(py.text[1].start != 0 && in_nogo(&py, py.text[1].start));
	assert_true(py.n_nogo >= 3);
	python_stop(&run);
}

static void a_python_that_a_program_has_loaded_as_a_plugin_is_found(void **state)
{
	const char *dir = getenv("LT_BUILDDIR");
	char program[512], home[256], library[256];
	bool any = false;

	snprintf(program, sizeof(program), "%s/host", dir ? dir : ".");
	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		const char *argv[] = {program, library, home, NULL};
		struct lt_err err = {0};
		struct python_run run;
		struct python py;

		ask(&subjects[i]);
		if (!pythons_library(subjects[i].exe, home, library, sizeof(home)))
			continue;
		any = true;
		assert_true(python_start_program(&run, "", argv));
		assert_non_null(python_line(&run));
		if (python_find(run.pid, &py, &err) != LT_OK)
			fail_msg("%s", err.detail);
		assert_int_equal(py.version_hex, number(&subjects[i], "hexversion"));
		assert_non_null(strstr(py.where.path, "libpython"));
		python_stop(&run);
	}
	if (!any)
		SKIP("no Python with a shared library was found");
}

/* The other one is loaded and never initialized: its interpreters are none. */
static void of_two_pythons_in_one_process_the_living_one_is_found(void **state)
{
	static const char script[] =
		"import ctypes, sys\n"
		"ctypes.CDLL(sys.argv[1])\n"
		"print('up')\n"
		"sys.stdin.read()\n";
	char home[256], library[256];
	bool any = false;

	need_pythons();
	for (size_t i = 0; i < n_subjects; i++) {
		const struct python_exe *system = NULL;
		const char *args[] = {library, NULL};
		struct lt_err err = {0};
		struct python_run run;
		struct python py;

		for (size_t k = 0; k < n_subjects; k++)
			if (strcmp(subjects[k].exe->path, "/usr/bin/python3") == 0)
				system = subjects[k].exe;
		if (!system || !pythons_library(subjects[i].exe, home, library, sizeof(home)))
			continue;
		any = true;
		assert_true(python_start(&run, system, script, args));
		assert_non_null(python_line(&run));
		if (python_find(run.pid, &py, &err) != LT_OK)
			fail_msg("%s with %s: %s", system->name, library, err.detail);
		assert_null(strstr(py.where.path, "libpython"));
		python_stop(&run);
	}
	if (!any)
		SKIP("a /usr/bin/python3 and a libpython are needed");
}

/* An allocator that goes through to libc, for LD_PRELOAD. */
static const char allocator[] =
	"#include <stddef.h>\n"
	"void *__libc_malloc(size_t n);\n"
	"void *malloc(size_t n) { return __libc_malloc(n); }\n";

static void a_preloaded_allocator_is_no_place_to_interrupt(void **state)
{
	char dir[] = "/tmp/leaktop-test-XXXXXX", source[64], library[64], text[512], preload[96];
	const char *cc = getenv("CC");
	const char *argv[] = {"/usr/bin/env", preload, "/usr/bin/python3", "-c",
			      "print(1, flush=True); import sys; sys.stdin.read()", NULL};
	struct lt_err err = {0};
	struct python_run run;
	struct python py;
	bool built, found = false;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(source, sizeof(source), "%s/a.c", dir);
	snprintf(library, sizeof(library), "%s/a.so", dir);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	f = fopen(source, "w");
	assert_non_null(f);
	fputs(allocator, f);
	fclose(f);
	snprintf(text, sizeof(text), "%s -shared -fPIC -o %s %s >/dev/null 2>&1", cc ? cc : "cc",
		 library, source);
	built = system(text) == 0 && access("/usr/bin/python3", X_OK) == 0;
	if (built) {
		assert_true(python_start_program(&run, "", argv));
		assert_non_null(python_line(&run));
		if (python_find(run.pid, &py, &err) != LT_OK)
			fail_msg("%s", lt_err_text(&err, text, sizeof(text)));
		for (size_t i = 0; i < py.n_nogo; i++)
			found |= strcmp(py.nogo[i].path, library) == 0;
		python_stop(&run);
	}
	remove(source);
	remove(library);
	remove(dir);
	if (!built)
		SKIP("no compiler for a shared library, or no /usr/bin/python3");
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_and_build_found_are_its_own),
		cmocka_unit_test(the_thread_that_runs_pending_calls_is_known),
		cmocka_unit_test(the_thread_that_has_the_gil_is_known),
		cmocka_unit_test(the_collector_s_figures_are_what_gc_says),
		cmocka_unit_test(types_have_the_names_that_they_give_themselves),
		cmocka_unit_test(what_is_no_type_has_no_type_name),
		cmocka_unit_test(the_c_library_and_its_loader_are_found),
		cmocka_unit_test(a_python_that_is_busy_and_collecting_is_found_every_time),
		cmocka_unit_test(a_python_that_starts_up_is_not_ready_and_never_anything_worse),
		cmocka_unit_test(a_process_that_is_gone_is_said_to_be_gone),
		cmocka_unit_test(a_shell_is_not_python),
		cmocka_unit_test(a_program_file_that_was_deleted_does_not_matter),
		cmocka_unit_test(a_program_started_through_the_loader_is_found_too),
		cmocka_unit_test(a_python_that_a_program_has_loaded_as_a_plugin_is_found),
		cmocka_unit_test(of_two_pythons_in_one_process_the_living_one_is_found),
		cmocka_unit_test(a_preloaded_allocator_is_no_place_to_interrupt),
	};

	return cmocka_run_group_tests_name("python_find", tests, start_all, stop_all);
}
