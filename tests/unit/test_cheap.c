/* The C heap of a child whose own mallinfo2() is the truth. */
#include "config.h"
#include "test.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/maps.h"
#include "target/cheap.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define MAGIC   0x6c6561746b746f70ull
#define ALIKE   "lookalik"
#define LOOKALIKES 40u
#define BLOCKS  4000
#define SLACK   16384			/* what stdio and the like take between truth and reading */

struct block {
	uint64_t addr, usable;
};

#ifdef HAVE_MALLINFO2
#define TRUTH mallinfo2
#else
#define TRUTH mallinfo		/* ints: enough for what is made here */
#endif

/* What the child tells; in memory that both share. */
struct report {
	__typeof__(TRUTH()) info;
	struct block blocks[BLOCKS];	/* each begins with MAGIC and its index */
	size_t n;
	volatile int go;
};

static struct report *report;
static bool glibc;			/* malloc here is glibc's: no sanitizer, no preload */
static pid_t child;

static void *keep(size_t size)
{
	uint64_t *p = malloc(size);

	if (!p)
		_exit(3);
	memset(p, 0x5a, size);
	p[0] = MAGIC;
	p[1] = report->n;
	report->blocks[report->n++] = (struct block){(uintptr_t)p, malloc_usable_size(p)};
	return p;
}

/* 16 bytes up to some 3 KiB, as programs do. */
static size_t size_no(size_t i)
{
	return 16 + (i * 2654435761u >> 7) % 3000;
}

/* Every second one is freed: a heap with holes, and full caches. */
static void holes(void)
{
	static void *holes[BLOCKS];
	size_t n = 0;

	for (size_t i = 0; i < BLOCKS / 2; i++) {
		keep(size_no(i));
		holes[n] = malloc(size_no(i + 7));
		memset(holes[n++], 0x33, size_no(i + 7));
	}
	while (n)
		free(holes[--n]);
}

static void *holes_in_thread(void *arg)
{
	holes();
	report->go = 1;
	pause();
	return NULL;
}

static void in_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, holes_in_thread, NULL) != 0)
		_exit(3);
	while (!report->go)
		usleep(1000);
}

/* Runs what, tells mallinfo2() and waits to be killed. */
static void begin_child(void (*what)(void))
{
	int fds[2];
	char byte;

	if (!glibc)
		SKIP("malloc is not glibc's here but that of a sanitizer or a preload");
	memset(report, 0, sizeof(*report));
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		what();
		report->info = TRUTH();
		(void)!write(fds[1], "x", 1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
}

static int end_child(void **state)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
	return 0;
}

struct seen {
	size_t times[BLOCKS];
	size_t alike;			/* begin with what is to look like a link */
	size_t strange;			/* ours by its magic, but not as it was made */
	size_t n, mmapped;
};

static void note(void *arg, const struct cheap_chunk *chunk)
{
	struct seen *seen = arg;
	uint64_t head[2];

	seen->n++;
	seen->mmapped += chunk->mmapped;
	assert_true(chunk->head_len <= CHEAP_HEAD && chunk->head_len <= chunk->usable);
	if (chunk->head_len < sizeof(head))
		return;
	memcpy(head, chunk->head, sizeof(head));
	if (chunk->head_len >= 24 && !memcmp((const char *)chunk->head + 16, ALIKE, 8))
		seen->alike++;
	if (head[0] != MAGIC || head[1] >= report->n)
		return;
	if (report->blocks[head[1]].addr == chunk->addr &&
	    report->blocks[head[1]].usable == chunk->usable)
		seen->times[head[1]]++;
	else
		seen->strange++;
}

/* What has grown between two reads of a long map would overlap: read again. */
static void read_maps(struct maps *ret)
{
	enum lt_errc rc = LT_E_BAD_DATA;
	struct lt_err err;

	for (int i = 0; i < 100 && rc == LT_E_BAD_DATA; i++)
		rc = maps_read(child, ret, &err);
	assert_int_equal(rc, LT_OK);
}

static struct cheap *open_child(struct maps *maps)
{
	struct remote r = {.pid = child};
	struct cheap *c;

