/*
 * Pythons of another root, under another C library, in every kind of namespace and container that
 * this machine has: what leaktop counts is what the target knows, and the target says, writes and
 * ends with what an unwatched one does.
 */
#include "config.h"
#include "tests/unit/test.h"

#include <ctype.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"
#include "tests/live/belongings.h"

#define PODMAN "podman", "run", "-i", "--rm", "--runtime", "runc", "--ulimit", "nofile=1024:1024", \
	       "--ulimit", "nproc=1024:1024", "--network", "none"

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
	 .filtered = true, .argv = {PODMAN, "--rootfs", "%:O"}},
	{"a_python_in_a_hardened_container_is_watched", .tool = "runc", .filtered = true,
	 .argv = {PODMAN, "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL",
		  "--security-opt", "no-new-privileges", "--user", "1000:1000", "--rootfs",
		  "%:O"}},
	/* it wants to mount /proc and the like itself */
	{"a_python_under_systemd_nspawn_is_watched", .tool = "systemd-nspawn", .filtered = true,
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

/* Attach, count, detach while it stands still: nothing of it may be another afterwards. */
static bool is_left_alone(const struct ns_run *run, uid_t uid, const char *truth)
{
	struct belongings before, after;
	bool well;

	assert_true(harm_wait_blocked(run->pid) >= 0);
	belongings_take(run->pid, &before);
	assert_true(before.maps[0] && before.fds[0]);
	well = ns_counts(run->pid, uid, truth);
	assert_true(harm_wait_blocked(run->pid) >= 0);
	belongings_take(run->pid, &after);
	well = belongings_equal(&before, &after) && well;
	belongings_free(&before);
	belongings_free(&after);
	return well;
}

/* It grows twice, standing still and computing; uid is who watches, if anybody does. */
static bool lead(struct ns_run *run, bool watch, uid_t uid)
{
	const char *answer;
	char truth[256];
	bool well = true;

	answer = ns_ask(run, "grow 1000\n");
	if (watch)
		well = is_left_alone(run, uid, answer);
	snprintf(truth, sizeof(truth), "%s", ns_ask(run, "grow 500\n"));
	(void)ns_ask(run, "busy\n");
	if (watch)
		well = ns_counts(run->pid, uid, truth) && well;
	if (strcmp(ns_ask(run, "rest\n"), "rested") != 0)
		well = false;
	ns_end(run);
	return well && WIFEXITED(run->status) && WEXITSTATUS(run->status) == 7;
}

static bool has_tools(const struct ns_way *way)
{
	const char *missing = NULL;

	if (!ns_has(way->argv[0]))
		missing = way->argv[0];
	else if (way->tool && !ns_has(way->tool))
		missing = way->tool;
	if (missing)
		printf("# skipped: %s is not installed\n", missing);
	return !missing;
}

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
	well = lead(&unwatched, false, 0);
	assert_true(ns_start(&watched, way, exe));
	well = lead(&watched, true, way->uid) && well;
	well = ns_equal(&unwatched, &watched) && well;
	if (!well)
		printf("# %s: not so\n", exe->name);
	return well;
}

/* ---- the tests -------------------------------------------------------------------------- */

static size_t list_foreign(const struct python_exe **ret)
{
	static struct python_exe foreign[32];
	const char *only = getenv("LT_PYTHON");
	const struct python_exe *all;
	size_t n = 0, n_all = pythons_list(&all);

	for (size_t i = 0; i < n_all && n < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (all[i].root[0] && (!only || strstr(all[i].name, only)))
			foreign[n++] = all[i];
	*ret = foreign;
	return n;
}

static void a_way(void **state)
{
	const struct ns_way *way = *state;
	const struct python_exe *exes;
	size_t n = list_foreign(&exes);
	int ran = 0, failed = 0;

	if (geteuid() != 0)
		SKIP("only root can enter another root");
	if (n == 0)
		SKIP("there is no other root with a Python in it (tools/root makes one)");
	if (!has_tools(way))
		skip();
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
