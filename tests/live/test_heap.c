/* The C heap of every Python of this machine against its own mallinfo2(), and the ledger of it. */
#include "config.h"
#include "../unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "model/ledger.h"
#include "proc/figures.h"
#include "proc/maps.h"
#include "pythons.h"
#include "session/ledger.h"
#include "target/cheap.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define SLACK     (64 << 10)	/* what telling the truth takes itself */
#define KEPT      (24 << 20)	/* what the script frees and malloc keeps, at least */
#define STEP_NS   (10 * CLOCK_NS_PER_MS)

/*
 * Blocks of all sizes, every second one freed, in two arenas; three mappings; free memory between
 * blocks that live. Prints mallinfo2() as glibc tells it, then waits.
 */
static const char script[] =
	"import ctypes, json, sys, threading\n"
	"libc = ctypes.CDLL(None)\n"
	"libc.malloc.restype = ctypes.c_void_p\n"
	"libc.malloc.argtypes = [ctypes.c_size_t]\n"
	"libc.free.argtypes = [ctypes.c_void_p]\n"
	"libc.free.restype = None\n"
	"names = ('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks',\n"
	"         'uordblks', 'fordblks', 'keepcost')\n"
	"class Info(ctypes.Structure):\n"
	"    _fields_ = [(n, ctypes.c_size_t) for n in names]\n"
	"def block(n):\n"
	"    p = libc.malloc(n)\n"
	"    ctypes.memset(p, 0x78, n)\n"
	"    return p\n"
	"def work():\n"
	"    blocks = [block(24 + i * 7919 % 2500) for i in range(20000)]\n"
	"    for p in blocks[::2]: libc.free(p)\n"
	"    return blocks, [block(40 << 20 >> i) for i in range(3)]\n"
	"done, stay = threading.Event(), threading.Event()\n"
	"def other():\n"
	"    work(); done.set(); stay.wait()\n"
	"t = threading.Thread(target=other)\n"
	"t.daemon = True\n"
	"t.start()\n"
	"done.wait()\n"
	"mine = work()\n"
	"try:\n"
	"    mallinfo2 = libc.mallinfo2\n"
	"except AttributeError:\n"
	"    print('none')\n"
	"else:\n"
	"    mallinfo2.restype = Info\n"
	"    info = mallinfo2()\n"
	"    info = dict((n, getattr(info, n)) for n in names)\n"
	"    print(json.dumps(info))\n"
	"sys.stdin.read()\n";

static void assert_near(const char *name, int64_t got, int64_t want, int64_t slack)
{
	if (got < want - slack || got > want + slack)
		fail_msg("%s is %lld, not %lld", name, (long long)got, (long long)want);
}

static struct cheap *walk_with(pid_t pid, cheap_each *each, void *arg)
{
	struct remote r = {.pid = pid};
	struct maps maps = {0};
	struct lt_err err;
	struct cheap *c;

	assert_int_equal(maps_read(pid, &maps, &err), LT_OK);
	c = cheap_new(&r, &maps);
	cheap_begin(c, &maps, NULL, 0);
	maps_done(&maps);
	while (cheap_step(c, STEP_NS, each, arg))
		;
	return c;
}

static struct cheap *walk(pid_t pid)
{
	return walk_with(pid, NULL, NULL);
}

static int64_t number(json_t *info, const char *key)
{
	return json_integer_value(json_object_get(info, key));
}

static void compare(const struct cheap_totals *t, json_t *info)
{
	assert_int_equal(t->unknown, 0);
	assert_true(t->arenas >= 2);
	assert_near("in use", t->live - t->mmapped + t->cached,
		    number(info, "uordblks") + number(info, "fsmblks"), SLACK);
	assert_near("free", t->free + t->top, number(info, "fordblks") - number(info, "fsmblks"),
		    SLACK);
	assert_near("mapped", t->mmapped, number(info, "hblkhd"), SLACK);
	assert_true(t->free_resident >= KEPT);
	assert_true(t->live_resident <= t->live);
}

static void the_heap_of_every_python_is_what_it_says_itself(void **state)
{
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct python_run run = {0};
		const char *line;
		struct cheap *c;
		json_t *info;

		printf("# %s\n", exes[i].name);
		fflush(stdout);
		assert_true(python_start(&run, &exes[i], script, NULL));
		line = python_line(&run);
		info = line ? json_loads(line, 0, NULL) : NULL;
		if (info) {
			any = true;
			c = walk(run.pid);
			assert_int_equal(cheap_kind(c), CHEAP_GLIBC);
			compare(cheap_totals(c), info);
			cheap_free(c);
			json_decref(info);
		} else {
			printf("# not compared: it has no ctypes, or its glibc no mallinfo2\n");
		}
		python_stop(&run);
	}
	if (!any)
		SKIP("no Python with ctypes and mallinfo2 was found");
}