	read_maps(maps);
	c = cheap_new(&r, maps);
	assert_int_equal(cheap_kind(c), CHEAP_GLIBC);
	return c;
}

static void pass(struct cheap *c, int64_t budget_ns, struct seen *seen)
{
	struct maps maps = {0};

	memset(seen, 0, sizeof(*seen));
	read_maps(&maps);
	cheap_begin(c, &maps, NULL, 0);
	maps_done(&maps);
	while (cheap_step(c, budget_ns, note, seen))
		;
}

static struct cheap *look(struct seen *seen)
{
	struct maps maps = {0};
	struct cheap *c = open_child(&maps);

	maps_done(&maps);
	pass(c, CLOCK_NS_PER_S, seen);
	return c;
}

static void all_seen_once(const struct seen *seen)
{
	assert_true(report->n > 0);
	assert_int_equal(seen->strange, 0);
	for (size_t i = 0; i < report->n; i++)
		if (seen->times[i] != 1)
			fail_msg("block %zu of %zu bytes was seen %zu times", i,
				 (size_t)report->blocks[i].usable, seen->times[i]);
}

static void assert_near(int64_t got, uint64_t want, int64_t slack)
{
	if (got < (int64_t)want - slack || got > (int64_t)want + slack)
		fail_msg("%lld is not %llu", (long long)got, (unsigned long long)want);
}

/* mallinfo2() takes tcaches for used, and adds fastbins to what is free. */
static void sums_are_those_of_mallinfo(const struct cheap_totals *t)
{
	const __typeof__(report->info) *m = &report->info;
	int64_t arenas = t->live - t->mmapped + t->cached + t->free + t->top;

	assert_int_equal(t->unknown, 0);
	assert_near(arenas, m->arena, SLACK);
	assert_near(t->live - t->mmapped + t->cached, m->uordblks + m->fsmblks, SLACK);
	assert_near(t->free + t->top, m->fordblks - m->fsmblks, SLACK);
	assert_near(t->mmapped, m->hblkhd, 4096);
}

static void the_sums_are_those_of_mallinfo(void **state)
{
	struct seen seen;
	struct cheap *c;

	begin_child(holes);
	c = look(&seen);
	sums_are_those_of_mallinfo(cheap_totals(c));
	all_seen_once(&seen);
	assert_true(cheap_totals(c)->n_live <= (int64_t)seen.n);
	assert_string_equal(cheap_allocator(c), "glibc");
	cheap_free(c);
}

static void chunks_in_the_arena_of_a_thread_are_found(void **state)
{
	struct seen seen;
	struct cheap *c;

	begin_child(in_a_thread);
	c = look(&seen);
	assert_true(cheap_totals(c)->arenas >= 2);
	sums_are_those_of_mallinfo(cheap_totals(c));
	all_seen_once(&seen);
	cheap_free(c);
}

/* 7 of each size stay in the tcache, the small ones of the rest in fastbins (until 2.42). */
static void caches(void)
{
	static void *small[1000];

	for (size_t i = 0; i < COUNT_OF(small); i++) {
		small[i] = malloc(40);
		memset(small[i], 0x44, 40);
		keep(24);
	}
	for (size_t i = 0; i < COUNT_OF(small); i++)
		free(small[i]);
}

static void freed_chunks_in_caches_are_not_taken_for_used(void **state)
{
	struct seen seen;
	struct cheap *c;

	begin_child(caches);
	c = look(&seen);
	sums_are_those_of_mallinfo(cheap_totals(c));
	all_seen_once(&seen);
	assert_true(cheap_totals(c)->cached + cheap_totals(c)->free >= 1000 * 48);
	assert_true(cheap_totals(c)->cached >= (int64_t)report->info.fsmblks);
	cheap_free(c);
}

/* In use, with a first word that a cached chunk may have: a link into the heap, or an end. */
static void lookalikes(void)
{
	uint64_t *last = keep(520);

	for (size_t i = 0; i < LOOKALIKES; i++) {
		uint64_t *p = malloc(520);

		p[0] = (uintptr_t)p >> 12 ^ (i % 2 ? 0 : ((uintptr_t)last & ~15ull) + 32);
		p[1] = (uintptr_t)last;
		memcpy(p + 2, ALIKE, 8);
	}
}

