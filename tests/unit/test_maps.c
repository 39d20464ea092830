#include "config.h"
#include "test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/maps.h"
#include "util/buf.h"
#include "util/mem.h"

static enum lt_errc parse(const char *text, struct maps *ret)
{
	struct lt_err err;

	return maps_parse(text, strlen(text), ret, &err);
}

static void a_line_is_taken_apart(void **state)
{
	struct maps m = {0};

	assert_int_equal(parse("7f12a3c00000-7f12a3c22000 r-xs 0001f000 fe:01 1234             "
			       "          /usr/lib/libc.so.6\n", &m), LT_OK);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.list[0].start, 0x7f12a3c00000);
	assert_int_equal(m.list[0].end, 0x7f12a3c22000);
	assert_int_equal(m.list[0].offset, 0x1f000);
	assert_int_equal(m.list[0].inode, 1234);
	assert_int_equal(m.list[0].dev, 0xfeu << 20 | 1);
	assert_true(m.list[0].read && m.list[0].exec && m.list[0].shared);
	assert_false(m.list[0].write || m.list[0].deleted);
	assert_string_equal(m.list[0].path, "/usr/lib/libc.so.6");
	maps_done(&m);
}

static void paths_are_decoded_and_deleted_ones_marked(void **state)
{
	static const char text[] =
		"1000-2000 rw-p 00000000 00:00 0\n"
		"2000-3000 rw-p 00000000 00:00 0 \n"
		"3000-4000 r--p 00000000 00:01 7    /tmp/a b (deleted)\n"
		"4000-5000 r--p 00000000 00:01 7    /tmp/new\\012line\n"
		"5000-6000 r--p 00000000 00:01 7    /tmp/back\\slash\\9\\0\n"
		"6000-7000 r--p 00000000 00:01 7    /tmp/nul\\000end\n"
		"7000-8000 rw-p 00000000 00:00 0    [heap]\n"
		"8000-9000 rw-p 00000000 00:00 0    (deleted)\n";
	static const char *const want[] = {"", "", "/tmp/a b", "/tmp/new\nline",
					   "/tmp/back\\slash\\9\\0", "/tmp/nul\\000end",
					   "[heap]", "(deleted)"};
	struct maps m = {0};

	assert_int_equal(parse(text, &m), LT_OK);
	assert_int_equal(m.n, COUNT_OF(want));
	for (size_t i = 0; i < m.n; i++) {
		assert_string_equal(m.list[i].path, want[i]);
		assert_int_equal(m.list[i].deleted, i == 2);
	}
	maps_done(&m);
}

static void an_empty_file_has_no_maps(void **state)
{
	struct maps m = {0};

	assert_int_equal(parse("", &m), LT_OK);
	assert_int_equal(m.n, 0);
	assert_null(maps_find(&m, 0));
	maps_done(&m);
	maps_done(&m);
}

static void the_last_line_needs_no_newline(void **state)
{
	struct maps m = {0};

	assert_int_equal(parse("1000-2000 r--p 0 0:0 0\n2000-3000 r--p 0 0:0 0 /x", &m), LT_OK);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.list[1].path, "/x");
	maps_done(&m);
}

static void what_is_no_memory_map_is_refused(void **state)
{
	static const char *const bad[] = {
		"\n", "x", "1000", "1000-2000", "1000-2000 r--p", "1000-2000 r--p 0 0:0 0x",
		"1000-2000 rwxq 0 0:0 0\n", "1000-2000 zw-p 0 0:0 0\n", "1000-2000 r--p 0 00 0\n",
		"2000-1000 r--p 0 0:0 0\n",			/* ends before it begins */
		"1000-1000 r--p 0 0:0 0\n",			/* empty */
		"2000-3000 r--p 0 0:0 0\n1000-2000 r--p 0 0:0 0\n",	/* out of order */
		"1000-3000 r--p 0 0:0 0\n2000-3000 r--p 0 0:0 0\n",	/* nothing new */
		"1000-2000 r--p 0 0:0 0\n\n",
		"10000000000000000-20000000000000000 r--p 0 0:0 0\n",
		" 1000-2000 r--p 0 0:0 0\n",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct maps m = {0};

		if (parse(bad[i], &m) != LT_E_BAD_DATA)
			fail_msg("taken: %s", bad[i]);
		assert_null(m.list);
	}
}

/* What a process does to its heap between two reads of the file. */
static void a_mapping_that_grew_meanwhile_is_taken_as_far_as_it_is_new(void **state)
{
	static const char text[] =
		"1000-3000 rw-p 00000000 00:00 0 [heap]\n"
		"1000-5000 rw-p 00000000 00:00 0 [heap]\n"
		"4000-6000 r--s 00002000 08:01 7 /f\n";
	struct maps maps = {0};

	assert_int_equal(maps_parse(text, sizeof(text) - 1, &maps, NULL), LT_OK);
	assert_int_equal(maps.n, 3);
	assert_int_equal(maps.list[1].start, 0x3000);
	assert_int_equal(maps.list[1].end, 0x5000);
	assert_int_equal(maps.list[1].offset, 0);
	assert_int_equal(maps.list[2].start, 0x5000);
	assert_int_equal(maps.list[2].offset, 0x3000);
	maps_done(&maps);
}

