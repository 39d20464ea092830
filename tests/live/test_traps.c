/*
 * Programs in which borrowing the main thread once did harm: each ends by itself and says whether
 * it was left in peace. Every trap is run on every Python that has it.
 */
#include "config.h"
#include "../unit/test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "watching.h"

struct trap {
	const char *name;
	const char *versions;		/* of these only: "3.9" matches 3.9.18; NULL: all of 3 */
	int64_t every_ms;		/* how often it is visited */
	const char *script;		/* prints "ready", works, prints "right" */
};

/* Counts would be made under another interpreter's GIL, or wait for one the thread holds itself. */
static const char own_gil[] =
	"import sys, threading, time\n"
	"try:\n"
	"    import _interpreters as si\n"
	"except ImportError:\n"
	"    import _xxsubinterpreters as si\n"
	"stop = False\n"
	"def churn():\n"
	"    while not stop:\n"
	"        [[] for _ in range(1000)]\n"
	"threads = [threading.Thread(target=churn) for _ in range(2)]\n"
	"for t in threads: t.start()\n"
	"code = 'import time\\nprint(\"ready\", flush=True)\\n' \\\n"
	"       'for _ in range(20): time.sleep(0.1)'\n"
	"i = si.create()\n"
	"(si.exec if hasattr(si, 'exec') else si.run_string)(i, code)\n"
	"stop = True\n"
	"for t in threads: t.join()\n"
	"si.destroy(i)\n"
	"print('right', flush=True)\n";

/* The main thread waits in C under another thread state of its own, GIL in hand. */
static const char shared_gil[] =
	"import sys, _xxsubinterpreters as si\n"
	"code = 'import ctypes, time\\nprint(\"ready\", flush=True)\\n' \\\n"
	"       'poll = ctypes.PyDLL(None).poll\\n' \\\n"
	"       'for _ in range(20): poll(None, 0, 100)\\n'\n"
	"i = si.create()\n"
	"si.run_string(i, code)\n"
	"si.destroy(i)\n"
	"print('right', flush=True)\n";

/*
 * Stops made a wait of 1.5 s begin anew each time: it never ended. On a busy machine a wait may end
 * late for want of a CPU as well, so three of many must end in time; the alarm is for all of them.
 */
#define THREE_IN_TIME(wait) \
	"import select, signal, socket, struct, time\n" \
	"signal.alarm(120)\n" \
	"a, b = socket.socketpair()\n" \
	"print('ready', flush=True)\n" \
	"in_time = 0\n" \
	"while in_time < 3:\n" \
	"    begin = time.monotonic()\n" \
	wait \
	"    took = time.monotonic() - begin\n" \
	"    assert took > 1.49, took\n" \
	"    in_time += took < 3.4\n" \
	"print('right', flush=True)\n"

static const char timer[] = THREE_IN_TIME(
	"    assert select.epoll().poll(1.5) == []\n");

/* SO_RCVTIMEO: the same, and the timeout is out of reach. */
static const char receive[] = THREE_IN_TIME(
	"    a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('ll', 1, 500000))\n"
	"    try:\n"
	"        a.recv(1)\n"
	"        assert 0\n"
	"    except BlockingIOError:\n"
	"        pass\n");

/* A note is queued while more types appear than the block has room for. */
static const char many_types[] =
	"import ctypes, time\n"
	"keep = [type('T%d' % i, (), {}) for i in range(6000)]\n"
	"hold = [t() for t in keep]\n"
	"libc = ctypes.CDLL(None)\n"
	"libc.qsort.argtypes = None\n"
	"poll = libc.poll\n"
	"print('ready', flush=True)\n"
	"end = time.monotonic() + 3\n"
	"while time.monotonic() < end:\n"
	"    sorted(range(300000), key=lambda n: -n)\n"
	"    poll(None, 0, 300)\n"
	"print('right', flush=True)\n";

