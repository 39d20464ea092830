/*
 * Pythons of another root, under another C library, in every kind of namespace and container that
 * this machine has: what leaktop counts is what the target knows, and the target says, writes and
 * ends with what an unwatched one does.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <signal.h>

#include "ns.h"

/* A root on top of the other one, in memory and in a mount namespace: it goes with the target. */
#define PRIVATE_ROOT "unshare", "--mount", "--propagation", "private", "sh", "-c", \
		     "mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/over && " \
		     "mount -t overlay overlay -o " \
		     "lowerdir=$0,upperdir=/mnt/upper,workdir=/mnt/work /mnt/over && " \
		     "exec chroot /mnt/over \"$@\"", "%"

/* action: done to $f, each file that is mapped: the program, its loader and its libraries. */
#define TO_EVERY_FILE(action) \
	"cd /proc/$0/root && " \
	"awk '$6 ~ /^\\/mnt\\/over/ { print substr($6, 10) }' /proc/$0/maps | sort -u | " \
	"while read -r f; do " action "; done && " \
	"readlink /proc/$0/exe | grep -q '(deleted)' && " \
	"grep -q 'libc[-.].*(deleted)' /proc/$0/maps"

static const struct ns_way ways[] = {
	{"a_python_in_a_chroot_is_watched", .argv = {"chroot", "%"}},
	{"a_python_in_namespaces_of_its_own_is_watched",
	 .argv = {"unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork",
		  "--kill-child", "--net", "--ipc", "--uts", "--mount-proc=%/proc", "chroot", "%"}},
	{"a_python_in_bubblewrap_on_a_read_only_root_is_watched",
	 .argv = {"bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "%", "/", "--proc",
		  "/proc", "--dev", "/dev", "--tmpfs", "/run"}},
	{"a_user_watches_a_python_in_bubblewrap", .uid = HARM_NOBODY,
	 .argv = {"bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "%", "/", "--proc",
		  "/proc", "--dev", "/dev", "--tmpfs", "/run"}},
	{"a_python_under_podman_s_own_seccomp_profile_is_watched", .tool = "runc",
	 .argv = {NS_PODMAN, "--rootfs", "%:O"}},
	{"a_python_in_a_hardened_container_is_watched", .tool = "runc",
	 .argv = {NS_PODMAN, "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL",
		  "--security-opt", "no-new-privileges", "--user", "1000:1000", "--rootfs",
		  "%:O"}},
	{"a_python_whose_files_were_replaced_by_an_upgrade_is_watched",
	 .argv = {PRIVATE_ROOT},
	 .meanwhile = TO_EVERY_FILE("cp -p .$f .$f.new && mv .$f.new .$f || exit 1")},
	{"a_python_whose_files_were_removed_is_watched",
	 .argv = {PRIVATE_ROOT}, .meanwhile = TO_EVERY_FILE("rm .$f || exit 1")},
	/* it wants to mount /proc and the like itself */
	{"a_python_under_systemd_nspawn_is_watched", .tool = "systemd-nspawn",
	 .argv = {"unshare", "--mount", "--propagation", "private", "sh", "-c",
		  "for d in dev/shm dev/pts dev sys proc; do umount -l \"$0/$d\"; done 2>/dev/null;"
		  "exec systemd-nspawn -q --register=no --keep-unit --pipe -D \"$0\" \"$@\"",
		  "%"}},
};

static struct ns_run unwatched, watched;

static int clean_up(void **state)
{
	ns_kill(&unwatched);
	ns_kill(&watched);
	return 0;
}

/* ---- one Python in one place ------------------------------------------------------------ */

/* true also where this way does not work on this machine, with nobody watching. */
static bool watch_in(const struct ns_way *way, const struct python_exe *exe, int *ret_n)
{
	bool well;

	if (!ns_start(&unwatched, way, exe)) {
		printf("# skipped: %s does not run %s here\n", way->argv[0], exe->name);
		ns_comment("it said", unwatched.err);
		return true;
	}
	++*ret_n;
	well = ns_lead(&unwatched, way, false);
	assert_true(ns_start(&watched, way, exe));
	well = ns_lead(&watched, way, true) && well;
	well = ns_equal(&unwatched, &watched) && well;
	if (!well)
		printf("# %s: not so\n", exe->name);
	return well;
}

/* ---- the tests -------------------------------------------------------------------------- */

static void a_way(void **state)
{
	const struct ns_way *way = *state;
	const struct python_exe *exes;
	size_t n = ns_need(way, &exes);
	int ran = 0, failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += !watch_in(way, &exes[i], &ran);
	assert_int_equal(failed, 0);
	if (ran == 0)
		skip();
}

int main(void)
{
	struct CMUnitTest tests[sizeof(ways) / sizeof(ways[0])];

	signal(SIGPIPE, SIG_IGN);	/* a target that did not come up is no end of the test */
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		tests[i] = (struct CMUnitTest){
			.name = ways[i].test, .test_func = a_way, .teardown_func = clean_up,
			.initial_state = (void *)(uintptr_t)&ways[i],
		};
	return cmocka_run_group_tests_name("namespaces", tests, NULL, NULL);
}
