/* What of a process' memory the helper may read, from the text of /proc/PID/maps. */
#include "config.h"
#include "test.h"

#include "inject/ranges.h"
#include "proc/maps.h"
#include "util/mem.h"

static struct ranges ranges;

static void take(const char *text)
{
	struct maps maps = {0};

	assert_int_equal(maps_parse(text, strlen(text), &maps, NULL), LT_OK);
	ranges_take(&ranges, &maps);
	maps_done(&maps);
}

static int clean(void **state)
{
	ranges_done(&ranges);
	return 0;
}

static void assert_range(size_t i, uint64_t from, uint64_t to)
{
	assert_true(i < ranges.n);
	assert_int_equal(ranges.list[i].at, from);
	assert_int_equal(ranges.list[i].at + ranges.list[i].size, to);
}

static void neighbours_are_one_range(void **state)
{
	take("00400000-00401000 r--p 00000000 08:01 7 /usr/bin/python3\n"
	     "00401000-00500000 r-xp 00001000 08:01 7 /usr/bin/python3\n"
	     "00500000-00600000 rw-p 00100000 08:01 7 /usr/bin/python3\n"
	     "00600000-00700000 rw-p 00000000 00:00 0 \n"
	     "00900000-00a00000 rw-p 00000000 00:00 0 [heap]\n"
	     "7ffc00000000-7ffc00100000 rw-p 00000000 00:00 0 [stack]\n");
	assert_int_equal(ranges.n, 3);
	assert_range(0, 0x400000, 0x700000);
	assert_range(1, 0x900000, 0xa00000);
	assert_range(2, 0x7ffc00000000, 0x7ffc00100000);
}

static void what_cannot_be_read_is_no_range_and_divides(void **state)
{
	take("00400000-00401000 rw-p 00000000 00:00 0 \n"
	     "00401000-00402000 ---p 00000000 00:00 0 \n"
	     "00402000-00403000 rw-p 00000000 00:00 0 \n"
	     "00403000-00404000 -w-p 00000000 00:00 0 \n"
	     "00405000-00406000 --xp 00000000 00:00 0 \n");
	assert_int_equal(ranges.n, 2);
	assert_range(0, 0x400000, 0x401000);
	assert_range(1, 0x402000, 0x403000);
}

/* A read beyond the end of the file is a SIGBUS, and of a device it may be anything. */
static void files_are_left_out_unless_code_runs_from_them(void **state)
{
	take("00400000-00401000 r--p 00000000 08:01 7 /data/table\n"
	     "00500000-00501000 rw-p 00000000 08:01 8 /data/copy\n"
	     "00600000-00601000 rw-s 00000000 08:01 9 /dev/shm/ring\n"
	     "00700000-00701000 rw-s 00000000 00:01 10 /dev/zero (deleted)\n"
	     "00800000-00801000 r--p 00000000 08:02 7 /lib/module.so\n"
	     "00900000-00901000 r-xp 00000000 08:02 7 /lib/module.so\n"
	     "00a00000-00a01000 rw-s 00000000 08:02 7 /lib/module.so\n");
	assert_int_equal(ranges.n, 2);
	assert_range(0, 0x800000, 0x801000);
	assert_range(1, 0x900000, 0x901000);
}

static void pages_of_the_kernel_are_left_out(void **state)
{
	take("7ffc00000000-7ffc00004000 r--p 00000000 00:00 0 [vvar]\n"
	     "7ffc00004000-7ffc00006000 r--p 00000000 00:00 0 [vvar_vclock]\n"
	     "7ffc00006000-7ffc00008000 r-xp 00000000 00:00 0 [vdso]\n");
	assert_int_equal(ranges.n, 0);
}

static void memory_by_another_name_is_memory(void **state)
{
	take("00400000-00600000 rw-p 00000000 00:0f 7 /anon_hugepage (deleted)\n"
	     "00700000-00701000 rw-p 00000000 00:05 8 /dev/zero\n"
	     "00800000-00801000 rw-p 00000000 00:00 0 [anon:arena]\n");
	assert_int_equal(ranges.n, 3);
}

static void what_finds_no_room_is_the_smallest(void **state)
{
	take("00400000-00401000 rw-p 00000000 00:00 0 \n"
	     "00500000-00510000 rw-p 00000000 00:00 0 \n"
	     "00600000-00602000 rw-p 00000000 00:00 0 \n"
	     "00700000-00720000 rw-p 00000000 00:00 0 \n");
	ranges_cut(&ranges, 4);
	assert_int_equal(ranges.n, 4);
	ranges_cut(&ranges, 2);
	assert_int_equal(ranges.n, 2);
	assert_range(0, 0x500000, 0x510000);
	assert_range(1, 0x700000, 0x720000);
	ranges_cut(&ranges, 0);
	assert_int_equal(ranges.n, 0);
}

static void taking_again_replaces_what_was_there(void **state)
{
	take("00400000-00401000 rw-p 00000000 00:00 0 \n");
	take("00500000-00501000 rw-p 00000000 00:00 0 \n");
	assert_int_equal(ranges.n, 1);
	assert_range(0, 0x500000, 0x501000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(neighbours_are_one_range, clean),
		cmocka_unit_test_teardown(what_cannot_be_read_is_no_range_and_divides, clean),
		cmocka_unit_test_teardown(files_are_left_out_unless_code_runs_from_them, clean),
		cmocka_unit_test_teardown(pages_of_the_kernel_are_left_out, clean),
		cmocka_unit_test_teardown(memory_by_another_name_is_memory, clean),
		cmocka_unit_test_teardown(what_finds_no_room_is_the_smallest, clean),
		cmocka_unit_test_teardown(taking_again_replaces_what_was_there, clean),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