/* What changes while it is counted: sorted lists, half-built dicts, types that die. */
static const char shapes[] =
	"import sys, time, enum\n"
	"class Big(int): pass\n"
	"class Odd(dict): pass\n"
	"ints = [Big(10 ** n) for n in range(50)]\n"
	"print('ready', flush=True)\n"
	"end = time.monotonic() + 2\n"
	"n = 0\n"
	"while time.monotonic() < end:\n"
	"    T = type('Short', (Odd,), {'__slots__': ()})\n"
	"    d = T(a=1); d.update({i: i for i in range(50)}); del d['a']\n"
	"    l = list(range(2000)); l.sort(key=lambda v: (-v, str(v)))\n"
	"    assert l[0] == 1999 and len(d) == 50\n"
	"    n += 1\n"
	"print('right', flush=True)\n";

static const struct trap traps[] = {
	{"main_in_an_interpreter_with_a_gil_of_its_own", "3.12 3.13", 20, own_gil},
	{"main_in_a_second_interpreter_with_the_gil_in_hand", "3.8 3.9 3.10 3.11", 20, shared_gil},
	{"an_epoll_timeout_longer_than_the_period", NULL, 400, timer},
	{"a_receive_timeout_longer_than_the_period", NULL, 400, receive},
	{"more_types_than_there_is_room_for", NULL, 20, many_types},
	{"objects_of_every_shape_in_motion", NULL, 10, shapes},
};

static bool has_trap(const struct python_exe *exe, const struct trap *trap)
{
	const char *at = trap->versions;
	char version[16];
	size_t n;

	if (strstr(exe->name, "2.7"))
		return false;
	for (; at; at = at[n] ? at + n + 1 : NULL) {
		n = strcspn(at, " ");
		snprintf(version, sizeof(version), "%.*s%s", (int)n, at,
			 strstr(exe->name, "pyenv") ? "." : "");
		if (strstr(exe->name, version))
			return true;
	}
	return !trap->versions;
}

/* Visits the target every now and then until it ends. Samples that had a census. */
static int visit_until_end(struct python_run *run, const struct trap *trap)
{
	const struct session_options options = {
		.census = CENSUS_WALK, .call_deadline_ns = 200 * CLOCK_NS_PER_MS,
	};
	struct session *session = NULL;
	const struct sample *sample;
	struct sample_left left;
	int counted = 0;

	if (session_open_live(run->pid, &options, &session, NULL) != LT_OK)
		return -1;
	while ((sample = watching_one(session)) != NULL) {
		counted += sample->census;
		clock_sleep_ns(trap->every_ms * CLOCK_NS_PER_MS);
	}
	session_detach(session, &left);
	session_free(session);
	return counted;
}

static bool survives(const struct python_exe *exe, const struct trap *trap)
{
	struct python_run run = {0};
	const char *line;
	int counted = -2, status;
	bool right = false;

	if (!python_start(&run, exe, trap->script, NULL))
		return false;
	line = python_line(&run);
	if (line && !strcmp(line, "ready")) {
		counted = visit_until_end(&run, trap);
		line = python_line(&run);
		right = line && !strcmp(line, "right");
	}
	status = python_wait(&run);
	printf("# %s: %d counts%s, status %x\n", exe->name, counted, right ? "" : ", NOT RIGHT",
	       (unsigned)status);
	return right && status == 0;
}

#define AT_ONCE 4			/* they mostly wait */

static int reap_one(void)
{
	int status = 0;

	return wait(&status) < 0 || status != 0;
}

static void a_trap(void **state)
{
	const struct trap *trap = *state;
	const struct python_exe *exes;
	size_t n = pythons_list(&exes);
	int tried = 0, running = 0, failed = 0;

	for (size_t i = 0; i < n; i++) {
		if (!has_trap(&exes[i], trap) || !python_wanted(&exes[i]))
			continue;
		if (running == AT_ONCE) {
			failed += reap_one();
			running--;
		}
		fflush(stdout);
		tried++;
		running++;
		if (fork() == 0) {
			bool fine = survives(&exes[i], trap);

			fflush(stdout);
			_exit(fine ? 0 : 1);
		}
	}
	for (; running; running--)
		failed += reap_one();
	if (!tried)
		SKIP("no Python with this trap was found");
	assert_int_equal(failed, 0);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(traps) / sizeof(traps[0])];

	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++)
		tests[i] = (struct CMUnitTest){
			.name = traps[i].name, .test_func = a_trap,
			.initial_state = (void *)(uintptr_t)&traps[i],
		};
	return cmocka_run_group_tests_name("traps", tests, NULL, NULL);
}