/* Blocks with their index in the first word; the header of the middle one is overwritten. */
static const char damaged[] =
	"import ctypes, sys\n"
	"libc = ctypes.CDLL(None)\n"
	"libc.malloc.restype = ctypes.c_void_p\n"
	"libc.malloc.argtypes = [ctypes.c_size_t]\n"
	"def block(i):\n"
	"    p = libc.malloc(24 + i * 7919 % 2500)\n"
	"    ctypes.memset(p, 0x78, 24)\n"
	"    ctypes.c_uint64.from_address(p).value = 0x6c6561746b746f70\n"
	"    ctypes.c_uint64.from_address(p + 8).value = i\n"
	"    return p\n"
	"blocks = [block(i) for i in range(1000)]\n"
	"ctypes.c_uint64.from_address(blocks[500] - 8).value = int(sys.argv[1], 0)\n"
	"print(1)\n"
	"sys.stdout.flush()\n"
	"sys.stdin.read()\n";

static void note(void *arg, const struct cheap_chunk *chunk)
{
	unsigned char *seen = arg;
	uint64_t head[2];

	if (chunk->head_len < sizeof(head))
		return;
	memcpy(head, chunk->head, sizeof(head));
	if (head[0] == 0x6c6561746b746f70 && head[1] < 1000)
		seen[head[1]]++;
}

/* Also for the sanitizers, whose own malloc test_cheap cannot read. */
static void a_hostile_size_costs_its_neighbourhood_only(void **state)
{
	static const char *const sizes[] = {
		"0", "1", "0x10", "0x11", "0x21", "0x22", "0x10000000021", "0x7ffffffffffffff1",
		"0x8000000000000001", "0xffffffffffffffff", "0xfffffffffffffff1",
	};
	const struct python_exe exe = {"python3", "/usr/bin/python3", ""};

	if (access(exe.path, X_OK) != 0)
		SKIP("no %s", exe.path);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		const char *args[] = {sizes[i], NULL};
		unsigned char seen[1000] = {0};
		struct python_run run = {0};
		size_t missed = 0;

		assert_true(python_start(&run, &exe, damaged, args));
		assert_non_null(python_line(&run));
		cheap_free(walk_with(run.pid, note, seen));
		for (size_t k = 0; k < COUNT_OF(seen); k++)
			missed += seen[k] != 1;
		if (missed > 8)
			fail_msg("%s: %zu blocks were missed", sizes[i], missed);
		python_stop(&run);
	}
}

static const struct ledger_heap own = {0};

/* Asks until a pass has ended. */
static void read_ledger(pid_t pid, const struct ledger_objects *objects, struct sample *ret)
{
	struct remote r = {.pid = pid};
	struct ledger_source *l = ledger_source_new(&r);
	struct figures_quick quick;
	struct figures *figures;
	struct lt_err err;

	assert_int_equal(figures_new(pid, &figures, &err), LT_OK);
	*ret = (struct sample){.ledger = ledger_unknown};
	while (!num_known(ret->ledger.other)) {
		assert_int_equal(figures_read(figures, &quick, &err), LT_OK);
		ret->memory.rss = quick.rss_bytes;
		ledger_source_read(l, objects, &own, ret);
	}
	figures_free(figures);
	ledger_source_free(l);
}

/* Its figures are taken as they are, once; with another pass they are taken again, in time. */
static void a_pass_that_another_makes_is_one_for_the_ledger_too(void **state)
{
	static const struct ledger_objects objects = {3 << 20, 2 << 20, 1 << 20};
	const struct cheap_totals totals = {.live_resident = 5 << 20, .free_resident = 4 << 20};
	struct ledger_heap heap = {.totals = &totals, .n_passes = 1};
	struct remote r = {.pid = getpid()};
	struct ledger_source *l = ledger_source_new(&r);
	struct sample s = {.memory.rss = 1 << 30, .ledger = ledger_unknown};

	ledger_source_read(l, &objects, &heap, &s);
	assert_int_equal(s.ledger.c_free, 4 << 20);
	assert_true(s.ledger.c_live >= 4 << 20);
	s.ledger = ledger_unknown;
	ledger_source_read(l, &objects, &heap, &s);
	assert_int_equal(s.ledger.c_free, LT_UNKNOWN);
	ledger_source_forget(l);
	ledger_source_read(l, &objects, &heap, &s);
	assert_int_equal(s.ledger.c_free, 4 << 20);
	ledger_source_free(l);
}

