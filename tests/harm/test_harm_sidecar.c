/*
 * leaktop from inside a second container that shares the target's processes and nothing else: the
 * root is another one, and the target's files are not there at all.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <signal.h>
#include <unistd.h>

#include "ns.h"
#include "util/mem.h"

#define TRIES 20

static const struct ns_way container = {
	.tool = "runc", .argv = {NS_PODMAN, "--name", "@", "--rootfs", "%:O"},
};
static const struct ns_way unfiltered = {
	.tool = "runc",
	.argv = {NS_PODMAN, "--security-opt", "seccomp=unconfined", "--name", "@", "--rootfs",
		 "%:O"},
};

/* What the second one is allowed beyond podman's defaults. */
static const char *const all_rights[] = {
	"--cap-add", "SYS_PTRACE,SYS_ADMIN", "--security-opt", "seccomp=unconfined", NULL,
};
static const char *const own_rights[] = {NULL};
static const char *const no_rights[] = {"--cap-drop", "ALL", "--user", "1000:1000", NULL};

static struct ns_run target;
static char truth[256];
static char luggage[] = "/tmp/leaktop-sidecar-XXXXXX";	/* leaktop and its libraries */
static bool packed;

/* ---- the second container ---------------------------------------------------------------- */

/* All but the C library: that is the other root's, as of a leaktop installed there. */
static const char pack_script[] =
	"cp \"$1/leaktop\" \"$0\" && chmod 755 \"$0\" && ldd \"$1/leaktop\" | "
	"awk '$3 ~ /^\\// && $1 !~ /^lib(c|m|dl|rt|pthread)\\.so/ { print $3 }' | "
	"while read -r f; do cp -L \"$f\" \"$0\" || exit 1; done";

static bool pack(void)
{
	const char *dir = getenv("LT_BUILDDIR");
	const char *argv[] = {"sh", "-c", pack_script, luggage, dir ? dir : ".", NULL};
	static struct harm_result r;

	if (packed)
		return true;
	if (!mkdtemp(luggage))
		return false;
	packed = true;
	harm_run(argv, &r);
	ns_comment("packing", r.err);
	return r.exit_status == 0;
}

static int unpack(void **state)
{
	const char *argv[] = {"rm", "-rf", luggage, NULL};
	static struct harm_result r;

	if (packed)
		harm_run(argv, &r);
	return 0;
}

/* leaktop with args in a container on root, beside the target's; rights: NULL terminated. */
static void beside(const char *root, const char *const *rights, const char *const *args,
		   struct harm_result *ret)
{
	const char *argv[NS_ARGS_MAX] = {NS_PODMAN, "-e", "LD_LIBRARY_PATH=/mnt"};
	char volume[64], processes[96], rootfs[300];
	size_t n = 0;

	snprintf(volume, sizeof(volume), "%s:/mnt:ro", luggage);
	snprintf(processes, sizeof(processes), "--pid=container:%s", target.name);
	snprintf(rootfs, sizeof(rootfs), "%s:O", root);
	while (argv[n])
		n++;
	argv[n++] = "-v";
	argv[n++] = volume;
	argv[n++] = processes;
	for (; *rights; rights++)
		argv[n++] = *rights;
	argv[n++] = "--rootfs";
	argv[n++] = rootfs;
	argv[n++] = "/mnt/leaktop";
	for (; *args; args++)
		argv[n++] = *args;
	argv[n] = NULL;
	harm_run(argv, ret);
}

/* ---- the tests --------------------------------------------------------------------------- */

static int clean_up(void **state)
{
	ns_kill(&target);
	return 0;
}

/* A root other than the target's in which this leaktop runs; "" for none. */
static const char *other_root(const struct python_exe *exe)
{
	const struct python_exe *all;
	size_t n = ns_foreign(&all);
	const char *help[] = {"--version", NULL};
	static struct harm_result r;

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(all[i].root, exe->root))
			continue;
		beside(all[i].root, own_rights, help, &r);
		if (r.exit_status == 0)
			return all[i].root;
	}
	ns_comment("leaktop in the other root", r.err);
	return "";
}

/* Starts a target in the first root for which there is another one; that one goes to *ret. */
static void begin(const struct ns_way *way, const char **ret)
{
	const struct python_exe *exes;
	size_t n = ns_need(way, &exes);
	const char *root = "";

	assert_true(pack());
	for (size_t i = 0; i < n && !*root; i++) {
		ns_kill(&target);
		if (!ns_start(&target, way, &exes[i])) {
			ns_comment("podman", target.err);
			SKIP("podman does not run %s here", exes[i].name);
		}
		root = other_root(&exes[i]);
	}
	if (!*root)
		SKIP("there are no two roots of which one can run this leaktop");
	snprintf(truth, sizeof(truth), "%s", ns_ask(&target, "grow 1000\n"));
	*ret = root;
}

static void end(void)
{
	ns_end(&target);
	assert_int_equal(target.status, 7 << 8);
	assert_string_equal(target.err, "bye\n");
	assert_non_null(strstr(target.out, "sum 499500 of 1000\n"));
}

/* One sample, or its refusal. */
static void look(const char *root, const char *const *rights, struct harm_result *ret)
{
	char number[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", number, NULL};

	snprintf(number, sizeof(number), "%d", harm_status(target.pid).ns_pid);
	beside(root, rights, args, ret);
	ns_comment("leaktop", ret->err);
}

static void assert_counted(const struct ns_way *way, const char *const *rights)
{
	static struct harm_result r;
	const char *root;
	bool counted = false;

	begin(way, &root);
	for (int i = 0; i < TRIES && !counted; i++) {
		look(root, rights, &r);
		assert_int_equal(r.exit_status, 0);
		counted = strstr(r.out, "\"types\":[{") != NULL;
	}
	assert_true(ns_is_true(r.out, truth));
	end();
}

static void leaktop_counts_from_a_second_container(void **state)
{
	assert_counted(&container, all_rights);
}

static void the_default_rights_are_enough_for_a_target_without_a_filter(void **state)
{
	assert_counted(&unfiltered, own_rights);
}

static void the_default_rights_show_what_can_be_read(void **state)
{
	static struct harm_result r;
	const char *root;

	begin(&container, &root);
	look(root, own_rights, &r);
	assert_int_equal(r.exit_status, 0);
	assert_non_null(strstr(r.out, "\"method\":\"readonly\""));
	assert_non_null(strstr(r.out, "\"rss\":"));
	assert_null(strstr(r.out, "\"rss\":null"));
	assert_non_null(strstr(r.out, "\"code\":\"seccomp"));
	end();
}

static void without_rights_leaktop_is_refused_from_a_second_container(void **state)
{
	static struct harm_result r;
	const char *root;

	begin(&container, &root);
	look(root, no_rights, &r);
	assert_int_equal(r.exit_status, 4);
	assert_int_equal(r.err_lines, 2);
	assert_non_null(strstr(r.out, "\"code\":\"permission-uid\""));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, clean_up)
		TEST(leaktop_counts_from_a_second_container),
		TEST(the_default_rights_are_enough_for_a_target_without_a_filter),
		TEST(the_default_rights_show_what_can_be_read),
		TEST(without_rights_leaktop_is_refused_from_a_second_container),
#undef TEST
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("sidecar", tests, NULL, unpack);
}
