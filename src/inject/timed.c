#include "config.h"
#include "inject/timed.h"

#include <string.h>

#include "util/clock.h"
#include "util/num.h"

#define FOR_EVER_MS 1000000000			/* eleven days */
#define ASLEEP_AGAIN_NS (20 * CLOCK_NS_PER_MS)	/* one that was let go needs 50 us, if it may run */

static bool same_place(const struct status_syscall *a, const struct status_syscall *b)
{
	return a->nr == b->nr && a->sp == b->sp && a->pc == b->pc &&
	       memcmp(a->args, b->args, sizeof(a->args)) == 0;
}

/* Where it had not fallen asleep again in time to tell, the first sleep there is taken for it. */
bool timed_still(struct timed_wait *wait, pid_t pid, const struct status_syscall *now)
{
	int64_t switches;

	if (!wait->since_ns || !same_place(&wait->call, now))
		return false;
	switches = status_switches(pid, pid);
	if (!num_known(wait->switches))
		wait->switches = switches;
	return num_known(switches) && switches == wait->switches;
}

/* In the C library nobody looks at the register again after the call: there it may be changed. */
static bool in_libc(const struct python *py, uint64_t pc)
{
	return pc >= py->text[0].start && pc < py->text[0].end;
}

/*
 * What is left, rounded up, and never just what the program asked for: so the register tells this
 * wait from the next one, which the program may begin at any time before the next stop.
 */
static int64_t left_ms(const struct timed_wait *wait)
{
	int64_t waited = (clock_mono_ns() - wait->since_ns) / CLOCK_NS_PER_MS;
	int64_t left = waited < wait->timeout_ms ? wait->timeout_ms - waited : 0;

	return left == wait->timeout_ms ? left + 1 : left;
}

void timed_renew(struct timed_wait *wait, const struct python *py, struct arch_state *now)
{
	int64_t ms = 0;
	enum arch_wait kind = arch_wait_kind(now, &ms);

	if (kind == ARCH_WAIT_REGISTER && !in_libc(py, arch_pc(now)))
		kind = ARCH_WAIT_MEMORY;
	if (kind == ARCH_WAIT_UNTIMED || ms > FOR_EVER_MS) {
		*wait = (struct timed_wait){0};
		return;
	}
	if (!wait->since_ns || (kind == ARCH_WAIT_REGISTER && ms != wait->set_ms))
		*wait = (struct timed_wait){
			.since_ns = clock_mono_ns(),
			.timeout_ms = kind == ARCH_WAIT_REGISTER ? ms : 0,
		};
	if (kind != ARCH_WAIT_REGISTER)
		return;
	wait->set_ms = left_ms(wait);
	arch_set_wait_ms(now, wait->set_ms);
}

/*
 * The thread may have been woken and gone to wait in the same place again before it is looked at.
 * Such a wait must not inherit the time of the one before: it would end too early.
 */
static bool is_ours(const struct timed_wait *wait)
{
	return !wait->timeout_ms ||
	       (int32_t)wait->call.args[ARCH_WAIT_ARG] == wait->set_ms;
}

void timed_remember(struct timed_wait *wait, pid_t pid, const struct status_syscall *visited)
{
	int64_t deadline = clock_mono_ns() + ASLEEP_AGAIN_NS;

	if (!wait->since_ns)
		return;
	while (clock_mono_ns() < deadline) {
		int64_t before = status_switches(pid, pid);

		if (status_syscall_read(pid, pid, &wait->call) && wait->call.nr == visited->nr &&
		    num_known(before) && status_switches(pid, pid) == before) {
			wait->switches = before;
			if (!is_ours(wait))
				*wait = (struct timed_wait){0};
			return;
		}
		clock_sleep_ns(CLOCK_NS_PER_MS / 10);
	}
	wait->call = *visited;
	wait->switches = LT_UNKNOWN;
	if (wait->timeout_ms)		/* its register has changed: not to be recognised */
		*wait = (struct timed_wait){0};
}