static void a_nul_byte_is_refused(void **state)
{
	static const char text[] = "1000-2000 r--p 0 0:0 0 /a\0b\n";
	struct maps m = {0};
	struct lt_err err;

	assert_int_equal(maps_parse(text, sizeof(text) - 1, &m, &err), LT_E_BAD_DATA);
}

static void more_than_the_limit_is_refused(void **state)
{
	char *text = mem_alloc((size_t)MAPS_MAX_BYTES + 1);
	struct maps m = {0};
	struct lt_err err;

	assert_int_equal(maps_parse(text, (size_t)MAPS_MAX_BYTES + 1, &m, &err), LT_E_BAD_DATA);
	free(text);
}

static void sixty_thousand_lines_are_parsed_and_searched(void **state)
{
	struct buf b = {0};
	struct maps m = {0};

	for (unsigned i = 0; i < 60000; i++)
		buf_printf(&b, "%x-%x rw-p 00000000 00:00 0 /lib/object-%u.so\n",
			   0x100000 + i * 0x2000, 0x101000 + i * 0x2000, i);
	assert_int_equal(parse(buf_text(&b), &m), LT_OK);
	assert_int_equal(m.n, 60000);
	assert_string_equal(m.list[59999].path, "/lib/object-59999.so");
	for (unsigned i = 0; i < 60000; i += 1111) {
		assert_ptr_equal(maps_find(&m, 0x100000 + i * 0x2000), &m.list[i]);
		assert_ptr_equal(maps_find(&m, 0x100fff + i * 0x2000), &m.list[i]);
		assert_null(maps_find(&m, 0x101000 + i * 0x2000));
	}
	assert_null(maps_find(&m, 0));
	assert_null(maps_find(&m, UINT64_MAX));
	maps_done(&m);
	buf_done(&b);
}

static void the_maps_of_this_process_hold_its_stack_and_its_code(void **state)
{
	struct maps m = {0};
	struct lt_err err;
	const struct map *at;

	assert_int_equal(maps_read(getpid(), &m, &err), LT_OK);
	at = maps_find(&m, (uint64_t)(uintptr_t)&m);
	assert_non_null(at);
	assert_true(at->read && at->write && !at->exec);
	at = maps_find(&m, (uint64_t)(uintptr_t)&maps_read);
	assert_non_null(at);
	assert_true(at->exec && !at->write && at->path[0] == '/');
	maps_done(&m);
}

static void a_process_that_does_not_exist_is_gone(void **state)
{
	struct maps m = {0};
	struct lt_err err;

	assert_int_equal(maps_read(0x7ffffff0, &m, &err), LT_E_GONE);
}

#define CHURN_PAGES 2000
#define CHURN_READS 3000

/* Every other page is made to match its neighbours and not to: mappings join and part. */
static void churn(unsigned char *pages, size_t page)
{
	for (;;)
		for (int prot = PROT_READ; prot <= (PROT_READ | PROT_WRITE); prot++)
			for (size_t i = 0; i < CHURN_PAGES; i += 2)
				(void)mprotect(pages + i * page, page, prot);
}

static void a_map_that_changes_while_it_is_read_makes_sense(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *pages = mmap(NULL, CHURN_PAGES * page, PROT_READ,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int bad = 0;

	assert_ptr_not_equal(pages, MAP_FAILED);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		churn(pages, page);
	}
	assert_true(child > 0);
	for (int i = 0; i < CHURN_READS; i++) {
		struct maps m = {0};
		struct lt_err err;

		bad += maps_read(child, &m, &err) != LT_OK;
		maps_done(&m);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(pages, CHURN_PAGES * page);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_taken_apart),
		cmocka_unit_test(paths_are_decoded_and_deleted_ones_marked),
		cmocka_unit_test(an_empty_file_has_no_maps),
		cmocka_unit_test(the_last_line_needs_no_newline),
		cmocka_unit_test(what_is_no_memory_map_is_refused),
		cmocka_unit_test(a_mapping_that_grew_meanwhile_is_taken_as_far_as_it_is_new),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(more_than_the_limit_is_refused),
		cmocka_unit_test(sixty_thousand_lines_are_parsed_and_searched),
		cmocka_unit_test(the_maps_of_this_process_hold_its_stack_and_its_code),
		cmocka_unit_test(a_process_that_does_not_exist_is_gone),
		cmocka_unit_test(a_map_that_changes_while_it_is_read_makes_sense),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