static void chunks_in_use_that_look_like_cached_ones_are_not_taken_for_these(void **state)
{
	struct seen seen;
	struct cheap *c;

	begin_child(lookalikes);
	c = look(&seen);
	assert_int_equal(seen.alike, LOOKALIKES);
	cheap_free(c);
}

static void kept_by_a_tcache(void)
{
	uint64_t *p[5];

	for (size_t i = 0; i < COUNT_OF(p); i++) {
		p[i] = malloc(520);
		memcpy(p[i] + 2, ALIKE, 8);
		keep(24);
	}
	for (size_t i = 0; i < COUNT_OF(p); i++)
		free(p[i]);
}

/* They have what was in them, references too; from glibc 2.29 on they can be told. */
static void what_a_tcache_keeps_is_not_handed_on(void **state)
{
	struct seen seen;
	struct cheap *c;

	begin_child(kept_by_a_tcache);
	c = look(&seen);
	assert_int_equal(seen.alike, 0);
	cheap_free(c);
}

#define BIG (8u << 20)

static void mappings(void)
{
	static const size_t alignments[] = {32, 64};

	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	for (size_t i = 0; i < 20; i++)
		keep((128 << 10) + i * 10000);
	for (size_t i = 0; i < COUNT_OF(alignments); i++) {
		uint64_t *p = aligned_alloc(alignments[i], 1 << 20);

		p[0] = MAGIC;
		p[1] = report->n;
		report->blocks[report->n++] =
			(struct block){(uintptr_t)p, malloc_usable_size(p)};
	}
	*(volatile char *)malloc(BIG) = 1;	/* of which one page is ever touched */
}

static void chunks_with_their_own_mapping_are_found(void **state)
{
	const struct cheap_totals *t;
	struct seen seen;
	struct cheap *c;

	begin_child(mappings);
	c = look(&seen);
	t = cheap_totals(c);
	sums_are_those_of_mallinfo(t);
	all_seen_once(&seen);
	assert_int_equal(seen.mmapped, report->info.hblks);
	assert_true(t->live - t->live_resident > BIG - 65536);
	/* the second pass knows where they are */
	pass(c, CLOCK_NS_PER_S, &seen);
	all_seen_once(&seen);
	assert_int_equal(seen.mmapped, report->info.hblks);
	assert_int_equal(cheap_totals(c)->mmapped, t->mmapped);
	cheap_free(c);
}

/* Not from statm: that is a sum per CPU which is not exact. */
static int64_t resident(void)
{
	char path[64], line[128];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)child);
	f = fopen(path, "re");
	if (!f)
		SKIP("no smaps_rollup");
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "Rss:", 4) == 0)
			kib = strtol(line + 4, NULL, 10);
	fclose(f);
	return kib;
}

static void untouched(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 << 20);	/* the most that it takes */
	for (int i = 0; i < 50; i++)
		keep(100);
	*(volatile char *)malloc(24 << 20) = 1;
	keep(100);
}

static void what_is_not_resident_is_not_read(void **state)
{
	struct seen seen;
	struct cheap *c;
	int64_t before;

	begin_child(untouched);
	c = look(&seen);	/* symbols are looked up in files: their pages become resident */
	before = resident();
	pass(c, CLOCK_NS_PER_S, &seen);
	assert_int_equal(resident(), before);
	all_seen_once(&seen);
	assert_true(cheap_totals(c)->live_resident < 8 << 20);
	assert_true(cheap_totals(c)->live > 24 << 20);
	cheap_free(c);
}

static void a_pass_in_small_steps_comes_to_the_same(void **state)
{
	struct cheap_totals whole;
	struct maps maps = {0};
	struct seen seen;
	struct cheap *c;
	int steps = 0;

	begin_child(holes);
	c = look(&seen);
	whole = *cheap_totals(c);
	read_maps(&maps);
	cheap_begin(c, &maps, NULL, 0);
	maps_done(&maps);
	while (cheap_step(c, 1, NULL, NULL))
		steps++;
	assert_true(steps > 10);
	assert_int_equal(cheap_totals(c)->live, whole.live);
	assert_int_equal(cheap_totals(c)->cached, whole.cached);
	assert_int_equal(cheap_totals(c)->free, whole.free);
	assert_int_equal(cheap_totals(c)->n_live, whole.n_live);
	cheap_free(c);
}

