/* Pages of a child whose residency we decide; kinds of memory against what it did. */
#include "config.h"
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/maps.h"
#include "proc/pagemap.h"
#include "proc/resident.h"
#include "test_proc_child.h"
#include "util/mem.h"
#include "util/num.h"

#define PAGES   5000			/* more than one window of the reader */
#define THREADS 4
#define TOUCHED (200 << 10)

static struct {
	volatile int up;
	char *area;
} *shared;

static size_t page_size;

/* Pages 3 to 9 and the last one. */
static void touch_some(void)
{
	shared->area = mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 3; i < 10; i++)
		shared->area[i * page_size] = 1;
	shared->area[(PAGES - 1) * page_size] = 1;
}

static void *deep(void *arg)
{
	volatile char room[TOUCHED];

	for (size_t i = 0; i < sizeof(room); i += 512)
		room[i] = 1;
	__atomic_add_fetch((int *)(uintptr_t)&shared->up, room[0], __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return arg;
}

static void deep_stacks(void)
{
	pthread_t thread;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, deep, NULL) != 0)
			_exit(3);
	while (shared->up < THREADS)
		usleep(1000);
}

static pid_t begin(void (*what)(void))
{
	int fds[2];
	char byte;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		what();
		(void)!write(fds[1], "x", 1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void pages_are_resident_where_they_were_touched(void **state)
{
	pid_t pid = begin(touch_some);
	uint64_t area = (uintptr_t)shared->area, limit = area + PAGES * page_size;
	struct pagemap p;

	pagemap_open(pid, &p);
	assert_true(pagemap_known(&p));
	assert_false(pagemap_present(&p, area));
	assert_false(pagemap_present(&p, area + 3 * page_size - 1));
	assert_true(pagemap_present(&p, area + 3 * page_size));
	assert_true(pagemap_present(&p, limit - 1));
	assert_int_equal(pagemap_run(&p, area, limit), area + 3 * page_size);
	assert_int_equal(pagemap_run(&p, area + 3 * page_size + 5, limit),
			 area + 10 * page_size);
	assert_int_equal(pagemap_run(&p, area + 10 * page_size, limit), limit - page_size);
	assert_int_equal(pagemap_run(&p, limit - page_size, limit), limit);
	assert_int_equal(pagemap_run(&p, area + 4 * page_size, area + 5 * page_size + 7),
			 area + 5 * page_size + 7);
	assert_int_equal(pagemap_resident(&p, area, limit), 8 * page_size);
	assert_int_equal(pagemap_resident(&p, area + 3 * page_size + 100, area + 4 * page_size + 1),
			 page_size - 99);
	assert_int_equal(pagemap_resident(&p, limit, limit), 0);
	pagemap_close(&p);
	end(pid);
}

static void what_was_looked_up_is_forgotten_when_told_so(void **state)
{
	char *area = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	struct pagemap p;

	pagemap_open(getpid(), &p);
	assert_false(pagemap_present(&p, (uintptr_t)area));
	area[0] = 1;
	assert_false(pagemap_present(&p, (uintptr_t)area));
	pagemap_forget(&p);
	assert_true(pagemap_present(&p, (uintptr_t)area));
	pagemap_close(&p);
	pagemap_close(&p);
	munmap(area, page_size);
}

static void addresses_of_nobody_and_processes_of_nobody_do_no_harm(void **state)
{
	pid_t pid = begin(touch_some);
	struct pagemap p, none;

	pagemap_open(pid, &p);
	assert_false(pagemap_present(&p, UINT64_MAX));
	assert_int_equal(pagemap_resident(&p, 1ull << 62, (1ull << 62) + 10 * page_size), 0);
	end(pid);
	pagemap_forget(&p);
	assert_int_equal(pagemap_resident(&p, (uintptr_t)shared->area,
					  (uintptr_t)shared->area + 20 * page_size), 0);
	pagemap_close(&p);
	/* where it cannot be asked, everything counts as resident */
	pagemap_open(pid, &none);
	assert_false(pagemap_known(&none));
	assert_true(pagemap_present(&none, 4096));
	assert_int_equal(pagemap_resident(&none, 4096, 12288), 8192);
	assert_int_equal(pagemap_run(&none, 4096, 1 << 20), 1 << 20);
	pagemap_close(&none);
}

static void kinds_are_taken_from_status(void **state)
{
	static const char text[] =
		"Name:\tRssAnon:\nVmRSS:\t   900 kB\nRssAnon:\t     700 kB\nRssFile:\t 150 kB\n"
		"RssShmem:\t      50 kB\nRssHuge:\tx\n";
	struct resident r;

	resident_parse(text, sizeof(text) - 1, &r);
	assert_int_equal(r.anon, 700 * 1024);
	assert_int_equal(r.file, 150 * 1024);
	assert_int_equal(r.shmem, 50 * 1024);
	assert_int_equal(r.stacks, LT_UNKNOWN);
	resident_parse("VmRSS:\t 900 kB\n", 15, &r);	/* before Linux 4.5 */
	assert_int_equal(r.anon, LT_UNKNOWN);
	assert_int_equal(r.file, LT_UNKNOWN);
	resident_parse("RssFile:\t99999999999999999999 kB\nRssShmem:\t-1 kB\n", 50, &r);
	assert_int_equal(r.file, LT_UNKNOWN);
	assert_int_equal(r.shmem, LT_UNKNOWN);
}

static int64_t stacks_of(pid_t pid)
{
	struct pagemap pages;
	struct maps maps = {0};
	struct lt_err err;
	struct resident r;

	pagemap_open(pid, &pages);
	assert_int_equal(maps_read(pid, &maps, &err), LT_OK);
	resident_read(pid, &maps, &pages, &r);
	maps_done(&maps);
	pagemap_close(&pages);
	return r.stacks;
}

static void the_stacks_of_threads_are_found(void **state)
{
	pid_t pid = begin(deep_stacks);
	int64_t stacks = stacks_of(pid);

	assert_true(stacks >= THREADS * TOUCHED);
	assert_true(stacks <= THREADS * (TOUCHED + (64 << 10)) + (256 << 10));
	end(pid);
}

/* glibc 2.42 closes the lowest page with MADV_GUARD_INSTALL: a stack has a neighbour then. */
static void a_stack_without_a_guard_is_found_by_its_pointer(void **state)
{
	char *area = mmap(NULL, 64 * page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t sp = (uintptr_t)area + 20 * page_size + 64;
	struct map map = {.start = (uintptr_t)area, .end = (uintptr_t)area + 64 * page_size,
			  .read = true, .write = true, .path = ""};
	struct maps maps = {.list = &map, .n = 1};
	const uint64_t twice[] = {sp, sp + page_size, (uintptr_t)area + 50 * page_size, 4096};
	struct pagemap pages;

	for (size_t i = 18; i < 24; i++)
		area[i * page_size] = 1;
	pagemap_open(getpid(), &pages);
	assert_int_equal(resident_stacks(&maps, &pages, &sp, 1), 6 * page_size);
	assert_int_equal(resident_stacks(&maps, &pages, twice, COUNT_OF(twice)), 6 * page_size);
	assert_int_equal(resident_stacks(&maps, &pages, NULL, 0), 0);
	pagemap_close(&pages);
	munmap(area, 64 * page_size);
}

static void the_oom_score_is_the_kernels(void **state)
{
	struct child c = child_begin(NULL);
	pid_t pid = c.pid;
	char path[64];
	FILE *f;

	assert_true(resident_oom_score(pid) >= 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("1000", f);
	fclose(f);
	assert_true(resident_oom_score(pid) >= 1000);
	child_end(&c);
	assert_int_equal(resident_oom_score(pid), LT_UNKNOWN);
}

static int start(void **state)
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	shared = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_resident_where_they_were_touched),
		cmocka_unit_test(what_was_looked_up_is_forgotten_when_told_so),
		cmocka_unit_test(addresses_of_nobody_and_processes_of_nobody_do_no_harm),
		cmocka_unit_test(kinds_are_taken_from_status),
		cmocka_unit_test(the_stacks_of_threads_are_found),
		cmocka_unit_test(a_stack_without_a_guard_is_found_by_its_pointer),
		cmocka_unit_test(the_oom_score_is_the_kernels),
	};

	return cmocka_run_group_tests_name("proc_resident", tests, start, NULL);
}
