#include "config.h"
#include "inject/timed.h"

#include <string.h>

#include "util/clock.h"
#include "util/num.h"

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

void timed_renew(struct timed_wait *wait, const struct python *py, struct arch_state *now)
{
	int64_t ms = 0, waited;
	enum arch_wait kind = arch_wait_kind(now, &ms);

	if (kind == ARCH_WAIT_REGISTER && !in_libc(py, arch_pc(now)))
		kind = ARCH_WAIT_MEMORY;
	if (kind == ARCH_WAIT_UNTIMED) {
		*wait = (struct timed_wait){0};
		return;
	}
	if (!wait->since_ns)
		*wait = (struct timed_wait){
			.since_ns = clock_mono_ns(),
			.timeout_ms = kind == ARCH_WAIT_REGISTER ? ms : 0,
		};
	if (kind != ARCH_WAIT_REGISTER)
		return;
	waited = (clock_mono_ns() - wait->since_ns) / CLOCK_NS_PER_MS;
	wait->set_ms = waited < wait->timeout_ms ? wait->timeout_ms - waited : 0;
	if (wait->set_ms != ms)
		arch_set_wait_ms(now, wait->set_ms);
}

/*
 * The thread may have been woken and gone to wait in the same place again before it is looked at.
 * Such a wait must not inherit the time of the one before: it would end too early. It has another
 * timeout, or, at the first visit, one that begins now at the latest.
 */
static bool confirm(struct timed_wait *wait)
{
	if (!wait->timeout_ms)
		return true;
	if ((int32_t)wait->call.args[ARCH_WAIT_ARG] != wait->set_ms)
		return false;
	if (wait->set_ms == wait->timeout_ms)
		wait->since_ns = clock_mono_ns();
	return true;
}

void timed_remember(struct timed_wait *wait, pid_t pid, const struct status_syscall *visited)
{
	int64_t deadline = clock_mono_ns() + ASLEEP_AGAIN_NS;

	while (wait->since_ns && clock_mono_ns() < deadline) {
		int64_t before = status_switches(pid, pid);

		if (status_syscall_read(pid, pid, &wait->call) && wait->call.nr == visited->nr &&
		    num_known(before) && status_switches(pid, pid) == before) {
			wait->switches = before;
			if (!confirm(wait))
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