static uint64_t poison;

/* A size in the middle of the heap is overwritten, as a buffer that overflows does. */
static void damaged(void)
{
	uint64_t *victim = NULL;

	for (size_t i = 0; i < BLOCKS - 1; i++) {
		uint64_t *p = keep(size_no(i));

		if (i == BLOCKS / 2)
			victim = p;
	}
	victim[-1] = poison;
}

static void a_hostile_size_costs_its_neighbourhood_only(void **state)
{
	static const uint64_t sizes[] = {0, 1, 16, 17, 33, 0x21 + (1ull << 40), UINT64_MAX,
					 UINT64_MAX - 14, 1ull << 63 | 1, 0x7fffffffffffff1};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct seen seen;
		struct cheap *c;
		size_t missed = 0;

		poison = sizes[i];
		begin_child(damaged);
		c = look(&seen);
		for (size_t k = 0; k < report->n; k++)
			missed += seen.times[k] != 1;
		assert_int_equal(seen.strange, 0);
		assert_true(missed >= 1 && missed <= 8);
		assert_in_range(cheap_totals(c)->unknown, 16, 65536);
		cheap_free(c);
		end_child(NULL);
	}
}

static void *churn(void *arg)
{
	static __thread void *slots[997];
	uint64_t x = (uintptr_t)arg | 1;

	for (;;) {
		size_t i;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		i = (size_t)(x >> 33) % COUNT_OF(slots);
		free(slots[i]);
		slots[i] = malloc(1 + (size_t)(x >> 20) % 5000);
		memset(slots[i], 0x11, 1);
	}
	return NULL;
}

static void restless(void)
{
	pthread_t thread;

	holes();
	for (uintptr_t i = 1; i < 4; i++)
		if (pthread_create(&thread, NULL, churn, (void *)(i * 12345)) != 0)
			_exit(3);
}

static void a_heap_that_changes_while_it_is_read_is_still_read(void **state)
{
	struct seen seen;
	struct cheap *c;

	begin_child(restless);
	c = look(&seen);
	for (int i = 0; i < 30; i++) {
		const struct cheap_totals *t = cheap_totals(c);
		size_t missed = 0;

		for (size_t k = 0; k < report->n; k++)
			missed += seen.times[k] == 0;
		/* those next to what moves may be passed over */
		assert_true(missed < report->n / 20);
		assert_in_range(t->unknown, 0, (t->live + t->free + t->top) / 5);
		pass(c, CLOCK_NS_PER_S, &seen);
	}
	cheap_free(c);
}

/* Something else lies where brk would go on: main_arena continues in mappings. */
static void without_brk(void)
{
	char *end = (char *)(((uintptr_t)sbrk(0) + 4095) & ~(uintptr_t)4095);

	if (mmap(end, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) != end)
		_exit(3);
	holes();
}

static void a_main_arena_without_brk_is_read_too(void **state)
{
	const struct cheap_totals *t;
	size_t found = 0;
	struct seen seen;
	struct cheap *c;

	begin_child(without_brk);
	c = look(&seen);
	t = cheap_totals(c);
	for (size_t i = 0; i < report->n; i++)
		found += seen.times[i] == 1;
	assert_int_equal(seen.strange, 0);
	assert_true(found >= report->n * 9 / 10);
	assert_near(t->live - t->mmapped + t->cached, report->info.uordblks + report->info.fsmblks,
		    (int64_t)report->info.arena / 10);
	cheap_free(c);
}

/* Every 16 bytes a header that leads to another one, far away, and in ten steps to nowhere. */
static void deceit(void)
{
	const size_t size = 24 << 20, n = size / 16;
	uint64_t *p;

	mallopt(M_MMAP_THRESHOLD, 32 << 20);	/* the most that it takes */
	for (size_t i = 0; i < 100; i++)
		keep(size_no(i));
	p = keep(size);
	for (size_t i = 0; i < n; i++) {
		p[2 * i] = 0;
		p[2 * i + 1] = i < n / 2 ? ((n - i) * 16 / 17 & ~15ull) | 1 : 0;
	}
	p[-1] = 0;
}

