#include "config.h"
#include "test.h"

#include <sys/stat.h>

#include "proc/cgroup.h"
#include "proc/figures_ops.h"
#include "util/mem.h"
#include "util/num.h"

/* --- a tree of files to read from --- */

static char tree[64];

static int tree_begin(void **state)
{
	snprintf(tree, sizeof(tree), "/tmp/leaktop-test-XXXXXX");
	return mkdtemp(tree) ? 0 : -1;
}

static int tree_end(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", tree);
	return system(command);
}

/* Writes tree/path and makes the folders on the way. */
static void put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", tree, path);
	for (char *p = full + strlen(tree) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(full, 0755);	/* it may be there */
		*p = '/';
	}
	f = fopen(full, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* --- PSS and USS --- */

static void the_rollup_is_read_where_the_kernel_has_it(void **state)
{
	struct figures_slow s;

	put("proc/7/smaps_rollup",
	    "55d8c4e00000-7ffc5b5f2000 ---p 00000000 00:00 0                          [rollup]\n"
	    "Rss:              13420 kB\nPss:               6027 kB\nPss_Dirty:         4684 kB\n"
	    "Pss_Anon:          4672 kB\nShared_Clean:      7528 kB\nPrivate_Clean:     1208 kB\n"
	    "Private_Dirty:     4684 kB\nPrivate_Hugetlb:   2048 kB\nSwapPss:              9 kB\n");
	put("proc/7/smaps", "Pss: 1 kB\nPrivate_Dirty: 1 kB\n");
	assert_int_equal(figures_slow_read(tree, 7, &s, NULL), LT_OK);
	assert_int_equal(s.pss_bytes, 6027 * 1024);
	assert_int_equal(s.uss_bytes, (1208 + 4684 + 2048) * 1024);
}

static void before_linux_4_14_the_maps_are_added_up(void **state)
{
	struct figures_slow s;

	put("proc/7/smaps",
	    "00400000-0040b000 r-xp 00000000 fe:01 1234  /usr/bin/Pss: 7 kB\n"
	    "Size:                44 kB\nRss:                 44 kB\nPss:                 20 kB\n"
	    "Private_Clean:        4 kB\nPrivate_Dirty:        8 kB\n"
	    "0060a000-0060b000 rw-p 0000a000 fe:01 1234  /usr/bin/x\n"
	    "Pss:                  5 kB\nPrivate_Clean:        0 kB\nPrivate_Dirty:        5 kB\n"
	    "VmFlags: rd wr mr mw me dw ac\n");
	assert_int_equal(figures_slow_read(tree, 7, &s, NULL), LT_OK);
	assert_int_equal(s.pss_bytes, 25 * 1024);
	assert_int_equal(s.uss_bytes, 17 * 1024);
}

static void a_rollup_without_the_lines_is_unknown_not_zero(void **state)
{
	struct figures_slow s;

	put("proc/7/smaps_rollup", "");
	assert_int_equal(figures_slow_read(tree, 7, &s, NULL), LT_OK);
	assert_int_equal(s.pss_bytes, LT_UNKNOWN);
	assert_int_equal(s.uss_bytes, LT_UNKNOWN);
	put("proc/7/smaps_rollup", "Pss: 0 kB\nPrivate_Clean: 18446744073709551615 kB\n"
				   "Private_Dirty: 5 kB\n");
	assert_int_equal(figures_slow_read(tree, 7, &s, NULL), LT_OK);
	assert_int_equal(s.pss_bytes, 0);
	assert_int_equal(s.uss_bytes, LT_UNKNOWN);
}

static void a_process_without_either_file_is_gone(void **state)
{
	struct figures_slow s;

	assert_int_equal(figures_slow_read(tree, 7, &s, NULL), LT_E_GONE);
}

/* --- control groups --- */

#define V2_MOUNT "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
#define V1_CPU "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
#define V2_BESIDE "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
#define NO_V1_LIMIT "9223372036854771712\n"

static void the_text_of_a_limit_is_a_number_or_none(void **state)
{
	static const struct { const char *text; int64_t want; } rows[] = {
		{"1073741824\n", 1 << 30}, {"0\n", 0}, {"5", 5},
		{"4611686018427387903\n", (1LL << 62) - 1},
		{"4611686018427387904\n", LT_UNKNOWN}, {NO_V1_LIMIT, LT_UNKNOWN},
		{"max\n", LT_UNKNOWN}, {"", LT_UNKNOWN}, {"\n", LT_UNKNOWN}, {"-1\n", LT_UNKNOWN},
		{"12x\n", LT_UNKNOWN}, {"18446744073709551616\n", LT_UNKNOWN},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(cgroup_parse_limit(rows[i].text, strlen(rows[i].text)),
				 rows[i].want);
}

static void the_tightest_limit_on_the_way_up_counts_in_v2(void **state)
{
	put("sys/fs/cgroup/app.slice/web/memory.max", "max\n");
	put("sys/fs/cgroup/app.slice/memory.max", "3000\n");
	put("sys/fs/cgroup/memory.max", "5000\n");
	put("sys/fs/cgroup/memory.limit_in_bytes", "1\n");
	assert_int_equal(cgroup_limit(tree, "0::/app.slice/web\n", V2_MOUNT), 3000);
	put("sys/fs/cgroup/app.slice/web/memory.max", "2000\n");
	assert_int_equal(cgroup_limit(tree, "0::/app.slice/web\n", V2_MOUNT), 2000);
	assert_int_equal(cgroup_limit(tree, "0::/", V2_MOUNT), 5000);
	assert_int_equal(cgroup_limit(tree, "0::/app.slice/deleted/below\n", V2_MOUNT), 3000);
}

static void v1_has_its_own_file_and_its_own_hierarchy(void **state)
{
	static const char groups[] = "9:name=systemd:/app\n5:cpu,cpuacct:/wrong\n"
				     "4:memory,hugetlb:/app/web\n0::/\n";

	put("sys/fs/cgroup/memory/app/web/memory.limit_in_bytes", NO_V1_LIMIT);
	put("sys/fs/cgroup/memory/app/memory.limit_in_bytes", "4000\n");
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", NO_V1_LIMIT);
	put("sys/fs/cgroup/cpu/wrong/memory.limit_in_bytes", "1\n");
	assert_int_equal(cgroup_limit(tree, groups, V1_CPU V1_MOUNT V2_BESIDE), 4000);
	put("sys/fs/cgroup/unified/memory.max", "3500\n");
	assert_int_equal(cgroup_limit(tree, groups, V1_CPU V1_MOUNT V2_BESIDE), 3500);
}

static void the_tightest_share_of_a_cpu_counts_on_the_way_up(void **state)
{
	struct status_cpu c;

	put("proc/self/mountinfo", V2_MOUNT);
	put("proc/7/cgroup", "0::/app.slice/web\n");
	put("proc/8/cgroup", "0::/app.slice/other\n");
	put("proc/9/cgroup", "0::/app.slice/web\n");
	put("sys/fs/cgroup/app.slice/web/cpu.max", "max 100000\n");
	c = cgroup_cpu_limit(tree, 7, 8);
	assert_int_equal(c.quota_us, LT_UNKNOWN);
	put("sys/fs/cgroup/app.slice/cpu.max", "30000 100000\n");
	put("sys/fs/cgroup/cpu.max", "80000 100000\n");
	c = cgroup_cpu_limit(tree, 7, 8);
	assert_int_equal(c.quota_us, 30000);
	assert_int_equal(c.period_us, 100000);
	put("sys/fs/cgroup/app.slice/web/cpu.max", "2000 10000\n");
	c = cgroup_cpu_limit(tree, 7, 8);
	assert_int_equal(c.quota_us, 2000);
	assert_int_equal(c.period_us, 10000);
	c = cgroup_cpu_limit(tree, 7, 9);	/* in the same group: it stands still with it */
	assert_int_equal(c.quota_us, LT_UNKNOWN);
	c = cgroup_cpu_limit(tree, 7, 10);	/* one that is gone is not in it */
	assert_int_equal(c.quota_us, 2000);
}

static void the_share_of_a_cpu_is_in_two_files_in_v1(void **state)
{
	static const char *const wrong[] = {"-1\n", "", "x\n", "99999999999999999999\n"};
	struct status_cpu c;

	put("proc/self/mountinfo", V1_CPU V1_MOUNT V2_BESIDE);
	put("proc/7/cgroup", "5:cpu,cpuacct:/app\n4:memory:/wrong\n0::/\n");
	put("sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "50000\n");
	put("sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "5000\n");
	c = cgroup_cpu_limit(tree, 7, 8);
	assert_int_equal(c.quota_us, 5000);
	assert_int_equal(c.period_us, 50000);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		put("sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", wrong[i]);
		c = cgroup_cpu_limit(tree, 7, 8);
		assert_int_equal(c.quota_us, LT_UNKNOWN);
	}
	put("sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "5000\n");
	put("sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "0\n");
	c = cgroup_cpu_limit(tree, 7, 8);
	assert_int_equal(c.quota_us, LT_UNKNOWN);
}

static void what_a_limit_leaves_counts_page_cache_as_left(void **state)
{
	put("proc/self/mountinfo", V2_MOUNT);
	put("proc/7/cgroup", "0::/app\n");
	put("proc/8/cgroup", "0::/app\n");
	put("proc/9/cgroup", "0::/other\n");
	put("sys/fs/cgroup/app/memory.current", "9000\n");
	put("sys/fs/cgroup/app/memory.max", "max\n");
	assert_int_equal(cgroup_memory_left(tree, 7, 8), LT_UNKNOWN);
	put("sys/fs/cgroup/app/memory.max", "10000\n");
	assert_int_equal(cgroup_memory_left(tree, 7, 8), 1000);
	put("sys/fs/cgroup/app/memory.stat", "anon 5\nfile 77\ninactive_file 300\nactive_file 50\n"
					     "slab_reclaimable 7\ninactive_file_x 9\n");
	assert_int_equal(cgroup_memory_left(tree, 7, 8), 1357);
	put("sys/fs/cgroup/memory.max", "100\n");
	put("sys/fs/cgroup/memory.current", "900\n");
	assert_int_equal(cgroup_memory_left(tree, 7, 8), 0);
	assert_int_equal(cgroup_memory_left(tree, 7, 9), LT_UNKNOWN);
	assert_int_equal(cgroup_memory_left(tree, 7, 10), LT_UNKNOWN);
}

static void what_a_limit_of_v1_leaves_is_in_other_files(void **state)
{
	put("proc/self/mountinfo", V1_CPU V1_MOUNT V2_BESIDE);
	put("proc/7/cgroup", "4:memory:/app\n0::/\n");
	put("sys/fs/cgroup/memory/app/memory.limit_in_bytes", "5000\n");
	put("sys/fs/cgroup/memory/app/memory.usage_in_bytes", "4000\n");
	put("sys/fs/cgroup/memory/app/memory.stat", "inactive_file 1\ntotal_inactive_file 200\n"
						    "total_active_file 30\n");
	assert_int_equal(cgroup_memory_left(tree, 7, 7), 1230);
	put("sys/fs/cgroup/memory/app/memory.limit_in_bytes", NO_V1_LIMIT);
	assert_int_equal(cgroup_memory_left(tree, 7, 7), LT_UNKNOWN);
}

static void no_limit_anywhere_is_unknown(void **state)
{
	put("sys/fs/cgroup/memory/app/memory.limit_in_bytes", NO_V1_LIMIT);
	assert_int_equal(cgroup_limit(tree, "4:memory:/app\n", V1_MOUNT), LT_UNKNOWN);
	assert_int_equal(cgroup_limit(tree, "4:memory:/app\n", V1_CPU), LT_UNKNOWN);
	assert_int_equal(cgroup_limit(tree, "5:cpu:/app\n", V1_MOUNT), LT_UNKNOWN);
	assert_int_equal(cgroup_limit(tree, "", ""), LT_UNKNOWN);
}

static void a_container_sees_its_own_group_as_the_mounts_root(void **state)
{
	static const char mount[] = "35 31 0:32 /docker/4f1 /sys/fs/cgroup/memory ro - cgroup "
				    "cgroup rw,memory\n";

	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "700\n");
	put("sys/fs/cgroup/memory/in/memory.limit_in_bytes", "600\n");
	put("sys/fs/cgroup/memory2/in/memory.limit_in_bytes", "1\n");
	assert_int_equal(cgroup_limit(tree, "4:memory:/docker/4f1\n", mount), 700);
	assert_int_equal(cgroup_limit(tree, "4:memory:/docker/4f1/in\n", mount), 600);
	/* another container, or one whose name only begins alike: not to be seen from here */
	assert_int_equal(cgroup_limit(tree, "4:memory:/docker/4f12/in\n", mount), LT_UNKNOWN);
	assert_int_equal(cgroup_limit(tree, "4:memory:/\n", mount), LT_UNKNOWN);
}

static void a_group_outside_of_our_namespace_is_not_followed(void **state)
{
	put("sys/fs/cgroup/memory.max", "5000\n");
	put("sys/fs/cgroup/other/memory.max", "10\n");
	assert_int_equal(cgroup_limit(tree, "0::/../other\n", V2_MOUNT), LT_UNKNOWN);
	assert_int_equal(cgroup_limit(tree, "0::/other/..\n", V2_MOUNT), LT_UNKNOWN);
}

static void a_mount_point_with_blanks_is_decoded(void **state)
{
	put("my groups\\/x/memory.max", "42\n");
	assert_int_equal(cgroup_limit(tree, "0::/x\n", "30 23 0:26 / /my\\040groups\\134 rw - "
							"cgroup2 none rw\n"), 42);
}

static void a_mountinfo_that_makes_no_sense_has_no_limit(void **state)
{
	static const char *const rows[] = {
		"", "\n", "-\n", "30\n", "30 23 0:26 / /sys/fs/cgroup rw shared:4\n",
		"30 23 0:26 / /sys/fs/cgroup rw - cgroup2\n", "30 23 0:26 /  rw - cgroup2 x rw\n",
		"30 23 0:26 / /sys/fs/cgroup rw - ext4 cgroup2 rw,memory\n",
		"- - - - - - - - - -\n",
		"\\\\\\\\ \\04 \\ \\ \\ - cgroup2 x y\n",
	};

	put("sys/fs/cgroup/memory.max", "5000\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(cgroup_limit(tree, "0::/\n", rows[i]), LT_UNKNOWN);
}

static void the_limit_is_found_from_the_process_on(void **state)
{
	put("proc/7/cgroup", "0::/app\n");
	put("proc/self/mountinfo", "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n" V2_MOUNT);
	put("sys/fs/cgroup/app/memory.max", "123456789\n");
	assert_int_equal(cgroup_memory_limit(tree, 7), 123456789);
	assert_int_equal(cgroup_memory_limit(tree, 8), LT_UNKNOWN);
}

#define GROUP_LEN (1 << 20)

static void a_path_longer_than_any_is_skipped(void **state)
{
	char *group = malloc(GROUP_LEN + 1);

	assert_non_null(group);
	memset(group, 'x', GROUP_LEN);
	memcpy(group, "0::/", 4);
	group[GROUP_LEN] = '\0';
	put("sys/fs/cgroup/memory.max", "5000\n");
	assert_int_equal(cgroup_limit(tree, group, V2_MOUNT), LT_UNKNOWN);
	free(group);
}

static void a_frozen_group_is_told_by_v2_and_by_the_freezer_of_v1(void **state)
{
	put("proc/7/cgroup", "6:freezer:/box\n4:memory:/mem\n0::/app\n");
	put("proc/self/mountinfo", V2_BESIDE V1_MOUNT "36 31 0:33 / /sys/fs/cgroup/freezer rw - "
				   "cgroup cgroup rw,freezer\n");
	put("sys/fs/cgroup/unified/app/cgroup.events", "populated 1\nfrozen 0\n");
	put("sys/fs/cgroup/freezer/box/freezer.state", "THAWED\n");
	put("sys/fs/cgroup/freezer/mem/freezer.state", "FROZEN\n");
	assert_false(cgroup_frozen(tree, 7));
	put("sys/fs/cgroup/freezer/box/freezer.state", "FREEZING\n");
	assert_true(cgroup_frozen(tree, 7));
	put("sys/fs/cgroup/freezer/box/freezer.state", "THAWED\n");
	put("sys/fs/cgroup/unified/app/cgroup.events", "populated 1\nfrozen 1\n");
	assert_true(cgroup_frozen(tree, 7));
	assert_false(cgroup_frozen(tree, 8));
	put("proc/7/cgroup", "6:freezer:/mem\n");		/* it has moved */
	assert_true(cgroup_frozen(tree, 7));
	put("proc/7/cgroup", "6:freezer:/box\n");
	assert_false(cgroup_frozen(tree, 7));
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, tree_begin, tree_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(the_rollup_is_read_where_the_kernel_has_it),
		IN_TREE(before_linux_4_14_the_maps_are_added_up),
		IN_TREE(a_rollup_without_the_lines_is_unknown_not_zero),
		IN_TREE(a_process_without_either_file_is_gone),
		cmocka_unit_test(the_text_of_a_limit_is_a_number_or_none),
		IN_TREE(the_tightest_limit_on_the_way_up_counts_in_v2),
		IN_TREE(v1_has_its_own_file_and_its_own_hierarchy),
		IN_TREE(the_tightest_share_of_a_cpu_counts_on_the_way_up),
		IN_TREE(the_share_of_a_cpu_is_in_two_files_in_v1),
		IN_TREE(what_a_limit_leaves_counts_page_cache_as_left),
		IN_TREE(what_a_limit_of_v1_leaves_is_in_other_files),
		IN_TREE(no_limit_anywhere_is_unknown),
		IN_TREE(a_container_sees_its_own_group_as_the_mounts_root),
		IN_TREE(a_group_outside_of_our_namespace_is_not_followed),
		IN_TREE(a_mount_point_with_blanks_is_decoded),
		IN_TREE(a_mountinfo_that_makes_no_sense_has_no_limit),
		IN_TREE(the_limit_is_found_from_the_process_on),
		IN_TREE(a_path_longer_than_any_is_skipped),
		IN_TREE(a_frozen_group_is_told_by_v2_and_by_the_freezer_of_v1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