static void the_parts_of_the_ledger_are_the_resident_memory(void **state)
{
	static const struct ledger_objects objects = {3 << 20, 2 << 20, 1 << 20};
	const struct python_exe exe = {"python3", "/usr/bin/python3", ""};
	struct python_run run = {0};
	struct sample s;
	int64_t sum = 0;

	if (access(exe.path, X_OK) != 0)
		SKIP("no %s", exe.path);
	assert_true(python_start(&run, &exe, script, NULL));
	assert_non_null(python_line(&run));
	read_ledger(run.pid, &objects, &s);
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++) {
		assert_true(num_known(ledger_bucket(&s.ledger, i)));
		sum += ledger_bucket(&s.ledger, i);
	}
	assert_int_equal(sum, s.memory.rss);
	assert_int_equal(s.ledger.python_live, 3 << 20);
	assert_int_equal(s.ledger.python_free, 1 << 20);
	assert_true(s.ledger.c_free >= KEPT);
	assert_true(s.ledger.c_live >= 2 * (35 << 20));	/* the mappings, but for the last ones */
	assert_true(s.ledger.mapped >= 1 << 20);
	assert_in_range(s.ledger.stacks, 8 << 10, 2 << 20);
	/* nothing large is left unexplained: two heaps of a bare Python are under 16 MiB */
	assert_in_range(s.ledger.other, 0, 16 << 20);
	assert_true(s.oom_score >= 0);
	python_stop(&run);
}

/* At each line on stdin 64 MB more: of one kind each time. */
static const char grows[] =
	"import ctypes, sys\n"
	"libc = ctypes.CDLL(None)\n"
	"libc.malloc.restype = ctypes.c_void_p\n"
	"libc.malloc.argtypes = [ctypes.c_size_t]\n"
	"libc.free.argtypes = [ctypes.c_void_p]\n"
	"libc.free.restype = None\n"
	"def block(n):\n"
	"    p = libc.malloc(n)\n"
	"    ctypes.memset(p, 0x78, n)\n"
	"    return p\n"
	"def native():\n"
	"    for i in range(64000): block(1000)\n"
	"def fragments():\n"
	"    blocks = [block(1000) for i in range(64000)]\n"
	"    for i, p in enumerate(blocks):\n"
	"        if i % 64: libc.free(p)\n"
	"import mmap\n"
	"kept = []\n"
	"def mapped():\n"
	"    kept.append(mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))\n"
	"    kept[-1].write(b'x' * (64 << 20))\n"
	"for what in (lambda: None, native, fragments, mapped):\n"
	"    what()\n"
	"    print(1)\n"
	"    sys.stdout.flush()\n"
	"    sys.stdin.readline()\n";

static struct ledger_growth growth_of(const struct sample *a, const struct sample *b)
{
	struct ledger_growth g = {
		.rss = b->memory.rss, .rss_delta = num_delta(b->memory.rss, a->memory.rss),
		.steady = true, .large_counted = true,
	};

#define X(member, name) g.delta.member = num_delta(b->ledger.member, a->ledger.member);
	SAMPLE_LEDGER(X)
#undef X
	return g;
}

/* The freed blocks are there to be taken again, so fragments come after what stays. */
static void a_growth_is_told_to_be_native_or_fragmentation(void **state)
{
	static const struct {
		const char *bucket;
		enum outcome_cause cause;
	} want[] = {
		{"C heap in use", CAUSE_NATIVE},
		{"C heap free but kept", CAUSE_FRAGMENTATION},
		{"other mappings", CAUSE_NATIVE},
	};
	static const struct ledger_objects objects = {3 << 20, 2 << 20, LT_UNKNOWN};
	const struct python_exe exe = {"python3", "/usr/bin/python3", ""};
	struct python_run run = {0};
	struct sample before, after;

	if (access(exe.path, X_OK) != 0)
		SKIP("no %s", exe.path);
	assert_true(python_start(&run, &exe, grows, NULL));
	assert_non_null(python_line(&run));
	read_ledger(run.pid, &objects, &before);
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		struct ledger_growth g;
		char text[160];

		assert_true(python_say(&run, "\n"));
		assert_non_null(python_line(&run));
		read_ledger(run.pid, &objects, &after);
		g = growth_of(&before, &after);
		printf("# %s\n", ledger_text(&g, text, sizeof(text)));
		fflush(stdout);
		assert_string_equal(ledger_bucket_name((size_t)ledger_main_bucket(&g)),
				    want[i].bucket);
		assert_int_equal(ledger_cause(&g), want[i].cause);
		before = after;
	}
	python_stop(&run);
}