static void a_heap_made_to_deceive_is_given_up(void **state)
{
	struct maps maps = {0};
	struct seen seen = {0};
	int64_t longest_ns = 0, all_ns = clock_cpu_ns();
	struct cheap *c;
	bool more = true;

	begin_child(deceit);
	c = open_child(&maps);
	cheap_begin(c, &maps, NULL, 0);
	while (more) {
		int64_t begin_ns = clock_cpu_ns();

		more = cheap_step(c, 1, note, &seen);
		if (clock_cpu_ns() - begin_ns > longest_ns)
			longest_ns = clock_cpu_ns() - begin_ns;
	}
	/* without bounds minutes, and a tenth of a second in one step */
	assert_true(clock_cpu_ns() - all_ns < 10 * CLOCK_NS_PER_S);
	assert_true(longest_ns < 50 * CLOCK_NS_PER_MS);
	assert_true(cheap_totals(c)->unknown > 20 << 20);
	maps_done(&maps);
	cheap_free(c);
}

#define HUGE (1ull << 42)

/* As a sanitizer or a runtime reserves address space: writable, and hardly ever touched. */
static void reservations(void)
{
	char *p = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	p[HUGE / 2] = 1;
	holes();
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	keep(1 << 20);
}

static void reserved_address_space_does_not_make_a_pass_endless(void **state)
{
	struct seen seen;
	struct cheap *c;
	int64_t cpu_ns;

	begin_child(reservations);
	cpu_ns = clock_cpu_ns();
	c = look(&seen);
	/* all of it would be 2^30 pages: minutes */
	assert_true(clock_cpu_ns() - cpu_ns < 5 * CLOCK_NS_PER_S);
	all_seen_once(&seen);
	cheap_free(c);
}

static void a_process_that_ends_meanwhile_ends_the_pass(void **state)
{
	struct maps maps = {0};
	struct seen seen;
	struct cheap *c;

	begin_child(holes);
	c = look(&seen);
	read_maps(&maps);
	cheap_begin(c, &maps, NULL, 0);
	cheap_step(c, 1, note, &seen);
	end_child(NULL);
	while (cheap_step(c, CLOCK_NS_PER_S, note, &seen))
		;
	cheap_begin(c, &maps, NULL, 0);
	while (cheap_step(c, CLOCK_NS_PER_S, note, &seen))
		;
	assert_int_equal(cheap_totals(c)->n_live, 0);
	maps_done(&maps);
	cheap_free(c);
}

static int start(void **state)
{
	struct remote r = {.pid = getpid()};
	struct maps maps = {0};
	struct lt_err err;
	struct cheap *c;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (report == MAP_FAILED || maps_read(getpid(), &maps, &err) != LT_OK)
		return -1;
	c = cheap_new(&r, &maps);
	glibc = cheap_kind(c) == CHEAP_GLIBC;
	cheap_free(c);
	maps_done(&maps);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, end_child)
		TEST(the_sums_are_those_of_mallinfo),
		TEST(chunks_in_the_arena_of_a_thread_are_found),
		TEST(freed_chunks_in_caches_are_not_taken_for_used),
		TEST(chunks_in_use_that_look_like_cached_ones_are_not_taken_for_these),
		TEST(what_a_tcache_keeps_is_not_handed_on),
		TEST(chunks_with_their_own_mapping_are_found),
		TEST(what_is_not_resident_is_not_read),
		TEST(a_pass_in_small_steps_comes_to_the_same),
		TEST(a_hostile_size_costs_its_neighbourhood_only),
		TEST(a_heap_that_changes_while_it_is_read_is_still_read),
		TEST(a_main_arena_without_brk_is_read_too),
		TEST(a_heap_made_to_deceive_is_given_up),
		TEST(reserved_address_space_does_not_make_a_pass_endless),
		TEST(a_process_that_ends_meanwhile_ends_the_pass),
	};

	return cmocka_run_group_tests_name("cheap", tests, start, NULL);
}
