#include "config.h"
#include "death.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject/fault.h"
#include "tests/unit/test.h"
#include "util/clock.h"

#define SOON_NS 3000000		/* how long a borrowing takes, about */
#define LATER_NS 60000000	/* how long leaktop takes, about */
#define LATER_EVERY 10		/* kills between two leaktops that live */

/* A sanitizer's search for leaks has a child as well, and waits for it for ever if it is killed. */
#define NO_OTHER_CHILD "ASAN_OPTIONS=detect_leaks=0"

void death_prepare(void)
{
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

bool death_at_every_step(struct cell_run *r)
{
	for (int point = 0; point < FAULT_COUNT; point++) {
		char fault[64], pid[16];
		const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", pid, NULL};
		struct harm_result result;

		snprintf(fault, sizeof(fault), "LEAKTOP_FAULT=%s", fault_name(point));
		snprintf(pid, sizeof(pid), "%d", r->program.pid);
		harm_leaktop(args, fault, 0, &result);
		if (result.exit_status > 1)
			printf("# leaktop ended with %d: %s\n", result.exit_status, result.err);
		if (result.exit_status <= 1 && cell_unharmed(r))
			continue;
		cell_print(r->cell, fault);
		return false;
	}
	return cell_countable(r);
}

/* ---- at any time ------------------------------------------------------------------------ */

struct watcher {
	pid_t pid, child;
	bool ended;
};

static bool has_child_or_ended(void *arg)
{
	struct watcher *w = arg;
	siginfo_t info = {0};

	w->child = harm_child(w->pid, NULL);
	w->ended = waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		   info.si_pid == w->pid;
	return w->child || w->ended;
}

/* Orphans come to us, the subreaper: waits until only the target is left. */
static bool only_target_is_left(void *arg)
{
	const struct cell_run *r = arg;
	siginfo_t info = {0};
	int n;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid &&
	       info.si_pid != r->program.pid)
		waitpid(info.si_pid, NULL, 0);
	return harm_child(getpid(), &n) == r->program.pid && n == 1;
}

/* What dies: leaktop, its borrower, or both. */
static void kill_some(struct watcher *w, int which)
{
	w->child = harm_child(w->pid, NULL);
	if (which == 0 || !w->child)
		kill(w->pid, SIGKILL);
	else if (which == 1)
		kill(w->child, SIGKILL);
	else
		kill(w->pid, SIGKILL), kill(w->child, SIGKILL);
}

static bool survives_one(struct cell_run *r, int i, uint64_t *seed)
{
	char pid[16];
	const char *args[] = {"--census=walk", "-f", "jsonl", "-n", "1", pid, NULL};
	struct harm_program leaktop;
	struct watcher w = {0};
	bool soon = i % 2;

	snprintf(pid, sizeof(pid), "%d", r->program.pid);
	leaktop = harm_leaktop_start(args, NO_OTHER_CHILD, 0);
	w.pid = leaktop.pid;
	if (soon)
		assert_true(harm_wait(has_child_or_ended, &w));
	clock_sleep_ns((int64_t)(harm_random(seed) % (soon ? SOON_NS : LATER_NS)));
	kill_some(&w, i % 3);
	close(leaktop.out);
	close(leaktop.err);
	assert_true(harm_wait(only_target_is_left, r));
	return cell_unharmed(r);
}

bool death_at_any_time(struct cell_run *r, int kills, uint64_t seed)
{
	for (int i = 0; i < kills; i++) {
		if (!survives_one(r, i, &seed)) {
			cell_print(r->cell, "did not survive a kill");
			return false;
		}
		if (i % LATER_EVERY == LATER_EVERY - 1 && !cell_countable(r))
			return false;
	}
	return cell_countable(r);
}