/* A malloc of its own: a bump allocator on mappings, its size in front of each block. */
static const char own_allocator[] =
	"#define _GNU_SOURCE\n"
	"#include <stddef.h>\n"
	"#include <string.h>\n"
	"#include <sys/mman.h>\n"
	"static char *at, *end;\n"
	"static int lock;\n"
	"void *malloc(size_t n) {\n"
	"	size_t *p;\n"
	"	n = (n + 31) & ~(size_t)15;\n"
	"	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) ;\n"
	"	if ((size_t)(end - at) < n) {\n"
	"		size_t size = n > 4 << 20 ? n : 4 << 20;\n"
	"		at = mmap(0, size, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n"
	"		end = at + size;\n"
	"	}\n"
	"	p = (size_t *)at;\n"
	"	at += n;\n"
	"	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);\n"
	"	p[0] = n - 16;\n"
	"	return p + 2;\n"
	"}\n"
	"void free(void *p) { }\n"
	"void *calloc(size_t a, size_t b) { return malloc(a * b); }\n"
	"void *realloc(void *p, size_t n) {\n"
	"	void *q = malloc(n);\n"
	"	size_t old = p ? ((size_t *)p)[-2] : 0;\n"
	"	return p ? memcpy(q, p, old < n ? old : n) : q;\n"
	"}\n";

/* One that goes through to libc. */
static const char wrapper[] =
	"#include <stddef.h>\n"
	"void *__libc_malloc(size_t n);\n"
	"void *malloc(size_t n) { return __libc_malloc(n); }\n";

/* A Python with a library of this name and source preloaded; NULL where none can be built. */
static struct cheap *walk_preloaded(const char *name, const char *source_text)
{
	char dir[] = "/tmp/leaktop-test-XXXXXX", source[64], library[96], text[512], preload[128];
	const char *cc = getenv("CC");
	const char *argv[] = {"/usr/bin/env", preload, "/usr/bin/python3", "-c",
			      "print(1, flush=True); import sys; sys.stdin.read()", NULL};
	struct python_run run = {0};
	struct cheap *c = NULL;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(source, sizeof(source), "%s/a.c", dir);
	snprintf(library, sizeof(library), "%s/%s", dir, name);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	f = fopen(source, "w");
	assert_non_null(f);
	fputs(source_text, f);
	fclose(f);
	snprintf(text, sizeof(text), "%s -w -shared -fPIC -fno-builtin -o %s %s >/dev/null 2>&1",
		 cc ? cc : "cc", library, source);
	if (system(text) == 0 && access("/usr/bin/python3", X_OK) == 0) {
		assert_true(python_start_program(&run, "", argv));
		assert_non_null(python_line(&run));
		c = walk(run.pid);
		python_stop(&run);
	}
	remove(source);
	remove(library);
	remove(dir);
	return c;
}

static void an_allocator_that_is_not_glibcs_is_named_and_not_guessed_at(void **state)
{
	static const struct {
		const char *file, *text, *name;
		enum cheap_kind kind;
	} cases[] = {
		{"libjemalloc.so.2", own_allocator, "jemalloc", CHEAP_JEMALLOC},
		{"libtcmalloc_minimal.so.4", own_allocator, "tcmalloc", CHEAP_TCMALLOC},
		{"libmimalloc.so.2", own_allocator, "mimalloc", CHEAP_MIMALLOC},
		{"libown.so", own_allocator, "libown.so", CHEAP_OTHER},
		{"libthrough.so", wrapper, "glibc", CHEAP_GLIBC},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cheap *c = walk_preloaded(cases[i].file, cases[i].text);

		if (!c)
			SKIP("no compiler for a shared library, or no /usr/bin/python3");
		assert_string_equal(cheap_allocator(c), cases[i].name);
		assert_int_equal(cheap_kind(c), cases[i].kind);
		assert_int_equal(num_known(cheap_totals(c)->live), cases[i].kind == CHEAP_GLIBC);
		cheap_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_heap_of_every_python_is_what_it_says_itself),
		cmocka_unit_test(a_hostile_size_costs_its_neighbourhood_only),
		cmocka_unit_test(a_pass_that_another_makes_is_one_for_the_ledger_too),
		cmocka_unit_test(the_parts_of_the_ledger_are_the_resident_memory),
		cmocka_unit_test(a_growth_is_told_to_be_native_or_fragmentation),
		cmocka_unit_test(an_allocator_that_is_not_glibcs_is_named_and_not_guessed_at),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
