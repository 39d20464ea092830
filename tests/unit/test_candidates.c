/* Which names are Python's, and what a control group tells of the place a process runs in. */
#include "config.h"
#include "test.h"

#include <unistd.h>

#include "proc/candidates.h"
#include "proc/container.h"
#include "util/mem.h"

#define ID "1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c5b6a7988"

static void a_name_tells_python_and_its_version(void **state)
{
	static const struct { const char *name, *version; } cases[] = {
		{"python3.11", "3.11"}, {"python3.11 (deleted)", "3.11"}, {"python", ""},
		{"python2.7", "2.7"}, {"python3", ""}, {"python3.15t", "3.15"}, {"pypy3", ""},
		{"/usr/lib/libpython3.9.so.1.0", "3.9"}, {"libpython3.so", "3"},
		{"_json.cpython-313-x86_64-linux-gnu.so", "3.13"},
		{"/usr/lib/python2.7/lib-dynload/_json.so", ""},
		{"bash", NULL}, {"ipython-notes", NULL}, {"cpython", NULL}, {"", NULL},
	};
	char version[16];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		bool is = candidates_name(cases[i].name, strlen(cases[i].name), version,
					  sizeof(version));

		assert_int_equal(is, cases[i].version != NULL);
		if (is)
			assert_string_equal(version, cases[i].version);
	}
}

static void a_control_group_tells_the_container(void **state)
{
	static const struct { const char *cgroup, *name; } cases[] = {
		{"0::/system.slice/docker-" ID ".scope\n", "docker 1f2e3d4c5b6a"},
		{"12:memory:/docker/" ID "\n11:cpu:/docker/" ID "\n", "docker 1f2e3d4c5b6a"},
		{"0::/machine.slice/libpod-" ID ".scope/container\n", "podman 1f2e3d4c5b6a"},
		{"0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-" ID ".scope\n",
		 "k8s 1f2e3d4c5b6a"},
		{"4:memory:/kubepods/burstable/pod0a1b/" ID "\n", "k8s 1f2e3d4c5b6a"},
		{"0::/lxc.payload.web/system.slice/api.service\n", "lxc web"},
		{"3:cpu:/lxc/web/init\n", "lxc web"},
		{"0::/machine.slice/systemd-nspawn@web.service/payload\n", "nspawn web"},
		{"0::/" ID "\n", "container 1f2e3d4c5b6a"},
		{"0::/system.slice/api.service\n", "api.service"},
		{"0::/system.slice/api.service/worker\n", "api.service"},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice\n", ""},
		{"0::/user.slice/user-0.slice/session-3.scope\n", ""},
		{"0::/\n", ""}, {"", ""}, {"0::\n", ""}, {"///\n//", ""}, {"0::/.service\n", ""},
	};
	char name[48];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(container_name(cases[i].cgroup, 7, 7, name, sizeof(name)),
				    cases[i].name);
}

static void another_pid_inside_is_a_namespace(void **state)
{
	char name[48];

	assert_string_equal(container_name("0::/\n", 4242, 7, name, sizeof(name)),
			    "namespace (PID 7)");
	assert_string_equal(container_name("0::/a.service\n", 4242, 7, name, sizeof(name)),
			    "a.service");
}

static void a_place_cannot_control_the_terminal(void **state)
{
	char name[48];

	container_name("0::/system.slice/\x1b]52;c;x\a.service\n", 1, 1, name, sizeof(name));
	assert_string_equal(name, "?]52;c;x?.service");
}

/* The own process is one that is no Python, and there are others. */
static void a_round_ends_and_goes_through_all_processes(void **state)
{
	struct candidates *c = candidates_new();
	size_t n;

	for (int round = 0; round < 2; round++) {
		while (!candidates_step(c, 1))
			;
		assert_true(candidates_seen(c) > 1);
		for (const struct candidate *at = candidates_list(c, &n); n > 0; n--, at++)
			assert_int_not_equal(at->pid, getpid());
	}
	candidates_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_tells_python_and_its_version),
		cmocka_unit_test(a_control_group_tells_the_container),
		cmocka_unit_test(another_pid_inside_is_a_namespace),
		cmocka_unit_test(a_place_cannot_control_the_terminal),
		cmocka_unit_test(a_round_ends_and_goes_through_all_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
